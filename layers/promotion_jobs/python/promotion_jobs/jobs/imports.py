"""Importing codes of a file: each put if no one has it, as by hand, and published when all of them are there.

The file is read twice: first whole, so that nothing is written of one that cannot be read or has too many codes; then
row by row. Some rows are taken in together: their codes with the chunk that lists them, what the report says of the
others, and how far the file is read, in one transaction. So whatever dies, each row is taken in once, and a code that
is found under this job was in the file before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import ClassVar, NamedTuple

from promotion_jobs.aws.files import FileGone, Files
from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import NewCode, Terms, WrittenChunk
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.codes.spaces import ClaimUnseen
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs import written
from promotion_jobs.jobs.claim import CODES_LIMIT_EXCEEDED
from promotion_jobs.jobs.job import ImportParameters, Intake, Job, JobStatus, Parameters, Upload
from promotion_jobs.jobs.kind import START_SECONDS, WORKER_SECOND, WRITE_UNIT, Estimate, Hold
from promotion_jobs.jobs.report import RefusedRow, ReportStore
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.sheet import Layout, Refusal, Row, Sheet, UnreadableFile
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.jobs.uploads import UploadStore
from promotion_jobs.limits import BYTES_TOGETHER, IMPORTED_TOGETHER, ROWS_TOGETHER, WRITE_ATTEMPTS
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import PromotionStore

_BYTES_PER_ROW = 20
_ROWS_PER_SECOND = 3_000
_UNITS_PER_CODE = Decimal("2.5")
"""Two for a code in a transaction, and its share of the chunk."""

FILE_GONE = "the uploaded file is gone, or was replaced"
"""The ``error`` of a job whose file the bucket has no more as it was when the job was created."""

_RUN = 0
"""The position of the run in the transaction that takes rows in."""


class _Stopped(Exception):
    """The rest is left for another delivery: time is short, the job is stopped, or another worker does it."""


class _Failed(Exception):
    """The job can't be done, as the intake was ``seen``. Its text is one sentence for the client."""

    def __init__(self, text: str, seen: Intake | None) -> None:
        super().__init__(text)
        self.seen = seen


class _Read(NamedTuple):
    """A row, the code that it has or why it has none, and the text in the code's place."""

    row: Row
    found: NewCode | Refusal
    text: str


class _Scan(NamedTuple):
    """A file as it is read first: where the header ends, how many rows there are, and how many of them have codes."""

    layout: Layout
    offset: int
    lines: int
    rows: int
    codes: int


