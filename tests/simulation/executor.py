"""Threads for the package that are none: what is submitted runs when its outcome is asked for, in any order."""

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


@dataclass
class InlineExecutor(Executor):
    random: Random
    _waiting: list[tuple[_AwaitedFuture, Callable[[], Any]]] = field(default_factory=list)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        future = _AwaitedFuture(self)
        self._waiting.append((future, lambda: function(*arguments, **options)))
        return future

    def run_all(self) -> None:
        """All of them, as threads would have: one that fails stops no other."""
        waiting, self._waiting = self._waiting, []
        self.random.shuffle(waiting)
        for future, work in waiting:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - as a thread does; a dead actor does nothing more
                future.set_exception(error)
