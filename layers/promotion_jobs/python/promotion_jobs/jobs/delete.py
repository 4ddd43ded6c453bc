"""Bulk deletion: the codes of a promotion, or of one of its jobs, chunk by chunk (decisions, "Beyond the contract").

After any crash, every code whose list is gone is deleted in the end, and each is counted exactly once:

1. A chunk's list goes in one transaction with every number that counts its codes, and the run notes what they were; by
   the lease, so that what an earlier worker asked for comes too late.
2. The noted codes are deleted, and can be used again. The next note replaces this one.
3. A worker that takes the run over, to go on with it or to undo it, begins with what it notes.

What is deleted stays deleted: to undo a deletion, a worker takes only the last of these steps.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import ClassVar

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.inserts import CodeItems
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.jobs.job import DeleteParameters, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import Estimate, Hold, writing_estimate
from promotion_jobs.jobs.runs import RunStore, Unlisted
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import RUN_CHUNKS
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import PromotionStore

_UNITS_PER_CODE = Decimal("1.05")

_LIST = 0
"""The position of the chunk's list in the transaction."""


@dataclass(frozen=True, slots=True)
class Delete:
    promotions: PromotionStore
    codes: CodeStore
    items: CodeItems
    jobs: JobStore
    runs: RunStore
    meter: Meter = unmeasured
    fences_undo: ClassVar = True
    gives_up: ClassVar = True

    def forecast(self, promotion: Promotion, parameters: Parameters) -> Estimate:
        source = parameters.of(DeleteParameters).job_id
        codes = promotion.codes if source is None else self.jobs.visible_codes(promotion.id, source)
        return writing_estimate(codes, _UNITS_PER_CODE)

    def progress(self, job: Job) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return None
        deleted = self.runs.sums(job.id).deleted
        return deleted, deleted + self.jobs.visible_codes(job.promotion_id, job.parameters.of(DeleteParameters).job_id)

    def work(self, hold: Hold) -> bool:
        self.delete_unlisted(hold.job)
        is_first = True
        # A chunk that was changed by hand meanwhile is found by the next look.
        while chunks := self._next(hold.job):
            for chunk in chunks:
                if not is_first and hold.deadline.is_near():
                    return False
                is_first = False
                unlisted = self.unlist(hold, chunk)
                if unlisted is None:
                    return False
                self.meter(Measure.CODES_DELETED, unlisted)
                self.delete_unlisted(hold.job)
        return True

    def _next(self, job: Job) -> list[Chunk]:
        source = job.parameters.of(DeleteParameters).job_id
        chunks = islice(self.codes.chunks(job.promotion_id, source, RUN_CHUNKS), RUN_CHUNKS)
        # Codes made by hand have an id of their own, which is no job's.
        return [chunk for chunk in chunks if source in {None, chunk.job_id}]

    def unlist(self, hold: Hold, chunk: Chunk) -> int | None:
        """Remove the chunk's list, count its codes as deleted and note them on the job's run, all or nothing.

        Returns how many codes were counted: none of a chunk that was changed since it was read. None says that the job
        or its run is stopped, or the run not held by this lease any more.
        """
        job, codes = hold.job, chunk.visible_codes
        noted = Unlisted(chunk.source, first_slot(self.jobs, job.promotion_id, chunk), "\n".join(chunk.codes))
        counted = [self.jobs.count_removed(job.promotion_id, chunk.job_id, codes)] if chunk.job_id else []
        try:
            self.codes.table.transact(
                self.codes.remove_chunk_as_read(job.promotion_id, chunk),
                self.promotions.remove_codes(job.promotion_id, codes, job.id),
                self.runs.count_deleted(job.id, hold.lease, codes, noted),
                # Check the job too, so that a cancel takes effect at once and not when its message is handled.
                self.jobs.check_processing(job),
                *counted,
            )
        except ConditionLost as error:
            return 0 if list(error.lost) == [_LIST] else None
        return codes

    def delete_unlisted(self, job: Job) -> None:
        """Delete the codes that a worker has unlisted, however it ended, each if it is still what was unlisted."""
        run = self.runs.get(job.id, 0)
        if run and run.unlisted:
            codes = enumerate(run.unlisted.codes.split("\n"), run.unlisted.first_slot)
            self.items.remove(run.unlisted.source, codes)

    def revisit(self, _job: Job, _number: int) -> None:
        """A deletion that is done has deleted all that it had unlisted."""

    def undo(self, hold: Hold) -> bool:
        self.delete_unlisted(hold.job)
        return True


def first_slot(jobs: JobStore, promotion_id: str, chunk: Chunk) -> int:
    """The slot of the chunk's first code in its source."""
    sizes = jobs.chunk_sizes(promotion_id, [chunk.job_id]) if chunk.job_id else {}
    return chunk.number * sizes.get(chunk.source, 0)
