"""What a delivery from the queue does: claim the job, work on one run of it, finish what is complete.

Deliveries come at least once, in any order, and two may work at the same time; every step is conditional, so
repeating any of them changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from promotion_jobs.exports import Exporter
from promotion_jobs.generation import Commit, GenerateWork, Generator
from promotion_jobs.jobs import JobQueue
from promotion_jobs.model import ExportFile, Job, JobStatus, JobType, Message

CODES_LIMIT_EXCEEDED = "codes limit exceeded"
"""The ``error`` of a job whose promotion has no room for its codes (contract 1.3)."""

_HAND_BACK_DELAY = timedelta(seconds=1)
_RESERVE = timedelta(seconds=10)
"""With less time left than this, what remains of a run goes back to the queue."""


class Claim(Enum):
    CLAIMED = auto()
    NO_ROOM = auto()
    NOT_PENDING = auto()
    """Another delivery was first."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was found: whether all of it is done, and the chunks of it that are committed."""

    done: bool
    committed: frozenset[int]


class WorkStore(Protocol):
    def get(self, promotion_id: str, job_id: str) -> Job | None: ...

    def claim(self, job: Job, now: datetime) -> Claim:
        """Make a pending job processing and take room for all of its codes from the promotion, both or neither."""
        ...

    def refuse(self, job: Job, error: str, now: datetime) -> None:
        """Make a pending job failed and release its lock; one that is not pending any more is left alone."""

    def start_run(self, job: Job, number: int) -> Run: ...

    def finish_run(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is processing as done, once."""

    def complete_generate(self, job: Job, now: datetime) -> None:
        """Complete a job whose runs are all done, show its codes and release its lock; any other is left alone."""

    def complete_export(self, job: Job, file: ExportFile, now: datetime) -> None:
        """Complete a job that is processing with this file and release its lock; any other is left alone."""


class DelayedQueue(JobQueue, Protocol):
    def send(self, message: Message, delay: timedelta = timedelta()) -> None: ...


@dataclass(frozen=True, slots=True)
class Worker:
    store: WorkStore
    queue: DelayedQueue
    generator: Generator
    exporter: Exporter
    now: Callable[[], datetime]

    def deliver(self, message: Message, time_left: Callable[[], timedelta]) -> int:
        """Work on what the message names; returns when it need not come again, with how many codes this delivery made.

        Whatever it raises, the message comes back and nothing is lost.
        """
        job = self.store.get(message.promotion_id, message.job_id)
        if job and job.status is JobStatus.PENDING:
            job = self._claim(job)
        if job is None:
            return 0
        match job.status, job.job_type:
            case JobStatus.PROCESSING, JobType.CODE_GENERATE:
                return self._generate(GenerateWork.of(job), message, time_left)
            case JobStatus.PROCESSING, JobType.CODE_EXPORT:
                self.store.complete_export(job, self.exporter.export(job), self.now())
            case JobStatus.COMPLETED, JobType.CODE_GENERATE:
                # A delivery that died after another had finished its run comes back to this.
                self.generator.remove_strays(GenerateWork.of(job), message.run)
        return 0

    def _claim(self, job: Job) -> Job | None:
        now = self.now()
        match self.store.claim(job, now):
            case Claim.CLAIMED:
                return replace(job, status=JobStatus.PROCESSING, started_at=now)
            case Claim.NO_ROOM:
                self.store.refuse(job, CODES_LIMIT_EXCEEDED, now)
                return None
            case Claim.NOT_PENDING:
                return self.store.get(job.promotion_id, job.id)

    def _generate(self, work: GenerateWork, message: Message, time_left: Callable[[], timedelta]) -> int:
        run = self.store.start_run(work.job, message.run)
        left = [chunk for chunk in work.plan.chunks_of(message.run) if not run.done and chunk not in run.committed]
        generated = 0
        for chunk in left:
            if chunk != left[0] and time_left() < _RESERVE:
                # As a new message: a run that only takes long must not use up this one's tries.
                self.queue.send(message, _HAND_BACK_DELAY)
                return generated
            outcome = self.generator.generate(work, message.run, chunk)
            if outcome is Commit.STOPPED:
                return generated
            generated += work.plan.codes_in(chunk) if outcome is Commit.COMMITTED else 0
        self.generator.remove_strays(work, message.run)
        if not run.done:
            # Before the run is done: a delivery that dies in between comes again and sends again.
            if message.run + 1 < work.plan.runs:
                self.queue.send(replace(message, run=message.run + 1))
            self.store.finish_run(work.job, message.run, self.now())
        self.store.complete_generate(work.job, self.now())
        return generated
