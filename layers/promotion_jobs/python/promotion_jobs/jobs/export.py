"""Exports: every code of a promotion as CSV (decision 1), and links to what was exported (decision 2)."""

import csv
import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from promotion_jobs.codes.code import Chunk, Code
from promotion_jobs.errors import FileExpired, NoFile
from promotion_jobs.jobs.job import ExportFile, Job
from promotion_jobs.jobs.read import Jobs
from promotion_jobs.limits import FILE_LINK_LIFE
from promotion_jobs.values import to_text

HEADER = ("code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ExportStopped(Exception):
    """The job was cancelled while it was exported."""


class ChunkStore(Protocol):
    def chunks(self, promotion_id: str) -> Iterable[Chunk]:
        """Every chunk of the promotion in the order it was published, read page by page."""
        ...


class FileStore(Protocol):
    def upload(self, key: str) -> AbstractContextManager[Callable[[bytes], bool]]:
        """A file under a new key, written piece by piece; it is there when the block ends, and only if it ends well.

        Each piece is answered with whether it is stored now, and all before it: every few megabytes one is.
        """
        ...

    def remove(self, key: str) -> None: ...

    def link(self, key: str, file_name: str, life: timedelta) -> str:
        """A signed address from which anybody can download the file while the link lives."""
        ...


def _safe(cell: object) -> str:
    """A cell that no spreadsheet runs as a formula; None is an empty one."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _row(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(map(_safe, cells))
    return line.getvalue()


def chunk_rows(chunk: Chunk) -> str:
    """The rows of a chunk: what is the same for all of its codes is written once and joined in.

    A code needs no quotes and starts no formula: it is letters, digits, dashes and underscores, and starts with one
    of the first two (decision 4).
    """
    if chunk.own_terms is not None:
        return "".join(code.code + _rest(code) for code in chunk.visible())
    codes = [code for position, code in enumerate(chunk.codes) if position not in chunk.removed]
    if not codes:
        return ""
    rest = _rest(chunk.code_at(0, codes[0]))
    return rest.join(codes) + rest


def _rest(code: Code) -> str:
    """All of a code's row behind the code itself."""
    terms = code.terms
    cells = (terms.consume_unit, terms.max_uses, code.uses, terms.user, code.created_by, to_text(code.created_at))
    return "," + _row((*cells, code.job_id))


@dataclass(frozen=True, slots=True)
class Exporter:
    store: ChunkStore
    files: FileStore
    new_attempt: Callable[[], str]

    def export(self, job: Job, note: Callable[[int], bool]) -> ExportFile:
        """Write a file of its own: a late attempt of the same job can never change one that is linked.

        ``note`` hears how many rows are stored, and says whether the file is still wanted. Raises ExportStopped, with
        nothing left of the file, when it is not.
        """
        key = f"{job.promotion_id}/{job.id}/{self.new_attempt()}.csv"
        rows = size = 0
        digest = sha256()
        with self.files.upload(key) as write:
            head = _row(HEADER).encode()
            write(head)
            digest.update(head)
            size += len(head)
            for chunk in self.store.chunks(job.promotion_id):
                piece = chunk_rows(chunk).encode()
                digest.update(piece)
                size += len(piece)
                rows += chunk.visible_codes
                if write(piece) and not note(rows):
                    raise ExportStopped
        return ExportFile(key, rows, size, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Downloads:
    jobs: Jobs
    files: FileStore
    now: Callable[[], datetime]
    file_life: timedelta

    def link(self, promotion_id: str, job_id: str) -> str:
        """A link to the job's file, signed now and for this caller alone to pass on (decision 2).

        Raises PromotionNotFound, JobNotFound, NoFile and FileExpired.
        """
        job = self.jobs.find(promotion_id, job_id)
        if job.file is None:
            raise NoFile(job.status)
        # An export's last change is its completion.
        expires_at = job.updated_at + self.file_life
        left = expires_at - self.now()
        if left <= timedelta():
            raise FileExpired(job.status, expires_at)
        file_name = f"{promotion_id}_{job.updated_at:%Y%m%d_%H%M%S}_codes.csv"
        return self.files.link(job.file.key, file_name, min(FILE_LINK_LIFE, max(left, timedelta(seconds=1))))
