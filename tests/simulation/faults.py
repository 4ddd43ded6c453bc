"""The faults of a call to AWS, and the parts that decide where they happen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum, auto
from random import Random
from typing import Any, NamedTuple, Protocol

from tests.aws.errors import CONFLICT, THROTTLES


class Fault(Enum):
    CRASH_BEFORE = auto()
    """The caller dies; AWS never hears of the call."""
    CRASH_IN_FLIGHT = auto()
    """The caller dies, and its request takes effect some time later."""
    CRASH_AFTER = auto()
    """The caller dies when the call has taken effect."""
    NO_ANSWER_BEFORE = auto()
    """The call fails without effect: the client gives up, and the caller goes on with an error."""
    NO_ANSWER_AFTER = auto()
    """The call takes effect, its answer is lost and the client gives up."""
    ANSWER_TOO_LATE = auto()
    """The client gives up, and the request takes effect some time later, when the caller has gone on with an error."""
    REPEATED = auto()
    """The answer is lost and the client asks once more, as botocore does by itself; in between others do something."""
    CONFLICT = auto()
    """Some parts of the call meet a transaction."""
    THROTTLE = auto()
    """Some parts of the call are too many."""
    PAUSE = auto()
    """The caller stands still before the call, maybe for so long that its time is up."""


CRASHES = {Fault.CRASH_BEFORE, Fault.CRASH_IN_FLIGHT, Fault.CRASH_AFTER}

CONFLICTING = {"transact_write_items", "transact_get_items", "update_item"}


class Call(NamedTuple):
    number: int
    actor: str
    service: str
    operation: str
    arguments: Mapping[str, Any]


class Faults(Protocol):
    def at(self, call: Call) -> Fault | None: ...

    def delivered_twice(self) -> bool:
        """Whether a message that is received can be received by another worker at the same time."""
        ...

    def delivered_again(self) -> bool:
        """Whether a message comes back that was deleted."""
        ...


@dataclass
class NoFaults:
    def at(self, call: Call) -> Fault | None:
        del call
        return None

    def delivered_twice(self) -> bool:
        return False

    def delivered_again(self) -> bool:
        return False


@dataclass
class OneFault(NoFaults):
    """``call`` is the one of that number, when it has met the fault."""

    fault: Fault
    number: int
    call: Call | None = None

    def at(self, call: Call) -> Fault | None:
        if call.number != self.number:
            return None
        self.call = call
        return self.fault


@dataclass
class Pauses(NoFaults):
    """Some calls wait for others to go on."""

    random: Random

    def at(self, call: Call) -> Fault | None:
        del call
        return Fault.PAUSE if self.random.random() < 0.1 else None


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each thing is, at each call or message."""

    crash: float = 0
    no_answer: float = 0
    repeated: float = 0
    conflict: float = 0
    throttle: float = 0
    pause: float = 0
    twice: float = 0
    again: float = 0

    @classmethod
    def drawn(cls, random: Random) -> "Odds":
        """Each kind of fault left out, rare or frequent, so that schedules differ in more than in places."""
        often = {"twice": 0.3, "again": 0.1, "conflict": 0.1, "throttle": 0.1}
        return cls(**{it.name: random.choice((0, 0.2, 1)) * often.get(it.name, 0.03) for it in fields(cls)})


@dataclass
class RandomFaults:
    """Faults by their odds, until ``left`` of them have happened: then the rest of the schedule goes well."""

    random: Random
    odds: Odds
    left: int = 40

    def at(self, call: Call) -> Fault | None:
        fault = self._drawn(call) if self.left else None
        self.left -= fault is not None
        return fault

    def _drawn(self, call: Call) -> Fault | None:
        drawn, odds = self.random.random(), self.odds
        for chance, faults in (
            (odds.crash, tuple(CRASHES)),
            (odds.no_answer, (Fault.NO_ANSWER_BEFORE, Fault.NO_ANSWER_AFTER, Fault.ANSWER_TOO_LATE)),
            (odds.repeated, (Fault.REPEATED,)),
            (odds.conflict if call.operation in CONFLICTING else 0, (Fault.CONFLICT,)),
            (odds.throttle if call.service == "dynamodb" else 0, (Fault.THROTTLE,)),
            (odds.pause, (Fault.PAUSE,)),
        ):
            if drawn < chance:
                return self.random.choice(sorted(faults, key=lambda fault: fault.value))
            drawn -= chance
        return None

    def delivered_twice(self) -> bool:
        return self._happens(self.odds.twice)

    def delivered_again(self) -> bool:
        return self._happens(self.odds.again)

    def _happens(self, chance: float) -> bool:
        happens = self.left > 0 and self.random.random() < chance
        self.left -= happens
        return happens


def disturbed_parts(fault: Fault, parts: int, random: Random) -> dict[int, str]:
    """Part → code for a conflict or a throttle that meets one part of a call, or several."""
    met = random.sample(range(parts), random.randint(1, parts))
    return {part: CONFLICT if fault is Fault.CONFLICT else random.choice(THROTTLES) for part in sorted(met)}
