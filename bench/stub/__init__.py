"""A server in a process of its own that answers AWS's clients at once, rightly shaped, and stores nothing.

What it costs to call AWS is measured against it: no time but the caller's own is in the figures.
"""

import json
import multiprocessing
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from bench.stub.answers import Pages, no_pages
from bench.stub.server import serve


@dataclass(frozen=True, slots=True)
class Stub:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def give(self, items: Iterable[dict[str, Any]]) -> None:
        """Items as DynamoDB has them, which reads of their keys are answered with from now on."""
        self._ask("give", {"items": list(items)})

    def give_after(self, partition: str, items: Iterable[dict[str, Any]]) -> None:
        """Likewise from the next transaction on that writes to a partition which begins so."""
        self._ask("give_after", {"partition": partition, "items": list(items)})

    def give_file(self, content: str) -> None:
        """The file that every key of the bucket has from now on."""
        self._ask("give_file", {"content": content})

    def counted(self) -> dict[str, float]:
        """Calls by operation since it was last asked, ``write units`` and ``bytes uploaded``."""
        counted: dict[str, float] = self._ask("counted", {})
        return counted

    def _ask(self, what: str, request: dict[str, Any]) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port)
        body = json.dumps(request, default=lambda value: b64encode(value).decode())
        connection.request("POST", "/", body, {"X-Amz-Target": f"Stub.{what}"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def stub(pages: Pages = no_pages) -> Iterator[Stub]:
    """The server while the block runs. ``pages`` answers Query, and can be pickled."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, pages), daemon=True)
    process.start()
    try:
        yield Stub(here.recv())
    finally:
        process.terminate()
        process.join()
