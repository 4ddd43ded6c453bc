"""The gateway's throttling, domain and CORS."""

import pytest

from promotion_jobs.api.routes import Route
from tests.support import translated
from tests.support.template import TEMPLATE, properties, value

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


def test_a_page_that_may_call_the_api_may_read_the_files_that_it_links_to_and_send_some() -> None:
    # The emulator is no witness: it allows every origin by itself.
    [rule] = properties("ExportBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == properties("Api")["CorsConfiguration"]["AllowOrigins"]
    assert rule["AllowedMethods"] == ["GET", "HEAD", "PUT"]
    assert {"Content-Disposition", "ETag", "Content-Length"} <= set(rule["ExposedHeaders"])
