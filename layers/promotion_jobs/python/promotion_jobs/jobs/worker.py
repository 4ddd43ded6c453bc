"""What a delivery from the queue does: claim the job, work on one run of it, finish what is complete.

Deliveries come at least once, in any order, and two may work at the same time; every step is conditional, so
repeating any of them changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.announcements import Announcer
from promotion_jobs.jobs.deadline import Deadline
from promotion_jobs.jobs.delete import Deleter
from promotion_jobs.jobs.export import Exporter, ExportStopped
from promotion_jobs.jobs.generate import GenerateWork, Generator
from promotion_jobs.jobs.job import DeleteParameters, ExportFile, Job, JobStatus, JobType, Message
from promotion_jobs.jobs.purge import Purger
from promotion_jobs.jobs.read import Claim, DelayedQueue
from promotion_jobs.jobs.runs import Commit, Lease, Run, RunStatus, RunStore
from promotion_jobs.jobs.undo import Undoer
from promotion_jobs.limits import BUSY_DELAY, HAND_BACK_DELAY, LEASE_MARGIN, TRIES
from promotion_jobs.measures import Measure, Meter, unmeasured

CODES_LIMIT_EXCEEDED = "codes limit exceeded"
"""The ``error`` of a job whose promotion has no room for its codes (contract 1.3)."""

GIVEN_UP = "given up after repeated errors"
"""The ``error`` of a job that came to nothing however often it was tried."""


class WorkStore(Protocol):
    def get(self, promotion_id: str, job_id: str) -> Job | None: ...

    def claim(self, job: Job, now: datetime) -> Claim:
        """Make a pending job processing and take room for all of its codes from the promotion, both or neither."""
        ...

    def refuse(self, job: Job, error: str, now: datetime) -> None:
        """Make a pending job failed and release its lock; one that is not pending any more is left alone."""

    def give_up(self, job: Job, failure: str, now: datetime) -> None:
        """Have a job that is processing rolled back; any other is left alone."""

    def complete_generate(self, job: Job, now: datetime) -> None:
        """Complete a job whose runs are all done, show its codes and release its lock; any other is left alone."""

    def complete_export(self, job: Job, file: ExportFile, now: datetime) -> bool:
        """Complete a job that is processing with this file and release its lock; False leaves any other alone."""
        ...

    def complete_delete(self, job: Job, lease: Lease, now: datetime) -> None:
        """Complete a job that is processing, and whose run is held by this lease, with what the run has deleted.

        Its lock is released with that; any other job is left alone.
        """


@dataclass(frozen=True, slots=True)
class Worker:
    """``runs_ahead`` is how many runs of a job are in the queue at a time: fewer than there are workers."""

    store: WorkStore
    runs: RunStore
    queue: DelayedQueue
    generator: Generator
    undoer: Undoer
    exporter: Exporter
    deleter: Deleter
    purger: Purger
    announcer: Announcer
    now: Callable[[], datetime]
    new_holder: Callable[[], str]
    runs_ahead: int
    meter: Meter = unmeasured

    def deliver(self, message: Message, time_left: Callable[[], timedelta]) -> None:
        """Work on what the message names; returns when it need not come again.

        Whatever it raises, the message comes back and nothing is lost.
        """
        deadline = Deadline.of(time_left)
        try:
            if message.purge:
                self.purger.purge(message, deadline)
            else:
                self._work(message, deadline)
                self._announce(message)
        except StoreBusy:
            # As a new message: a store that throttles must not use up this one's tries.
            self.queue.send(message, BUSY_DELAY)

    def _announce(self, message: Message) -> None:
        job = self.store.get(message.promotion_id, message.job_id)
        if job:
            self.announcer.announce(job)
        else:
            # Purged, and announced before that.
            self.announcer.forget(message.job_id)

    def _work(self, message: Message, deadline: Deadline) -> None:
        job = self.store.get(message.promotion_id, message.job_id)
        if job and job.status is JobStatus.PENDING:
            job = self._claim(job)
        if job is None:
            return
        if job.is_undone:
            self.undoer.undo(job, message, deadline)
            return
        match job.status, job.job_type:
            case JobStatus.PROCESSING, JobType.CODE_GENERATE:
                self._generate(GenerateWork.of(job), message, deadline)
            case JobStatus.PROCESSING, JobType.CODE_EXPORT:
                self._export(job, message, deadline)
            case JobStatus.PROCESSING, JobType.CODE_DELETE if job.deletion:
                self._delete(job, job.deletion, message, deadline)
            case JobStatus.COMPLETED, JobType.CODE_GENERATE:
                # A delivery that died after another had finished its run comes back to this.
                self.generator.remove_strays(GenerateWork.of(job), message.run)

    def _claim(self, job: Job) -> Job | None:
        now = self.now()
        match self.store.claim(job, now):
            case Claim.CLAIMED:
                return replace(job, status=JobStatus.PROCESSING, started_at=now)
            case Claim.NO_ROOM:
                self.store.refuse(job, CODES_LIMIT_EXCEEDED, now)
                return None
            case Claim.NOT_PENDING:
                return self.store.get(job.promotion_id, job.id)

    def _new_lease(self, deadline: Deadline) -> Lease:
        return Lease(self.new_holder(), self.now() + deadline.time_left() + LEASE_MARGIN)

    def _may_go_on(self, job: Job, message: Message, run: Run, lease: Lease, *, held: bool) -> bool:
        """Whether this delivery has a run to work on; one that came to nothing too often has its job given up."""
        if not held:
            # Somebody else works on it; if that one dies, the sweep sends the run again.
            return False
        if run.tries > TRIES:
            self.runs.release(job, message.run, lease, forgive=False)
            self.store.give_up(job, GIVEN_UP, self.now())
            self.meter(Measure.JOBS_GIVEN_UP)
            self.queue.send(replace(message, run=0))
        return run.tries <= TRIES

    def _generate(self, work: GenerateWork, message: Message, deadline: Deadline) -> None:
        if message.run == 0:
            for number in range(1, min(self.runs_ahead, work.plan.runs)):
                self.queue.send(replace(message, run=number))
        lease = self._new_lease(deadline)
        run, held = self.runs.take(work.job, message.run, lease, self.now())
        if run.status is RunStatus.COMPLETED:
            self.generator.remove_strays(work, message.run)
            self.store.complete_generate(work.job, self.now())
        if not self._may_go_on(work.job, message, run, lease, held=held):
            return
        with self._holding(work.job, message.run, lease):
            self._run(work, message, run, deadline)

    @contextmanager
    def _holding(self, job: Job, number: int, lease: Lease) -> Iterator[None]:
        """Lets go of the run when the block ends well or the store is busy, which does not count as a try.

        After any other error something that was asked for may still take effect: then only time ends the lease.
        """
        try:
            yield
        except StoreBusy:
            self.runs.release(job, number, lease, forgive=True)
            raise
        self.runs.release(job, number, lease, forgive=False)

    def _run(self, work: GenerateWork, message: Message, run: Run, deadline: Deadline) -> None:
        committed = self.runs.committed(work.job, message.run) if run.tries > 1 or run.generated else frozenset()
        left = [chunk for chunk in work.plan.chunks_of(message.run) if chunk not in committed]
        for chunk in left:
            if chunk != left[0] and deadline.is_near():
                # As a new message: a run that only takes long must not use up this one's tries.
                self.queue.send(message, HAND_BACK_DELAY)
                return
            if self.generator.generate(work, message.run, chunk) is Commit.STOPPED:
                # Who is to clean the run waits until this worker has let go of it.
                self.queue.send(message, HAND_BACK_DELAY)
                return
        self.generator.remove_strays(work, message.run)
        # Before the run is done: a delivery that dies in between comes again and sends again.
        if message.run + self.runs_ahead < work.plan.runs:
            self.queue.send(replace(message, run=message.run + self.runs_ahead))
        self.runs.finish(work.job, message.run, self.now())
        self.store.complete_generate(work.job, self.now())

    def _export(self, job: Job, message: Message, deadline: Deadline) -> None:
        lease = self._new_lease(deadline)
        run, held = self.runs.take(job, 0, lease, self.now())
        if not self._may_go_on(job, message, run, lease, held=held):
            return
        with self._holding(job, 0, lease), suppress(ExportStopped):
            file = self.exporter.export(job, partial(self._note_exported, job, lease))
            if not self.store.complete_export(job, file, self.now()):
                self._drop_unless_linked(job, file)

    def _note_exported(self, job: Job, lease: Lease, rows: int) -> bool:
        """Whether the file is still wanted."""
        self.runs.note_exported(job, lease, rows)
        found = self.store.get(job.promotion_id, job.id)
        return found is not None and found.status is JobStatus.PROCESSING

    def _drop_unless_linked(self, job: Job, file: ExportFile) -> None:
        """Remove a file that came too late; not one whose completion was written and its answer lost."""
        found = self.store.get(job.promotion_id, job.id)
        if found is None or found.file is None or found.file.key != file.key:
            self.exporter.files.remove(file.key)

    def _delete(self, job: Job, wanted: DeleteParameters, message: Message, deadline: Deadline) -> None:
        lease = self._new_lease(deadline)
        run, held = self.runs.take(job, 0, lease, self.now())
        if not self._may_go_on(job, message, run, lease, held=held):
            return
        with self._holding(job, 0, lease):
            if self.deleter.delete(job, wanted, lease, deadline):
                self.store.complete_delete(job, lease, self.now())
            else:
                # Where the job was cancelled, who is to undo it waits until this worker has let go of it.
                self.queue.send(message, HAND_BACK_DELAY)
