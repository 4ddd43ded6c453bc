"""The front door over real HTTP, with functions that a test makes up."""

import asyncio
import json
import socket
import time
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


def raw(url: str, *lines: str) -> tuple[int, bytes]:
    """Status and body of the answer to a request that is sent as it is written."""
    with socket.create_connection(("127.0.0.1", port_of(url)), timeout=10) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def tell_host(_name: str, event: Mapping[str, Any]) -> bytes:
    told = {"host": event["headers"]["host"], "domain": event["requestContext"]["domainName"], "path": event["rawPath"]}
    return json.dumps(told).encode()


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_target_that_names_its_host_is_routed_by_its_path(scheme: str) -> None:
    with front_door() as url:
        target = f"{scheme}://127.0.0.1:{port_of(url)}/codes/a?x=1"
        status, body = raw(url, f"GET {target} HTTP/1.1", "Host: 127.0.0.1")
    told = {"function": "get-code", "path": "/codes/a", "query": "x=1", "parameters": {"code": "a"}}
    assert (status, json.loads(body)) == (200, told)


def test_the_host_of_a_target_counts_and_not_the_header() -> None:
    with front_door(tell_host) as url:
        status, body = raw(url, "GET http://localhost:81 HTTP/1.1", "Host: 127.0.0.1")
        assert (status, json.loads(body)) == (200, {"host": "localhost:81", "domain": "localhost", "path": "/"})
        assert raw(url, "GET http://shop.example/codes/a HTTP/1.1", "Host: 127.0.0.1")[0] == 403


def test_a_request_for_a_web_socket_is_a_plain_get() -> None:
    upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    with front_door() as url, socket.create_connection(("127.0.0.1", port_of(url)), timeout=10) as connection:
        lines = ["GET /codes/a HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", *upgrade, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        answer = connection.recv(65_536)
        while b"get-code" not in answer and (more := connection.recv(65_536)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"function": "get-code"' in answer


@pytest.mark.parametrize(
    "lines",
    [["GET /codes/a HTTP/1.0"], ["GET /codes/a HTTP/1.0", "Host:"], ["GET /codes/a HTTP/1.1", "Host:"]],
)
def test_without_a_host_it_is_the_address_that_is_listened_on(lines: list[str]) -> None:
    with front_door(tell_host) as url:
        status, body = raw(url, *lines)
    host = f"127.0.0.1:{port_of(url)}"
    assert (status, json.loads(body)) == (200, {"host": host, "domain": "127.0.0.1", "path": "/codes/a"})


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1", "127.0.0.1"]])
def test_a_request_of_today_that_does_not_name_one_host_is_refused(hosts: list[str]) -> None:
    with front_door() as url:
        assert raw(url, "GET /codes/a HTTP/1.1", *(f"Host: {host}" for host in hosts))[0] == 400


@pytest.mark.parametrize("host", ["shop.example", "shop.example:80", "127.0.0.1.shop.example", "127.0.0.1:x"])
def test_another_name_than_its_own_is_forbidden(host: str) -> None:
    with front_door() as url:
        assert raw(url, "GET /codes/a HTTP/1.1", f"Host: {host}") == (403, b'{"message":"Forbidden"}')


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "host.docker.internal:8080"])
def test_it_has_the_names_of_this_machine(host: str) -> None:
    with front_door() as url:
        assert raw(url, "GET /codes/a HTTP/1.1", f"Host: {host}")[0] == 200


def test_a_client_that_has_left_is_not_waited_for() -> None:
    """A function that is asked once at a time is not asked for those who have left meanwhile."""
    asked: list[str] = []

    class SlowFunctions:
        turn = asyncio.Lock()

        async def invoke(self, _name: str, event: Mapping[str, Any]) -> bytes:
            async with self.turn:
                asked.append(event["rawPath"])
                await asyncio.sleep(0.5)
            return b"{}"

    listener = listen(0)
    port = listener.getsockname()[1]
    with serving(FrontDoor(Router(ROUTES), None, SlowFunctions(), port), listener):
        url = f"http://127.0.0.1:{port}"
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        for number, connection in enumerate(connections):
            connection.sendall(f"GET /codes/{number} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            if number == 0:
                time.sleep(0.2)
        time.sleep(0.1)
        for connection in connections[1:]:
            connection.close()
        assert send("GET", f"{url}/codes/last").status == 200
        connections[0].close()
    assert asked == ["/codes/0", "/codes/last"]


def test_without_a_default_route_an_unknown_path_is_not_found() -> None:
    listener = listen(0)
    port = listener.getsockname()[1]
    with serving(FrontDoor(Router(ROUTES[:1]), None, MadeUpFunctions(tell), port), listener):
        assert without_changing(send("GET", f"http://127.0.0.1:{port}/")) == message(404, "Not Found")
