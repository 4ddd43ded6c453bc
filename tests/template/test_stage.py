"""The gateway's throttling, domain and CORS."""

from typing import Any

import pytest

from tests.support import translated
from tests.support.template import TEMPLATE

STAGE = "ApiApiGatewayDefaultStage"
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]

DOMAIN = {
    "ApiDomain": ("AWS::ApiGatewayV2::DomainName", "HasDomain"),
    "ApiDomainMapping": ("AWS::ApiGatewayV2::ApiMapping", "HasDomain"),
    "ApiDomainRecord": ("AWS::Route53::RecordSet", "HasDomainRecord"),
}


def test_every_route_is_throttled_and_the_one_that_issues_tokens_more() -> None:
    stage = translated.properties(STAGE)
    set_by = {"ThrottlingRateLimit": "ApiRequestsPerSecond", "ThrottlingBurstLimit": "ApiBurst"}
    assert stage["DefaultRouteSettings"] == {name: {"Ref": parameter} for name, parameter in set_by.items()}
    assert [PARAMETERS[name]["Default"] for name in set_by.values()] == [200, 400]
    [(route, settings)] = stage["RouteSettings"].items()
    assert (route, settings) == ("POST /oauth/access_token", {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20})
    # The gateway refuses to deploy settings of a route that it does not know.
    method, path = route.split()
    assert method.lower() in translated.properties("Api")["Body"]["paths"][path]


def test_there_is_no_domain_unless_one_is_set() -> None:
    assert [PARAMETERS[name]["Default"] for name in ("DomainName", "CertificateArn", "HostedZoneId")] == ["", "", ""]
    has_domain = {"Fn::Not": [{"Fn::Equals": [{"Ref": "DomainName"}, ""]}]}
    has_zone = {"Fn::Not": [{"Fn::Equals": [{"Ref": "HostedZoneId"}, ""]}]}
    assert TEMPLATE["Conditions"]["HasDomain"] == has_domain
    assert TEMPLATE["Conditions"]["HasDomainRecord"] == {"Fn::And": [{"Condition": "HasDomain"}, has_zone]}
    [rule] = TEMPLATE["Rules"].values()
    assert rule["RuleCondition"] == has_domain
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}


@pytest.mark.parametrize("name", DOMAIN)
def test_all_of_a_domain_depends_on_its_condition(name: str) -> None:
    resource = TEMPLATE["Resources"][name]
    assert (resource["Type"], resource["Condition"]) == DOMAIN[name]


def test_a_domain_is_served_over_tls_of_today_and_leads_to_the_api() -> None:
    domain = translated.properties("ApiDomain")
    assert domain["DomainName"] == {"Ref": "DomainName"}
    [configuration] = domain["DomainNameConfigurations"]
    assert configuration == {
        "CertificateArn": {"Ref": "CertificateArn"},
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    assert translated.properties("ApiDomainMapping") == {
        "ApiId": {"Ref": "Api"},
        "DomainName": {"Ref": "ApiDomain"},
        "Stage": {"Ref": STAGE},
    }
    assert translated.properties("ApiDomainRecord") == {
        "HostedZoneId": {"Ref": "HostedZoneId"},
        "Name": {"Ref": "DomainName"},
        "Type": "A",
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["ApiDomain", "RegionalDomainName"]},
            "HostedZoneId": {"Fn::GetAtt": ["ApiDomain", "RegionalHostedZoneId"]},
        },
    }


def test_the_address_of_the_api_is_the_domain_where_there_is_one() -> None:
    condition, own, amazons = TEMPLATE["Outputs"]["ApiUrl"]["Value"]["Fn::If"]
    assert (condition, own) == ("HasDomain", {"Fn::Sub": "https://${DomainName}"})
    assert amazons == {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
