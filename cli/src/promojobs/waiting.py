"""Watching a job until it has ended."""

from collections.abc import Callable
from dataclasses import dataclass

from promojobs.errors import JobCancelled, JobFailed, TimedOut, Unreachable
from promojobs.values import Job

_FIRST_POLL, _POLL, _SLOW_POLL, _SLOW_AFTER = 0.1, 1.0, 2.0, 60.0
"""Seconds between two looks: the first, which grow by half each time, the others, and those after so many seconds."""


@dataclass(frozen=True, slots=True)
class Watch:
    """``look`` reads the job; ``sleep`` and ``clock`` take and give seconds.

    ``on_trouble`` is told each time that the service cannot be reached.
    """

    look: Callable[[], Job]
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    on_trouble: Callable[[Unreachable], None]

    def until_end(self, job: Job, on_progress: Callable[[Job], None], timeout: float | None) -> Job:
        """The job when it is open no more, whatever became of it. Raises TimedOut.

        A service that cannot be reached is asked on and on: the job does not need its watcher.
        """
        began, first = self.clock(), _FIRST_POLL
        while True:
            on_progress(job)
            if not job.is_open:
                return job
            waited = self.clock() - began
            if timeout is not None and waited >= timeout:
                raise TimedOut(f"The job is still {job.status} after {timeout:g} s, and goes on")
            pause = min(first, _POLL if waited < _SLOW_AFTER else _SLOW_POLL)
            first *= 1.5
            self.sleep(pause if timeout is None else min(pause, timeout - waited))
            try:
                job = self.look()
            except Unreachable as error:
                self.on_trouble(error)


def succeeded(job: Job) -> Job:
    """The job itself. Raises JobFailed and JobCancelled."""
    if job.status == "failed":
        raise JobFailed(f"The job {job.id} failed: {job.error or 'it does not say why'}")
    if job.status == "cancelled":
        raise JobCancelled(f"The job {job.id} was cancelled, and its codes are deleted")
    return job
