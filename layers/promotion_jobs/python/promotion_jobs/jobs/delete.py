"""Bulk deletion: the codes of a promotion, or of one of its jobs, chunk by chunk (decisions, "Beyond the contract").

A chunk goes in one transaction with every number that counts its codes, if nothing was removed of it since it was read.
So whatever dies, each code is deleted and counted once. What is deleted stays deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import AnyChunk, Makers
from promotion_jobs.codes.lists import CodeLists
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.jobs.job import DeleteParameters, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import Estimate, Hold, writing_estimate
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import PromotionStore

_UNITS_PER_CODE = Decimal("0.025")

_PROMOTION, _RUN, _JOB = 0, 1, 2
"""Positions in the transaction, before the chunk's own."""


@dataclass(frozen=True, slots=True)
class Delete:
    promotions: PromotionStore
    codes: CodeStore
    lists: CodeLists
    makers: Makers
    jobs: JobStore
    runs: RunStore
    now: Callable[[], datetime]
    meter: Meter = unmeasured
    gives_up: ClassVar = True

    def forecast(self, promotion: Promotion, parameters: Parameters) -> Estimate:
        source = parameters.of(DeleteParameters).job_id
        codes = promotion.codes if source is None else self.jobs.visible_codes(promotion.id, source)
        return writing_estimate(codes, _UNITS_PER_CODE)

    def progress(self, job: Job, sums: Outcome) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return None
        left = self.jobs.visible_codes(job.promotion_id, job.parameters.of(DeleteParameters).job_id)
        return sums.deleted, sums.deleted + left

    def work(self, hold: Hold) -> bool:
        job, is_first, is_found = hold.job, True, True
        # A chunk that was changed by hand meanwhile is found by the next look.
        while is_found:
            is_found = False
            for chunk, _ in self.lists.chunks(job.promotion_id, job.parameters.of(DeleteParameters).job_id):
                if not is_first and hold.deadline.is_near():
                    return False
                is_first, is_found = False, True
                deleted = self.delete(job, chunk)
                if deleted is None:
                    return False
                self.meter(Measure.CODES_DELETED, deleted)
        return True

    def delete(self, job: Job, chunk: AnyChunk) -> int | None:
        """Remove the chunk and count its codes as deleted, all or nothing.

        Returns how many codes were counted: none of a chunk that was changed since it was read. None says that the job
        or its run is stopped.
        """
        codes = chunk.visible_codes
        try:
            self.codes.table.transact(
                self.promotions.remove_codes(job.promotion_id, codes, job.id),
                self.runs.count_deleted(job.id, codes, self.now()),
                # Check the job too, so that a cancel takes effect at once and not when its message is handled.
                self.jobs.check_processing(job),
                *self.codes.remove_as_read(job.promotion_id, chunk),
                *self.makers.count_removed_of(chunk, codes),
            )
        except ConditionLost as error:
            return None if error.lost.keys() & {_PROMOTION, _RUN, _JOB} else 0
        return codes

    def undo(self, _hold: Hold) -> bool:
        """There is nothing to undo."""
        return True
