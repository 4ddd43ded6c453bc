"""Handle one queue message: claim its job, work on one run or undo it, and end the job if that was the last.

Deliveries come at least once, in any order, and two may work at the same time; every step is conditional, so
repeating any of them changes nothing, and a call that takes effect when its worker is gone does no harm.

A job that was cancelled or given up is undone: all of its codes are deleted, and no other job's.

1. Stop every run that was begun: from then on no chunk of it is put, and no other run begins.
2. The job's kind undoes a run. One message stands for the rest of a run.
3. When all runs are clean, the job ends: the promotion gets its room back together with the lock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from promotion_jobs.aws.queue import Queue
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.claim import Claimer
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.kind import Deadline, Hold, Kinds, NotYet
from promotion_jobs.jobs.open_work import Announcer
from promotion_jobs.jobs.runs import Run, RunStatus, RunStore
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import BUSY_DELAY, HAND_BACK_DELAY, TRIES
from promotion_jobs.measures import Measure, Meter, unmeasured

GIVEN_UP = "given up after repeated errors"
"""The ``error`` of a job that came to nothing however often it was tried."""


@dataclass(frozen=True, slots=True)
class Worker:
    """``runs_ahead`` is how many runs of a job are in the queue at a time: fewer than there are workers."""

    jobs: JobStore
    claimer: Claimer
    runs: RunStore
    kinds: Kinds
    announcer: Announcer
    queue: Queue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]
    runs_ahead: int
    meter: Meter = unmeasured

    def deliver(self, message: Message, time_left: Callable[[], timedelta]) -> None:
        """Handle the message; return when it need not come again.

        After any error that is raised the message comes back, and nothing is lost.
        """
        deadline = Deadline.of(time_left)
        try:
            self._handle(message, deadline)
            self._announce(message)
        except StoreBusy:
            # As a new message: a store that throttles must not use up this one's tries.
            self.queue.send(message, BUSY_DELAY)

    def _announce(self, message: Message) -> None:
        job = self.jobs.get(message.promotion_id, message.job_id)
        if job:
            self.announcer.announce(job)
        else:
            # Purged, and announced before that.
            self.announcer.close(message.job_id)

    def _handle(self, message: Message, deadline: Deadline) -> None:
        job = self.jobs.get(message.promotion_id, message.job_id)
        if job and job.status is JobStatus.PENDING:
            job = self.claimer.claim(job, self.now())
        if job is None:
            return
        if job.is_undone:
            self._undo(job, message, deadline)
        elif job.status is JobStatus.PROCESSING:
            self._work(job, message, deadline)

    def _work(self, job: Job, message: Message, deadline: Deadline) -> None:
        kind, now = self.kinds(job.job_type), self.now()
        holder = self.new_id(now)
        run, held = self.runs.take(job, message.run, holder, now)
        if message.run == 0 and not run.progress:
            # Only then: a delivery that went on with the first run would send the others again each time.
            self._send_ahead(job, message)
        if run.status is RunStatus.COMPLETED:
            self._complete(job)
        # Without the lease another worker holds the run; if that one dies, the sweep sends it again.
        if not held or (kind.gives_up and self._is_given_up(job, message, run, holder)):
            return
        with self._holding(job, message.run, holder):
            # Ask after the run is taken. A Query may miss what a transaction is about to write: a worker that undid
            # the job meanwhile may not have seen the run, but it marked the job before.
            goes_on = self.jobs.is_processing(job.promotion_id, job.id)
            wait = HAND_BACK_DELAY
            try:
                is_done = goes_on and kind.work(Hold(job, message.run, run, deadline))
            except NotYet as early:
                is_done, wait = False, early.wait
            if not is_done:
                # As a new message: a run that only takes long must not use up this one's tries, and the worker that
                # stopped the job may have missed this run.
                self.queue.send(message, wait)
                self.runs.release(job.id, message.run, holder)
                return
            self._send_next(message, range(job.plan.runs))
            self.runs.finish(job, message.run, self.now())
            self._complete(job)

    def _is_given_up(self, job: Job, message: Message, run: Run, holder: str) -> bool:
        """Whether the run came to nothing too often: then its job is marked, and will be undone."""
        if run.tries <= TRIES:
            return False
        self.jobs.give_up(job, GIVEN_UP, self.now())
        self.meter(Measure.JOBS_GIVEN_UP)
        self.runs.release(job.id, message.run, holder)
        self.queue.send(replace(message, run=0))
        return True

    @contextmanager
    def _holding(self, job: Job, number: int, holder: str) -> Iterator[None]:
        """Release the run if the block fails. A busy store is no failed try; any other error is."""
        try:
            yield
        except StoreBusy:
            self.runs.release(job.id, number, holder)
            raise
        except Exception:
            self.runs.release(job.id, number, holder, failed=True)
            raise

    def _complete(self, job: Job) -> None:
        """Complete the job if all of its runs are done."""
        outcome = self.runs.outcome(job, RunStatus.COMPLETED)
        if outcome:
            self.jobs.complete(job, outcome, self.now())

    def _undo(self, job: Job, message: Message, deadline: Deadline) -> None:
        """Undo the run that the message names; a delivery that finds runs going on stops them instead."""
        runs = self.runs.all(job.id)
        if not all(run.is_stopped for run in runs.values()):
            self._stop(job, message, runs)
            return
        if message.run in runs and not self._undo_run(job, message, runs, deadline):
            return
        outcome = self.runs.outcome(job, RunStatus.CLEAN)
        if outcome:
            self.jobs.end_undo(job, outcome, self.now())

    def _stop(self, job: Job, message: Message, runs: Mapping[int, Run]) -> None:
        """Stop all runs that were begun, and send as many as are in the queue at a time: the others follow them."""
        begun = sorted(runs)
        *others, last = (number for number in begun if not runs[number].is_stopped)
        for number in others:
            self.runs.stop(job.id, number)
        # Send before the last run is stopped: a delivery that dies in between comes again and sends again.
        for number in begun[: self.runs_ahead]:
            self.queue.send(replace(message, run=number), HAND_BACK_DELAY)
        self.runs.stop(job.id, last)

    def _undo_run(self, job: Job, message: Message, runs: Mapping[int, Run], deadline: Deadline) -> bool:
        """Whether the run is clean; what is left of it is one new message."""
        run = runs[message.run]
        if run.status is RunStatus.CLEAN:
            return True
        if not self.kinds(job.job_type).undo(Hold(job, message.run, run, deadline)):
            self.queue.send(message, HAND_BACK_DELAY)
            return False
        self._send_next(message, sorted(runs))
        self.runs.finish_clean(job, message.run, self.now())
        return True

    def _send_ahead(self, job: Job, message: Message) -> None:
        """Send the runs that are in the queue beside the first."""
        for number in range(1, min(self.runs_ahead, job.plan.runs)):
            self.queue.send(replace(message, run=number))

    def _send_next(self, message: Message, numbers: Sequence[int]) -> None:
        """Send the run that follows this one among the numbers, if there is one.

        Send it before this run counts: a delivery that dies in between comes again and sends again.
        """
        for number in numbers[numbers.index(message.run) + self.runs_ahead :][:1]:
            self.queue.send(replace(message, run=number))
