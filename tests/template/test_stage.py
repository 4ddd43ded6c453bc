"""The gateway's throttling and domain."""

import pytest

from tests.support import translated
from tests.support.template import TEMPLATE, value

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
