"""Open work: the list of open jobs, and the announcement of each end.

Each job is listed as open work from its creation until its end is announced (docs/use/events.md). So a worker that dies
in between leaves an entry for the sweep to find, and every end is told at least once. The entries share a partition of
their own, so that the sweep scans nothing. No other module names their attributes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.bus import EventBus
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Action, ConditionLost, Table
from promotion_jobs.jobs.job import Job
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.values import from_text, to_text


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A job that is open or not announced: when its messages were last sent, how often without progress."""

    promotion_id: str
    job_id: str
    opened_at: datetime
    sent_at: datetime
    sends: int
    progress: int


@dataclass(frozen=True, slots=True)
class OpenWorkStore:
    table: Table

    def list(self) -> Sequence[OpenWork]:
        return [
            OpenWork(
                promotion_id=item["promotion_id"],
                job_id=item["sk"],
                opened_at=from_text(item["opened_at"]),
                sent_at=from_text(item["sent_at"]),
                sends=item["sends"],
                progress=item["progress"],
            )
            for item in self.table.query(Range(keys.OPEN_JOBS))
        ]

    def is_listed(self, job_id: str) -> bool:
        return self.table.get(keys.open_job(job_id)) is not None

    def note(self, seen: OpenWork, *, sent_at: datetime, sends: int, progress: int) -> bool:
        """Note what was seen and sent; False if another sweep did, or if it is not open any more."""
        try:
            self.table.transact(
                self.table.update(
                    keys.open_job(seen.job_id),
                    "SET #sent_at = :now, #sends = :sends, #progress = :progress",
                    "#sent_at = :seen AND #sends = :before",
                    now=to_text(sent_at),
                    sends=sends,
                    progress=progress,
                    seen=to_text(seen.sent_at),
                    before=seen.sends,
                )
            )
        except ConditionLost:
            return False
        return True

    def put(self, promotion_id: str, job_id: str, now: datetime) -> Action:
        """List a new job, whose first message is sent now."""
        opened_at = to_text(now)
        values = {"promotion_id": promotion_id, "opened_at": opened_at, "sent_at": opened_at}
        return self.table.put(keys.open_job(job_id), values | {"sends": 0, "progress": 0})

    def remove(self, job_id: str) -> Action:
        # Without a condition: a job that has ended is never open again.
        return self.table.delete(keys.open_job(job_id))


@dataclass(frozen=True, slots=True)
class Announcer:
    """``render`` gives a job as the API shows it."""

    store: OpenWorkStore
    bus: EventBus
    render: Callable[[Job], Mapping[str, Any]]
    meter: Meter = unmeasured

    def announce(self, job: Job) -> None:
        """Announce a job if it has ended and its end is not announced. Raises EventRefused."""
        if not job.status.is_open and self.store.is_listed(job.id):
            self.bus.publish(f"Promotion Job {job.status.capitalize()}", self.render(job), job.updated_at)
            self.meter(Measure.JOBS_ENDED, job_type=job.job_type, outcome=job.status)
            self.close(job.id)

    def close(self, job_id: str) -> None:
        """Remove a job from the list: its end is announced, or it is gone itself."""
        self.store.table.transact(self.store.remove(job_id))
