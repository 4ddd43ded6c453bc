"""Runs: the slices of a job that workers take, each held by a lease while it is worked on, and an item each.

A lease ends with the worker that took it: no later than its function's time. What has no lease can be taken by any
delivery; so a worker that dies costs its job the rest of its lease, and nothing else. Since each run has an item of its
own, the workers of one job never write the same one. No other module names their attributes.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.codes.code import Slot
from promotion_jobs.jobs.job import ExportFile, Job
from promotion_jobs.jobs.store import JobStore, Outcome


class RunStatus(StrEnum):
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CLEAN = "clean"


_DONE = (RunStatus.PROCESSING, RunStatus.COMPLETED)
_CLEANED = (RunStatus.CANCELLING, RunStatus.CLEAN)

_FREE = 0
"""The end of no lease, in epoch milliseconds: before any moment."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker, the holder, to a run until then."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The codes of a chunk whose list is gone, and which are still to be deleted: their source, and its first slot."""

    source: str
    first_slot: Slot
    codes: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is stored, with how many codes it made, deleted and exported.

    ``tries`` counts the leases that came to nothing in a row. ``undone`` is how many of its chunks are undone, from
    the first on. ``file`` is that of an export.
    """

    status: RunStatus
    generated: int = 0
    deleted: int = 0
    exported: int = 0
    tries: int = 0
    undone: int = 0
    lease: Lease | None = None
    file: ExportFile | None = None
    unlisted: Unlisted | None = None

    @property
    def is_stopped(self) -> bool:
        return self.status in {RunStatus.CANCELLING, RunStatus.CLEAN}

    def is_held(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until >= now


_PURGED = Run(RunStatus.CLEAN)


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
        undone=item.get("undone", 0),
        lease=lease,
        file=ExportFile(**item["file"]) if "file" in item else None,
        unlisted=Unlisted(**item["unlisted"]) if "unlisted" in item else None,
    )


def _outcome(runs: Collection[Run]) -> Outcome:
    return Outcome(
        runs=len(runs),
        generated=sum(run.generated for run in runs),
        deleted=sum(run.deleted for run in runs),
        exported=sum(run.exported for run in runs),
        file=next((run.file for run in runs if run.file), None),
    )


def _refused(error: ConditionLost, lease: Lease) -> tuple[Run, bool]:
    """The run as it is, and whether this lease holds it after all: the answer of a first attempt may be lost."""
    run = _from_item(error.lost[0]) if error.lost[0] else _PURGED
    return run, run.lease is not None and run.lease.holder == lease.holder


