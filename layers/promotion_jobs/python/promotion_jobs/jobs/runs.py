"""Runs: the slices of a job that workers take, each held by a lease while it is worked on, and an item each.

A lease saves double work and counts tries, and nothing hangs on it: whatever two workers of one run do at the same
time is done once. It ends half a minute after the last progress of the run, and a run without one can be taken by any
delivery; so a worker that dies costs its job that half minute. Since each run has an item of its own, the workers of
one job never write the same one. No other module names their attributes.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.codes.code import Publisher
from promotion_jobs.jobs.job import ExportFile, Intake, Job
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.limits import LEASE


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
    """That one worker, the holder, works on a run until then."""

    holder: str
    until: datetime


_STEP = "#step = :codes, #step_since = if_not_exists(#counted_at, :now), #counted_at = :now"
"""What an update that counts codes also sets."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The last step of a run: how many codes it counted, when, and since when."""

    codes: int
    since: datetime
    at: datetime

    def rate(self, now: datetime) -> float:
        """Codes a second: of the step, or fewer, once the next one takes longer."""
        seconds = max(self.at - self.since, now - self.at).total_seconds()
        return self.codes / seconds if seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is stored, with how many codes it made, deleted and exported.

    ``deleted`` counts also those of its own that are gone. ``tries`` counts the leases that came to nothing in a row.
    ``files`` are those of an export, or the report of an import. Nothing but what is shown depends on ``pace``.
    """

    status: RunStatus
    generated: int = 0
    deleted: int = 0
    exported: int = 0
    tries: int = 0
    lease: Lease | None = None
    files: Sequence[ExportFile] = ()
    intake: Intake | None = None
    pace: Pace | None = field(default=None, compare=False)

    @property
    def is_stopped(self) -> bool:
        return self.status in {RunStatus.CANCELLING, RunStatus.CLEAN}

    def rate(self, now: datetime) -> float:
        """Codes a second, as it goes now; 0 if it has ended."""
        goes_on = self.status in {RunStatus.PROCESSING, RunStatus.CANCELLING}
        return self.pace.rate(now) if self.pace and goes_on else 0.0

    @property
    def progress(self) -> int:
        """What it counts, of whatever it does: more, the further it is."""
        return self.generated + self.deleted + self.exported + (self.intake.read if self.intake else 0)

    def is_held(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until >= now


def _lease_end(now: datetime) -> int:
    return _milliseconds(now + LEASE)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _from_item(item: Item) -> Run:
    until = item.get("lease_until", _FREE)
    lease = Lease(item["lease"], _moment(until)) if until != _FREE else None
    step = Pace(item["step"], _moment(item["step_since"]), _moment(item["counted_at"])) if "step" in item else None
    return Run(
        status=RunStatus(item["status"]),
        generated=item.get("generated", 0),
        deleted=item.get("deleted", 0),
        exported=item.get("exported", 0),
        tries=item.get("tries", 0),
        lease=lease,
        files=tuple(ExportFile(**file) for file in item.get("files", ())),
        intake=Intake(**item["intake"]) if "intake" in item else None,
        pace=step,
    )


def sums(runs: Collection[Run]) -> Outcome:
    return Outcome(
        runs=len(runs),
        generated=sum(run.generated for run in runs),
        deleted=sum(run.deleted for run in runs),
        exported=sum(run.exported for run in runs),
        files=next((run.files for run in runs if run.files), ()),
        intake=next((run.intake for run in runs if run.intake), None),
    )


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

    def visible_codes(self, job_id: str) -> Mapping[int, int]:
        """Run → how many codes that it made are left."""
        return {number: run.generated - run.deleted for number, run in self.all(job_id).items()}

    def outcome(self, job: Job, status: RunStatus) -> Outcome | None:
        """The sums over all runs of the job; None unless every run is in this state, which must be a last one."""
        # One reading for states and counts: with two, a count made in between would be missing.
        runs = self.all(job.id).values()
        # A job that is undone has no more runs than were begun.
        is_whole = len(runs) == job.plan.runs or status is RunStatus.CLEAN
        return sums(runs) if is_whole and all(run.status is status for run in runs) else None

    # Taking and releasing

    def take(self, job: Job, number: int, holder: str, now: datetime) -> tuple[Run, bool]:
        """The run as it is now, and whether this holder has its lease: if it is processing and no other worker has."""
        values = {"status": RunStatus.PROCESSING, "generated": 0, "deleted": 0, "exported": 0}
        values |= {"tries": 1, "lease": holder, "counted_at": _milliseconds(now)}
        try:
            self.table.transact(
                self.table.put(keys.run(job.id, number), values | {"lease_until": _lease_end(now)}),
                # Without this check a late delivery would restart a purged job.
                self.jobs.check_processing(job),
            )
        except ConditionLost as error:
            if 0 not in error.lost:
                return Run(RunStatus.CANCELLING), False
            return self._take_again(job, number, holder, now, _from_item(error.lost[0]))
        return Run(RunStatus.PROCESSING, tries=1), True

    def _take_again(self, job: Job, number: int, holder: str, now: datetime, found: Run) -> tuple[Run, bool]:
        if found.status is not RunStatus.PROCESSING:
            return found, False
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #lease = :lease, #lease_until = :until, #tries = #tries + :one",
                    "#status = :processing AND #lease_until < :now",
                    lease=holder,
                    until=_lease_end(now),
                    one=1,
                    processing=RunStatus.PROCESSING,
                    now=_milliseconds(now),
                )
            )
        except ConditionLost as error:
            run = _from_item(error.lost[0]) if error.lost[0] else found
            # The answer of a first attempt may be lost.
            return run, run.lease is not None and run.lease.holder == holder
        return replace(found, tries=found.tries + 1), True

    def release(self, job_id: str, number: int, holder: str, *, failed: bool = False) -> None:
        """Release a run whose lease this holder has; any other is left alone.

        Its tries are forgotten, unless this one has failed.
        """
        free, forget = "SET #lease_until = :free", ", #tries = :none"
        values = {"free": _FREE} if failed else {"free": _FREE, "none": 0}
        update = free if failed else free + forget
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(keys.run(job_id, number), update, "#lease = :lease", lease=holder, **values)
            )

    # Working: each progress renews the lease, also that of another worker, since the run goes on

    def count_generated(self, job_id: str, number: int, codes: int, now: datetime) -> Action:
        """Count codes that are put with this; never of a run that is stopped or done."""
        return self._progress(job_id, number, now, f"#generated = #generated + :codes, {_STEP}", codes=codes)

    def count_deleted(self, job_id: str, codes: int, now: datetime) -> Action:
        """Count codes that are deleted with this in a deletion that goes on."""
        return self._progress(job_id, 0, now, f"#deleted = #deleted + :codes, {_STEP}", codes=codes)

    def begin_intake(self, job_id: str, intake: Intake, now: datetime) -> Action:
        """Begin to take a file in, if that is not begun."""
        change, values = "#intake = :intake, #offset = :offset", {"intake": asdict(intake), "offset": intake.offset}
        return self._progress(job_id, 0, now, change, "attribute_not_exists(#offset)", **values)

    def take_in(self, job_id: str, seen: Intake, then: Intake, now: datetime) -> Action:
        """Count rows that are taken in with this, if none were since it was seen."""
        change = f"#generated = :imported, #intake = :intake, #offset = :offset, {_STEP}"
        values = {"intake": asdict(then), "offset": then.offset, "seen": seen.offset, "imported": then.imported}
        return self._progress(job_id, 0, now, change, "#offset = :seen", codes=then.read - seen.read, **values)

    def check_intake(self, job_id: str, seen: Intake | None) -> Action:
        """Let no other action of its transaction be made if rows were taken in since; or any, where None was seen."""
        key = keys.run(job_id, 0)
        if seen is None:
            return self.table.check(key, "attribute_not_exists(#offset)")
        return self.table.check(key, "#offset = :seen", seen=seen.offset)

    def renew(self, job_id: str, now: datetime) -> Action:
        """Tell that a purge goes on."""
        return self._progress(job_id, 0, now)

    def _progress(
        self, job_id: str, number: int, now: datetime, change: str = "", also_if: str = "", **values: Any
    ) -> Action:
        renewal, is_processing = "#lease_until = :until, #tries = :none", "#status = :processing"
        return self.table.update(
            keys.run(job_id, number),
            f"SET {change}, {renewal}" if change else f"SET {renewal}",
            f"{is_processing} AND {also_if}" if also_if else is_processing,
            **({"now": _milliseconds(now)} if ":now" in change else {}),
            until=_lease_end(now),
            none=0,
            processing=RunStatus.PROCESSING,
            **values,
        )

    def note_exported(self, job_id: str, rows: int, more: int, now: datetime) -> None:
        """Note how many rows of an export are stored, so many of them since the last time; never fewer than before."""
        change = f"#exported = :rows, {_STEP}"
        furthest = self._progress(job_id, 0, now, change, "#exported < :rows", rows=rows, codes=more)
        try:
            self.table.transact(furthest)
        except ConditionLost:
            # A second attempt begins anew, and what is shown never goes back.
            with suppress(ConditionLost):
                self.table.transact(self.renew(job_id, now))

    def note_files(self, job_id: str, files: Sequence[ExportFile]) -> bool:
        """Note the files of an export that goes on and has none; return whether they were noted."""
        try:
            self.table.transact(
                self.table.update(
                    keys.run(job_id, 0),
                    "SET #files = :files",
                    "#status = :processing AND attribute_not_exists(#files)",
                    files=list(map(asdict, files)),
                    processing=RunStatus.PROCESSING,
                )
            )
        except ConditionLost:
            return False
        return True

    def count_removed(self, maker: Publisher, number: int, codes: int) -> Sequence[Action]:
        """Count codes of a run of a job that is completed as gone, of both."""
        run = self.table.update(
            keys.run(maker.id, number),
            "ADD #deleted :codes",
            "#status = :completed",
            codes=codes,
            completed=RunStatus.COMPLETED,
        )
        return [run, self.jobs.count_removed(maker.promotion_id, maker.id, codes)]

    # Ending

    def finish(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is processing as done, once, and release it."""
        self._move(job, number, _DONE, now)

    def stop(self, job_id: str, number: int) -> None:
        """Let nothing of a run that was begun be committed any more."""
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job_id, number),
                    "SET #status = :cancelling, #lease_until = :free",
                    "#status = :processing OR #status = :completed",
                    cancelling=RunStatus.CANCELLING,
                    free=_FREE,
                    processing=RunStatus.PROCESSING,
                    completed=RunStatus.COMPLETED,
                )
            )

    def count_undone(self, job_id: str, number: int, codes: int, now: datetime) -> Action:
        """Count codes that are deleted with this, of a run that is stopped."""
        return self.table.update(
            keys.run(job_id, number),
            f"SET #deleted = #deleted + :codes, {_STEP}",
            "#status = :cancelling",
            codes=codes,
            now=_milliseconds(now),
            cancelling=RunStatus.CANCELLING,
        )

    def finish_clean(self, job: Job, number: int, now: datetime) -> None:
        """Count a run that is cancelling as clean, once."""
        self._move(job, number, _CLEANED, now)

    def _move(self, job: Job, number: int, states: tuple[RunStatus, RunStatus], now: datetime) -> None:
        """Move the run from the first state to the second and count it in its job, both or neither, once."""
        before, after = states
        with suppress(ConditionLost):
            self.table.transact(
                self.table.update(
                    keys.run(job.id, number),
                    "SET #status = :after, #lease_until = :free",
                    "#status = :before",
                    before=before,
                    after=after,
                    free=_FREE,
                ),
                self.jobs.count_run(job, now, clean=after is RunStatus.CLEAN),
            )

    def count_left(self, job_id: str, number: int, before: int, left: int) -> Action:
        """Count what a purge leaves of the codes of a run, if it counts as many as before."""
        return self.table.update(
            keys.run(job_id, number), "SET #generated = :left", "#generated = :before", left=left, before=before
        )

    def remove(self, job_id: str, number: int) -> Action:
        """Remove a run of a job whose promotion is purged."""
        # Without a condition: the promotion is locked for good, and late workers are refused by their job's state.
        return self.table.delete(keys.run(job_id, number))

    def remove_all(self, job_id: str) -> None:
        """Likewise all runs of the job."""
        self.table.remove_all(keys.runs(job_id))
