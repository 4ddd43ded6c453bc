"""Exporting: every code of a promotion as CSV (decision 1)."""

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from math import ceil
from typing import ClassVar

from promotion_jobs.aws.files import Files
from promotion_jobs.codes.code import AnyChunk, Chunk, Code
from promotion_jobs.codes.lists import CodeLists
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus, Parameters
from promotion_jobs.jobs.kind import READ_UNIT, START_SECONDS, WORKER_SECOND, Estimate, Hold
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import CHUNK_CODES
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import to_text

_ROWS_PER_SECOND = 100_000
_UNITS_PER_CHUNK_READ = Decimal(6)
"""Of the longest codes: shorter ones take half of that."""
_ROWS_PER_PART = 50_000
_UPLOADED_PART = Decimal("5e-6")

_HEADER = ("code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id")
_SEPARATORS = ",;|\t\r\n"
"""Characters that end a cell, in the spreadsheets of one country or another."""
_BREAKS = ("\t", "\r", "\n")
_DROPPED = ' "\x0b\x0c\x85\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff'
"""Characters in front of a formula that a spreadsheet may drop."""
_FORMULA = re.compile(rf"(^|[{_SEPARATORS}])(?=[{_DROPPED}]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""The place before a formula, with ASCII or full-width signs."""


def _safe(text: str) -> str:
    """A text in which no spreadsheet finds a formula, by whichever separator it takes cells apart."""
    safe = _FORMULA.sub(lambda start: f"{start[0]}'", text)
    return f"'{safe}" if text.startswith(_BREAKS) else safe


def _quoted(text: str | None) -> str:
    """A cell of free text; None is an empty one."""
    if text is None:
        return ""
    doubled = _safe(text).replace('"', '""')
    return f'"{doubled}"'


def _row(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow("" if cell is None else _safe(str(cell)) for cell in cells)
    return line.getvalue()


def _rows(chunk: AnyChunk) -> bytes:
    """The rows of a chunk: behind a code of a job, all is the same.

    A code needs no quotes and starts no formula: it starts with a letter or a digit, and has no separator (decisions 4
    and 14).
    """
    if not isinstance(chunk, Chunk):
        return "".join(code.code + _rest(code) for code in chunk.visible()).encode()
    return chunk.lines(_rest(chunk.code_at(0)).encode())


def _rest(code: Code) -> str:
    """All of a code's row behind the code itself."""
    terms = code.terms
    use = _row((terms.consume_unit, terms.max_uses, code.uses)).rstrip()
    origin = _row((code.created_by, to_text(code.created_at), code.job_id))
    return f",{use},{_quoted(terms.user)},{origin}"


class _Stopped(Exception):
    """The job was cancelled while it was exported."""


@dataclass(frozen=True, slots=True)
class Export:
    """``new_attempt`` names the file of each attempt; ``files`` is asked for only when one is written."""

    lists: CodeLists
    files: Callable[[], Files]
    jobs: JobStore
    runs: RunStore
    now: Callable[[], datetime]
    new_attempt: Callable[[datetime], str]
    gives_up: ClassVar = True

    def forecast(self, promotion: Promotion, _parameters: Parameters) -> Estimate:
        codes = promotion.codes
        seconds = START_SECONDS + ceil(codes / _ROWS_PER_SECOND)
        reads = ceil(codes / CHUNK_CODES) * _UNITS_PER_CHUNK_READ * READ_UNIT
        # Beside the parts, the upload is begun and ended.
        parts = 2 + ceil(codes / _ROWS_PER_PART)
        return Estimate(codes, seconds, reads + parts * _UPLOADED_PART + seconds * WORKER_SECOND)

    def progress(self, job: Job) -> tuple[int, int] | None:
        if job.status is JobStatus.CANCELLING:
            return None
        exported = self.runs.sums(job.id).exported
        # Codes that were removed by hand meanwhile may be exported already.
        return exported, max(exported, self.jobs.visible_codes(job.promotion_id, None))

    def work(self, hold: Hold) -> bool:
        """Write a file of this attempt's own: a late one can never change a file that is linked."""
        if hold.run.file:
            # An earlier worker has written it, and died before its run was done.
            return True
        try:
            file = self._write(hold)
        except _Stopped:
            return False
        is_noted = self.runs.note_file(hold.job.id, file)
        if not is_noted:
            self._remove_unless_noted(hold.job, file)
        return is_noted

    def _write(self, hold: Hold) -> ExportFile:
        """Raises _Stopped, with nothing left of the file, when it is not wanted any more."""
        job = hold.job
        key = f"{job.promotion_id}/{job.id}/{self.new_attempt(self.now())}.csv"
        rows = size = 0
        digest = sha256()
        with self.files().upload(key) as write:
            head = _row(_HEADER).encode()
            write(head)
            digest.update(head)
            size += len(head)
            for chunk, _ in self.lists.chunks(job.promotion_id):
                piece = _rows(chunk)
                digest.update(piece)
                size += len(piece)
                rows += chunk.visible_codes
                if write(piece) and not self._is_wanted(hold, rows):
                    raise _Stopped
        return ExportFile(key, rows, size, digest.hexdigest())

    def _is_wanted(self, hold: Hold, rows: int) -> bool:
        """Note how many rows are stored, and whether the job goes on."""
        self.runs.note_exported(hold.job.id, rows, self.now())
        return self.jobs.is_processing(hold.job.promotion_id, hold.job.id)

    def _remove_unless_noted(self, job: Job, file: ExportFile) -> None:
        """Remove a file that came too late; not one that was noted by an attempt whose answer was lost."""
        run = self.runs.get(job.id, 0)
        if run is None or run.file != file:
            self.files().remove(file.key)

    def undo(self, hold: Hold) -> bool:
        """Remove the file of a worker that noted it and did not come to complete the job."""
        if hold.run.file:
            self.files().remove(hold.run.file.key)
        return True
