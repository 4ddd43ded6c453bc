"""The properties of the stack that no linter knows (docs/understand/architecture.md)."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from promotion_jobs.api.routes import Route
from promotion_jobs.settings import Settings
from tests.support import template, translated
from tests.support.events import EVENTS, read
from tests.support.template import ROOT, TEMPLATE, properties, resources, value

FUNCTIONS = sorted(template.functions())
PACKAGE = ROOT / "layers/promotion_jobs/python/promotion_jobs"


def _attribute_of(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


# Queues


def test_a_message_stays_hidden_for_six_times_as_long_as_a_worker_may_take() -> None:
    visibility = value(properties("JobQueue")["VisibilityTimeout"])
    assert visibility >= 6 * value(properties("RunJobFunction")["Timeout"])


def test_the_worker_takes_one_message_at_a_time() -> None:
    # Its handler would answer for all of a batch.
    [event] = template.events("run_job", "SQS")
    assert event["BatchSize"] == 1


def _dead_letter_queues() -> set[str]:
    """The queues that take what a queue, a schedule or Lambda itself gives up."""
    redriven = [it.get("RedrivePolicy") for it in translated.resources("AWS::SQS::Queue").values()]
    scheduled = [
        it["Target"].get("DeadLetterConfig") for it in translated.resources("AWS::Scheduler::Schedule").values()
    ]
    invoked = [it["DestinationConfig"].get("OnFailure") for it in _invoke_configs().values()]
    arns = [
        *(policy["deadLetterTargetArn"] for policy in redriven if policy),
        *(stated["Arn"] for stated in scheduled if stated),
        *(stated["Destination"] for stated in invoked if stated),
    ]
    return {arn["Fn::GetAtt"][0] for arn in arns}


def _invoke_configs() -> dict[str, Any]:
    """The treatment of events that a function fails to take, by the function's logical id."""
    stated = translated.resources("AWS::Lambda::EventInvokeConfig").values()
    return {config["FunctionName"]["Ref"]: config for config in stated}


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_a_queue_has_a_dead_letter_queue_or_is_one_with_an_alarm(name: str) -> None:
    alarms = [it["Properties"] for it in resources("AWS::CloudWatch::Alarm").values()]
    watched = [
        it["Dimensions"][0]["Value"] for it in alarms if it.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    ]
    dead_letters = name in _dead_letter_queues()
    assert dead_letters != ("RedrivePolicy" in properties(name))
    assert dead_letters == (_attribute_of(name, "QueueName") in watched)


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_a_queue_is_encrypted_and_keeps_messages_for_as_long_as_it_can(name: str) -> None:
    assert properties(name)["SqsManagedSseEnabled"] is True
    assert properties(name)["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_a_queue_is_reached_over_tls_alone_by_a_policy_of_its_own(name: str) -> None:
    policies = [it["Properties"] for it in resources("AWS::SQS::QueuePolicy").values()]
    [policy] = [it for it in policies if it["Queues"] == [{"Ref": name}]]
    assert policy["PolicyDocument"]["Statement"] == [_deny_plain_http("sqs:*", _attribute_of(name, "Arn"))]


def _deny_plain_http(action: str, resource: Any) -> dict[str, Any]:
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


# Schedules


@pytest.mark.parametrize("name", translated.resources("AWS::Scheduler::Schedule"))
def test_what_becomes_of_an_event_that_fails_is_stated_for_its_delivery_and_for_its_function(name: str) -> None:
    """The scheduler is done when Lambda has the event; that its function then fails is Lambda's business."""
    target = translated.properties(name)["Target"]
    function = target["Arn"]["Fn::GetAtt"][0]
    assert "MaximumRetryAttempts" in target["RetryPolicy"]
    assert "MaximumRetryAttempts" in _invoke_configs()[function]
    # An event that is not made up for otherwise goes to one and the same queue.
    destination = _invoke_configs()[function]["DestinationConfig"].get("OnFailure", {}).get("Destination")
    assert target.get("DeadLetterConfig", {}).get("Arn") == destination
    assert (destination is None) == (function == "SweepJobsFunction")


def test_schedules_have_no_name_that_a_second_stack_would_take_as_well() -> None:
    assert [it for it in translated.resources("AWS::Scheduler::Schedule").values() if "Name" in it] == []


def test_a_schedule_by_the_clock_has_a_time_zone_that_a_deployment_sets() -> None:
    schedules = translated.resources("AWS::Scheduler::Schedule").values()
    by_the_clock = [it for it in schedules if not str(it["ScheduleExpression"]).startswith("rate(")]
    zones = [it["ScheduleExpressionTimezone"]["Ref"] for it in by_the_clock]
    assert [TEMPLATE["Parameters"][zone]["Default"] for zone in zones] == ["UTC"]


# Table and bucket


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::S3::Bucket"])
def test_what_customers_own_outlives_the_stack(kind: str) -> None:
    for resource in resources(kind).values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_table_can_be_restored_as_operations_md_promises() -> None:
    assert properties("Table")["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize("name", resources("AWS::S3::Bucket"))
def test_a_bucket_is_private_and_encrypted(name: str) -> None:
    stated = properties(name)
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert stated["PublicAccessBlockConfiguration"] == dict.fromkeys(names, True)
    [rule] = stated["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in {"AES256", "aws:kms"}


@pytest.mark.parametrize("name", resources("AWS::S3::Bucket"))
def test_a_bucket_is_reached_over_tls_alone(name: str) -> None:
    policies = [it["Properties"] for it in resources("AWS::S3::BucketPolicy").values()]
    [policy] = [it for it in policies if it["Bucket"] == {"Ref": name}]
    arns = [_attribute_of(name, "Arn"), {"Fn::Sub": f"${{{name}.Arn}}/*"}]
    assert policy["PolicyDocument"]["Statement"] == [_deny_plain_http("s3:*", arns)]


# Logs


@pytest.mark.parametrize("name", resources("AWS::Logs::LogGroup"))
def test_logs_are_kept_for_a_time(name: str) -> None:
    assert value(properties(name)["RetentionInDays"]) > 0


def test_functions_and_the_api_log_to_groups_of_the_stack() -> None:
    groups = [{"Ref": name} for name in resources("AWS::Logs::LogGroup")]
    assert TEMPLATE["Globals"]["Function"]["LoggingConfig"]["LogGroup"] in groups
    destination = properties("Api")["AccessLogSettings"]["DestinationArn"]
    assert destination in [_attribute_of(group["Ref"], "Arn") for group in groups]


# Routes


def test_each_route_of_the_api_leads_to_its_function_and_no_other_route_does() -> None:
    stated = {(route, function) for function in FUNCTIONS for route in template.routes(function)}
    known = {(f"{route.method} {route.path}", route.function) for route in Route}
    assert stated == known | {("$default", "reject_unknown_route")}


PAGES = {
    Route.SHOW_DOCS: "show_page",
    Route.SHOW_DOCS_FILE: "show_file",
    Route.SHOW_CONSOLE: "show_page",
    Route.SHOW_CONSOLE_FILE: "show_file",
}
"""The routes of functions that serve two."""


@pytest.mark.parametrize("route", Route)
def test_a_handler_serves_its_route(route: Route) -> None:
    source = (ROOT / "functions" / route.function / "app.py").read_text()
    served = re.findall(r"^@serve\(app, (Route\.\w+).*\)\ndef (\w+)\(", source, re.MULTILINE)
    assert dict(served).keys() == {str(it) for it in Route if it.function == route.function}
    assert dict(served)[str(route)] == (PAGES.get(route) or route.function)


# Functions, their events and their variables


def test_every_folder_has_its_function_and_every_function_its_folder() -> None:
    assert [path.parent.name for path in sorted((ROOT / "functions").glob("*/app.py"))] == FUNCTIONS
    names = resources(template.FUNCTION)
    assert {f"{''.join(map(str.title, folder.split('_')))}Function" for folder in FUNCTIONS} == set(names)


def test_every_function_has_its_event() -> None:
    assert sorted(path.stem for path in EVENTS.iterdir()) == FUNCTIONS


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if template.routes(name)])
def test_an_event_comes_by_the_route_of_its_function(function: str) -> None:
    event = read(function)
    assert event["routeKey"] == event["requestContext"]["routeKey"]
    # The file of a page comes by a second one.
    assert event["routeKey"] in template.routes(function)
    assert (len(template.routes(function)) > 1) == (function in {it.function for it in PAGES})
    if event["routeKey"] == "$default":
        return
    path = event["routeKey"].split()[1].format(**event.get("pathParameters", {}))
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == path
    body = event.get("body", "")
    assert event["isBase64Encoded"] or int(event["headers"]["content-length"]) == len(body.encode())


VARIABLES = {
    name: re.findall(r'environment\["(\w+)"\]', ast.unparse(node).replace("'", '"'))
    for node in ast.walk(ast.parse((PACKAGE / "settings.py").read_text()))
    if isinstance(node, ast.FunctionDef) and (name := node.name) in vars(Settings)
}
"""Setting → the variables that it reads."""
GIVEN_TO_ALL = set(template.OF_ALL)

WIRING = ast.parse((PACKAGE / "wiring.py").read_text()).body
[SERVICE] = [node for node in WIRING if isinstance(node, ast.ClassDef)]
PARTS = {node.name: node for node in SERVICE.body if isinstance(node, ast.FunctionDef)}
SHORTCUTS = {node.name: node for node in WIRING if isinstance(node, ast.FunctionDef) and node.name != "service"}
"""The composition's functions that handlers import beside the service itself."""


def _eager(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that runs with it: what a lambda asks for is not needed before it is called."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Lambda):
            yield from _eager(child)


def _settings_of(part: str) -> set[str]:
    """The settings that a part of the composition reads, itself or through others."""
    found: set[str] = set()
    for node in _eager(PARTS[part]):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self.settings":
            found.add(node.attr)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self" and node.attr in PARTS:
            found |= _settings_of(node.attr)
    return found


def _wired(tree: ast.AST) -> set[str]:
    """The parts of the service that are asked for, also by functions of the composition that are named."""
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    trees = (tree, *(SHORTCUTS[name] for name in named & SHORTCUTS.keys()))
    return {part for it in trees for part in _read_of("service()", it)}


def _read_of(owner: str, tree: ast.AST) -> set[str]:
    """The attributes that are read of what an expression gives."""
    return {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == owner
    }


def _variables_read(function: str) -> set[str]:
    handler = ast.parse((ROOT / "functions" / function / "app.py").read_text())
    read = {setting for part in _wired(handler) for setting in _settings_of(part)} | _read_of("settings()", handler)
    return {name for setting in read for name in VARIABLES[setting]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_given_the_variables_that_it_reads_and_no_other(function: str) -> None:
    assert set(template.environment(function)) == _variables_read(function) - GIVEN_TO_ALL


def test_every_setting_is_given_to_the_functions_that_read_it_or_to_all() -> None:
    given = {name for function in FUNCTIONS for name in template.environment(function)}
    read = {name for names in VARIABLES.values() for name in names}
    assert given == read - GIVEN_TO_ALL
    assert read & GIVEN_TO_ALL == {"TABLE_NAME"}
    assert all(VARIABLES.values())
