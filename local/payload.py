"""API Gateway's payload format 2.0: the event that a function gets for a request that its route matches, and the answer
that its result stands for.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from local.aws import ACCOUNT

Headers = list[tuple[str, str]]

API_ID = "local"
_TEXT_TYPES = {"application/json", "application/javascript", "application/xml"}
_CONNECTION_HEADERS = {"connection", "keep-alive", "transfer-encoding", "upgrade"}


@dataclass(frozen=True, slots=True)
class Route:
    key: str
    function: str

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def segments(self) -> list[str]:
        return self.key.partition(" ")[2].split("/")

    def path_parameters(self, path: str) -> dict[str, str] | None:
        """The values of the path variables, or None where the path is not this route's."""
        values = path.split("/")
        if len(values) != len(self.segments):
            return None
        parameters = {}
        for segment, value in zip(self.segments, values, strict=True):
            if is_variable(segment) and value:
                parameters[segment[1:-1]] = value
            elif segment != value:
                return None
        return parameters


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    path_parameters: Mapping[str, str]


def is_variable(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    protocol: str
    path: str
    """Decoded, as HTTP APIs hand it on: even in rawPath."""
    query: str
    headers: Headers
    body: bytes
    source_ip: str
    port: int
    id: str
    trace_id: str
    time: datetime

    @property
    def host_name(self) -> str:
        """Without the port."""
        host = next((value for name, value in self.headers if name.lower() == "host"), "")
        name, colon, port = host.rpartition(":")
        return (name if colon and port.isdecimal() else host).lower()


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Headers
    body: bytes


class ResultUnreadable(Exception):
    """The function's result is not in the format of a response."""


def to_event(request: Request, match: Match) -> dict[str, Any]:
    headers = _joined_headers(request)
    headers.pop("cookie", None)
    body, is_base64_encoded = _event_body(request.body, headers)
    query = parse_qsl(request.query, keep_blank_values=True)
    event = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "cookies": _cookies(request.headers) or None,
        "headers": headers,
        "queryStringParameters": _joined(query) or None,
        "requestContext": _context(request, match, headers),
        "pathParameters": dict(match.path_parameters) or None,
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    }
    return {name: value for name, value in event.items() if value is not None}


def to_response(result: bytes) -> Response:
    """Raises ResultUnreadable, which API Gateway answers with an error of its own."""
    try:
        value = json.loads(result)
        if not isinstance(value, dict) or "statusCode" not in value:
            text = value if isinstance(value, str) else result.decode()
            return Response(200, [("content-type", "application/json")], text.encode())
        body = "" if value.get("body") is None else value["body"]
        content = base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()
        return Response(HTTPStatus(int(value["statusCode"])), _response_headers(value), content)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise ResultUnreadable from error


def _context(request: Request, match: Match, headers: dict[str, str]) -> dict[str, Any]:
    domain = request.host_name
    return {
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.id,
        "routeKey": match.route.key,
        "stage": "$default",
        "time": request.time.strftime("%d/%b/%Y:%H:%M:%S %z"),
        "timeEpoch": int(request.time.timestamp() * 1000),
    }


def _joined_headers(request: Request) -> dict[str, str]:
    headers = _joined([(name.lower(), value) for name, value in request.headers])
    for name in _CONNECTION_HEADERS:
        headers.pop(name, None)
    forwarded_for = headers.get("x-forwarded-for")
    return {
        "x-amzn-trace-id": request.trace_id,
        **headers,
        "content-length": str(len(request.body)),
        "x-forwarded-for": f"{forwarded_for}, {request.source_ip}" if forwarded_for else request.source_ip,
        "x-forwarded-port": str(request.port),
        "x-forwarded-proto": "http",
    }


def _cookies(headers: Headers) -> list[str]:
    values = [value for name, value in headers if name.lower() == "cookie"]
    return [cookie.strip() for value in values for cookie in value.split(";")]


def _joined(pairs: Headers) -> dict[str, str]:
    """Values of the same name are joined by commas, which nothing escapes: that is AWS's format."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _event_body(body: bytes, headers: dict[str, str]) -> tuple[str | None, bool]:
    if not body:
        return None, False
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith("text/") or content_type in _TEXT_TYPES:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _response_headers(value: dict[str, Any]) -> Headers:
    headers = {name.lower(): _text(content) for name, content in (value.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain;charset=UTF-8")
    for name in _CONNECTION_HEADERS | {"content-length"}:
        headers.pop(name, None)
    return [*headers.items(), *(("set-cookie", cookie) for cookie in value.get("cookies") or [])]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
