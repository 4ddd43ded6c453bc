"""Watching a job until it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from promojobs.errors import JobCancelled, JobFailed, TimedOut, Unreachable
from promojobs.values import Job

_FIRST_POLL, _POLL, _SLOW_POLL, _SLOW_AFTER = 0.1, 1.0, 2.0, 60.0
"""Seconds between two looks: the first, which grow by half each time, the others, and those after so many seconds."""
_LAST_LOOK = 1.0
"""Seconds that a look may take at least, so that the last one is of use."""


@dataclass(frozen=True, slots=True)
class Watch:
    """``look`` reads the job, within so many seconds; ``sleep`` and ``clock`` take and give seconds.

    ``on_trouble`` is told each time that the service cannot be reached.
    """

    look: Callable[[float], Job]
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    on_trouble: Callable[[Unreachable], None]

    def until_end(self, job: Job, on_progress: Callable[[Job], None], timeout: float | None) -> Job:
        """The job when it is open no more, whatever became of it. Raises TimedOut.

        A service that cannot be reached is asked on and on: the job does not need its watcher.
        """
        began, first = self.clock(), _FIRST_POLL
        ends = inf if timeout is None else began + timeout
        while True:
            on_progress(job)
            if not job.is_open:
                return job
            now = self.clock()
            if now >= ends:
                raise TimedOut(f"The job is still {job.status} after {timeout:g} s, and goes on")
            pause = min(first, _POLL if now - began < _SLOW_AFTER else _SLOW_POLL)
            first *= 1.5
            self.sleep(min(pause, ends - now))
            try:
                job = self.look(max(ends - self.clock(), _LAST_LOOK))
            except Unreachable as error:
                self.on_trouble(error)


def succeeded(job: Job) -> Job:
    """The job itself. Raises JobFailed and JobCancelled."""
    if job.status == "failed":
        raise JobFailed(f"The job {job.id} failed: {job.error or 'it does not say why'}")
    if job.status == "cancelled":
        loss = ", and its codes are deleted" if job.kind in {"generate", "import"} else ""
        raise JobCancelled(f"The job {job.id} was cancelled{loss}")
    return job
