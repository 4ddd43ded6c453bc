"""Handle one queue message: claim its job, work on one run or undo it, and end the job if that was the last.

Deliveries come at least once, in any order, and two may work at the same time; every step is conditional, so
repeating any of them changes nothing.

After a cancel, or when it was given up, a job is undone: every code that it made goes, and no code of any other.

1. Every run that was begun is stopped: from then on nothing of it commits, and no other run begins.
2. A run is undone by the job's kind. If a call in flight could still add to it, one worker at a time does that, and not
   before the worker that made the call holds the run no more. What is left of a run is one message.
3. When all runs are clean the job ends: its room goes back to the promotion together with the lock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from promotion_jobs.aws.queue import Queue
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.kind import Deadline, Hold, Kinds
from promotion_jobs.jobs.open_work import Announcer
from promotion_jobs.jobs.runs import Lease, Run, RunStatus, RunStore
from promotion_jobs.jobs.store import Claim, JobStore
from promotion_jobs.limits import BUSY_DELAY, HAND_BACK_DELAY, LEASE_MARGIN, LONGEST_DELAY, TRIES
from promotion_jobs.measures import Measure, Meter, unmeasured

CODES_LIMIT_EXCEEDED = "codes limit exceeded"
"""The ``error`` of a job whose promotion has no room for its codes (contract 1.3)."""

GIVEN_UP = "given up after repeated errors"
"""The ``error`` of a job that came to nothing however often it was tried."""


@dataclass(frozen=True, slots=True)
class Worker:
    """``runs_ahead`` is how many runs of a job are in the queue at a time: fewer than there are workers."""

    jobs: JobStore
    runs: RunStore
    kinds: Kinds
    announcer: Announcer
    queue: Queue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]
    runs_ahead: int
    meter: Meter = unmeasured

    def deliver(self, message: Message, time_left: Callable[[], timedelta]) -> None:
        """Work on what the message names; returns when it need not come again.

        Whatever it raises, the message comes back and nothing is lost.
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
            job = self._claim(job)
        if job is None:
            return
        if job.is_undone:
            self._undo(job, message, deadline)
        elif job.status is JobStatus.PROCESSING:
            self._work(job, message, deadline)
        elif job.status is JobStatus.COMPLETED:
            # A delivery that died after another had finished its run comes back to this.
            self.kinds(job.job_type).revisit(job, message.run)

    def _claim(self, job: Job) -> Job | None:
        now = self.now()
        match self.jobs.claim(job, now):
            case Claim.CLAIMED:
                return replace(job, status=JobStatus.PROCESSING, started_at=now)
            case Claim.NO_ROOM:
                self.jobs.refuse(job, CODES_LIMIT_EXCEEDED, now)
                return None
            case Claim.NOT_PENDING:
                return self.jobs.get(job.promotion_id, job.id)

    def _work(self, job: Job, message: Message, deadline: Deadline) -> None:
        if message.run == 0:
            self._send_ahead(job, message)
        kind, lease = self.kinds(job.job_type), self._new_lease(deadline)
        run, held = self.runs.take(job, message.run, lease, self.now())
        if run.status is RunStatus.COMPLETED:
            kind.revisit(job, message.run)
            self._complete(job)
        # Without the lease another worker holds the run; if that one dies, the sweep sends it again.
        if not held or (kind.gives_up and self._is_given_up(job, message, run, lease)):
            return
        with self._holding(job, message.run, lease):
            # Asked when the run is there. A Query may miss what a transaction is just about to write: a worker that
            # undid the job meanwhile may not have seen the run, but the job was marked before that.
            goes_on = self.jobs.is_processing(job.promotion_id, job.id)
            if not goes_on or not kind.work(Hold(job, message.run, run, lease, deadline)):
                # As a new message: a run that only takes long must not use up this one's tries. If the job was
                # cancelled, its clean-up waits for this worker to release the run.
                self.queue.send(message, HAND_BACK_DELAY)
                return
            self._send_next(message, range(job.plan.runs))
            self.runs.finish(job, message.run, lease, self.now())
            self._complete(job)

    def _new_lease(self, deadline: Deadline) -> Lease:
        now = self.now()
        return Lease(self.new_id(now), now + deadline.time_left() + LEASE_MARGIN)

    def _is_given_up(self, job: Job, message: Message, run: Run, lease: Lease) -> bool:
        """Whether the run came to nothing too often: then its job is marked, and will be undone."""
        if run.tries <= TRIES:
            return False
        self.jobs.give_up(job, GIVEN_UP, self.now())
        self.meter(Measure.JOBS_GIVEN_UP)
        self.runs.release(job.id, message.run, lease)
        self.queue.send(replace(message, run=0))
        return True

    @contextmanager
    def _holding(self, job: Job, number: int, lease: Lease) -> Iterator[None]:
        """Releases the run when the block ends well or the store is busy: then this was no failed try.

        After any other error a call may still take effect, so only time ends the lease.
        """
        try:
            yield
        except StoreBusy:
            self.runs.release(job.id, number, lease)
            raise
        self.runs.release(job.id, number, lease)

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
        # Before the last is stopped: a delivery that dies in between comes again and sends again.
        for number in begun[: self.runs_ahead]:
            self.queue.send(replace(message, run=number), HAND_BACK_DELAY)
        self.runs.stop(job.id, last)

    def _undo_run(self, job: Job, message: Message, runs: Mapping[int, Run], deadline: Deadline) -> bool:
        """Whether the run is clean; what is left of it is one new message."""
        kind, lease, now = self.kinds(job.job_type), self._new_lease(deadline), self.now()
        run, held = runs[message.run], True
        if kind.fences_undo:
            run, held = self.runs.take_stopped(job.id, message.run, lease, now)
        if run.status is RunStatus.CLEAN:
            return True
        if not held:
            free_at = run.lease.until if run.lease else now
            self.queue.send(message, min(free_at - now + HAND_BACK_DELAY, LONGEST_DELAY))
            return False
        with self._holding(job, message.run, lease):
            if not kind.undo(Hold(job, message.run, run, lease, deadline)):
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
        """Send the run that follows this one among those of the numbers, if any does.

        Before this one counts: a delivery that dies in between comes again and sends again.
        """
        for number in numbers[numbers.index(message.run) + self.runs_ahead :][:1]:
            self.queue.send(replace(message, run=number))
