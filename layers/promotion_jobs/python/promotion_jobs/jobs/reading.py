"""Reading the file of an import: its rows with their codes, and a first time whole, before anything is taken in.

The first reading counts the codes, so that room is taken for all of them at once. Where there is not enough, a second
counts those that are in use already: of a file that was imported before, that is all. Both are long for long files, so
a delivery whose time is short notes how far it is, and the next one goes on from there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from promotion_jobs.aws.files import Files
from promotion_jobs.aws.table import BATCH_KEYS, ConditionLost
from promotion_jobs.codes.code import NewCode
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.jobs.claim import CODES_LIMIT_EXCEEDED
from promotion_jobs.jobs.job import ImportParameters, Intake, Job, Scan, Upload
from promotion_jobs.jobs.kind import Hold
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.sheet import Layout, Refusal, Row, Sheet, UnreadableFile
from promotion_jobs.limits import BYTES_SCANNED, IMPORT_ROWS, ROWS_SCANNED
from promotion_jobs.promotions.store import PromotionStore

_RUN = 0
"""The position of the run in the transaction that takes room."""

_NOTED_EVERY = timedelta(seconds=5)
"""So that the lease lasts."""


class Stopped(Exception):
    """The rest is left for another delivery: time is short, the job is stopped, or another worker does it."""


class Failed(Exception):
    """The job can't be done, as the intake was ``seen``. Its text is one sentence for the client."""

    def __init__(self, text: str, seen: Intake | None) -> None:
        super().__init__(text)
        self.seen = seen


class Read(NamedTuple):
    """A row, the code that it has or why it has none, and the text in the code's place."""

    row: Row
    found: NewCode | Refusal
    text: str


class Batch(NamedTuple):
    """The most of some rows: codes in them, rows, and bytes of their text, which the last of them may exceed."""

    codes: int
    rows: int
    size: int


_BETWEEN = Batch(ROWS_SCANNED, ROWS_SCANNED, BYTES_SCANNED)


def in_batches(rows: Iterable[Read], offset: int, most: Batch) -> Iterator[Sequence[Read]]:
    """The rows, which begin at that offset, some at a time."""
    some: list[Read] = []
    codes = 0
    for it in rows:
        some.append(it)
        codes += isinstance(it.found, NewCode)
        if codes == most.codes or len(some) == most.rows or it.row.end - offset >= most.size:
            yield some
            some, codes, offset = [], 0, it.row.end
    if some:
        yield some


def new_codes(rows: Iterable[Read]) -> list[str]:
    return [it.found.code for it in rows if isinstance(it.found, NewCode)]


def pieces(job: Job, files: Files, offset: int) -> Iterable[bytes]:
    """The bytes of the job's file from an offset on. Raises TypeError if it imports nothing."""
    if job.upload is None:
        raise TypeError(f"the job {job.id} has no upload")
    upload: Upload = job.upload
    return files.read(upload.key, upload.tag, offset) if offset < upload.size else ()


def rows_from(job: Job, files: Files, layout: Layout, offset: int, lines: int) -> Iterator[Read]:
    """The rows of the job's file from an offset on, before which there are so many lines.

    Raises UnreadableFile and FileGone.
    """
    terms = job.parameters.of(ImportParameters).terms
    for row in Sheet(pieces(job, files, offset), offset, lines).rows(layout.delimiter):
        if row.cells is None:
            yield Read(row, Refusal.QUOTES, "")
        else:
            found = layout.read(row.cells, terms)
            yield Read(row, found, found.code if isinstance(found, NewCode) else layout.code_in(row.cells))


@dataclass(frozen=True, slots=True)
class FirstReading:
    """``between`` is what is read between two looks at the time."""

    promotions: PromotionStore
    lookup: Lookup
    runs: RunStore
    files: Callable[[], Files]
    now: Callable[[], datetime]
    between: Batch = _BETWEEN
    most_rows: int = IMPORT_ROWS

    def begin(self, hold: Hold) -> Intake:
        """Take room for all codes that the file may have. Raises UnreadableFile, FileGone, Failed and Stopped."""
        job = hold.job
        scan = hold.run.scan or self._start(job)
        if scan.in_use is None:
            scan = self._read_on(hold, scan, self._count_codes)
            if intake := self._take_room(job, scan, scan.codes):
                return intake
            scan = replace(scan, offset=scan.start, lines=scan.header_lines, in_use=0)
        scan = self._read_on(hold, scan, self._count_in_use)
        if intake := self._take_room(job, scan, scan.codes - (scan.in_use or 0)):
            return intake
        raise Failed(CODES_LIMIT_EXCEEDED, None)

    def _start(self, job: Job) -> Scan:
        sheet = Sheet(pieces(job, self.files(), 0))
        layout = sheet.layout()
        return Scan(layout.values(), sheet.offset, sheet.line, sheet.offset, sheet.line)

    def _read_on(self, hold: Hold, scan: Scan, count: Callable[[Scan, Sequence[Read]], Scan]) -> Scan:
        rows = rows_from(hold.job, self.files(), Layout(**scan.layout), scan.offset, scan.lines)
        noted = self.now()
        for number, some in enumerate(in_batches(rows, scan.offset, self.between)):
            is_near = number > 0 and hold.deadline.is_near()
            if is_near or self.now() >= noted + _NOTED_EVERY:
                self._note(hold.job, scan)
                noted = self.now()
            if is_near:
                raise Stopped
            last = some[-1].row
            scan = replace(count(scan, some), offset=last.end, lines=last.last_line)
        return scan

    def _note(self, job: Job, scan: Scan) -> None:
        try:
            self.runs.table.transact(self.runs.note_scan(job.id, scan, self.now()))
        except ConditionLost as error:
            raise Stopped from error

    def _count_codes(self, scan: Scan, rows: Sequence[Read]) -> Scan:
        """Raises UnreadableFile for too many rows."""
        counted = replace(scan, rows=scan.rows + len(rows), codes=scan.codes + len(new_codes(rows)))
        if counted.rows > self.most_rows:
            raise UnreadableFile(f"The file has more than {self.most_rows:,} rows")
        return counted

    def _count_in_use(self, scan: Scan, rows: Sequence[Read]) -> Scan:
        codes, found = new_codes(rows), scan.in_use or 0
        for first in range(0, len(codes), BATCH_KEYS):
            some = codes[first : first + BATCH_KEYS]
            places = self.lookup.places(some)
            # A code that several rows have was counted for each of them.
            found += sum(code.casefold() in places for code in some)
        return replace(scan, in_use=found, looked_up=scan.looked_up + len(rows))

    def _take_room(self, job: Job, scan: Scan, codes: int) -> Intake | None:
        """None if there is not so much. Raises Stopped."""
        begun = Intake(codes, scan.rows, scan.layout, scan.start, scan.header_lines)
        try:
            self.runs.table.transact(
                self.runs.begin_intake(job.id, begun, self.now()),
                self.promotions.take_room(job.promotion_id, job.id, codes),
            )
        except ConditionLost as error:
            if _RUN in error.lost:
                raise Stopped from error
            return None
        return begun
