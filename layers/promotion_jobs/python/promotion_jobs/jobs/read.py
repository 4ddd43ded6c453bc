"""Jobs as the API knows them: read, list, link to the file (contract 1, decisions 2, 9 and 12)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from promotion_jobs.aws.files import CSV, GZIP, Files
from promotion_jobs.errors import FileExpired, JobNotFound, NoFile, PromotionNotFound
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus
from promotion_jobs.jobs.runs import Run, RunStore, sums
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import FILE_LINK_LIFE
from promotion_jobs.pages import Listing, Page, satisfies
from promotion_jobs.promotions.promotions import Promotions
from promotion_jobs.values import is_identifier

if TYPE_CHECKING:
    from promotion_jobs.jobs.kind import OfferedKinds

NO_JOB = "00000000-0000-0000-0000-000000000000"

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {
    "job_type": str,
    # The published example asks for ``complete`` (contract 1.4).
    "status": lambda value: "completed" if value == "complete" else value,
}
"""The attributes by which a list of jobs can be filtered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an open job is stored, and as of when. The rates are None until there is one.

    ``codes_per_second`` and ``ready_at`` go by all the time that the job took, ``recent_codes_per_second`` by the last
    step of each run that goes on.
    """

    done: int
    total: int
    codes_per_second: float | None = None
    ready_at: datetime | None = None
    recent_codes_per_second: float | None = None
    updated_at: datetime | None = None

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


JobWithProgress = tuple[Job, Progress | None]


@dataclass(frozen=True, slots=True)
class Jobs:
    store: JobStore
    promotions: Promotions
    runs: RunStore
    kinds: "OfferedKinds"
    now: Callable[[], datetime]

    def find(self, promotion_id: str, job_id: str) -> Job:
        """Raises PromotionNotFound, JobNotFound."""
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        # Look up malformed ids too: if the promotion is missing, that error wins.
        job = self.store.find(promotion_id, job_id if is_identifier(job_id) else NO_JOB)
        if job is None:
            raise JobNotFound
        return job

    def get(self, promotion_id: str, job_id: str) -> JobWithProgress:
        """The job, and how far it is while that means something. Raises PromotionNotFound, JobNotFound."""
        return self._with_progress(self.find(promotion_id, job_id))

    def _with_progress(self, job: Job) -> JobWithProgress:
        """A job that waits has no progress yet; neither has one that is rolled back, since it shows processing."""
        if job.failure or job.status not in {JobStatus.PROCESSING, JobStatus.CANCELLING}:
            return job, None
        runs = self.runs.all(job.id).values()
        progress = self.kinds(job.job_type).progress(job, sums(runs))
        return job, self._at_a_rate(job, runs, *progress) if progress else None

    def _at_a_rate(self, job: Job, runs: Collection[Run], done: int, total: int) -> Progress:
        now = self.now()
        began_at = job.stopped_at if job.status is JobStatus.CANCELLING else job.started_at
        moments = [began_at, *(run.pace.at for run in runs if run.pace)]
        updated_at = max((it for it in moments if it), default=None)
        seconds = (now - began_at).total_seconds() if began_at else 0
        if not done or seconds <= 0:
            return Progress(done, total, updated_at=updated_at)
        ready_at = now + timedelta(seconds=(total - done) * seconds / done)
        recent = sum(run.rate(now) for run in runs)
        return Progress(done, total, done / seconds, ready_at, recent, updated_at)

    def list(self, promotion_id: str, page: Page, wanted: Mapping[str, set[str]]) -> Listing[JobWithProgress]:
        """Newest first; ``wanted`` is what :func:`pages.parse_filter` made of the filter. Raises PromotionNotFound.

        One job of a promotion is open at the most, so that all progress of a page costs as much as that of one job.
        """
        jobs = self.store.list(promotion_id) if is_identifier(promotion_id) else []
        # Checked after the list is read: it shows the purge of a promotion that is deleted meanwhile.
        self.promotions.get(promotion_id)
        found = [job for job in jobs if satisfies(wanted, {"job_type": job.job_type, "status": job.status})]
        shown = [self._with_progress(job) for job in found[page.offset : page.offset + page.limit]]
        return Listing(shown, len(found), page)


@dataclass(frozen=True, slots=True)
class Download:
    """A link to a file of an export, and the name under which a browser saves it."""

    href: str
    name: str
    file: ExportFile


@dataclass(frozen=True, slots=True)
class Downloads:
    jobs: Jobs
    files: Files
    now: Callable[[], datetime]
    file_life: timedelta

    def links(self, promotion_id: str, job_id: str) -> Sequence[Download]:
        """Links to the job's files, signed now and for this caller alone to pass on (decision 2); one at least.

        Raises PromotionNotFound, JobNotFound, NoFile and FileExpired.
        """
        job = self.jobs.find(promotion_id, job_id)
        if not job.files:
            raise NoFile(job.status)
        # An export's last change is its completion.
        expires_at = job.updated_at + self.file_life
        left = expires_at - self.now()
        if left <= timedelta():
            raise FileExpired(job.status, expires_at)
        life = min(FILE_LINK_LIFE, max(left, timedelta(seconds=1)))
        return [self._link(job, number, life) for number in range(len(job.files))]

    def _link(self, job: Job, number: int, life: timedelta) -> Download:
        file = job.files[number]
        part = f"_{number + 1}_of_{len(job.files)}" if len(job.files) > 1 else ""
        suffix, content_type = (".csv.gz", GZIP) if file.key.endswith(".gz") else (".csv", CSV)
        what = "refused" if job.upload else "codes"
        name = f"{job.promotion_id}_{job.id}_{job.updated_at:%Y%m%d_%H%M%S}_{what}{part}{suffix}"
        return Download(self.files.link(file.key, name, content_type, life), name, file)
