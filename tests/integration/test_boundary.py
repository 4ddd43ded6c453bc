"""Answers that all functions share: to unknown routes, and to unexpected faults (contract 5, decision 16)."""

from itertools import product
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promotion_jobs.api.routes import Route, methods_of
from tests.support import template
from tests.support.builders import JOB_ID, PROMOTION_ID
from tests.support.cloud import JSON_HEADERS, Cloud, forget_caches
from tests.support.events import REQUEST_ID, read

PROMOTION = f"/v2/promotions/{PROMOTION_ID}"

INTERNAL_ERROR = (
    500,
    {
        "errors": [
            {
                "status": 500,
                "title": "Internal Server Error",
                "detail": "There was an internal server error, you can report with your request id.",
                "request_id": REQUEST_ID,
            }
        ]
    },
)


def _other_route(method: str, path: str) -> dict[str, Any]:
    event = read("reject_unknown_route")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    return event


PATHS = [
    "/",
    "/v2",
    "/v2/coupons",
    f"{PROMOTION}/history",
    f"{PROMOTION}/jobs/",
    "/é\"'<",
    "/%",
    "/a\nb",
    "/\0",
]


def test_an_unknown_path_is_not_found(cloud: Cloud) -> None:
    error = {"status": 404, "title": "Not Found", "detail": "route not found"}
    asked = list(product(["GET", "POST", "HEAD", "OPTIONS"], PATHS))
    answers = {it: cloud.reply("reject_unknown_route", _other_route(*it)) for it in asked}
    assert answers == dict.fromkeys(asked, (404, JSON_HEADERS, {"errors": [error]}))


def test_a_path_of_half_a_character_is_not_found(cloud: Cloud) -> None:
    error = {"status": 404, "title": "Not Found", "detail": "route not found"}
    assert cloud.send("reject_unknown_route", _other_route("GET", "/\ud800")) == (404, {"errors": [error]})


ALLOWED = {
    "/console": "GET",
    "/console/what no file is": "GET",
    "/docs": "GET",
    "/docs/docs.js": "GET",
    "/oauth/access_token": "POST",
    "/openapi.json": "GET",
    "/v2/promotions": "GET, POST",
    PROMOTION: "DELETE, GET, PUT",
    f"{PROMOTION}/codes": "DELETE, GET, POST",
    f"{PROMOTION}/codes/WELCOME-10": "DELETE, GET",
    f"{PROMOTION}/codes/what no code is": "DELETE, GET",
    f"{PROMOTION}/codes/WELCOME-10/usages": "GET",
    f"{PROMOTION}/usages": "GET",
    f"{PROMOTION}/usages/what no usage is": "GET",
    "/v2/promotions/codes/validate": "POST",
    "/v2/promotions/redemptions": "DELETE, GET, POST, PUT",
    "/v2/promotions/redemptions/rollback": "POST",
    "/v2/promotions/usages/anonymize": "POST",
    f"{PROMOTION}/jobs": "GET, POST",
    f"{PROMOTION}/jobs/{JOB_ID}": "GET",
    f"{PROMOTION}/jobs/{JOB_ID}/cancel": "POST",
    f"{PROMOTION}/jobs/{JOB_ID}/file": "GET",
    "/v2/promotions/what no id is/jobs/é/file": "GET",
}
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", "TRACE", "brew")
WRONG_METHODS = [
    (method, path) for path, allowed in ALLOWED.items() for method in METHODS if method not in allowed.split(", ")
]


def test_every_path_of_the_api_is_tried_with_wrong_methods() -> None:
    assert {methods_of(path) for path in ALLOWED} == {methods_of(route.path) for route in Route}


def test_a_method_that_a_path_does_not_have_is_not_allowed_and_hears_which_are(cloud: Cloud) -> None:
    body = {"errors": [{"status": 405, "title": "Method Not Allowed"}]}
    answers = {it: cloud.reply("reject_unknown_route", _other_route(*it)) for it in WRONG_METHODS}
    assert answers == {(_, path): (405, {**JSON_HEADERS, "Allow": ALLOWED[path]}, body) for _, path in WRONG_METHODS}


def test_a_route_that_the_template_leaves_out_is_not_found(cloud: Cloud) -> None:
    error = {"status": 404, "title": "Not Found", "detail": "route not found"}
    for path in ("/console", "/console/main.js"):
        assert cloud.send("reject_unknown_route", _other_route("GET", path)) == (404, {"errors": [error]})


def test_options_of_a_path_are_its_methods_without_content(cloud: Cloud) -> None:
    before = cloud.items()
    answers = {path: cloud.reply("reject_unknown_route", _other_route("OPTIONS", path)) for path in ALLOWED}
    assert answers == {path: (204, {"Allow": allowed}, None) for path, allowed in ALLOWED.items()}
    assert cloud.items() == before


HTTP_FUNCTIONS = [name for name in template.functions() if any(template.events(name, "HttpApi"))]
WITHOUT_TABLE = {"reject_unknown_route", "get_openapi", "show_console", "show_docs"}


@pytest.mark.parametrize("function", [name for name in HTTP_FUNCTIONS if name not in WITHOUT_TABLE])
def test_a_fault_that_nobody_expected_says_only_which_request_it_was(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setenv("TABLE_NAME", "no-such-table")
    forget_caches()
    event = read(function)
    event["headers"]["authorization"] = f"Bearer {cloud.token}"
    assert cloud.send(function, event) == INTERNAL_ERROR


@pytest.mark.parametrize("function", [name for name in HTTP_FUNCTIONS if name not in WITHOUT_TABLE])
def test_a_table_that_throttles_is_service_unavailable(cloud: Cloud, function: str) -> None:
    def throttle(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "no"}}, "GetItem")

    event = read(function)
    event["headers"]["authorization"] = f"Bearer {cloud.token}"
    emitter = cloud.account.session.get_component("event_emitter")
    emitter.register("before-call.dynamodb", throttle)
    forget_caches()
    try:
        answer = cloud.send(function, event)
    finally:
        emitter.unregister("before-call.dynamodb", throttle)
        forget_caches()
    error = {"status": 503, "title": "Service Unavailable", "detail": "Try again later"}
    assert answer == (503, {"errors": [error]})


def test_a_function_that_lacks_a_variable_says_only_which_request_it_was(
    cloud: Cloud, promotion_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOB_QUEUE_URL")
    forget_caches()
    before = cloud.items()
    data = {"type": "promotion_job", "job_type": "code_export"}
    assert cloud.call("create_job", promotion_id, data=data) == INTERNAL_ERROR
    assert cloud.items() == before


ANSWERED = dict.fromkeys(HTTP_FUNCTIONS, 401) | dict.fromkeys(WITHOUT_TABLE, 200) | {"reject_unknown_route": 404}


@pytest.mark.parametrize("function", [name for name in HTTP_FUNCTIONS if name != "issue_token"])
def test_every_event_of_the_repository_is_answered(cloud: Cloud, function: str) -> None:
    """They are what ``sam local invoke`` sends; their token is none of ours."""
    status, _, _ = cloud.reply(function, read(function))
    assert status == ANSWERED[function]
