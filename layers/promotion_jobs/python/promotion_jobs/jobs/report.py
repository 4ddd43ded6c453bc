"""The report of an import: the rows that it did not take. They are kept in items, and written as a file at its end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from promotion_jobs.aws import keys
from promotion_jobs.aws.files import CSV, Files
from promotion_jobs.aws.table import Action, Table
from promotion_jobs.errors import shortened
from promotion_jobs.jobs.job import ExportFile
from promotion_jobs.jobs.rows import cell
from promotion_jobs.jobs.written import Content

_HEADER = b"line,code,reason\r\n"


class RefusedRow(NamedTuple):
    """``line`` is where the row begins, and ``code`` what it has in the place of one."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportStore:
    table: Table

    def put(self, job_id: str, number: int, rows: Sequence[RefusedRow]) -> Action:
        """Add a part of the report, if there is none of its number."""
        told = [[it.line, shortened(it.code), it.reason] for it in rows]
        return self.table.put(keys.refused_rows(job_id, number), {"rows": json.dumps(told)})

    def rows(self, job_id: str) -> Iterator[RefusedRow]:
        """All that are kept, in the order of the file."""
        for item in self.table.query(keys.all_refused_rows(job_id)):
            for told in json.loads(item["rows"]):
                yield RefusedRow(*told)

    def remove(self, job_id: str) -> None:
        """Remove all that are kept of a job that adds no more."""
        self.table.remove_all(keys.all_refused_rows(job_id))

    def write(self, job_id: str, files: Files, key: str) -> ExportFile:
        """Write the file."""
        rows = 0
        with files.upload(key, CSV) as store:
            content = Content(store)
            content.write(_HEADER)
            for it in self.rows(job_id):
                content.write(f"{it.line},{cell(it.code)},{cell(it.reason)}\r\n".encode())
                rows += 1
        return content.end(key, rows)
