"""Cancelling a job (contract 1.3, decision 7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from promotion_jobs.aws.queue import Queue
from promotion_jobs.errors import NotCancellable
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.read import Jobs
from promotion_jobs.jobs.store import JobStore


@dataclass(frozen=True, slots=True)
class JobCanceller:
    jobs: Jobs
    store: JobStore
    queue: Queue
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
