"""What must hold of imports when all is done: each row of a file is a code or in the report, once and in order.

Their files have a row a line: a code, and behind a comma how often it may be used, if the header has that.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from tests.aws.files import MemoryFiles
from tests.simulation.stored import UNDONE, Plain, Stored, texts

_HEADER = ["line", "code", "reason"]
_IN_THE_FILE, _IN_USE = "duplicate in the file", "in use by promotion "


class Refused(NamedTuple):
    """A row of a report."""

    line: int
    code: str
    reason: str

    @property
    def is_duplicate(self) -> bool:
        return self.reason == _IN_THE_FILE or self.reason.startswith(_IN_USE)


def rows_of(content: bytes) -> Mapping[int, str]:
    """Line → the code in it, without the header and blank ones."""
    return {line: row.partition(",")[0] for line, row in _lines_of(content)}


def _uses_of(content: bytes) -> Mapping[int, str]:
    """Line → how often its code may be used, if it says that."""
    return {line: row.partition(",")[2] for line, row in _lines_of(content)}


def _lines_of(content: bytes) -> Iterator[tuple[int, str]]:
    lines = enumerate(content.decode().splitlines(), start=1)
    return ((line, row) for line, row in lines if line > 1 and row)


def wrong_imports(stored: Stored, files: MemoryFiles) -> Iterator[str]:
    imports = {job_id: job for job_id, job in stored.jobs.items() if job["job_type"] == "code_import"}
    users = Counter(job["parameters"]["upload_id"] for job in imports.values())
    yield from (f"upload {upload_id} is used by {number} jobs" for upload_id, number in users.items() if number > 1)
    for job_id, job in imports.items():
        used_by = stored.uploads[job["parameters"]["upload_id"]].get("job")
        if used_by != job_id:
            yield f"import {job_id} has an upload that is used by {used_by}"
        if "deleted_at" in stored.promotions.get(job["promotion"], {}):
            continue
        if stored.refused.get(job_id):
            yield f"import {job_id} is {job['status']} and keeps refused rows: {stored.refused[job_id]}"
        content = files.files[job["upload"]["key"]]
        if files.head_object(Bucket=files.bucket, Key=job["upload"]["key"])["ETag"] != job["upload"]["tag"]:
            # It was replaced: a story that does that says what must hold.
            continue
        rows = rows_of(content)
        if job["status"] == "completed":
            yield from _wrong_completed(_Imported(job_id, job, rows, stored, files))
        elif job["status"] in UNDONE and "error" in job:
            yield from _wrong_failure(job_id, job, rows)


@dataclass(frozen=True, slots=True)
class _Imported:
    """A completed import, and the rows of its file."""

    id: str
    job: Plain
    rows: Mapping[int, str]
    stored: Stored
    files: MemoryFiles

    @property
    def run(self) -> Plain:
        (run,) = self.stored.runs[self.id].values()
        return run

    @property
    def chunks(self) -> Mapping[int, Plain]:
        return self.stored.chunks.get(self.id, {})

    @property
    def report(self) -> Sequence[Refused]:
        (file,) = self.job["files"]
        head, *rows = csv.reader(io.StringIO(self.files.files[file["key"]].decode(), newline=""))
        return [Refused(int(line), code.removeprefix("'"), reason) for line, code, reason in rows if head == _HEADER]


def _wrong_completed(it: _Imported) -> Iterator[str]:
    yield from _wrong_counts(it)
    yield from _wrong_codes(it)
    yield from _wrong_terms(it)
    yield from _wrong_report(it)


def _wrong_counts(it: _Imported) -> Iterator[str]:
    """Of the job, of its run, of the report and of the file."""
    intake, report, rows = it.run["intake"], it.report, len(it.rows)
    duplicates = sum(refused.is_duplicate for refused in report)
    expected = rows - len(report), duplicates, len(report) - duplicates
    by_job = tuple(it.job[name] for name in ("generated", "duplicates", "invalid"))
    by_run = tuple(intake[name] for name in ("imported", "duplicates", "invalid"))
    if not by_job == by_run == expected or (it.run["generated"], intake["read"], intake["rows"]) != (
        by_job[0],
        rows,
        rows,
    ):
        yield f"import {it.id} counts {by_job} of {rows} rows, its report {expected}, and its run says {it.run}"
    if it.run["status"] != "completed" or it.job["runs_done"] != 1:
        yield f"import {it.id} is completed with the run {it.run}"
    if duplicates and it.job["parameters"].get("on_duplicate") == "fail":
        yield f"import {it.id} was to fail, and has {report}"


def _wrong_codes(it: _Imported) -> Iterator[str]:
    """The rows that are not in the report, in their order; a deletion takes whole chunks of them."""
    refused = {row.line for row in it.report}
    taken = [code for line, code in it.rows.items() if line not in refused]
    there = [code for number in sorted(it.chunks) for code in texts(it.chunks[number], it.job)]
    numbers = set(range(it.run["intake"]["chunks"]))
    rest = iter(taken)
    if not all(code in rest for code in there) or not it.chunks.keys() <= numbers:
        yield f"import {it.id} has the codes {there}, and took {taken}"
    if it.chunks.keys() == numbers and there != taken:
        yield f"import {it.id} lacks codes of {taken}: it has {there}"
    removed = len(taken) - len(there) + sum(len(chunk.get("removed", ())) for chunk in it.chunks.values())
    if not it.run["deleted"] == it.job.get("deleted", 0) == removed:
        yield f"import {it.id} counts {it.job.get('deleted')} deleted codes of {removed}, and its run says {it.run}"


def _wrong_terms(it: _Imported) -> Iterator[str]:
    """Each code may be used as often as its row says, or else the job."""
    refused, uses = {row.line for row in it.report}, _uses_of(it.files.files[it.job["upload"]["key"]])
    otherwise = it.job["parameters"].get("max_uses_per_code")
    taken = {code: uses[line] for line, code in it.rows.items() if line not in refused}
    wanted = {code: int(said) if said else otherwise for code, said in taken.items()}
    made = {it["code"]: it["terms"]["max_uses"] for chunk in it.chunks.values() for it in json.loads(chunk["codes"])}
    if made.items() - wanted.items():
        yield f"import {it.id} has codes with the uses {made}, and took {wanted}"


def _wrong_report(it: _Imported) -> Iterator[str]:
    (file,), report = it.job["files"], it.report
    body = it.files.files[file["key"]]
    if (file["rows"], file["size"], file["sha256"]) != (len(report), len(body), sha256(body).hexdigest()):
        yield f"the report of import {it.id} has {len(report)} rows and {len(body)} bytes, and not {file}"
    lines = [row.line for row in report]
    if lines != sorted(set(lines)) or any(it.rows.get(row.line) != row.code for row in report):
        yield f"the report of import {it.id} has {report}, and the file {it.rows}"
    refused = set(lines)
    taken = {code.casefold(): line for line, code in it.rows.items() if line not in refused}
    for row in report:
        earlier = {code.casefold() for line, code in it.rows.items() if line < row.line}
        if row.reason == _IN_THE_FILE and row.code.casefold() not in earlier:
            yield f"import {it.id} says that {row} is there twice"
        if row.reason.startswith(_IN_USE) and taken.get(row.code.casefold(), row.line) < row.line:
            yield f"import {it.id} has taken {row} itself"


def _wrong_failure(job_id: str, job: Plain, rows: Mapping[int, str]) -> Iterator[str]:
    """One that fails by a row that is there twice has such a row."""
    place, _, reason = job["error"].partition(": ")
    if reason == _IN_THE_FILE:
        line = int(place.removeprefix("line "))
        if rows[line].casefold() not in {code.casefold() for other, code in rows.items() if other < line}:
            yield f"import {job_id} failed by {job['error']}, and has {rows}"
