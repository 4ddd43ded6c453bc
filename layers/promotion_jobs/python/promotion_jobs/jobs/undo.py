"""Undoing a job: after a cancel, or after a failure, every code of it goes, and nothing of anybody else's.

1. Every run of the job is stopped, also those that nobody has started: from then on none of their chunks commits.
2. A run is cleaned when no worker holds it any more: an insert in flight could not be stopped otherwise.
3. Of each chunk everything that any delivery can have inserted is removed, by the seed and the collision records; then
   its list goes, in one transaction with the run's count of deleted codes.
4. When all runs are clean the job ends: its room goes back to the promotion together with the lock.

An export leaves nothing to undo; of a deletion, what it has unlisted is removed to the end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from promotion_jobs.codes.code import Slot
from promotion_jobs.jobs.deadline import Deadline
from promotion_jobs.jobs.delete import Deleter
from promotion_jobs.jobs.generate import CodeStore, GenerateWork
from promotion_jobs.jobs.job import Job, JobType, Message
from promotion_jobs.jobs.read import DelayedQueue
from promotion_jobs.jobs.runs import RunStatus, RunStore
from promotion_jobs.limits import HAND_BACK_DELAY, LONGEST_DELAY
from promotion_jobs.measures import Measure, Meter, unmeasured


class UndoStore(Protocol):
    def end_undo(self, job: Job, generated: int, deleted: int, now: datetime) -> None:
        """End a job whose runs are all clean, as cancelled or failed; any other is left alone."""


@dataclass(frozen=True, slots=True)
class Undoer:
    store: UndoStore
    runs: RunStore
    codes: CodeStore
    deleter: Deleter
    queue: DelayedQueue
    now: Callable[[], datetime]
    runs_ahead: int
    meter: Meter = unmeasured

    def undo(self, job: Job, message: Message, deadline: Deadline) -> None:
        """Clean the run that the message names; what is left of it is sent as a new message."""
        if job.job_type is JobType.CODE_EXPORT:
            self.store.end_undo(job, generated=0, deleted=0, now=self.now())
            return
        if message.run == 0:
            self._start(job, message)
        run = self.runs.stop(job, message.run)
        if run.status is not RunStatus.CLEAN:
            if run.lease and run.is_held(self.now()):
                self.queue.send(message, min(run.lease.until - self.now() + HAND_BACK_DELAY, LONGEST_DELAY))
                return
            if run.started and not self._clean(job, message, deadline):
                return
            self._finish_clean(job, message)
        self._end(job)

    def _start(self, job: Job, message: Message) -> None:
        for number in range(job.runs):
            self.runs.stop(job, number)
        for number in range(1, min(self.runs_ahead, job.runs)):
            self.queue.send(replace(message, run=number))

    def _clean(self, job: Job, message: Message, deadline: Deadline) -> bool:
        """Whether the whole run is clean; what is left of it was sent as a new message."""
        if job.job_type is JobType.CODE_DELETE:
            self.deleter.free_unlisted(job)
            return True
        work = GenerateWork.of(job)
        chunks = work.plan.chunks_of(message.run)
        attempts = self.codes.attempts(work.job, chunks)
        for chunk in chunks:
            if chunk != chunks[0] and deadline.is_near():
                self.queue.send(message, HAND_BACK_DELAY)
                return False
            self._clean_chunk(work, message.run, chunk, attempts.get(chunk, {}))
        return True

    def _finish_clean(self, job: Job, message: Message) -> None:
        # Before the run counts as clean: a delivery that dies in between comes again and sends again.
        if message.run + self.runs_ahead < job.runs:
            self.queue.send(replace(message, run=message.run + self.runs_ahead))
        self.runs.finish_clean(job, message.run, self.now())

    def _clean_chunk(self, work: GenerateWork, run: int, chunk: int, attempts: Mapping[Slot, int]) -> None:
        replaced = [
            (slot, work.choice(chunk, slot, attempt))
            for slot, highest in attempts.items()
            for attempt in range(1, highest + 1)
        ]
        self.codes.remove(work.job, [*work.first_choices(chunk).items(), *replaced])
        self.meter(Measure.CODES_DELETED, self.codes.uncommit(work.job, run, chunk))

    def _end(self, job: Job) -> None:
        runs = self.runs.all(job).values()
        # All of one read, or what others count in the meantime would be missing.
        if len(runs) < job.runs or any(run.status is not RunStatus.CLEAN for run in runs):
            return
        generated, deleted = sum(run.generated for run in runs), sum(run.deleted for run in runs)
        self.store.end_undo(job, generated, deleted, self.now())
