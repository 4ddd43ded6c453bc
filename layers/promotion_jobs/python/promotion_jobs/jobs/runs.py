"""Runs: the slices of a job that workers take, each held by a lease while it is worked on. An export is one run.

A lease ends with the worker that took it: no later than its function's time. What has no lease can be taken by any
delivery; so a worker that dies costs its job the rest of its lease, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Protocol

from promotion_jobs.jobs.job import Job


class RunStatus(StrEnum):
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CLEAN = "clean"


class Commit(Enum):
    COMMITTED = auto()
    ALREADY_COMMITTED = auto()
    """An earlier or a concurrent delivery was first."""
    STOPPED = auto()
    """The run is stopped: nothing of it commits from now on."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a run, and until when."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is stored, with how many codes it made, removed and exported.

    ``tries`` counts the leases since anything of it was last committed; ``started`` is whether any worker ever held it.
    """

    status: RunStatus
    generated: int = 0
    deleted: int = 0
    exported: int = 0
    tries: int = 0
    started: bool = False
    lease: Lease | None = None

    def is_held(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until >= now


class RunStore(Protocol):
    def take(self, job: Job, number: int, lease: Lease, now: datetime) -> tuple[Run, bool]:
        """The run as it is now, and whether it is held by this lease: if it is processing and nobody else holds it."""
        ...

    def release(self, job: Job, number: int, lease: Lease, *, forgive: bool) -> None:
        """Let go of a run that is held by this lease; ``forgive`` does not count it as a try."""

    def note_exported(self, job: Job, lease: Lease, rows: int) -> None:
        """Note how many rows of an export that is held by this lease are stored; never fewer than were before."""

    def committed(self, job: Job, number: int) -> frozenset[int]:
        """The numbers of the run's committed chunks."""
        ...

    def finish(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is processing as done, once, and let go of it."""

    def stop(self, job: Job, number: int) -> Run:
        """The run as it is, when nothing of it can be committed any more."""
        ...

    def finish_clean(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is cancelling as clean, once."""

    def all(self, job: Job) -> Mapping[int, Run]:
        """The runs that there are, by their numbers."""
        ...
