"""An AWS client that dies at a chosen call, before or after the service has done what it was asked."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Crash(BaseException):
    """The worker is gone. No product code catches it."""


@dataclass
class Crashes:
    """Kills a worker at the first call for which ``crash_on`` says so by its name and arguments.

    With ``forever`` each worker dies at its first such call; otherwise the next one is spared. With ``after`` the call
    takes effect first.
    """

    crash_on: Callable[[str, dict[str, Any]], bool]
    forever: bool = False
    after: bool = False
    deaths: int = 0
    is_dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        with self._lock:
            if not self.is_dead and (self.forever or not self.deaths) and self.crash_on(name, arguments):
                if self.after:
                    function(**arguments)
                self.is_dead = True
                self.deaths += 1
            if self.is_dead:
                raise Crash
        return function(**arguments)

    def instrument(self, client: Any) -> "CrashingClient":
        """A client of a new worker: the one before stays dead, whatever it tries to tidy up."""
        self.is_dead = False
        return CrashingClient(client, self)


@dataclass
class CrashingClient:
    client: Any
    crashes: Crashes

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if name == "exceptions" or not callable(attribute):
            return attribute
        return lambda **arguments: self.crashes.call(name, attribute, arguments)
