"""Claiming a job: from then on it is worked on, and the room and the indices of all its codes are its own.

Indices are given once. They are not given back by a job that comes to nothing: there are more than will be needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotion_jobs.aws.table import Action, ConditionLost
from promotion_jobs.codes.spaces import SpaceStore
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.promotions.store import PromotionStore

CODES_LIMIT_EXCEEDED = "codes limit exceeded"
"""The ``error`` of a job whose promotion has no room for its codes (contract 1.3)."""

NO_CODES_LEFT = "no codes of this length are left"
"""The ``error`` of a job for whose codes a length has too few indices."""

_JOB, _PROMOTION = 0, 1
"""Positions in the transaction."""


@dataclass(frozen=True, slots=True)
class Claimer:
    jobs: JobStore
    promotions: PromotionStore
    spaces: SpaceStore

    def claim(self, job: Job, now: datetime) -> Job | None:
        """The job as it stands after its claim, by this delivery or by another one; None if it is gone or was refused.

        Raises StoreBusy if other jobs go on claiming indices of its length.
        """
        attempt = 0
        while True:
            claimed, given = self._with_indices(job, now)
            if claimed is None:
                self.jobs.refuse(job, NO_CODES_LEFT, now)
                return None
            try:
                self.jobs.table.transact(self.jobs.claim(claimed, now), *given)
            except ConditionLost as error:
                if _JOB in error.lost:
                    return self.jobs.get(job.promotion_id, job.id)
                if _PROMOTION in error.lost:
                    self.jobs.refuse(job, CODES_LIMIT_EXCEEDED, now)
                    return None
                # Another job was given these indices.
                self.jobs.table.backoff.wait(attempt)
                attempt += 1
            else:
                return claimed

    def _with_indices(self, job: Job, now: datetime) -> tuple[Job | None, Sequence[Action]]:
        """The job with the next indices of its length, and what gives them to it; none of a length that has too few."""
        claimed = replace(job, status=JobStatus.PROCESSING, started_at=now)
        codes = job.plan.number_of_codes
        if not codes:
            return claimed, []
        code_format = job.parameters.of(GenerateParameters).code_format
        space = self.spaces.stored(code_format.length)
        claimed = replace(claimed, first_index=space.next, key_version=space.version)
        if claimed.allocation.end > code_format.size:
            return None, []
        return claimed, [
            self.promotions.take_room(job.promotion_id, job.id, codes),
            self.spaces.give(space, job.plan.indices),
            self.spaces.put_allocation(claimed.allocation),
        ]
