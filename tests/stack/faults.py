"""An AWS client that dies at a chosen call, before or after the service has done what it was asked."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Crash(BaseException):
    """The worker is gone. No product code catches it."""


@dataclass
class CallCounter:
    """Counts the calls of all clients that it instruments, and crashes once, or with ``forever`` each time it is due.

    At the call of number ``crash_at``, or at the first for which ``crash_on`` says so by its name and arguments.
    """

    crash_at: int | None = None
    crash_on: Callable[[str, dict[str, Any]], bool] = lambda _name, _arguments: False
    after: bool = False
    forever: bool = False
    calls: int = 0
    is_dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        with self._lock:
            if self.is_dead:
                raise Crash
            number, self.calls = self.calls, self.calls + 1
            if (self.crash_at is None or self.forever) and self.crash_on(name, arguments):
                self.crash_at = number
            self.is_dead = number == self.crash_at
        if self.is_dead and not self.after:
            raise Crash
        answer = function(**arguments)
        if number == self.crash_at:
            raise Crash
        return answer

    def instrument(self, client: Any) -> "CountedClient":
        """A client of a new worker: the one before stays dead, whatever it tries to tidy up."""
        self.is_dead = False
        return CountedClient(client, self)


@dataclass
class CountedClient:
    client: Any
    counter: CallCounter

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if name == "exceptions" or not callable(attribute):
            return attribute
        return lambda **arguments: self.counter.call(name, attribute, arguments)
