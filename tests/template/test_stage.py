"""The gateway's throttling, domain and CORS."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from promotion_jobs.api.routes import Route
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.files import Files
from tests.support import translated
from tests.support.template import TEMPLATE, environment, properties, value

STAGE = "ApiApiGatewayDefaultStage"
OF_A_DOMAIN = [name for name in TEMPLATE["Resources"] if name.startswith("ApiDomain")]


def test_every_route_is_throttled_and_the_one_that_issues_tokens_more() -> None:
    stage = translated.properties(STAGE)
    default = {name: value(node) for name, node in stage["DefaultRouteSettings"].items()}
    [(route, settings)] = stage["RouteSettings"].items()
    assert settings.keys() == default.keys() == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    assert route == "POST /oauth/access_token"
    assert all(settings[name] < default[name] for name in default)
    # The gateway refuses to deploy settings of a route that it does not know.
    method, path = route.split()
    assert method.lower() in translated.properties("Api")["Body"]["paths"][path]


@pytest.mark.parametrize("name", OF_A_DOMAIN)
def test_a_stack_without_a_domain_makes_nothing_of_one(name: str) -> None:
    assert TEMPLATE["Resources"][name]["Condition"] in {"HasDomain", "HasDomainRecord"}
    assert TEMPLATE["Parameters"]["DomainName"]["Default"] == ""


OF_SDKS = {
    "ep-account-management-authentication-token",
    "ep-inventories-multi-location",
    "x-moltin-application",
    "x-moltin-auth-store",
    "x-moltin-currency",
    "x-moltin-customer-token",
    "x-moltin-language",
    "x-moltin-sdk-language",
    "x-moltin-sdk-version",
}
"""The headers that @elasticpath/js-sdk 35.0.0 and @moltin/sdk 36.0.0 can send, beside those that every client sends."""


def test_a_page_may_send_what_its_sdk_sends_and_read_what_it_needs_to_know() -> None:
    cors = properties("Api")["CorsConfiguration"]
    assert set(cors["AllowHeaders"]) == OF_SDKS | {"authorization", "content-type", "idempotency-key"}
    assert cors["ExposeHeaders"] == ["apigw-requestid", "retry-after"]
    assert {route.method for route in Route} | {"OPTIONS"} == set(cors["AllowMethods"])


def test_a_page_of_any_origin_may_read_and_send_what_it_has_a_link_for() -> None:
    # The emulator is no witness: it allows every origin by itself.
    [rule] = properties("ExportBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["*"]
    assert rule["AllowedMethods"] == ["GET", "HEAD", "PUT"]
    assert {"Content-Disposition", "ETag", "Content-Length"} <= set(rule["ExposedHeaders"])


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("us-east-1", "amazonaws.com"), ("eu-central-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")],
)
def test_the_console_may_send_to_where_the_links_of_uploads_lead(
    monkeypatch: pytest.MonkeyPatch, region: str, suffix: str
) -> None:
    for name, setting in {"DEFAULT_REGION": region, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", setting)
    files = Files(lambda: Clients().s3, "exports-of-a-stack")
    link, _ = files.upload_link("uploads/file", 1, None, timedelta(hours=1))
    stated = environment("show_console")["FILES_ORIGIN"]["Fn::Sub"]
    for name, here in {"ExportBucket": files.bucket, "AWS::Region": region, "AWS::URLSuffix": suffix}.items():
        stated = stated.replace(f"${{{name}}}", here)
    assert stated == "{0.scheme}://{0.netloc}".format(urlsplit(link))
