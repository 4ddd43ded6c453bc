"""Jobs as the API knows them: read, list, cancel (contract 1, decisions 7, 9 and 12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from promotion_jobs.errors import (
    JobNotFound,
    NotCancellable,
    PromotionNotFound,
)
from promotion_jobs.jobs.job import Job, JobStatus, JobType, Message
from promotion_jobs.pages import Listing, Page, satisfies
from promotion_jobs.values import is_identifier


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an open job is stored. ``codes_per_second`` and ``ready_at`` are None until there is a rate."""

    done: int
    total: int
    codes_per_second: float | None = None
    ready_at: datetime | None = None

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How many codes a job has made, removed again and exported, true to the last that is stored."""

    generated: int = 0
    deleted: int = 0
    exported: int = 0


JobWithProgress = tuple[Job, Progress | None]


class JobReader(Protocol):
    def find(self, promotion_id: str, job_id: str) -> Job | None:
        """None where the promotion has no such job. Raises PromotionNotFound."""
        ...

    def list(self, promotion_id: str) -> Sequence[Job]:
        """Newest first."""
        ...

    def counts(self, job_id: str) -> Counts: ...

    def visible_codes(self, promotion_id: str, job_id: str | None = None) -> int:
        """How many codes an export of the promotion would have, or how many of those one of its jobs made."""
        ...


class Claim(Enum):
    CLAIMED = auto()
    NO_ROOM = auto()
    NOT_PENDING = auto()
    """Another delivery was first."""


class JobQueue(Protocol):
    def send(self, message: Message) -> None: ...


class DelayedQueue(JobQueue, Protocol):
    def send(self, message: Message, delay: timedelta = timedelta()) -> None: ...


NO_JOB = "00000000-0000-0000-0000-000000000000"

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {
    "job_type": str,
    # The published example asks for ``complete`` (contract 1.4).
    "status": lambda value: "completed" if value == "complete" else value,
}
"""What a list of jobs can be filtered by."""


class CancelStore(Protocol):
    def cancel_pending(self, job: Job, now: datetime) -> bool:
        """Make a pending job cancelled and release its lock; False where it is not pending any more."""
        ...

    def cancel_processing(self, job: Job, now: datetime) -> bool:
        """Make a processing job cancelling; False where it is not processing any more."""
        ...


@dataclass(frozen=True, slots=True)
class Jobs:
    store: JobReader
    now: Callable[[], datetime]

    def find(self, promotion_id: str, job_id: str) -> Job:
        """Raises PromotionNotFound, JobNotFound."""
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        # What cannot be an id is asked for as well: which of the two is not found, the promotion decides.
        job = self.store.find(promotion_id, job_id if is_identifier(job_id) else NO_JOB)
        if job is None:
            raise JobNotFound
        return job

    def get(self, promotion_id: str, job_id: str) -> JobWithProgress:
        """The job, and how far it is while that means something. Raises PromotionNotFound, JobNotFound."""
        return self._with_progress(self.find(promotion_id, job_id))

    def _with_progress(self, job: Job) -> JobWithProgress:
        """A job that waits has none yet; neither has one that is rolled back, since it shows processing."""
        match job.status, job.job_type:
            case JobStatus.PROCESSING, JobType.CODE_GENERATE if job.plan and not job.failure:
                done = self.store.counts(job.id).generated
                return job, self._progress(job.started_at, done, job.plan.number_of_codes)
            case JobStatus.CANCELLING, JobType.CODE_GENERATE:
                counts = self.store.counts(job.id)
                return job, self._progress(job.stopped_at, counts.deleted, counts.generated)
            case JobStatus.PROCESSING, JobType.CODE_EXPORT if not job.failure:
                done = self.store.counts(job.id).exported
                # Codes that were removed by hand meanwhile may be exported already.
                return job, self._progress(job.started_at, done, max(done, self.store.visible_codes(job.promotion_id)))
            case JobStatus.PROCESSING, JobType.CODE_DELETE if job.deletion and not job.failure:
                done = self.store.counts(job.id).deleted
                left = self.store.visible_codes(job.promotion_id, job.deletion.job_id)
                return job, self._progress(job.started_at, done, done + left)
            case _:
                return job, None

    def _progress(self, began_at: datetime | None, done: int, total: int) -> Progress:
        now = self.now()
        seconds = (now - began_at).total_seconds() if began_at else 0
        if not done or seconds <= 0:
            return Progress(done, total)
        return Progress(done, total, done / seconds, now + timedelta(seconds=(total - done) * seconds / done))

    def list(self, promotion_id: str, page: Page, wanted: Mapping[str, set[str]]) -> Listing[JobWithProgress]:
        """Newest first; ``wanted`` is what :func:`pages.parse_filter` made of the filter.

        One job of a promotion is open at the most, so that all progress of a page costs as much as that of one job.
        """
        found = [
            job
            for job in self.store.list(promotion_id)
            if satisfies(wanted, {"job_type": job.job_type, "status": job.status})
        ]
        shown = [self._with_progress(job) for job in found[page.offset : page.offset + page.limit]]
        return Listing(shown, len(found), page)


@dataclass(frozen=True, slots=True)
class JobCanceller:
    jobs: Jobs
    store: CancelStore
    queue: JobQueue
    now: Callable[[], datetime]

    def cancel(self, promotion_id: str, job_id: str) -> Job:
        """The job, cancelled or being cancelled (decision 7).

        Raises PromotionNotFound, JobNotFound, and NotCancellable for a job that is neither pending nor processing.
        """
        while True:
            job = self.jobs.find(promotion_id, job_id)
            match job.status:
                case JobStatus.PROCESSING if job.failure:
                    # It is being rolled back, and ends failed whatever is asked of it (decision 21).
                    return job
                case JobStatus.PENDING:
                    moved = self.store.cancel_pending(job, self.now())
                case JobStatus.PROCESSING:
                    moved = self.store.cancel_processing(job, self.now())
                case _:
                    raise NotCancellable
            # A job only ever moves on, so it is looked at three times at the most.
            if moved:
                job = self.jobs.find(promotion_id, job_id)
                if job.status.is_open:
                    self.queue.send(Message(promotion_id, job_id))
                return job
