"""Deleting a promotion: out of sight at once; its codes, jobs and files in the background (decision 19).

The second part is a job of a type that no API call can ask for. It holds the promotion's lock for good, and goes with
it: nothing is left to announce.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import ClassVar

from promotion_jobs.aws.files import Files
from promotion_jobs.aws.queue import Queue
from promotion_jobs.aws.table import Action, ConditionLost
from promotion_jobs.codes.code import WrittenChunk
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.errors import PromotionNotFound
from promotion_jobs.jobs.job import Job, JobStatus, JobType, Message
from promotion_jobs.jobs.kind import Hold, NotYet
from promotion_jobs.jobs.open_work import Announcer
from promotion_jobs.jobs.report import ReportStore
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.jobs.uploads import uploads_of
from promotion_jobs.limits import LATE_WRITES
from promotion_jobs.promotions.store import PromotionStore
from promotion_jobs.values import is_identifier


@dataclass(frozen=True, slots=True)
class PromotionRemover:
    promotions: PromotionStore
    jobs: JobStore
    queue: Queue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def delete(self, promotion_id: str, client_id: str) -> None:
        """Raises PromotionNotFound, and PromotionInUse while a job is open."""
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        now = self.now()
        purge = Job(
            id=self.new_id(now),
            promotion_id=promotion_id,
            job_type=JobType.PROMOTION_PURGE,
            # Nothing keeps it waiting, and no client can cancel it.
            status=JobStatus.PROCESSING,
            created_by=client_id,
            created_at=now,
            updated_at=now,
        )
        try:
            self.jobs.table.transact(
                *self.promotions.mark_as_deleted(promotion_id, purge.id, now), *self.jobs.put(purge)
            )
        except ConditionLost as error:
            refusal = self.promotions.deletion_refusal(error.lost[0], purge.id)
            if refusal:
                raise refusal from error
        self.queue.send(Message(promotion_id, purge.id))


_CHUNKS_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Purge:
    """Removing what is gone already changes nothing; so a purge that died begins again.

    What was given to the codes of its jobs stays given: their allocations stay. ``redeemed`` gives what removes the
    redemptions of a promotion, in parts; the composition hands it in. They go last: a request that saw the promotion
    may still redeem a code.
    """

    promotions: PromotionStore
    codes: CodeStore
    jobs: JobStore
    runs: RunStore
    files: Files
    reports: ReportStore
    redeemed: Callable[[str], Iterable[Sequence[Action]]]
    announcer: Announcer
    now: Callable[[], datetime]
    gives_up: ClassVar = False

    def work(self, hold: Hold) -> bool:
        for step, remove in enumerate(self._steps(hold.job)):
            # Not before the second is done: the next delivery would find only the first to do again.
            if (step > 1 and hold.deadline.is_near()) or not remove():
                return False
        # A chunk of which codes were removed by hand just before is as it was read by the next delivery.
        if any(self.codes.chunks_by_hand(hold.job.promotion_id, likely=1)):
            return False
        self._remove_promotion(hold.job)
        return True

    def undo(self, hold: Hold) -> bool:
        """Never asked for: a purge is neither cancelled nor given up."""
        return self.work(hold)

    def _steps(self, purge: Job) -> Iterable[Callable[[], bool]]:
        """Each says whether the next may follow."""
        for chunk in self.codes.chunks_by_hand(purge.promotion_id):
            yield partial(self._remove_by_hand, purge, chunk)
        for job in self.jobs.list(purge.promotion_id):
            if job.id != purge.id:
                yield from self._job_steps(purge, job)
        yield partial(self._remove_files, purge)
        self._wait_for_requests(purge)
        for actions in self.redeemed(purge.promotion_id):
            yield partial(self._remove_redeemed, purge, actions)

    def _job_steps(self, purge: Job, job: Job) -> Iterable[Callable[[], bool]]:
        for number, run in self.runs.all(job.id).items():
            generated = run.generated
            # From the last chunk on, so that what the run counts says which are left, also to the next delivery.
            while chunks := job.plan.chunks_in(number, generated):
                left = len(chunks[:-_CHUNKS_AT_ONCE]) * job.plan.chunk_codes
                count = self.runs.count_left(job.id, number, generated, left)
                yield partial(self._remove_chunks, purge, job, number, chunks[-_CHUNKS_AT_ONCE:], count)
                generated = left
        if job.upload:
            for chunk in self.codes.imported(job.publisher):
                yield partial(self._remove_written, purge, chunk)
        # While the job is there to be told of.
        yield partial(self._announce, job)
        yield partial(self._remove_job, job)

    def _remove_by_hand(self, purge: Job, chunk: WrittenChunk) -> bool:
        """Remove a chunk made by hand with its codes; one that was changed meanwhile is found at the end."""
        self._remove_written(purge, chunk)
        return True

    def _remove_written(self, purge: Job, chunk: WrittenChunk) -> bool:
        """Remove a chunk with its codes; False if it is not as it was read, or this is done."""
        try:
            self.codes.table.transact(
                self.runs.renew(purge.id, self.now()), *self.codes.remove_as_read(purge.promotion_id, chunk)
            )
        except ConditionLost:
            return False
        return True

    def _remove_chunks(self, purge: Job, job: Job, number: int, chunks: range, count: Action) -> bool:
        """Remove chunks of a run together with their count; False if another worker has, or has ended the purge."""
        try:
            self.codes.table.transact(
                self.runs.renew(purge.id, self.now()), count, *self.codes.purge_chunks(job.id, number, chunks)
            )
        except ConditionLost:
            # That one may have died in between: what is left of the run is read anew.
            return False
        return True

    def _announce(self, job: Job) -> bool:
        self.announcer.announce(job)
        return True

    def _remove_job(self, job: Job) -> bool:
        self.runs.remove_all(job.id)
        self.reports.remove(job.id)
        self.jobs.table.transact(self.jobs.remove(job.promotion_id, job.id))
        return True

    def _remove_files(self, purge: Job) -> bool:
        self.files.remove_all(f"{purge.promotion_id}/")
        self.files.remove_all(uploads_of(purge.promotion_id))
        return True

    def _wait_for_requests(self, purge: Job) -> None:
        """Raises NotYet as long as a request that saw the promotion may redeem a code of it."""
        left = purge.created_at + LATE_WRITES - self.now()
        if left > timedelta():
            raise NotYet(timedelta(seconds=ceil(left.total_seconds())))

    def _remove_redeemed(self, purge: Job, actions: Sequence[Action]) -> bool:
        """False if this worker's purge is over."""
        try:
            self.jobs.table.transact(self.runs.renew(purge.id, self.now()), *actions)
        except ConditionLost:
            return False
        return True

    def _remove_promotion(self, purge: Job) -> None:
        """Remove the promotion, and with it what is left of the purge itself."""
        with suppress(ConditionLost):
            self.jobs.table.transact(
                self.promotions.remove(purge.promotion_id, purge.id),
                self.jobs.remove(purge.promotion_id, purge.id),
                self.runs.remove(purge.id, 0),
                self.jobs.open_work.remove(purge.id),
            )
