"""Runs in the table: one item each, so that the workers of one job never write the same one."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.values import to_text

_DONE = (RunStatus.PROCESSING, RunStatus.COMPLETED)
_CLEANED = (RunStatus.CANCELLING, RunStatus.CLEAN)

_FREE = 0
"""The end of no lease, in epoch milliseconds: before any moment."""


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _from_item(item: Item) -> Run:
    until = item.get("lease_until", _FREE)
    lease = Lease(item["lease"], datetime.fromtimestamp(until / 1000, UTC)) if until != _FREE else None
    return Run(
        status=RunStatus(item["status"]),
        generated=item.get("generated", 0),
        deleted=item.get("deleted", 0),
        exported=item.get("exported", 0),
        tries=item.get("tries", 0),
        started="lease" in item,
        lease=lease,
    )


def check_processing(table: Table, job: Job) -> Action:
    """The action that lets no other of its transaction be made unless the job is processing."""
    return table.check(keys.job(job.promotion_id, job.id), "#status = :processing", processing=JobStatus.PROCESSING)


@dataclass(frozen=True, slots=True)
class DynamoRunStore:
    table: Table

    def take(self, job: Job, number: int, lease: Lease, now: datetime) -> tuple[Run, bool]:
        until = _milliseconds(lease.until)
        values = {"status": RunStatus.PROCESSING, "generated": 0, "deleted": 0, "tries": 1, "lease": lease.holder}
        try:
            self.table.transact(
                self.table.put(keys.run(job.id, number), values | {"lease_until": until}),
                # Or a delivery that is late would begin anew with a job that is purged.
                check_processing(self.table, job),
            )
        except ConditionLost as error:
            if 0 not in error.lost:
                return Run(RunStatus.CANCELLING), False
            return self._take_again(job, number, lease, now, _from_item(error.lost[0]))
        return Run(RunStatus.PROCESSING, tries=1, started=True, lease=lease), True

    def _take_again(self, job: Job, number: int, lease: Lease, now: datetime, found: Run) -> tuple[Run, bool]:
        if found.status is not RunStatus.PROCESSING:
            return found, False
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #lease = :lease, #lease_until = :until, #tries = #tries + :one",
                    "#status = :processing AND #lease_until < :now",
                    lease=lease.holder,
                    until=_milliseconds(lease.until),
                    one=1,
                    processing=RunStatus.PROCESSING,
                    now=_milliseconds(now),
                )
            )
        except ConditionLost as error:
            run = _from_item(error.lost[0])
            # The answer of a first attempt may have been lost.
            return run, run.lease is not None and run.lease.holder == lease.holder
        return replace(found, tries=found.tries + 1, lease=lease), True

    def release(self, job: Job, number: int, lease: Lease, *, forgive: bool) -> None:
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #lease_until = :free" + (", #tries = :none" if forgive else ""),
                    "#lease = :lease",
                    free=_FREE,
                    lease=lease.holder,
                    **({"none": 0} if forgive else {}),
                )
            )

    def note_exported(self, job: Job, lease: Lease, rows: int) -> None:
        # A second attempt begins anew, and what is shown never goes back.
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job.id, 0),
                    "SET #exported = :rows",
                    "#lease = :lease AND (attribute_not_exists(#exported) OR #exported < :rows)",
                    rows=rows,
                    lease=lease.holder,
                )
            )

    def committed(self, job: Job, number: int) -> frozenset[int]:
        chunks = job.plan.chunks_of(number) if job.plan else range(0)
        if not chunks:
            return frozenset()
        ends = [keys.chunk(job.promotion_id, job.id, chunk) for chunk in (chunks[0], chunks[-1])]
        found = self.table.query(Range.between(*ends), ProjectionExpression="sk")
        return frozenset(keys.chunk_of(item)[1] for item in found)

    def finish(self, job: Job, number: int, now: datetime) -> None:
        self._count(job, number, now, _DONE)

    def stop(self, job: Job, number: int) -> Run:
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #status = :cancelling",
                    "attribute_not_exists(pk) OR #status = :processing OR #status = :completed",
                    cancelling=RunStatus.CANCELLING,
                    processing=RunStatus.PROCESSING,
                    completed=RunStatus.COMPLETED,
                )
            )
        except ConditionLost as error:
            return _from_item(error.lost[0])
        item = self.table.get(keys.run(job.id, number))
        return _from_item(item) if item else Run(RunStatus.CANCELLING)

    def finish_clean(self, job: Job, number: int, now: datetime) -> None:
        self._count(job, number, now, _CLEANED)

    def _count(self, job: Job, number: int, now: datetime, states: tuple[RunStatus, RunStatus]) -> None:
        """Move the run from the first state to the second and count it in its job, both or neither, once."""
        before, after = states
        counter = "runs_done" if states == _DONE else "runs_clean"
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #status = :after, #lease_until = :free REMOVE #unlisted",
                    "#status = :before",
                    before=before,
                    after=after,
                    free=_FREE,
                ),
                self.table.update(
                    keys.job(job.promotion_id, job.id),
                    f"SET #updated_at = :now ADD #{counter} :one",
                    "#status = :open",
                    one=1,
                    open=job.status,
                    now=to_text(now),
                ),
            )

    def all(self, job: Job) -> Mapping[int, Run]:
        runs = self.table.query(keys.runs(job.id))
        return {keys.run_of(item): _from_item(item) for item in runs}
