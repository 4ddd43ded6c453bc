"""`make events`: whatever an event tells of is there, so that its function does what it says."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

import pytest

from local.api import Api, send
from local.events import events_to_fill, filled_events
from local.running import Running
from local.stack import LocalStack
from tests.stack.journeys import get_job, paused_worker
from tests.support import template
from tests.support.events import HOST, read

OPEN = {"cancel_job", "run_job"}
LISTS = {"list_codes": 2, "list_jobs": 1, "list_usages": 1, "list_code_usages": 1}


@pytest.fixture(scope="module")
def running(stack: LocalStack) -> Running:
    return Running(stack.base_url, stack.client, stack.aws)


@pytest.fixture(scope="module")
def events(stack: LocalStack, running: Running) -> Mapping[str, dict[str, Any]]:
    """The events as `make serve WORKER=off` has them."""
    with paused_worker(stack):
        return {name: json.loads(text) for name, text in filled_events(running, secrets.token_hex)}


@pytest.fixture(scope="module")
def results(stack: LocalStack, events: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What each function of the template returns to its event."""
    logical_ids = {folder: name for name, folder in template.folders().items()}
    with paused_worker(stack):
        answers = {
            name: stack.aws.functions.invoke(FunctionName=stack.resources[logical_ids[name]], Payload=json.dumps(event))
            for name, event in events.items()
        }
        return {name: json.loads(answer["Payload"].read()) for name, answer in answers.items()}


def test_every_function_has_an_event(events: Mapping[str, dict[str, Any]]) -> None:
    assert events.keys() == {*template.functions()}


def test_an_event_names_nothing_that_the_stack_does_not_have(events: Mapping[str, dict[str, Any]]) -> None:
    job, usage = read("get_job"), read("get_usage")
    made_up = {
        job["headers"]["authorization"],
        HOST,
        *job["pathParameters"].values(),
        *usage["pathParameters"].values(),
    }
    assert {name: [it for it in made_up if it in json.dumps(event)] for name, event in events.items()} == {
        name: [] for name in events
    }


def test_an_event_is_what_the_gateway_would_send_for_it(events: Mapping[str, dict[str, Any]]) -> None:
    """So it differs from the one in events/ in names alone."""
    for name, event in events.items():
        assert event.keys() == read(name).keys()
        if "headers" in event and not event["isBase64Encoded"]:
            assert event["headers"]["content-length"] == str(len(event.get("body", "").encode()))


def test_every_api_function_does_what_its_event_asks_for(results: Mapping[str, Any]) -> None:
    statuses = {name: result["statusCode"] for name, result in results.items() if template.routes(name)}
    made = dict.fromkeys([name for name in statuses if name.startswith(("create_", "add_", "redeem_"))], 201)
    gone = dict.fromkeys([name for name in statuses if name.startswith("delete_")], 204)
    assert statuses == dict.fromkeys(statuses, 200) | made | gone | {"reject_unknown_route": 404}


@pytest.mark.parametrize(("function", "number"), LISTS.items())
def test_a_list_has_what_was_made_for_it(results: Mapping[str, Any], function: str, number: int) -> None:
    assert len(json.loads(results[function]["body"])["data"]) == number


def test_a_code_can_be_redeemed(results: Mapping[str, Any]) -> None:
    assert json.loads(results["validate_code"]["body"])["data"]["valid"] is True


def test_the_link_of_the_exported_file_leads_to_its_codes(results: Mapping[str, Any]) -> None:
    _, *rows = send("GET", json.loads(results["get_job_file"]["body"])["href"]).body.decode().splitlines()
    assert len(rows) == 2


def test_the_worker_completes_the_export_of_its_message(
    api: Api, events: Mapping[str, dict[str, Any]], results: Mapping[str, Any]
) -> None:
    message = json.loads(events["run_job"]["Records"][0]["body"])
    job = get_job(api, message["promotion_id"], message["job_id"])
    assert (results["run_job"], job["status"], job["meta"]["file"]["rows"]) == (None, "completed", 2)


def test_a_schedule_starts_a_job(api: Api, events: Mapping[str, dict[str, Any]], results: Mapping[str, Any]) -> None:
    started = get_job(api, events["start_scheduled_job"]["promotion_id"], results["start_scheduled_job"]["job_id"])
    assert (started["job_type"], started["created_by"]) == ("code_export", "schedule")


def test_events_whose_job_the_stacks_own_worker_would_take_are_left_out(running: Running) -> None:
    assert {*events_to_fill(running)} == {*template.functions()} - OPEN
