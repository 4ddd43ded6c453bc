"""Threads for the package that are none: what is submitted runs when its outcome is asked for, in any order."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from typing import Any


class _AwaitedFuture(Future[Any]):
    def __init__(self, executor: "InlineExecutor") -> None:
        super().__init__()
        self._executor = executor

    def result(self, timeout: float | None = None) -> Any:
        self._executor.run_all()
        return super().result(timeout)


class _Waiting(threading.local):
    """What each actor has submitted; no other runs it."""

    def __init__(self) -> None:
        self.calls: list[tuple[_AwaitedFuture, Callable[[], Any]]] = []


@dataclass
class InlineExecutor(Executor):
    random: Random
    _waiting: _Waiting = field(default_factory=_Waiting)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        future = _AwaitedFuture(self)
        self._waiting.calls.append((future, lambda: function(*arguments, **options)))
        return future

    def run_all(self) -> None:
        """All of them, as threads would have: one that fails stops no other."""
        waiting, self._waiting.calls = self._waiting.calls, []
        self.random.shuffle(waiting)
        for future, work in waiting:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - as a thread does; a dead actor does nothing more
                future.set_exception(error)
