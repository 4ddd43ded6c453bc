"""HTTP/1.1 on asyncio, as much of it as AWS's clients speak: answers come in the order of the requests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from bench.stub.answers import Answers, Pages, Request, Response

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS = {200: "OK", 204: "No Content", 206: "Partial Content"}


@dataclass(slots=True)
class _Head:
    method: str
    target: str
    headers: dict[str, str]

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", 0))


def _read_head(text: str) -> _Head:
    line, *lines = text.split("\r\n")
    method, target, _ = line.split(" ")
    named = (header.partition(":") for header in lines)
    return _Head(method, target, {name.lower(): value.strip() for name, _, value in named})


def _write(response: Response) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    line = f"HTTP/1.1 {response.status} {_REASONS[response.status]}\r\n"
    return f"{line}{headers}content-length: {len(response.body)}\r\n\r\n".encode() + response.body


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer
        self._received = bytearray()
        self._head: _Head | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while request := self._next_request():
            self._transport.write(_write(self._answer(request)))

    def _next_request(self) -> Request | None:
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._head = _read_head(self._received[:end].decode("latin-1"))
            del self._received[: end + 4]
            if self._head.headers.get("expect"):
                self._transport.write(_CONTINUE)
        head = self._head
        if len(self._received) < head.length:
            return None
        body = bytes(self._received[: head.length])
        del self._received[: head.length]
        self._head = None
        start = int(head.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        return Request(head.method, head.target, head.headers.get("x-amz-target", ""), body, start)


def serve(parent: Connection, pages: Pages) -> None:
    """Serve until the process is stopped; the port goes to the parent."""
    asyncio.run(_serve(parent, Answers(pages)))


async def _serve(parent: Connection, answers: Answers) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answers.to), "127.0.0.1", 0)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
