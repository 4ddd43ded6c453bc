"""Payload format 2.0, whole: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.payload import Match, Request, Response, ResultUnreadable, Route, to_event, to_response

REQUEST = Request(
    method="POST",
    protocol="HTTP/1.1",
    path="/v2/promotions/p1/jobs",
    query="",
    headers=[("Host", "127.0.0.1:8080"), ("User-Agent", "curl/8"), ("Content-Type", "application/json")],
    body=b'{"data":{}}',
    source_ip="127.0.0.1",
    port=8080,
    id="JKJaXmPLvHcESHA=",
    trace_id="Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
    time=datetime(2026, 3, 12, 19, 3, 58, 390_000, UTC),
)
MATCH = Match(Route("POST /v2/promotions/{promotion_id}/jobs", "create-job"), {"promotion_id": "p1"})
HEADERS = {
    "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
    "host": "127.0.0.1:8080",
    "user-agent": "curl/8",
    "content-type": "application/json",
    "content-length": "11",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-port": "8080",
    "x-forwarded-proto": "http",
}
EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "POST /v2/promotions/{promotion_id}/jobs",
    "rawPath": "/v2/promotions/p1/jobs",
    "rawQueryString": "",
    "headers": HEADERS,
    "requestContext": {
        "accountId": "000000000000",
        "apiId": "local",
        "domainName": "127.0.0.1",
        "domainPrefix": "127",
        "http": {
            "method": "POST",
            "path": "/v2/promotions/p1/jobs",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "curl/8",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "POST /v2/promotions/{promotion_id}/jobs",
        "stage": "$default",
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1773342238390,
    },
    "pathParameters": {"promotion_id": "p1"},
    "body": '{"data":{}}',
    "isBase64Encoded": False,
}


def test_an_event_has_everything_that_api_gateway_sends() -> None:
    assert to_event(REQUEST, MATCH) == EVENT


def test_what_a_request_does_not_have_is_not_in_its_event() -> None:
    request = replace(REQUEST, headers=[], body=b"")
    event = to_event(request, Match(Route("$default", "reject"), {}))
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v2/promotions/p1/jobs",
        "rawQueryString": "",
        "headers": {
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "content-length": "0",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            **EVENT["requestContext"],
            "domainName": "",
            "domainPrefix": "",
            "http": {**EVENT["requestContext"]["http"], "userAgent": ""},
            "routeKey": "$default",
        },
        "isBase64Encoded": False,
    }


def test_a_query_is_handed_on_raw_and_decoded_with_repeated_values_joined() -> None:
    query = "filter=eq(code,a%20b)&x=1&x=2&empty=&bare"
    assert to_event(replace(REQUEST, query=query), MATCH) == {
        **EVENT,
        "rawQueryString": query,
        "queryStringParameters": {"filter": "eq(code,a b)", "x": "1,2", "empty": "", "bare": ""},
    }


def test_repeated_headers_are_joined_and_those_of_the_connection_left_out() -> None:
    more = [("Accept", "a"), ("ACCEPT", "b"), ("Connection", "keep-alive"), ("Transfer-Encoding", "chunked")]
    assert to_event(replace(REQUEST, headers=REQUEST.headers + more), MATCH) == {
        **EVENT,
        "headers": {**HEADERS, "accept": "a,b"},
    }


def test_cookies_are_listed_outside_the_headers() -> None:
    more = [("Cookie", "a=1; b=2"), ("cookie", "c=3")]
    assert to_event(replace(REQUEST, headers=REQUEST.headers + more), MATCH) == {
        **EVENT,
        "cookies": ["a=1", "b=2", "c=3"],
    }


def test_the_callers_address_follows_those_of_its_proxies_and_its_trace_is_kept() -> None:
    more = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Amzn-Trace-Id", "Root=1-a")]
    assert to_event(replace(REQUEST, headers=REQUEST.headers + more), MATCH) == {
        **EVENT,
        "headers": {**HEADERS, "x-forwarded-for": "192.0.2.1, 127.0.0.1", "x-amzn-trace-id": "Root=1-a"},
    }


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json; charset=utf-8", "é".encode(), ("é", False)),
        ("APPLICATION/JSON", b"{}", ("{}", False)),
        ("application/xml", b"<a/>", ("<a/>", False)),
        ("application/javascript", b"a()", ("a()", False)),
        ("text/csv", b"a,b", ("a,b", False)),
        ("text/plain", b"\xff", ("/w==", True)),
        ("application/vnd.api+json", b"{}", ("e30=", True)),
        ("application/x-www-form-urlencoded", b"a=b", ("YT1i", True)),
        ("multipart/form-data; boundary=x", b"--x", ("LS14", True)),
        ("", b"a=b", ("YT1i", True)),
    ],
)
def test_only_bodies_of_text_types_are_text(content_type: str, body: bytes, expected: tuple[str, bool]) -> None:
    request = replace(REQUEST, headers=[("content-type", content_type)] if content_type else [], body=body)
    event = to_event(request, MATCH)
    assert (event["body"], event["isBase64Encoded"]) == expected


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            b'{"statusCode":201,"headers":{"Content-Type":"application/json","X-Count":5},"body":"{}"}',
            Response(201, [("content-type", "application/json"), ("x-count", "5")], b"{}"),
        ),
        (
            b'{"statusCode":200,"headers":{"content-type":"image/png"},"body":"AAE=","isBase64Encoded":true}',
            Response(200, [("content-type", "image/png")], b"\x00\x01"),
        ),
        (
            b'{"statusCode":"302","headers":{"location":"/x","content-length":"9"},"cookies":["a=1","b=2"]}',
            Response(
                302,
                [
                    ("location", "/x"),
                    ("content-type", "text/plain;charset=UTF-8"),
                    ("set-cookie", "a=1"),
                    ("set-cookie", "b=2"),
                ],
                b"",
            ),
        ),
        (b'{"message": "hi"}', Response(200, [("content-type", "application/json")], b'{"message": "hi"}')),
        (b'"hi"', Response(200, [("content-type", "application/json")], b"hi")),
    ],
)
def test_a_result_is_read_as_api_gateway_reads_it(result: bytes, expected: Response) -> None:
    assert to_response(result) == expected


@pytest.mark.parametrize(
    "result",
    [
        b"no JSON",
        b'{"statusCode":"soon"}',
        b'{"statusCode":0}',
        b'{"statusCode":200,"body":{}}',
        b'{"statusCode":200,"body":{"a":1}}',
        b'{"statusCode":200,"body":"*","isBase64Encoded":true}',
        b'{"statusCode":200,"headers":["a"]}',
    ],
)
def test_a_result_in_no_known_format_is_refused(result: bytes) -> None:
    with pytest.raises(ResultUnreadable):
        to_response(result)
