"""The template's logs and variables hold nothing that an attacker could use (docs/run/security.md)."""

import json
import re

import pytest

from tests.support import template
from tests.support.template import TEMPLATE, properties

LOGGED = {
    "identity.sourceIp",
    "identity.userAgent",
    "requestId",
    "responseLatency",
    "routeKey",
    "status",
}
"""Neither a header but the user agent's, nor a path, which may name a code, nor a query, nor a body."""

OF_ANY_STACK = {"AWS::Region", "AWS::URLSuffix"}


def test_the_access_log_has_nothing_of_a_request_that_lets_anybody_in() -> None:
    logged = json.loads(properties("Api")["AccessLogSettings"]["Format"]).values()
    assert {value.removeprefix("$context.") for value in logged} <= LOGGED
    assert all(value.startswith("$context.") for value in logged)


@pytest.mark.parametrize("function", template.functions())
def test_a_variable_is_the_name_of_a_resource_or_what_a_deployment_may_show(function: str) -> None:
    for variable in template.environment(function).values():
        [(intrinsic, value)] = variable.items()
        assert intrinsic in {"Ref", "Fn::Sub"}
        names = {value} if intrinsic == "Ref" else set(re.findall(r"\$\{([\w:]+)\}", value)) - OF_ANY_STACK
        assert all(name in TEMPLATE["Resources"] or "Default" in TEMPLATE["Parameters"][name] for name in names)


def test_no_parameter_is_hidden_since_none_is_a_secret() -> None:
    assert [name for name, stated in TEMPLATE["Parameters"].items() if "NoEcho" in stated] == []
    assert "{{resolve:" not in template.PATH.read_text()


def test_functions_log_neither_their_events_nor_what_libraries_say_while_they_debug() -> None:
    """At DEBUG, botocore logs every item that is written, with the keys that codes are made with."""
    settings = [TEMPLATE["Globals"]["Function"], *template.functions().values()]
    assert {it.get("LoggingConfig", {}).get("ApplicationLogLevel", "INFO") for it in settings} == {"INFO"}
    variables = [it.get("Environment", {}).get("Variables", {}) for it in settings]
    assert {"POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV"} & {name for names in variables for name in names} == set()
