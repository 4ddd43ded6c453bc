"""When a delivery has to stop, so that what is left of its work can still be sent as a new message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from promotion_jobs.limits import RESERVE


@dataclass(frozen=True, slots=True)
class Deadline:
    time_left: Callable[[], timedelta]
    reserve: timedelta

    @classmethod
    def of(cls, time_left: Callable[[], timedelta]) -> "Deadline":
        """The deadline of a delivery that begins now; a short one keeps a quarter of its time."""
        return cls(time_left, min(RESERVE, time_left() / 4))

    def is_near(self) -> bool:
        return self.time_left() < self.reserve
