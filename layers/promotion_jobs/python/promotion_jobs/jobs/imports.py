"""Importing codes of a file: each put if it is not in use, as by hand, and published when all of them are there.

The file is read twice: first whole, so that nothing is written of one that cannot be read or has too many codes; then
row by row. Some rows are taken in together: their codes with the chunk that lists them, what the report says of the
others, and how far the file is read, in one transaction. So whatever dies, each row is taken in once, and a code that
is found under this job was in the file before.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import ClassVar

from promotion_jobs.aws.files import FileGone, Files
from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import NewCode, WrittenChunk
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.codes.spaces import ClaimUnseen
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs import written
from promotion_jobs.jobs.claim import CODES_LIMIT_EXCEEDED
from promotion_jobs.jobs.job import ImportParameters, Intake, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import Estimate, Hold, writing_estimate
from promotion_jobs.jobs.reading import Batch, Failed, FirstReading, Read, Stopped, in_batches, rows_from
from promotion_jobs.jobs.report import RefusedRow, ReportStore
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.sheet import Layout, Refusal, UnreadableFile
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.jobs.uploads import UploadStore
from promotion_jobs.limits import BYTES_TOGETHER, IMPORTED_TOGETHER, ROWS_TOGETHER, WRITE_ATTEMPTS
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion

_BYTES_PER_ROW = 20
_ROWS_PER_SECOND = 3_000
_UNITS_PER_CODE = Decimal("2.5")
"""Two for a code in a transaction, and its share of the chunk."""

FILE_GONE = "the uploaded file is gone, or was replaced"
"""The ``error`` of a job whose file the bucket has no more as it was when the job was created."""

_RUN = 0
"""The position of the run in the transaction that takes rows in."""


_TOGETHER = Batch(IMPORTED_TOGETHER, ROWS_TOGETHER, BYTES_TOGETHER)


@dataclass(frozen=True, slots=True)
class Import:
    """``new_attempt`` names the report of each attempt; ``files`` is asked for only when one is read or written.

    ``together`` are the rows that are taken in together: they fit a transaction, and its items.
    """

    reading: FirstReading
    codes: CodeStore
    reserver: Reserver
    jobs: JobStore
    runs: RunStore
    uploads: UploadStore
    reports: ReportStore
    files: Callable[[], Files]
    now: Callable[[], datetime]
    new_attempt: Callable[[datetime], str]
    meter: Meter = unmeasured
    together: Batch = _TOGETHER
    gives_up: ClassVar = True

    def forecast(self, _promotion: Promotion, parameters: Parameters) -> Estimate:
        """By the size of the file: nothing has read it yet."""
        upload = self.uploads.get(parameters.of(ImportParameters).upload_id)
        codes = ceil(upload["bytes"] / _BYTES_PER_ROW) if upload else 0
        return writing_estimate(codes, _UNITS_PER_CODE, per_second=_ROWS_PER_SECOND)

    def progress(self, job: Job, sums: Outcome) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return sums.deleted, sums.generated
        return (sums.intake.read, sums.intake.rows) if sums.intake else None

    def work(self, hold: Hold) -> bool:
        """Take in what is left of the file, and write the report."""
        if hold.run.files:
            # An earlier worker has written it, and died before its run was done.
            self.reports.remove(hold.job.id)
            return True
        try:
            self._take_in(hold, hold.run.intake or self.reading.begin(hold))
        except Stopped:
            return False
        except FileGone:
            self.jobs.give_up(hold.job, FILE_GONE, self.now())
            return False
        except UnreadableFile as error:
            self.jobs.give_up(hold.job, str(error), self.now())
            return False
        except Failed as error:
            self._fail(hold.job, error)
            return False
        return self._report(hold.job)

    def _fail(self, job: Job, error: Failed) -> None:
        """Have the job rolled back, unless another worker went on with it: then what was seen may be its own work."""
        with suppress(ConditionLost):
            self.jobs.table.transact(
                self.runs.check_intake(job.id, error.seen), self.jobs.mark_failed(job, str(error), self.now())
            )

    # Taking it in

    def _take_in(self, hold: Hold, intake: Intake) -> None:
        """Raises UnreadableFile, FileGone, Failed and Stopped."""
        read = rows_from(hold.job, self.files(), Layout(**intake.layout), intake.offset, intake.lines)
        begun = intake
        try:
            for number, rows in enumerate(in_batches(read, intake.offset, self.together)):
                if number and hold.deadline.is_near():
                    raise Stopped
                intake = self._take(hold.job, intake, rows)
        finally:
            self._measure(begun, intake)

    def _take(self, job: Job, seen: Intake, rows: Sequence[Read]) -> Intake:
        """Take these rows in, which are the next. Raises Failed and Stopped, and StoreBusy."""
        for _ in range(WRITE_ATTEMPTS):
            reasons = self._reasons(job, seen, rows)
            new = [it.found for it in rows if it.row.line not in reasons and isinstance(it.found, NewCode)]
            refused = [RefusedRow(it.row.line, it.text, why) for it in rows if (why := reasons.get(it.row.line))]
            then = _counted(seen, rows, len(new), len(refused))
            if then.imported > then.room:
                # Codes were in use when their room was counted, and are not any more.
                raise Failed(CODES_LIMIT_EXCEEDED, seen)
            try:
                self._put(job, seen, then, new, refused)
            except ConditionLost as error:
                if _RUN in error.lost:
                    raise Stopped from error
                # One of the codes was added meanwhile.
                continue
            return then
        raise StoreBusy

    def _put(self, job: Job, seen: Intake, then: Intake, new: Sequence[NewCode], refused: Sequence[RefusedRow]) -> None:
        """Raises ConditionLost."""
        maker = job.publisher
        chunk = WrittenChunk(job.id, new, job.created_by, job.created_at, number=seen.chunks, maker=maker)
        self.jobs.table.transact(
            self.runs.take_in(job.id, seen, then, self.now()),
            *(self.codes.put_imported(chunk) if new else []),
            *([self.reports.put(job.id, seen.reports, refused)] if refused else []),
        )

    def _reasons(self, job: Job, seen: Intake, rows: Sequence[Read]) -> Mapping[int, str]:
        """Line → why its row is not taken; the codes of the others are reserved. Raises Failed and StoreBusy."""
        reasons: dict[int, str] = {it.row.line: it.found for it in rows if isinstance(it.found, Refusal)}
        lines: dict[str, int] = {}
        duplicates: dict[int, str] = {}
        for it in rows:
            if isinstance(it.found, NewCode):
                line = lines.setdefault(it.found.code.casefold(), it.row.line)
                if line != it.row.line:
                    duplicates[it.row.line] = _IN_THE_FILE
        for code, place in self.codes.written_places(lines).items():
            duplicates[lines[code]] = _IN_THE_FILE if place.source == job.id else _in_use(place.promotion_id)
        try:
            taken = self.reserver.taken([code for code, line in lines.items() if line not in duplicates])
        except ClaimUnseen as error:
            raise StoreBusy from error
        duplicates |= {lines[code]: _in_use(promotion_id) for code, promotion_id in taken.items()}
        if duplicates and job.parameters.of(ImportParameters).on_duplicate == "fail":
            line = min(duplicates)
            raise Failed(f"line {line}: {duplicates[line]}", seen)
        return reasons | duplicates

    def _measure(self, seen: Intake, then: Intake) -> None:
        """Once for a delivery: each measure with a reason is a line of the log."""
        self.meter(Measure.CODES_IMPORTED, then.imported - seen.imported)
        if duplicates := then.duplicates - seen.duplicates:
            self.meter(Measure.ROWS_REFUSED, duplicates, reason="duplicate")
        if invalid := then.invalid - seen.invalid:
            self.meter(Measure.ROWS_REFUSED, invalid, reason="invalid")

    # Ending

    def _report(self, job: Job) -> bool:
        """Whether the run has noted the report that is written with this."""
        files, attempt = self.files(), self.new_attempt(self.now())
        file = self.reports.write(job.id, files, f"{job.promotion_id}/{job.id}/{attempt}-1.csv")
        if not written.note([file], job.id, self.runs, files):
            return False
        self.reports.remove(job.id)
        return True

    def undo(self, hold: Hold) -> bool:
        job = hold.job
        for number, chunk in enumerate(self.codes.imported(job.publisher)):
            if number and hold.deadline.is_near():
                return False
            codes = chunk.visible_codes
            try:
                self.codes.table.transact(
                    self.runs.count_undone(job.id, hold.number, codes, self.now()),
                    *self.codes.remove_as_read(job.promotion_id, chunk),
                )
            except ConditionLost:
                # Another worker has removed it, and counted it with that.
                continue
            self.meter(Measure.CODES_DELETED, codes)
        if not self._is_clean(job.id):
            return False
        self.reports.remove(job.id)
        if hold.run.files:
            written.remove(hold.run.files, self.files())
        return True

    def _is_clean(self, job_id: str) -> bool:
        """Whether nothing is left: a Query may miss a chunk that was put just before the run was stopped."""
        run = self.runs.get(job_id, 0)
        return run is None or run.generated == run.deleted


_IN_THE_FILE = "duplicate in the file"


def _in_use(promotion_id: str) -> str:
    return f"in use by promotion {promotion_id}"


def _counted(seen: Intake, rows: Sequence[Read], new: int, refused: int) -> Intake:
    """How far the file is taken in with these rows, of which so many have new codes."""
    last = rows[-1].row
    invalid = sum(isinstance(it.found, Refusal) for it in rows)
    return replace(
        seen,
        offset=last.end,
        lines=last.last_line,
        read=seen.read + len(rows),
        imported=seen.imported + new,
        chunks=seen.chunks + bool(new),
        reports=seen.reports + bool(refused),
        duplicates=seen.duplicates + refused - invalid,
        invalid=seen.invalid + invalid,
    )
