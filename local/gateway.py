"""The API at its root: an HTTP server that does what an HTTP API of API Gateway does, from its routes to CORS.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

import asyncio
import base64
import json
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from hypercorn.asyncio import serve
from hypercorn.config import Config

from local import StackError
from local.aws import CONNECTIONS
from local.payload import Headers, Match, Request, Response, ResultUnreadable, Route, is_variable, to_event, to_response

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Framework, HTTPScope, Scope, WebsocketScope
    from mypy_boto3_lambda.client import LambdaClient

    from local.deploy import Template

DEFAULT = "$default"
_LONGEST_BODY = 10 * 1024 * 1024
_WITHOUT_BODY = {204, 304}
_OWN_NAMES = {"127.0.0.1", "localhost", "host.docker.internal"}
"""API Gateway answers under its own names alone. A page of another site that resolves to this machine is none."""
_INTEGRATION_TIMEOUT_SECONDS = 30
_STOPPED_WITHIN_SECONDS = 5
# The emulator has no queue: it starts a process for each call that finds none idle, which takes seconds.
_CALLS_AT_ONCE = 4


class Router:
    """Finds the most specific route: text before a path variable, a method before ANY, the default route last."""

    def __init__(self, routes: Iterable[Route]) -> None:
        by_key = {route.key: route for route in routes}
        self._default = by_key.pop(DEFAULT, None)
        self._routes = sorted(by_key.values(), key=_generality)

    def match(self, method: str, path: str) -> Match | None:
        for route in self._routes:
            if route.method in (method, "ANY"):
                parameters = route.path_parameters(path)
                if parameters is not None:
                    return Match(route, parameters)
        return Match(self._default, {}) if self._default else None


def read_routes(template: "Template", functions: Mapping[str, str]) -> list[Route]:
    """The routes of the template's functions, whose names ``functions`` gives by logical id.

    A function without a name is one that a condition of the template leaves out.
    """
    return [
        Route(_key(event.get("Properties") or {}), functions[name])
        for name, properties in template.resources("AWS::Serverless::Function").items()
        for event in (properties.get("Events") or {}).values()
        if event["Type"] == "HttpApi" and name in functions
    ]


def _key(properties: Mapping[str, str]) -> str:
    if "Path" not in properties:
        return DEFAULT
    return f"{properties['Method'].upper()} {properties['Path']}"


def _generality(route: Route) -> tuple[list[bool], bool]:
    return [is_variable(segment) for segment in route.segments], route.method == "ANY"


@dataclass(frozen=True, slots=True)
class Cors:
    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False

    def preflight(self, origin: str) -> Response:
        """The answer to a browser's preflight request."""
        headers = self._shared(origin)
        if headers:
            headers += _stated("access-control-allow-methods", ",".join(self.allow_methods))
            headers += _stated("access-control-allow-headers", ",".join(self.allow_headers))
            headers += _stated("access-control-max-age", "" if self.max_age is None else str(self.max_age))
        return Response(204, headers, b"")

    def applied_to(self, response: Response, origin: str | None) -> Response:
        """The response with these headers in place of the function's."""
        own = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
        return Response(response.status, own + (self._shared(origin) if origin else []), response.body)

    def _shared(self, origin: str) -> Headers:
        if "*" in self.allow_origins:
            allowed = "*"
        elif origin in self.allow_origins or f"{origin.partition('://')[0]}://*" in self.allow_origins:
            allowed = origin
        else:
            return []
        return [
            ("access-control-allow-origin", allowed),
            *_stated("access-control-allow-credentials", "true" if self.allow_credentials else ""),
            *_stated("access-control-expose-headers", ",".join(self.expose_headers)),
        ]


def read_cors(template: "Template") -> Cors | None:
    """The configuration of the template's HTTP API, None where it has none."""
    for properties in template.resources("AWS::Serverless::HttpApi").values():
        if configuration := properties.get("CorsConfiguration"):
            values = {name: template.value(node) for name, node in configuration.items()}
            age = values.get("MaxAge")
            return Cors(
                allow_origins=tuple(values.get("AllowOrigins", ())),
                allow_methods=tuple(values.get("AllowMethods", ())),
                allow_headers=tuple(values.get("AllowHeaders", ())),
                expose_headers=tuple(values.get("ExposeHeaders", ())),
                max_age=None if age is None else int(age),
                allow_credentials=bool(values.get("AllowCredentials")),
            )
    return None


