"""The front door over real HTTP, with functions that a test makes up."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from local.api import Answer, send
from local.gateway import Cors, FrontDoor, FunctionFailed, Router, listen, serving
from local.payload import Route

ROUTES = [Route("GET /codes/{code}", "get-code"), Route("$default", "reject")]
CORS = Cors(allow_origins=("*",), allow_methods=("GET",))
TEN_MEGABYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class MadeUpFunctions:
    run: Callable[[str, Mapping[str, Any]], bytes]

    async def invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        await asyncio.sleep(0)
        return self.run(name, event)


def tell(name: str, event: Mapping[str, Any]) -> bytes:
    told = {"function": name, "path": event["rawPath"], "query": event["rawQueryString"]}
    told |= {"parameters": event.get("pathParameters")}
    return json.dumps({"statusCode": 200, "headers": {"content-type": "text/json"}, "body": json.dumps(told)}).encode()


@contextmanager
def front_door(run: Callable[[str, Mapping[str, Any]], bytes] = tell, cors: Cors | None = CORS) -> Iterator[str]:
    listener = listen(0)
    port = listener.getsockname()[1]
    with serving(FrontDoor(Router(ROUTES), cors, MadeUpFunctions(run), port), listener):
        yield f"http://127.0.0.1:{port}"


def without_changing(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    changing = {"date", "apigw-requestid"}
    assert changing <= answer.headers.keys()
    return answer.status, {k: v for k, v in answer.headers.items() if k not in changing}, answer.body


def message(status: int, text: str) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return status, {"content-type": "application/json", "content-length": str(len(body))}, body


def test_a_request_reaches_the_function_of_its_route() -> None:
    with front_door() as url:
        answer = send("GET", f"{url}/codes/summer%20sale%2F%C3%A9?filter=eq(a,%62)&x")
    assert answer.json == {
        "function": "reject",
        "path": "/codes/summer sale/é",
        "query": "filter=eq(a,%62)&x",
        "parameters": None,
    }


def test_path_variables_are_decoded() -> None:
    with front_door() as url:
        answer = send("GET", f"{url}/codes/summer%20%C3%A9")
    assert answer.json == {
        "function": "get-code",
        "path": "/codes/summer é",
        "query": "",
        "parameters": {"code": "summer é"},
    }


def test_a_head_request_is_answered_with_headers_alone() -> None:
    with front_door() as url:
        head, get = (send(method, f"{url}/other") for method in ("HEAD", "GET"))
    assert without_changing(head) == (*without_changing(get)[:2], b"")


def test_an_answer_of_204_has_neither_body_nor_length() -> None:
    with front_door(lambda _name, _event: b'{"statusCode":204,"headers":{"content-type":"text/plain"}}') as url:
        answer = send("DELETE", f"{url}/codes/a")
    assert without_changing(answer) == (204, {"content-type": "text/plain"}, b"")


def test_a_function_that_failed_is_an_internal_server_error() -> None:
    def fail(_name: str, _event: Mapping[str, Any]) -> bytes:
        raise FunctionFailed

    with front_door(fail) as url:
        assert without_changing(send("GET", url)) == message(500, "Internal Server Error")


def test_a_result_that_cannot_be_read_is_an_internal_server_error() -> None:
    with front_door(lambda _name, _event: b'{"statusCode":"soon"}') as url:
        assert without_changing(send("GET", url)) == message(500, "Internal Server Error")


def test_a_function_that_takes_too_long_is_unavailable() -> None:
    def time_out(_name: str, _event: Mapping[str, Any]) -> bytes:
        raise TimeoutError

    with front_door(time_out) as url:
        assert without_changing(send("GET", url)) == message(503, "Service Unavailable")


@pytest.mark.parametrize("surplus", [1, 5_000_000])
def test_a_body_over_ten_megabytes_is_refused_without_asking_the_function(surplus: int) -> None:
    def fail(_name: str, _event: Mapping[str, Any]) -> bytes:
        raise AssertionError

    with front_door(fail) as url:
        answer = send("POST", url, body=b"x" * (TEN_MEGABYTES + surplus))
    assert without_changing(answer) == message(413, "Request Entity Too Large")


def test_a_body_of_ten_megabytes_is_handed_on() -> None:
    with front_door(lambda _name, event: str(len(event["body"])).encode()) as url:
        answer = send("POST", url, {"content-type": "text/plain"}, b"x" * TEN_MEGABYTES)
    assert answer.json == TEN_MEGABYTES


def test_a_preflight_is_answered_without_asking_a_function() -> None:
    def fail(_name: str, _event: Mapping[str, Any]) -> bytes:
        raise AssertionError

    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    with front_door(fail) as url:
        answer = send("OPTIONS", f"{url}/codes/a", headers)
    assert without_changing(answer) == (
        204,
        {"access-control-allow-origin": "*", "access-control-allow-methods": "GET"},
        b"",
    )


@pytest.mark.parametrize(
    ("headers", "cors"),
    [({"Origin": "https://shop.example"}, CORS), ({}, CORS), ({"Access-Control-Request-Method": "GET"}, CORS)],
)
def test_options_that_are_no_preflight_go_to_the_default_route(headers: dict[str, str], cors: Cors) -> None:
    with front_door(cors=cors) as url:
        answer = send("OPTIONS", f"{url}/codes/a", headers)
    assert answer.json == {"function": "reject", "path": "/codes/a", "query": "", "parameters": None}


def test_an_api_without_cors_asks_the_function_even_for_a_preflight() -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    with front_door(cors=None) as url:
        answer = send("OPTIONS", f"{url}/codes/a", headers)
    assert answer.json == {"function": "reject", "path": "/codes/a", "query": "", "parameters": None}


def test_an_answer_to_another_origin_may_be_read_there() -> None:
    with front_door() as url:
        answer = send("GET", f"{url}/codes/a", {"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_without_a_default_route_an_unknown_path_is_not_found() -> None:
    listener = listen(0)
    port = listener.getsockname()[1]
    with serving(FrontDoor(Router(ROUTES[:1]), None, MadeUpFunctions(tell), port), listener):
        assert without_changing(send("GET", f"http://127.0.0.1:{port}/")) == message(404, "Not Found")
