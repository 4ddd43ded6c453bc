"""The type of a job: all that depends on it but its parameters. Worker, sweep, cancel, lists and answers know none.

CONTRIBUTING.md lists the places of a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import ClassVar, Protocol

from promotion_jobs.jobs.job import Job, JobType, Parameters
from promotion_jobs.jobs.runs import Run
from promotion_jobs.jobs.store import Outcome
from promotion_jobs.limits import RESERVE
from promotion_jobs.promotions.promotion import Promotion


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a delivery has to stop, so that the rest of its work can still be sent as a new message."""

    time_left: Callable[[], timedelta]
    reserve: timedelta

    @classmethod
    def of(cls, time_left: Callable[[], timedelta]) -> "Deadline":
        """The deadline of a delivery that begins now; a short one keeps a quarter of its time."""
        return cls(time_left, min(RESERVE, time_left() / 4))

    def is_near(self) -> bool:
        return self.time_left() < self.reserve


@dataclass(frozen=True, slots=True)
class Hold:
    """One run of a job that a worker works on: ``run`` is as it was when the worker began."""

    job: Job
    number: int
    run: Run
    deadline: Deadline


class NotYet(Exception):
    """The rest of a run can only be done when so much time has passed."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


WORKER_SECOND = Decimal("0.0000133334") * 1_769 / 1_024
_WRITE_UNIT = Decimal("0.625e-6")
READ_UNIT = Decimal("0.125e-6")
"""Prices in dollars on demand, without the free tier."""

START_SECONDS = 2
_CODES_PER_SECOND = 50_000
"""In chunks, of one worker, with what it waits for the table (docs/understand/performance.md)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many codes a job will make, export or delete, how long that takes and what it costs, roughly.

    docs/understand/performance.md has what was measured.
    """

    codes: int
    seconds: int
    dollars: Decimal
    region: str = "us-east-1"
    prices_of: str = "2026-11"


def writing_estimate(
    codes: int, units_per_code: Decimal, workers: int = 1, per_second: int = _CODES_PER_SECOND
) -> Estimate:
    """The estimate of a job whose time goes into writing codes, or deleting them: so many ``per_second`` a worker."""
    seconds = START_SECONDS + ceil(codes / per_second / workers)
    return Estimate(codes, seconds, codes * units_per_code * _WRITE_UNIT + seconds * workers * WORKER_SECOND)


class Kind(Protocol):
    """How the worker deals with the jobs of a type."""

    gives_up: ClassVar[bool]
    """Whether a job that came to nothing too often is rolled back; otherwise it is tried on and on."""

    def work(self, hold: Hold) -> bool:
        """Work on a run, and return whether all of it is done.

        Otherwise time is short, or the job was stopped: the rest is left for a new message. Whatever is raised, the
        run is worked on again. Each step may be repeated by another worker, or cut short, at any point.
        """
        ...

    def undo(self, hold: Hold) -> bool:
        """Undo a stopped run of a job that was cancelled or given up; return whether all of it is undone.

        Each step may be repeated or cut short like those of work, and the next delivery goes on where this one ends.
        """
        ...


class OfferedKind(Kind, Protocol):
    """The same for a type that the API offers, with what callers are told of its jobs."""

    def forecast(self, promotion: Promotion, parameters: Parameters) -> Estimate: ...

    def progress(self, job: Job, sums: Outcome) -> tuple[int, int] | None:
        """How much of an open job is stored, by the sums over its runs, and of how much; None if that says nothing."""
        ...


Kinds = Callable[[JobType], Kind]
OfferedKinds = Callable[[JobType], OfferedKind]
