"""The API at its root: an ASGI application that does what an HTTP API of API Gateway does."""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from local.payload import Headers, Request, Response, ResultUnreadable, to_event, to_response

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

    from local.cors import Cors
    from local.routes import Router

_LONGEST_BODY = 10 * 1024 * 1024
_WITHOUT_BODY = {204, 304}


class FunctionFailed(Exception):
    """The function raised, ran into its timeout or could not be invoked."""


class Functions(Protocol):
    async def invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        """The function's result. Raises FunctionFailed, and TimeoutError where API Gateway would wait no longer."""


class FrontDoor:
    def __init__(self, router: "Router", cors: "Cors | None", functions: Functions, port: int) -> None:
        self._router = router
        self._cors = cors
        self._functions = functions
        self._port = port

    async def __call__(self, scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        if scope["type"] != "http":
            return
        request = self._request(scope, await _read(receive))
        response = await self._answer(request)
        headers = [*response.headers, ("apigw-requestid", request.id)]
        if response.status not in _WITHOUT_BODY:
            headers.append(("content-length", str(len(response.body))))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode(), value.encode()) for name, value in headers],
                "trailers": False,
            }
        )
        silent = request.method == "HEAD" or response.status in _WITHOUT_BODY
        await send({"type": "http.response.body", "body": b"" if silent else response.body, "more_body": False})

    async def _answer(self, request: Request) -> Response:
        origin = _header(request.headers, "origin")
        if self._cors is None:
            return await self._call_function(request)
        asked = _header(request.headers, "access-control-request-method")
        if request.method == "OPTIONS" and origin and asked:
            return self._cors.preflight(origin)
        return self._cors.applied_to(await self._call_function(request), origin)

    async def _call_function(self, request: Request) -> Response:
        if len(request.body) > _LONGEST_BODY:
            return _gateway_error(413, "Request Entity Too Large")
        match = self._router.match(request.method, request.path)
        if match is None:
            return _gateway_error(404, "Not Found")
        try:
            return to_response(await self._functions.invoke(match.route.function, to_event(request, match)))
        except (FunctionFailed, ResultUnreadable):
            return _gateway_error(500, "Internal Server Error")
        except TimeoutError:
            return _gateway_error(503, "Service Unavailable")

    def _request(self, scope: "HTTPScope", body: bytes) -> Request:
        return Request(
            method=scope["method"],
            protocol=f"HTTP/{scope['http_version']}",
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=body,
            source_ip=scope["client"][0] if scope["client"] else "",
            port=self._port,
            id=base64.b64encode(secrets.token_bytes(11)).decode(),
            trace_id=f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
            time=datetime.now(UTC),
        )


async def _read(receive: "ASGIReceiveCallable") -> bytes:
    """The body, of which no more is kept than tells that it is too long.

    It is read to its end all the same: a client that is still sending would not see the answer.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        if len(body) <= _LONGEST_BODY:
            body += message["body"]
        if not message["more_body"]:
            return bytes(body)


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _gateway_error(status: int, message: str) -> Response:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status, [("content-type", "application/json")], body)