@dataclass(frozen=True, slots=True)
class Import:
    """``new_attempt`` names the report of each attempt; ``files`` is asked for only when one is read or written.

    So many codes, or rows, are taken in together at the most.
    """

    promotions: PromotionStore
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
    codes_together: int = IMPORTED_TOGETHER
    rows_together: int = ROWS_TOGETHER
    gives_up: ClassVar = True

    def forecast(self, _promotion: Promotion, parameters: Parameters) -> Estimate:
        """By the size of the file: nothing has read it yet."""
        upload = self.uploads.get(parameters.of(ImportParameters).upload_id)
        codes = ceil(upload["bytes"] / _BYTES_PER_ROW) if upload else 0
        seconds = START_SECONDS + ceil(codes / _ROWS_PER_SECOND)
        return Estimate(codes, seconds, codes * _UNITS_PER_CODE * WRITE_UNIT + seconds * WORKER_SECOND)

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
            self._take_in(hold, hold.run.intake or self._begin(hold.job))
        except _Stopped:
            return False
        except FileGone:
            self.jobs.give_up(hold.job, FILE_GONE, self.now())
            return False
        except UnreadableFile as error:
            self.jobs.give_up(hold.job, str(error), self.now())
            return False
        except _Failed as error:
            self._fail(hold.job, error)
            return False
        return self._report(hold.job)

    def _fail(self, job: Job, error: _Failed) -> None:
        """Have the job rolled back, unless another worker went on with it: then what was seen may be its own work."""
        with suppress(ConditionLost):
            self.jobs.table.transact(
                self.runs.check_intake(job.id, error.seen), self.jobs.mark_failed(job, str(error), self.now())
            )

    # Reading the file for the first time

    def _begin(self, job: Job) -> Intake:
        """Take room for all codes that the file may have. Raises UnreadableFile, FileGone, _Failed and _Stopped."""
        scan = self._scan(job)
        begun = Intake(scan.codes, scan.rows, scan.layout.values(), scan.offset, scan.lines)
        if self._take_room(job, begun):
            return begun
        # Codes that are in use already take no room: of a file that was imported before, that is all.
        fewer = replace(begun, room=scan.codes - self._count_in_use(job, scan))
        if self._take_room(job, fewer):
            return fewer
        raise _Failed(CODES_LIMIT_EXCEEDED, None)

    def _scan(self, job: Job) -> _Scan:
        sheet = Sheet(self._pieces(job, 0))
        layout = sheet.layout()
        offset, lines, rows, codes = sheet.offset, sheet.line, 0, 0
        for it in _read(sheet, layout, _terms(job)):
            rows, codes = rows + 1, codes + isinstance(it.found, NewCode)
        return _Scan(layout, offset, lines, rows, codes)

    def _take_room(self, job: Job, begun: Intake) -> bool:
        """False if there is not so much. Raises _Stopped."""
        try:
            self.jobs.table.transact(
                self.runs.begin_intake(job.id, begun, self.now()),
                self.promotions.take_room(job.promotion_id, job.id, begun.room),
            )
        except ConditionLost as error:
            if _RUN in error.lost:
                raise _Stopped from error
            return False
        return True

    def _count_in_use(self, job: Job, scan: _Scan) -> int:
        sheet = Sheet(self._pieces(job, scan.offset), scan.offset, scan.lines)
        together = self._together(_read(sheet, scan.layout, _terms(job)), scan.offset)
        found = ([it.found.code for it in some if isinstance(it.found, NewCode)] for some in together)
        return sum(len(self.reserver.lookup.places(codes)) for codes in found)

    def _pieces(self, job: Job, offset: int) -> Iterable[bytes]:
        upload = _upload(job)
        return self.files().read(upload.key, upload.tag, offset) if offset < upload.size else ()

    # Taking it in

    def _take_in(self, hold: Hold, intake: Intake) -> None:
        """Raises UnreadableFile, FileGone, _Failed and _Stopped."""
        layout = Layout(**intake.layout)
        sheet = Sheet(self._pieces(hold.job, intake.offset), intake.offset, intake.lines)
        read = _read(sheet, layout, _terms(hold.job))
        begun = intake
        try:
            for number, rows in enumerate(self._together(read, intake.offset)):
                if number and hold.deadline.is_near():
                    raise _Stopped
                intake = self._take(hold.job, intake, rows)
        finally:
            self._measure(begun, intake)

    def _together(self, rows: Iterable[_Read], offset: int) -> Iterator[Sequence[_Read]]:
        """The rows, from an offset on, that are taken in together: as many as fit a transaction and its items."""
        some: list[_Read] = []
        codes = 0
        for it in rows:
            some.append(it)
            codes += isinstance(it.found, NewCode)
            is_long = it.row.end - offset >= BYTES_TOGETHER
            if codes == self.codes_together or len(some) == self.rows_together or is_long:
                yield some
                some, codes, offset = [], 0, it.row.end
        if some:
            yield some

    def _take(self, job: Job, seen: Intake, rows: Sequence[_Read]) -> Intake:
        """Take these rows in, which are the next. Raises _Failed and _Stopped, and StoreBusy."""
        for _ in range(WRITE_ATTEMPTS):
            reasons = self._reasons(job, seen, rows)
            new = [it.found for it in rows if it.row.line not in reasons and isinstance(it.found, NewCode)]
            refused = [RefusedRow(it.row.line, it.text, why) for it in rows if (why := reasons.get(it.row.line))]
            then = _counted(seen, rows, len(new), len(refused))
            if then.imported > then.room:
                # Codes were in use when their room was counted, and are not any more.
                raise _Failed(CODES_LIMIT_EXCEEDED, seen)
            try:
                self._put(job, seen, then, new, refused)
            except ConditionLost as error:
                if _RUN in error.lost:
                    raise _Stopped from error
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

    def _reasons(self, job: Job, seen: Intake, rows: Sequence[_Read]) -> Mapping[int, str]:
        """Line → why its row is not taken; the codes of the others are reserved. Raises _Failed and StoreBusy."""
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
            raise _Failed(f"line {line}: {duplicates[line]}", seen)
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
        job, is_first = hold.job, True
        for chunk in self.codes.imported(job.publisher):
            if not is_first and hold.deadline.is_near():
                return False
            is_first = False
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


def _upload(job: Job) -> Upload:
    """Raises TypeError if the job imports nothing."""
    if job.upload is None:
        raise TypeError(f"the job {job.id} has no upload")
    return job.upload


def _terms(job: Job) -> Terms:
    return job.parameters.of(ImportParameters).terms


def _read(sheet: Sheet, layout: Layout, terms: Terms) -> Iterator[_Read]:
    for row in sheet.rows(layout.delimiter):
        if row.cells is None:
            yield _Read(row, Refusal.QUOTES, "")
        else:
            found = layout.read(row.cells, terms)
            yield _Read(row, found, found.code if isinstance(found, NewCode) else layout.code_in(row.cells))


def _counted(seen: Intake, rows: Sequence[_Read], new: int, refused: int) -> Intake:
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
