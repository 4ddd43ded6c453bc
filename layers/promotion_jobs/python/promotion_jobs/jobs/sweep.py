"""The sweep: every minute it looks at what is open, and sends again whatever seems to have got lost.

Sending again is safe, because a delivery that finds nothing to do does nothing. So the sweep need not be right, only
sure to come: it may run beside workers and beside itself. It never fails a job by its age: what only waits its turn in
the queue is sent again more and more rarely, and what cannot be done is given up by the worker that tried it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from promotion_jobs.aws.queue import Queue
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.open_work import OpenWork, OpenWorkStore
from promotion_jobs.jobs.runs import Run, RunStatus, RunStore
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import LEASE, LONGEST_PAUSE
from promotion_jobs.measures import Measure, Meter, unmeasured


def _abandoned(runs: Mapping[int, Run], now: datetime) -> Sequence[int]:
    """The runs of workers that died: their leases are past, and were not released."""
    return [number for number, run in runs.items() if run.lease and not run.is_held(now)]


def _due(work: OpenWork, patience: timedelta) -> datetime:
    """When work that makes no progress is sent again, if that takes so long the first time."""
    pause: timedelta = min(patience * 2**work.sends, LONGEST_PAUSE)
    return work.sent_at + pause


@dataclass(frozen=True, slots=True)
class Sweeper:
    """``patience`` is how long a message may wait or be worked on before it counts as lost."""

    open_work: OpenWorkStore
    jobs: JobStore
    runs: RunStore
    queue: Queue
    now: Callable[[], datetime]
    patience: timedelta
    runs_ahead: int
    meter: Meter = unmeasured

    def sweep(self) -> int:
        """Send again what seems lost, and return the number of messages."""
        open_work = self.open_work.list()
        oldest = min((work.opened_at for work in open_work), default=self.now())
        self.meter(Measure.OLDEST_OPEN_JOB_SECONDS, (self.now() - oldest).total_seconds())
        sent = sum(map(self._look_at, open_work))
        self.meter(Measure.MESSAGES_SENT_AGAIN, sent)
        return sent

    def _look_at(self, work: OpenWork) -> int:
        job = self.jobs.get(work.promotion_id, work.job_id)
        is_worked_on = job is not None and job.status in {JobStatus.PROCESSING, JobStatus.CANCELLING}
        runs = self.runs.all(job.id) if job and is_worked_on else {}
        progress = sum(run.progress + 1 for run in runs.values())
        if not is_worked_on:
            progress = work.progress
        now = self.now()
        abandoned = _abandoned(runs, now)
        if progress != work.progress:
            self.open_work.note(work, sent_at=now, sends=0, progress=progress)
            # A job that makes progress may still have lost one of its workers.
            return self._send(work, abandoned)
        # An undo has no leases: it makes progress, or its workers are gone.
        patience = LEASE if job and job.is_undone else self.patience
        if now >= _due(work, patience):
            lost = self._unfinished(job, runs, now) if job else [0]
        else:
            lost = abandoned if now >= _due(work, LEASE) else []
        # If every run is leased, do not count this as a resend: that would double the wait if a worker died now.
        if not lost or not self.open_work.note(work, sent_at=now, sends=work.sends + 1, progress=progress):
            return 0
        return self._send(work, lost)

    def _send(self, work: OpenWork, numbers: Sequence[int]) -> int:
        for number in numbers:
            self.queue.send(Message(work.promotion_id, work.job_id, number))
        return len(numbers)

    def _unfinished(self, job: Job, runs: Mapping[int, Run], now: datetime) -> Sequence[int]:
        """The next runs that no worker holds; run 0 if all are done, since any delivery ends what can end."""
        if job.status is JobStatus.PENDING or not job.status.is_open:
            return [0]
        finished = RunStatus.CLEAN if job.is_undone else RunStatus.COMPLETED
        # A job that is undone has no more runs than were begun.
        numbers = sorted(runs) if job.is_undone else range(job.plan.runs)
        left = [number for number in numbers if number not in runs or runs[number].status is not finished]
        waiting = [number for number in left[: self.runs_ahead] if number not in runs or not runs[number].is_held(now)]
        return waiting if left else [0]
