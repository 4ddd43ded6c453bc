"""Exporting: the codes of a promotion, or of one of its jobs, as CSV files (decision 1)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from math import ceil
from typing import ClassVar, NamedTuple

from promotion_jobs.aws.files import CSV, GZIP, Files
from promotion_jobs.codes.code import UNUSED, AnyChunk
from promotion_jobs.codes.lists import CodeLists
from promotion_jobs.codes.uses import UsesInOrder, UsesStore
from promotion_jobs.jobs import written
from promotion_jobs.jobs.job import ExportFile, ExportParameters, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import READ_UNIT, START_SECONDS, WORKER_SECOND, Estimate, Hold
from promotion_jobs.jobs.rows import Rows
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore, Outcome
from promotion_jobs.jobs.written import Content
from promotion_jobs.limits import CHUNK_CODES, EXPORT_FILES
from promotion_jobs.promotions.promotion import Promotion

_ROWS_PER_SECOND = 100_000
_UNITS_PER_CHUNK_READ = Decimal(6)
"""Of the longest codes: shorter ones take half of that."""
_ROWS_PER_PART = 50_000
_UPLOADED_PART = Decimal("5e-6")

TOO_MANY_FILES = f"more than {EXPORT_FILES} files"
"""The ``error`` of an export of more codes than its files may have rows: they came after it was created."""


class _Stopped(Exception):
    """The job was cancelled while it was exported."""


class _TooManyFiles(_Stopped):
    """The job can't be done."""


class _Slice(NamedTuple):
    """Codes of a chunk that go into one file."""

    file: int
    chunk: AnyChunk
    offset: int
    codes: int


def _slices(chunks: Iterable[tuple[AnyChunk, int]], rows_per_file: int | None) -> Iterator[_Slice]:
    file, rows = 0, 0
    for chunk, _ in chunks:
        offset = 0
        while offset < chunk.visible_codes:
            if rows == rows_per_file:
                file, rows = file + 1, 0
            left = chunk.visible_codes - offset
            codes = left if rows_per_file is None else min(left, rows_per_file - rows)
            yield _Slice(file, chunk, offset, codes)
            offset, rows = offset + codes, rows + codes


@dataclass(slots=True)
class _Attempt:
    """The files that one attempt writes, of its own: a late attempt can never change a file that is linked.

    ``taken`` gives position → how many uses are taken. ``go_on`` is told how many rows are stored, and how many of them
    since the last time.
    """

    files: Files
    rows: Rows
    taken: Callable[[AnyChunk], Mapping[int, int]]
    name: str
    is_packed: bool
    go_on: Callable[[int, int], bool]
    written: list[ExportFile] = field(default_factory=list)
    _rows: int = 0
    _told: int = 0

    def write(self, slices: Iterable[_Slice]) -> Sequence[ExportFile]:
        """Raises _Stopped, with nothing left of the files, when they are not wanted any more."""
        try:
            for number, part in groupby(slices, key=lambda it: it.file):
                self._begin(number)
                self._write(part)
            if not self.written:
                self._write(())
        except _Stopped:
            for file in self.written:
                self.files.remove(file.key)
            raise
        return self.written

    def _begin(self, number: int) -> None:
        if number == EXPORT_FILES:
            raise _TooManyFiles
        if number and not self._is_wanted():
            raise _Stopped

    def _write(self, slices: Iterable[_Slice]) -> None:
        suffix, content_type = (".csv.gz", GZIP) if self.is_packed else (".csv", CSV)
        key, rows = f"{self.name}-{len(self.written) + 1}{suffix}", 0
        with self.files.upload(key, content_type) as store:
            content = Content(store, self.is_packed)
            content.write(self.rows.head())
            for it in slices:
                is_part = content.write(self.rows.of_codes(it.chunk, it.offset, it.codes, self.taken(it.chunk)))
                rows, self._rows = rows + it.codes, self._rows + it.codes
                if is_part and not self._is_wanted():
                    raise _Stopped
            file = content.end(key, rows)
        self.written.append(file)

    def _is_wanted(self) -> bool:
        told, self._told = self._told, self._rows
        return self.go_on(self._rows, self._rows - told)


@dataclass(frozen=True, slots=True)
class Export:
    """``new_attempt`` names the files of each attempt; ``files`` is asked for only when one is written."""

    lists: CodeLists
    uses: UsesStore
    files: Callable[[], Files]
    jobs: JobStore
    runs: RunStore
    now: Callable[[], datetime]
    new_attempt: Callable[[datetime], str]
    gives_up: ClassVar = True

    def forecast(self, promotion: Promotion, parameters: Parameters) -> Estimate:
        source = parameters.of(ExportParameters).job_id
        codes = promotion.codes if source is None else self.jobs.visible_codes(promotion.id, source)
        seconds = START_SECONDS + ceil(codes / _ROWS_PER_SECOND)
        reads = ceil(codes / CHUNK_CODES) * _UNITS_PER_CHUNK_READ * READ_UNIT
        # Beside the parts, the upload is begun and ended.
        parts = 2 + ceil(codes / _ROWS_PER_PART)
        return Estimate(codes, seconds, reads + parts * _UPLOADED_PART + seconds * WORKER_SECOND)

    def progress(self, job: Job, sums: Outcome) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return None
        visible_codes = self.jobs.visible_codes(job.promotion_id, job.parameters.of(ExportParameters).job_id)
        # Codes that were removed by hand meanwhile may be exported already.
        return sums.exported, max(sums.exported, visible_codes)

    def work(self, hold: Hold) -> bool:
        """Write the files anew, and note them unless another attempt has."""
        if hold.run.files:
            # An earlier worker has written them, and died before its run was done.
            return True
        try:
            files = self._write(hold)
        except _TooManyFiles:
            self.jobs.give_up(hold.job, TOO_MANY_FILES, self.now())
            return False
        except _Stopped:
            return False
        return written.note(files, hold.job.id, self.runs, self.files())

    def _write(self, hold: Hold) -> Sequence[ExportFile]:
        """Raises _Stopped."""
        job, parameters = hold.job, hold.job.parameters.of(ExportParameters)
        rows = Rows.of(parameters)
        attempt = _Attempt(
            files=self.files(),
            rows=rows,
            taken=UsesInOrder(self.uses, self.now).of if rows.show_uses else lambda _: UNUSED,
            name=f"{job.promotion_id}/{job.id}/{self.new_attempt(self.now())}",
            is_packed=bool(parameters.gzip),
            go_on=lambda rows, more: self._goes_on(job, rows, more),
        )
        chunks = self.lists.chunks(job.promotion_id, parameters.job_id)
        return attempt.write(_slices(chunks, parameters.rows_per_file))

    def _goes_on(self, job: Job, rows: int, more: int) -> bool:
        """Note how many rows are stored, and whether the job goes on."""
        self.runs.note_exported(job.id, rows, more, self.now())
        return self.jobs.is_processing(job.promotion_id, job.id)

    def undo(self, hold: Hold) -> bool:
        """Remove the files of a worker that noted them and did not come to complete the job."""
        written.remove(hold.run.files, self.files())
        return True