@dataclass(frozen=True, slots=True)
class RunStore:
    table: Table
    jobs: JobStore

    # Reading

    def get(self, job_id: str, number: int) -> Run | None:
        item = self.table.get(keys.run(job_id, number))
        return _from_item(item) if item else None

    def all(self, job_id: str) -> Mapping[int, Run]:
        """The runs that there are, by their numbers."""
        return {keys.run_of(item): _from_item(item) for item in self.table.query(keys.runs(job_id))}

    def sums(self, job_id: str) -> Outcome:
        """What the runs of a job have come to as yet."""
        return _outcome(self.all(job_id).values())

    def outcome(self, job: Job, status: RunStatus) -> Outcome | None:
        """What the runs of the job came to, if every one of them is in this state, from which they do not go on."""
        # All of one reading: what is counted in the meantime would be missing otherwise.
        runs = self.all(job.id).values()
        # A job that is undone has no more runs than were begun.
        is_whole = len(runs) == job.plan.runs or status is RunStatus.CLEAN
        return _outcome(runs) if is_whole and all(run.status is status for run in runs) else None

    # Taking and releasing

    def take(self, job: Job, number: int, lease: Lease, now: datetime) -> tuple[Run, bool]:
        """The run as it is now, and whether this lease holds it: if it is processing and no other worker does."""
        until = _milliseconds(lease.until)
        values = {"status": RunStatus.PROCESSING, "generated": 0, "deleted": 0, "tries": 1, "lease": lease.holder}
        try:
            self.table.transact(
                self.table.put(keys.run(job.id, number), values | {"lease_until": until}),
                # Without this check a late delivery would restart a purged job.
                self.jobs.check_processing(job),
            )
        except ConditionLost as error:
            if 0 not in error.lost:
                return Run(RunStatus.CANCELLING), False
            return self._take_again(job, number, lease, now, _from_item(error.lost[0]))
        return Run(RunStatus.PROCESSING, tries=1, lease=lease), True

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
            return _refused(error, lease)
        return replace(found, tries=found.tries + 1, lease=lease), True

    def release(self, job_id: str, number: int, lease: Lease) -> None:
        """Release a run that is held by this lease, and forget its tries; any other is left alone."""
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job_id, number),
                    "SET #lease_until = :free, #tries = :none",
                    "#lease = :lease",
                    free=_FREE,
                    none=0,
                    lease=lease.holder,
                )
            )

    # Working

    def count_generated(self, job_id: str, number: int, codes: int) -> Action:
        """Count codes that are committed with this; never of a run that is stopped or done."""
        return self.table.update(
            keys.run(job_id, number),
            "SET #generated = #generated + :codes, #tries = :none",
            "#status = :processing",
            codes=codes,
            none=0,
            processing=RunStatus.PROCESSING,
        )

    def count_deleted(self, job_id: str, lease: Lease, codes: int, unlisted: Unlisted) -> Action:
        """Count codes whose list goes with this, and note them, in a deletion that is held by this lease."""
        return self.table.update(
            keys.run(job_id, 0),
            "SET #deleted = #deleted + :codes, #unlisted = :chunk, #tries = :none",
            "#status = :processing AND #lease = :lease",
            codes=codes,
            lease=lease.holder,
            chunk=asdict(unlisted),
            none=0,
            processing=RunStatus.PROCESSING,
        )

    def note_exported(self, job_id: str, lease: Lease, rows: int) -> None:
        """Note how many rows of an export that is held by this lease are stored; never fewer than were before."""
        # A second attempt begins anew, and what is shown never goes back.
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job_id, 0),
                    "SET #exported = :rows",
                    "#lease = :lease AND (attribute_not_exists(#exported) OR #exported < :rows)",
                    rows=rows,
                    lease=lease.holder,
                )
            )

    def note_file(self, job_id: str, lease: Lease, file: ExportFile) -> bool:
        """Note the file of an export that goes on, is held by this lease and has none; return whether it was noted."""
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job_id, 0),
                    "SET #file = :file",
                    "#status = :processing AND #lease = :lease AND attribute_not_exists(#file)",
                    file=asdict(file),
                    lease=lease.holder,
                    processing=RunStatus.PROCESSING,
                )
            )
        except ConditionLost:
            return False
        return True

    # Ending

    def finish(self, job: Job, number: int, lease: Lease, now: datetime) -> None:
        """Count a run that is processing and held by this lease as done, once, and release it."""
        self._move(job, number, _DONE, now, lease)

    def stop(self, job_id: str, number: int) -> None:
        """Let nothing of a run that was begun be committed any more."""
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job_id, number),
                    "SET #status = :cancelling",
                    "#status = :processing OR #status = :completed",
                    cancelling=RunStatus.CANCELLING,
                    processing=RunStatus.PROCESSING,
                    completed=RunStatus.COMPLETED,
                )
            )

    def take_stopped(self, job_id: str, number: int, lease: Lease, now: datetime) -> tuple[Run, bool]:
        """The run as it is now, and whether this lease holds it to be undone: if it is stopped and no other holds it.

        It is clean also if its job is purged.
        """
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job_id, number),
                    "SET #lease = :lease, #lease_until = :until",
                    "#status = :cancelling AND #lease_until < :now",
                    lease=lease.holder,
                    until=_milliseconds(lease.until),
                    cancelling=RunStatus.CANCELLING,
                    now=_milliseconds(now),
                )
            )
        except ConditionLost as error:
            return _refused(error, lease)
        return self.get(job_id, number) or _PURGED, True

    def count_undone(self, job_id: str, number: int, codes: int, chunks: int) -> Action:
        """Count codes that are deleted with this, and so many chunks as undone, of a run that is stopped."""
        return self.table.update(
            keys.run(job_id, number),
            "SET #undone = :chunks ADD #deleted :codes",
            "#status = :cancelling",
            codes=codes,
            chunks=chunks,
            cancelling=RunStatus.CANCELLING,
        )

    def finish_clean(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is cancelling as clean, once."""
        self._move(job, number, _CLEANED, now)

    def _move(
        self, job: Job, number: int, states: tuple[RunStatus, RunStatus], now: datetime, lease: Lease | None = None
    ) -> None:
        """Move the run from the first state to the second and count it in its job, both or neither, once."""
        before, after = states
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #status = :after, #lease_until = :free REMOVE #unlisted",
                    "#status = :before" + (" AND #lease = :lease" if lease else ""),
                    before=before,
                    after=after,
                    free=_FREE,
                    **({"lease": lease.holder} if lease else {}),
                ),
                self.jobs.count_run(job, now, clean=after is RunStatus.CLEAN),
            )

    def remove(self, job_id: str, number: int) -> Action:
        """Remove a run of a job whose promotion is purged."""
        # Without a condition: the promotion is locked for good, and late workers are refused by their job's state.
        return self.table.delete(keys.run(job_id, number))

    def remove_all(self, job_id: str) -> None:
        """Likewise all runs of the job."""
        self.table.remove_all(keys.runs(job_id))
