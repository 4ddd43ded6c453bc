"""Generating codes: exactly as many as were asked for, whatever dies and however often a chunk is delivered.

A chunk has a block of indices of its own, and its codes are what these encrypt to, without those that may be in use
under another reading (`codes.drawing`). It is put if there is none of its number, together with the run's count. So a
worker that dies before that, or after, or whose request takes effect an hour later, leaves nothing to repair. Two
workers may drop different codes of a chunk: then one of them puts its own, which is as good as the other's.

Chunks of a run are put in their order, and removed in their order. So the run's counts say which of them exist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.drawing import Drawer
from promotion_jobs.codes.plan import Plan
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import Estimate, Hold, writing_estimate
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.limits import RUNS_AHEAD
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion

_UNITS_PER_BYTE = Decimal("0.0022")
"""Of a packed code: 0.011 units for a code of length 8, and 0.022 for one of length 16."""

TOO_MANY_TAKEN = "too many of its codes are in use"
"""The ``error`` of a job of whose codes more had to be dropped than it has indices to spare."""

_CHUNK = 0
"""The position of the chunk in a transaction."""


@dataclass(frozen=True, slots=True)
class Generate:
    codes: CodeStore
    drawer: Drawer
    jobs: JobStore
    runs: RunStore
    now: Callable[[], datetime]
    meter: Meter = unmeasured
    gives_up: ClassVar = True

    def forecast(self, _promotion: Promotion, parameters: Parameters) -> Estimate:
        plan = Plan(parameters.codes)
        units_per_code = parameters.of(GenerateParameters).code_format.width * _UNITS_PER_BYTE
        return writing_estimate(plan.number_of_codes, units_per_code, workers=min(plan.runs, RUNS_AHEAD))

    def progress(self, job: Job, sums: Outcome) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return sums.deleted, sums.generated
        return sums.generated, job.plan.number_of_codes

    def work(self, hold: Hold) -> bool:
        job, number, plan = hold.job, hold.number, hold.job.plan
        left = plan.chunks_of(number)[len(plan.chunks_in(number, hold.run.generated)) :]
        if not left:
            return True
        allocation = job.allocation
        blocks = {chunk: _moved(plan.block(chunk), allocation.first) for chunk in left}
        indices = range(blocks[left[0]].start, blocks[left[-1]].stop)
        draw = self.drawer.look(allocation, job.maker.code_format, indices)
        for chunk, block in blocks.items():
            if chunk != left[0] and hold.deadline.is_near():
                return False
            packed = draw.codes(block, plan.codes_in(chunk))
            if not self.put(job, number, chunk, packed):
                return False
        return True

    def put(self, job: Job, number: int, chunk: int, packed: bytes) -> bool:
        """Put the codes of a chunk if it is not there; False if the job or its run is stopped, also by this."""
        codes = job.plan.codes_in(chunk)
        if len(packed) < codes * job.maker.code_format.width:
            return self._fail(job, number, chunk)
        try:
            self.codes.table.transact(
                self.codes.put_chunk(job.id, number, chunk, packed),
                self.runs.count_generated(job.id, number, codes, self.now()),
            )
        except ConditionLost as error:
            # If there is one, another worker has put it.
            return _CHUNK in error.lost
        self.meter(Measure.CODES_GENERATED, codes)
        return True

    def _fail(self, job: Job, number: int, chunk: int) -> bool:
        """Have a job rolled back that has too few codes for a chunk, unless another worker has put that."""
        try:
            self.codes.table.transact(
                self.codes.check_no_chunk(job.id, number, chunk),
                self.jobs.mark_failed(job, TOO_MANY_TAKEN, self.now()),
            )
        except ConditionLost as error:
            return _CHUNK in error.lost
        return False

    def undo(self, hold: Hold) -> bool:
        job, number, plan = hold.job, hold.number, hold.job.plan
        there = plan.chunks_in(number, hold.run.generated)[len(plan.chunks_in(number, hold.run.deleted)) :]
        for chunk in there:
            if chunk != there[0] and hold.deadline.is_near():
                return False
            codes = plan.codes_in(chunk)
            try:
                self.codes.table.transact(
                    self.codes.remove_chunk(job.id, number, chunk),
                    self.runs.count_undone(job.id, number, codes, self.now()),
                )
            except ConditionLost:
                # Another worker has removed it, and counted it with that.
                continue
            self.meter(Measure.CODES_DELETED, codes)
        return True


def _moved(block: range, by: int) -> range:
    return range(block.start + by, block.stop + by)