def _stated(name: str, value: str) -> Headers:
    return [(name, value)] if value else []


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
        if scope["type"] == "lifespan":
            return
        request = self._request(scope, await _read(receive))
        response = await _unless_gone(self._answer(request), receive)
        if response is None:
            return
        headers = [*response.headers, ("apigw-requestid", request.id)]
        if response.status not in _WITHOUT_BODY:
            headers.append(("content-length", str(len(response.body))))
        silent = request.method == "HEAD" or response.status in _WITHOUT_BODY
        sent: Any = send
        # An HTTP API has no WebSockets: a request for one is a plain GET.
        kind = "http" if scope["type"] == "http" else "websocket.http"
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        await sent({"type": f"{kind}.response.start", "status": response.status, "headers": encoded})
        await sent({"type": f"{kind}.response.body", "body": b"" if silent else response.body})

    async def _answer(self, request: Request) -> Response:
        if request.host_name not in _OWN_NAMES:
            return _gateway_error(403, "Forbidden")
        origin = _value_of(request.headers, "origin")
        if self._cors is None:
            return await self._call_function(request)
        asked = _value_of(request.headers, "access-control-request-method")
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

    def _request(self, scope: "HTTPScope | WebsocketScope", body: bytes) -> Request:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        host, path = _target(scope["path"])
        # What a client leaves out that need not know it (HTTP/1.0), and what the target says instead.
        host = host or _value_of(headers, "host") or f"127.0.0.1:{self._port}"
        return Request(
            method=scope["method"] if scope["type"] == "http" else "GET",
            protocol=f"HTTP/{scope['http_version']}",
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=[("host", host), *((name, value) for name, value in headers if name != "host")],
            body=body,
            source_ip=scope["client"][0] if scope["client"] else "",
            port=self._port,
            id=base64.b64encode(secrets.token_bytes(11)).decode(),
            trace_id=f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
            time=datetime.now(UTC),
        )


def _target(path: str) -> tuple[str, str]:
    """Host and path of a request's target: of an absolute one, which names a host, and of any other."""
    scheme, _, rest = path.partition("://")
    if scheme.lower() not in {"http", "https"}:
        return "", path
    host, _, below = rest.partition("/")
    return host, f"/{below}"


async def _unless_gone(answer: Coroutine[Any, Any, Response], receive: "ASGIReceiveCallable") -> Response | None:
    """The answer; None where the client leaves before: its place in the queue is the next one's."""
    answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else None
    finally:
        answering.cancel()
        leaving.cancel()


async def _left(receive: "ASGIReceiveCallable") -> None:
    while (await receive())["type"] not in {"http.disconnect", "websocket.disconnect"}:
        pass


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


def _value_of(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _gateway_error(status: int, message: str) -> Response:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status, [("content-type", "application/json")], body)


class DeployedFunctions:
    """The functions in the emulator, to be called from one event loop."""

    def __init__(self, client: "LambdaClient") -> None:
        self._client = client
        self._queues: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_CALLS_AT_ONCE))
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="invoke")

    async def invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        async with self._queues[name]:
            call = asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, name, event)
            return await asyncio.wait_for(call, _INTEGRATION_TIMEOUT_SECONDS)

    def _invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        try:
            answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event))
            result = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise FunctionFailed from error
        if "FunctionError" in answer:
            raise FunctionFailed
        return result


def listen(port: int) -> socket.socket:
    """A socket on loopback, on a free port for 0. Raises StackError where the port is in use."""
    listener = socket.socket()
    # Without this option the port stays taken for a minute after every stop.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise StackError(f"Port {port} cannot be used: {error}") from error
    return listener


@contextmanager
def serving(application: "Framework", listener: socket.socket) -> Iterator[None]:
    """Serve the application on the socket, which is closed in the end."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "WARNING"
    config.include_server_header = False
    config.graceful_timeout = 1

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(application, config, shutdown_trigger=stop.wait))

    thread = threading.Thread(target=run, name="front-door", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_STOPPED_WITHIN_SECONDS)
