"""The rights of every role, read from the template as SAM translates it.

tests/stack/test_rights.py shows, where the functions run, that a function needs what it may do, and may do what it
needs.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.jobs.uploads import UPLOADS
from promotion_jobs.limits import LATE_WRITES
from tests.support import rights, template, translated
from tests.support.rights import Request
from tests.support.template import as_list

FUNCTIONS = template.folders()
ROLES = translated.resources("AWS::IAM::Role")

TABLE = "Table"
TOKEN = keys.token("0" * 64)["pk"]
CLIENT = keys.client("shop")["pk"]
PROMOTION = keys.promotion("1")["pk"]
KEY = keys.code_key(1)["pk"]
CODE = "1", 0, 0

WITHOUT_TABLE = {"get_openapi", "reject_unknown_route", "show_console", "show_docs"}
OVER_HTTP = {folder for folder in FUNCTIONS.values() if template.routes(folder)}


def _allowed(action: str, *partitions: str) -> set[str]:
    """The functions that may do so to items of these partitions."""
    request = Request(f"dynamodb:{action}", TABLE, frozenset(partitions))
    return {
        folder
        for name, folder in FUNCTIONS.items()
        if any(statement.allows(request) for statement in rights.statements(rights.role_of(name), {}))
    }


# Roles


def test_every_function_has_a_role_of_its_own() -> None:
    assert set(translated.resources(rights.LAMBDA)) == set(FUNCTIONS)
    of_functions = {name: rights.role_of(name) for name in FUNCTIONS}
    assert of_functions == {name: name.replace("Function", "Role") for name in FUNCTIONS}


def test_every_other_role_is_a_schedules() -> None:
    of_schedules = {
        schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        for schedule in translated.resources("AWS::Scheduler::Schedule").values()
    }
    assert set(ROLES) - {rights.role_of(name) for name in FUNCTIONS} == of_schedules


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_for_one_service_of_aws(role: str) -> None:
    service = "lambda" if role in {rights.role_of(name) for name in FUNCTIONS} else "scheduler"
    [statement] = ROLES[role]["AssumeRolePolicyDocument"]["Statement"]
    assert (statement["Effect"], as_list(statement["Action"])) == ("Allow", ["sts:AssumeRole"])
    [(kind, who)] = statement["Principal"].items()
    assert (kind, as_list(who)) == ("Service", [f"{service}.amazonaws.com"])


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from _texts(list(node.values()))
    elif isinstance(node, list):
        for member in node:
            yield from _texts(member)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_what_it_may_do_to_what_and_has_nothing_from_elsewhere(role: str) -> None:
    assert ROLES[role].keys() <= {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "Tags"}
    stated = rights.stated(role)
    assert stated
    for statement in stated:
        assert statement.keys() - {"Sid", "Condition"} == {"Effect", "Action", "Resource"}
        assert "*" not in "".join(_texts(statement["Action"]))
        if set(as_list(statement["Action"])) == rights.TRACES:
            continue
        for resource in as_list(statement["Resource"]):
            # Objects have no names beforehand: those of our bucket, and nothing else, are meant by a star.
            objects = [{"Fn::Sub": "${ExportBucket.Arn}/*"}, {"Fn::Sub": f"${{ExportBucket.Arn}}/{UPLOADS}*"}]
            assert resource in objects or "*" not in "".join(_texts(resource))


def test_a_policy_of_the_stack_is_shared_and_attached_by_the_roles_that_name_it() -> None:
    for name, policy in translated.resources("AWS::IAM::ManagedPolicy").items():
        assert policy.keys() == {"PolicyDocument"}
        assert len([role for role in ROLES.values() if {"Ref": name} in role.get("ManagedPolicyArns", ())]) > 1


def test_functions_may_write_traces_where_a_deployment_traces_them() -> None:
    for function in translated.resources(rights.LAMBDA).values():
        assert function["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
    assert template.TEMPLATE["Conditions"]["IsTraced"] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}


def test_a_schedule_may_call_its_function_and_send_to_its_dead_letter_queue_alone() -> None:
    for schedule in translated.resources("AWS::Scheduler::Schedule").values():
        target = schedule["Target"]
        allowed = {
            (action, resource)
            for statement in rights.statements(target["RoleArn"]["Fn::GetAtt"][0], {})
            for action in statement.actions
            for resource in statement.resources
        }
        dead_letters = target.get("DeadLetterConfig", {}).get("Arn")
        expected = {("lambda:InvokeFunction", target["Arn"]["Fn::GetAtt"][0])}
        assert allowed == expected | ({("sqs:SendMessage", dead_letters["Fn::GetAtt"][0])} if dead_letters else set())


def test_only_the_routes_of_our_api_may_call_a_function() -> None:
    permissions = translated.resources("AWS::Lambda::Permission").values()
    assert permissions
    for permission in permissions:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"]["Fn::Sub"][1]["__ApiId__"] == {"Ref": "Api"}


# Items


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_may_do_to_the_table_is_confined_to_the_items_of_its_business(name: str) -> None:
    on_table = [it for it in rights.statements(rights.role_of(name), {}) if TABLE in it.resources]
    assert bool(on_table) == (FUNCTIONS[name] not in WITHOUT_TABLE)
    assert all(statement.leading_keys for statement in on_table)


def test_nobody_scans() -> None:
    # A scan brings no partition key, so that a condition on all of them holds.
    assert _allowed("Scan") == _allowed("PartiQLSelect") == set()


def test_tokens_are_read_by_who_checks_them_and_put_by_who_issues_them() -> None:
    assert _allowed("PutItem", TOKEN) == {"issue_token"}
    checked = OVER_HTTP - WITHOUT_TABLE - {"issue_token"}
    assert _allowed("GetItem", TOKEN) == checked
    # A function that checks a token also asks whether its client is still there.
    assert _allowed("GetItem", CLIENT) == checked | {"issue_token"}


@pytest.mark.parametrize("action", ["Query", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"])
def test_no_function_lists_or_changes_clients(action: str) -> None:
    assert _allowed(action, CLIENT) == set()
    # Nor beside what it may.
    assert _allowed(action, PROMOTION, CLIENT) == set()


@pytest.mark.parametrize("action", ["Query", "BatchGetItem", "UpdateItem", "DeleteItem"])
def test_no_function_lists_changes_or_removes_tokens(action: str) -> None:
    assert _allowed(action, TOKEN) == set()


def test_who_makes_or_looks_up_codes_reads_their_keys_and_nobody_else() -> None:
    by_hand = {"add_codes", "delete_code", "delete_codes", "get_code", "list_codes"}
    # That one has a filter by code.
    redeemed = {"validate_code", "redeem_code", "roll_back_redemption", "list_code_usages"}
    assert _allowed("GetItem", KEY) == by_hand | redeemed | {"list_promotions", "run_job"}
    # Only the first of them, if there is none: the transaction says so.
    assert _allowed("PutItem", KEY) == {"add_codes", "run_job"}


@pytest.mark.parametrize("action", ["Query", "BatchGetItem", "UpdateItem", "DeleteItem"])
def test_no_function_lists_changes_or_removes_keys(action: str) -> None:
    assert _allowed(action, KEY) == set()


@pytest.mark.parametrize("action", ["UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("key", [keys.allocation(8, 0), keys.reservation(8, 1, 0)])
def test_what_was_given_or_reserved_is_never_changed_or_removed(key: keys.Key, action: str) -> None:
    assert _allowed(action, key["pk"]) == set()


ON_THE_WAY = timedelta(seconds=2)
"""How long a write may still take to arrive when its function's time is up."""


def test_a_purge_waits_for_as_long_as_a_function_that_writes_redemptions_may() -> None:
    kinds = [keys.redemption(CODE, 0, "")["pk"], keys.uses(CODE, 0)["pk"], keys.usage("1", "0", "", "")["pk"]]
    writers = {folder for kind in kinds for action in ("PutItem", "UpdateItem") for folder in _allowed(action, kind)}
    stated = translated.resources(rights.LAMBDA)
    allowed = {folder: stated[name]["Timeout"] for name, folder in FUNCTIONS.items() if folder in writers}
    assert allowed.keys() == {"redeem_code", "roll_back_redemption", "anonymize_usages"}
    assert timedelta(seconds=max(allowed.values())) + ON_THE_WAY <= LATE_WRITES


READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "s3:GetObject"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_write_if_it_serves_more_than_get(name: str) -> None:
    routes = template.routes(FUNCTIONS[name])
    methods = {"GET" if route == "POST /v2/promotions/codes/validate" else route.split()[0] for route in routes}
    allowed = {it for statement in rights.statements(rights.role_of(name), {}) for it in statement.actions}
    assert (allowed <= READS | LOGS | rights.TRACES) == (methods in ({"GET"}, {"$default"}))
