"""Simulated time, and a table whose items are busy for as long as a transaction takes, as DynamoDB's are.

Nothing waits really: who sleeps lets the others go on, and time is when the next of them wakes up.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from types import SimpleNamespace
from typing import Any, ClassVar

_TRANSACTION = 0.007
"""Seconds from a transaction's start to its end."""
_READING = 0.002
"""Seconds of a reading, and of a transaction that is refused."""

_CONFLICT, _LOST, _NONE = "TransactionConflict", "ConditionalCheckFailed", "None"

Name = tuple[str, str]


class Clock:
    """One caller goes on at a time, until it sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._asleep: list[tuple[float, int, Lock]] = []
        self._order = count()

    def sleep(self, seconds: float) -> None:
        turn = self._turn(seconds)
        self._wake()
        turn.acquire()

    def _turn(self, seconds: float) -> Lock:
        turn = Lock()
        turn.acquire()
        heappush(self._asleep, (self.now + seconds, next(self._order), turn))
        return turn

    def _wake(self) -> None:
        if self._asleep:
            self.now, _, turn = heappop(self._asleep)
            turn.release()

    def run(self, callers: Sequence[Callable[[], None]]) -> None:
        """All of them from now on, to their ends."""

        def call(caller: Callable[[], None], turn: Lock) -> None:
            turn.acquire()
            try:
                caller()
            finally:
                self._wake()

        with ThreadPoolExecutor(len(callers)) as pool:
            started = [pool.submit(call, caller, self._turn(0)) for caller in callers]
            self._wake()
        for it in started:
            it.result()


class TransactionCanceled(Exception):
    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(reasons)
        self.response = {"CancellationReasons": reasons}


def _name(action: Mapping[str, Any]) -> Name:
    ((_, write),) = action.items()
    key = write.get("Key") or write["Item"]
    return key["pk"]["S"], key["sk"]["S"]


@dataclass(slots=True)
class BusyTable:
    """In the place of DynamoDB's client: as much as redeeming asks for, where nothing is held.

    A transaction takes its items at its start. Until its end others that name one of them are refused.
    """

    clock: Clock
    items: dict[Name, Any]
    conflicts: int = 0
    _busy_until: dict[Name, float] = field(default_factory=dict)
    exceptions: ClassVar = SimpleNamespace(TransactionCanceledException=TransactionCanceled)

    def batch_get_item(self, **asked: Any) -> Any:
        self.clock.sleep(_READING)
        ((table, wanted),) = asked["RequestItems"].items()
        names = [(key["pk"]["S"], key["sk"]["S"]) for key in wanted["Keys"]]
        return {"Responses": {table: [self.items[it] for it in names if it in self.items]}, "UnprocessedKeys": {}}

    def query(self, **_asked: Any) -> Any:
        """Of the holds, which there are not."""
        self.clock.sleep(_READING)
        return {"Items": []}

    def transact_get_items(self, **asked: Any) -> Any:
        names = [_name(action) for action in asked["TransactItems"]]
        self.clock.sleep(_READING)
        self._refuse({name: _CONFLICT for name in names if self._is_busy(name)}, names)
        return {"Responses": [{"Item": self.items[name]} if name in self.items else {} for name in names]}

    def transact_write_items(self, **asked: Any) -> Any:
        actions = {_name(action): action for action in asked["TransactItems"]}
        self._refuse({name: _CONFLICT for name in actions if self._is_busy(name)}, list(actions), _READING)
        changed = {name: self._changed(name, action) for name, action in actions.items()}
        self._refuse({name: _LOST for name, item in changed.items() if item is None}, list(actions), _READING)
        self._busy_until |= dict.fromkeys(actions, self.clock.now + _TRANSACTION)
        self.clock.sleep(_TRANSACTION)
        self.items |= changed
        return {}

    def _is_busy(self, name: Name) -> bool:
        return self._busy_until.get(name, 0) > self.clock.now

    def _refuse(self, codes: Mapping[Name, str], names: Sequence[Name], seconds: float = 0) -> None:
        if codes:
            self.conflicts += _CONFLICT in codes.values()
            self.clock.sleep(seconds)
            raise TransactionCanceled([{"Code": codes.get(name, _NONE)} for name in names])

    def _changed(self, name: Name, action: Mapping[str, Any]) -> Any:
        """The item as the action leaves it; None if its condition is false."""
        if "Put" in action:
            return None if name in self.items else action["Put"]["Item"]
        values = {name: int(value["N"]) for name, value in action["Update"]["ExpressionAttributeValues"].items()}
        item = self.items.get(name, action["Update"]["Key"])
        taken = int(item.get("taken", {"N": "0"})["N"])
        return None if taken > values[":others"] else item | {"taken": {"N": str(taken + values[":units"])}}
