"""Bulk deletion: the codes of a promotion, or of one of its jobs, chunk by chunk (decisions, "Beyond the contract").

Whatever dies, no code is lost from sight that is not free again in the end, and each is counted once:

1. A chunk's list goes in one transaction with every number that counts its codes, and the run notes what they were; by
   the lease, so that what an earlier worker asked for comes too late.
2. The noted codes are removed, and are free again. The next note replaces this one.
3. Whoever takes the run over, to go on with it or to undo it, begins with what it notes.

What is deleted stays deleted: undoing a deletion is no more than the last of these.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from promotion_jobs.codes.code import Chunk
from promotion_jobs.jobs.deadline import Deadline
from promotion_jobs.jobs.job import DeleteParameters, Job
from promotion_jobs.jobs.runs import Lease
from promotion_jobs.limits import RUN_CHUNKS
from promotion_jobs.measures import Measure, Meter, unmeasured


class DeletionStore(Protocol):
    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterable[Chunk]:
        """The chunks of the promotion, or of one source, read page by page. ``likely`` is how many will do."""
        ...

    def unlist(self, job: Job, lease: Lease, chunk: Chunk) -> int | None:
        """Remove the chunk's list, count its codes as deleted and note them on the job's run, all or nothing.

        Returns how many codes were counted: none of a chunk that was changed since it was read. None says that the job
        or its run is stopped, or the run not held by this lease any more.
        """
        ...

    def free_unlisted(self, job: Job) -> None:
        """Remove the codes that the job's run notes, each if it is still what was unlisted."""


@dataclass(frozen=True, slots=True)
class Deleter:
    store: DeletionStore
    meter: Meter = unmeasured

    def delete(self, job: Job, wanted: DeleteParameters, lease: Lease, deadline: Deadline) -> bool:
        """Whether none of the wanted codes is left; otherwise time is short, or the job is stopped."""
        self.free_unlisted(job)
        is_first = True
        # A chunk that was changed by hand meanwhile is found by the next look.
        while chunks := self._next(job, wanted):
            for chunk in chunks:
                if not is_first and deadline.is_near():
                    return False
                is_first = False
                unlisted = self.store.unlist(job, lease, chunk)
                if unlisted is None:
                    return False
                self.meter(Measure.CODES_DELETED, unlisted)
                self.free_unlisted(job)
        return True

    def _next(self, job: Job, wanted: DeleteParameters) -> list[Chunk]:
        chunks = islice(self.store.chunks(job.promotion_id, wanted.job_id, RUN_CHUNKS), RUN_CHUNKS)
        # Codes made by hand have an id of their own, which is no job's.
        return [chunk for chunk in chunks if wanted.job_id in {None, chunk.job_id}]

    def free_unlisted(self, job: Job) -> None:
        """Remove the codes that a delivery has unlisted, however it ended."""
        self.store.free_unlisted(job)
