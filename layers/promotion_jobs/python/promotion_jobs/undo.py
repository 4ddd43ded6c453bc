"""Undoing a job: after a cancel, or after a failure, every code of it goes, and nothing of anybody else's.

1. Every run of the job is stopped, also those that nobody has started: from then on none of their chunks commits.
2. A run is cleaned when no worker holds it any more: an insert in flight could not be stopped otherwise.
3. Of each chunk everything that any delivery can have inserted is removed, by the seed and the collision records; then
   its list goes, in one transaction with the run's count of deleted codes.
4. When all runs are clean the job ends: its room goes back to the promotion together with the lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from promotion_jobs.deadline import Deadline
from promotion_jobs.generation import CodeStore, GenerateWork
from promotion_jobs.jobs import DelayedQueue
from promotion_jobs.limits import HAND_BACK_DELAY, LONGEST_DELAY
from promotion_jobs.model import Job, Message, Slot
from promotion_jobs.runs import RunStatus, RunStore


class UndoStore(Protocol):
    def end_undo(self, job: Job, generated: int, deleted: int, now: datetime) -> None:
        """End a job whose runs are all clean, as cancelled or failed; any other is left alone."""


@dataclass(frozen=True, slots=True)
class Undoer:
    store: UndoStore
    runs: RunStore
    codes: CodeStore
    queue: DelayedQueue
    now: Callable[[], datetime]
    runs_ahead: int

    def undo(self, job: Job, message: Message, deadline: Deadline) -> None:
        """Clean the run that the message names; what is left of it is sent as a new message."""
        if job.plan is None:
            self.store.end_undo(job, generated=0, deleted=0, now=self.now())
            return
        work = GenerateWork.of(job)
        if message.run == 0:
            self._start(work, message)
        run = self.runs.stop(job, message.run)
        if run.status is not RunStatus.CLEAN:
            if run.lease and run.is_held(self.now()):
                self.queue.send(message, min(run.lease.until - self.now() + HAND_BACK_DELAY, LONGEST_DELAY))
                return
            if run.started and not self._clean(work, message, deadline):
                return
            self._finish_clean(work, message)
        self._end(work)

    def _start(self, work: GenerateWork, message: Message) -> None:
        for number in range(work.plan.runs):
            self.runs.stop(work.job, number)
        for number in range(1, min(self.runs_ahead, work.plan.runs)):
            self.queue.send(replace(message, run=number))

    def _clean(self, work: GenerateWork, message: Message, deadline: Deadline) -> bool:
        """Whether the whole run is clean; what is left of it was sent as a new message."""
        chunks = work.plan.chunks_of(message.run)
        attempts = self.codes.attempts(work.job, chunks)
        for chunk in chunks:
            if chunk != chunks[0] and deadline.is_near():
                self.queue.send(message, HAND_BACK_DELAY)
                return False
            self._clean_chunk(work, message.run, chunk, attempts.get(chunk, {}))
        return True

    def _finish_clean(self, work: GenerateWork, message: Message) -> None:
        # Before the run counts as clean: a delivery that dies in between comes again and sends again.
        if message.run + self.runs_ahead < work.plan.runs:
            self.queue.send(replace(message, run=message.run + self.runs_ahead))
        self.runs.finish_clean(work.job, message.run, self.now())

    def _clean_chunk(self, work: GenerateWork, run: int, chunk: int, attempts: Mapping[Slot, int]) -> None:
        replaced = [
            (slot, work.choice(chunk, slot, attempt))
            for slot, highest in attempts.items()
            for attempt in range(1, highest + 1)
        ]
        self.codes.remove(work.job, [*work.first_choices(chunk).items(), *replaced])
        self.codes.uncommit(work.job, run, chunk)

    def _end(self, work: GenerateWork) -> None:
        runs = self.runs.all(work.job).values()
        # All of one read, or what others count in the meantime would be missing.
        if len(runs) < work.plan.runs or any(run.status is not RunStatus.CLEAN for run in runs):
            return
        generated, deleted = sum(run.generated for run in runs), sum(run.deleted for run in runs)
        self.store.end_undo(work.job, generated, deleted, self.now())
