"""Clearing away a deleted promotion: its codes, each free again, its jobs, its files and itself (decision 19)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from promotion_jobs.codes.code import Chunk
from promotion_jobs.jobs.announcements import Announcer
from promotion_jobs.jobs.deadline import Deadline
from promotion_jobs.jobs.generate import GenerateWork, Generator
from promotion_jobs.jobs.job import Job, Message
from promotion_jobs.jobs.read import DelayedQueue
from promotion_jobs.limits import HAND_BACK_DELAY


class PurgeStore(Protocol):
    """Removing what is gone already is nothing; so a purge that died begins again."""

    def chunks(self, promotion_id: str) -> Iterable[Chunk]: ...

    def remove_chunk(self, promotion_id: str, chunk: Chunk) -> None:
        """Remove the chunk's codes that are still its own, and then its list."""

    def jobs(self, promotion_id: str) -> Sequence[Job]: ...

    def remove_job(self, promotion_id: str, job_id: str) -> None:
        """Remove the job with its runs and collision records."""

    def remove_promotion(self, promotion_id: str, purge_id: str) -> None:
        """Remove a promotion that is locked for this purge, and with it what reminds of the purge."""


class FileRemover(Protocol):
    def remove_all(self, prefix: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Purger:
    store: PurgeStore
    generator: Generator
    files: FileRemover
    queue: DelayedQueue
    announcer: Announcer

    def purge(self, message: Message, deadline: Deadline) -> None:
        """Clear the promotion away; with too little time left, the rest is sent as a new message."""
        for step, remove in enumerate(self._steps(message)):
            remove()
            # Not after the first: the next delivery would find only that to do again.
            if step and deadline.is_near():
                self.queue.send(message, HAND_BACK_DELAY)
                return

    def _steps(self, message: Message) -> Iterable[Callable[[], None]]:
        promotion_id = message.promotion_id
        for chunk in self.store.chunks(promotion_id):
            yield partial(self.store.remove_chunk, promotion_id, chunk)
        for job in self.store.jobs(promotion_id):
            for run in range(job.plan.runs if job.plan else 0):
                # What a delivery that died left behind, of which the lists know nothing.
                yield partial(self.generator.remove_strays, GenerateWork.of(job), run)
            # While there is something to tell.
            yield partial(self.announcer.announce, job)
            yield partial(self.store.remove_job, promotion_id, job.id)
        yield partial(self.files.remove_all, f"{promotion_id}/")
        yield partial(self.store.remove_promotion, promotion_id, message.job_id)
