"""Telling the deployment that a job has ended: at least once, whatever dies (docs/events.md).

A job stays listed as open work until its event is out; so a worker that dies in between leaves something for the sweep
to find.
"""

from dataclasses import dataclass
from typing import Protocol

from promotion_jobs.jobs.job import Job
from promotion_jobs.measures import Measure, Meter, unmeasured


class EventBus(Protocol):
    def publish(self, job: Job) -> None:
        """Tell of a job that has ended. Raises whatever keeps it from that."""


class AnnouncementStore(Protocol):
    def awaits_announcement(self, job_id: str) -> bool:
        """Whether the job is still listed as open work."""
        ...

    def close(self, job_id: str) -> None:
        """Take the job off the list of open work; one that is not on it is left alone."""


@dataclass(frozen=True, slots=True)
class Announcer:
    store: AnnouncementStore
    bus: EventBus
    meter: Meter = unmeasured

    def announce(self, job: Job) -> None:
        """Tell of a job if it has ended and nobody has told of it."""
        if not job.status.is_open and self.store.awaits_announcement(job.id):
            self.bus.publish(job)
            self.meter(Measure.JOBS_ENDED, job_type=job.job_type, outcome=job.status)
            self.store.close(job.id)

    def forget(self, job_id: str) -> None:
        """Take a job off the list that is gone itself."""
        self.store.close(job_id)
