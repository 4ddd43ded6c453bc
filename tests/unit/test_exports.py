"""Exported files and the links to them (decisions 1 and 2)."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal

import pytest

from promotion_jobs.aws.files import Files
from promotion_jobs.codes.code import AnyChunk, Chunk
from promotion_jobs.errors import FileExpired, JobNotFound, NoFile, PromotionNotFound
from promotion_jobs.jobs.job import ExportFile, ExportParameters, Job, JobStatus, Message
from promotion_jobs.jobs.read import Download
from promotion_jobs.limits import EXPORT_FILES
from tests.support.builders import (
    EXPORT_FILE,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    by_hand,
    chunk,
    export_job,
    generate_job,
    generated_job,
    promotion,
)
from tests.support.office import VISIBILITY, Died, Office

HEADER_LINE = b"code,consume_unit,max_uses,uses,user,created_by,created_at,job_id\r\n"
HEADER = HEADER_LINE.decode().strip().split(",")

EXPORT = export_job(id="019e82fb-4a00-7000-8000-00000000000e")


class Exports(Office):
    """An office with an export of these chunks, whose attempts are numbered."""

    def __init__(self, *chunks: AnyChunk, **parameters: Any) -> None:
        asked = ExportParameters(**parameters)
        super().__init__(promotion(open_job=EXPORT.id), replace(EXPORT, parameters=asked))
        for it in chunks:
            if isinstance(it, Chunk):
                self.put_generated(it)
            else:
                self.put_chunk(it)
        attempts = iter("123")
        self.service.export = replace(self.service.export, new_attempt=lambda _: next(attempts))

    def export(self) -> Sequence[ExportFile]:
        self.deliver(Message(PROMOTION_ID, EXPORT.id))
        return self.job(EXPORT).files

    def exported(self) -> int:
        """How many rows the export says that are stored."""
        run = self.run(EXPORT.id, 0)
        assert run
        return run.exported


def _key(attempt: int, number: int = 1, suffix: str = "csv") -> str:
    return f"{PROMOTION_ID}/{EXPORT.id}/{attempt}-{number}.{suffix}"


def _rows(*chunks: AnyChunk) -> str:
    """The rows of the file of these chunks, without the header."""
    exports = Exports(*chunks)
    exports.export()
    content = exports.files.files[_key(1)]
    assert content.startswith(HEADER_LINE)
    return content.removeprefix(HEADER_LINE).decode()


def _parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_file_has_every_code_in_the_order_of_the_list_and_its_numbers_are_those_of_its_bytes() -> None:
    chunks: list[AnyChunk] = [chunk("bcdf-ghjk", "mnpq-rstv"), by_hand("Zoe")]
    exports = Exports(*chunks)
    files = exports.export()
    content = exports.files.files[_key(1)]
    assert files == (ExportFile(_key(1), 3, len(content), sha256(content).hexdigest()),)
    assert content == HEADER_LINE + "".join(map(_rows, chunks)).encode()
    assert [row[0] for row in _parsed(content.decode())] == ["code", "bcdf-ghjk", "mnpq-rstv", "Zoe"]


def test_a_file_counts_the_rows_that_it_has() -> None:
    exports = Exports(replace(chunk(), removed=frozenset({0})), by_hand("A", removed=[0]))
    files = exports.export()
    content = exports.files.files[_key(1)]
    assert [row[0] for row in _parsed(content.decode())] == ["code", "mnpq-rstv"]
    assert files == (ExportFile(_key(1), 1, len(content), sha256(content).hexdigest()),)


def test_an_export_of_no_codes_is_the_header_alone() -> None:
    exports = Exports()
    files = exports.export()
    assert exports.files.files == {_key(1): HEADER_LINE}
    assert files == (ExportFile(_key(1), 0, len(HEADER_LINE), sha256(HEADER_LINE).hexdigest()),)


def test_each_attempt_writes_a_file_of_its_own() -> None:
    exports = Exports(chunk())
    exports.calls.after("complete_multipart_upload", exports.calls.die)
    with pytest.raises(Died):
        exports.export()
    exports.clock.time += VISIBILITY
    files = exports.export()
    content = HEADER_LINE + _rows(chunk()).encode()
    assert files == (ExportFile(_key(2), 2, len(content), sha256(content).hexdigest()),)
    assert exports.files.files == {_key(1): content, _key(2): content}


def test_an_export_that_is_wanted_no_more_stops_and_leaves_no_file() -> None:
    exports = Exports(*(by_hand(f"A-{number}", f"B-{number}", id=f"{number:03d}") for number in range(300)))
    # Less than the rows of one chunk, so that each is a part.
    exports.files.least_part_bytes = 80
    exports.service.files = replace(exports.service.files, part_bytes=80)
    noted: list[int] = []

    def cancel() -> None:
        noted.append(exports.exported())
        exports.service.job_canceller.cancel(PROMOTION_ID, EXPORT.id)

    exports.calls.after("upload_part", lambda: None, cancel)
    assert exports.export() == ()
    assert (exports.files.files, exports.files.unfinished) == ({}, {})
    assert [*noted, exports.exported()] == [2, 4]


CHUNKS: list[AnyChunk] = [
    chunk("bcdf-ghjk", "mnpq-rstv"),
    by_hand("A", "B", "C", id="1"),
    replace(by_hand("D", "E", "F", id="2"), removed=frozenset({0})),
]
CODES = ["bcdf-ghjk", "mnpq-rstv", "A", "B", "C", "E", "F"]


@pytest.mark.parametrize("rows_per_file", [1, 2, 3, 4, 6, 7, 8, 10_000_000])
@pytest.mark.parametrize(("header", "head"), [(None, b"code\n"), (False, b"")])
def test_files_have_as_many_rows_as_they_may_and_the_last_one_the_rest(
    rows_per_file: int, header: Literal[False] | None, head: bytes
) -> None:
    exports = Exports(*CHUNKS, columns=["code"], header=header, line_ending="lf", rows_per_file=rows_per_file)
    parts = [CODES[at : at + rows_per_file] for at in range(0, len(CODES), rows_per_file)]
    contents = {
        _key(1, number): head + "".join(f"{code}\n" for code in part).encode()
        for number, part in enumerate(parts, start=1)
    }
    files = exports.export()
    assert exports.files.files == contents
    assert files == tuple(
        ExportFile(key, len(part), len(content), sha256(content).hexdigest())
        for (key, content), part in zip(contents.items(), parts, strict=True)
    )


def test_a_packed_file_is_the_plain_one_when_it_is_unpacked_and_the_same_each_time() -> None:
    plain, packed, again = Exports(*CHUNKS), Exports(*CHUNKS, gzip=True), Exports(*CHUNKS, gzip=True)
    again.clock.advance(days=1)
    plain.export()
    [file], _ = packed.export(), again.export()
    content = packed.files.files[_key(1, suffix="csv.gz")]
    assert gzip.decompress(content) == plain.files.files[_key(1)]
    assert file == ExportFile(_key(1, suffix="csv.gz"), len(CODES), len(content), sha256(content).hexdigest())
    assert again.files.files == packed.files.files


def test_an_export_of_one_job_has_the_codes_of_that_job_alone() -> None:
    exports = Exports(*CHUNKS, chunk("wxz2-3456", job=generated_job(1, id=UNKNOWN_ID)), job_id=JOB_ID, columns=["code"])
    exports.export()
    assert exports.files.files == {_key(1): b"code\r\nbcdf-ghjk\r\nmnpq-rstv\r\n"}


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, EXPORT.id])
def test_an_export_of_a_job_that_made_no_codes_is_the_header_alone(job_id: str) -> None:
    exports = Exports(*CHUNKS, job_id=job_id)
    exports.export()
    assert exports.files.files == {_key(1): HEADER_LINE}


def test_an_export_of_more_codes_than_its_files_may_have_fails_and_leaves_none() -> None:
    codes = EXPORT_FILES + 1
    exports = Exports(*(by_hand(f"A-{number}", id=f"{number:03d}") for number in range(codes)), rows_per_file=1)
    exports.deliver_all()
    exports.export()
    exports.deliver_all()
    job = exports.job(EXPORT)
    assert (job.status, job.error, job.files) == (JobStatus.FAILED, "more than 200 files", ())
    assert (exports.files.files, exports.promotion()) == ({}, promotion())


def test_an_export_of_many_files_that_is_wanted_no_more_stops_and_leaves_none() -> None:
    exports = Exports(*CHUNKS, rows_per_file=2)
    noted: list[int] = []

    def cancel() -> None:
        noted.append(exports.exported())
        exports.service.job_canceller.cancel(PROMOTION_ID, EXPORT.id)

    exports.calls.after("complete_multipart_upload", lambda: None, cancel)
    assert exports.export() == ()
    assert (exports.files.files, exports.files.unfinished) == ({}, {})
    assert [*noted, exports.exported()] == [2, 4]


class SigningClient:
    """Its links are what they were asked for."""

    def generate_presigned_url(self, operation: str, **asked: Any) -> tuple[str, Any]:
        return operation, asked


def _link(job: Job, age: timedelta = timedelta()) -> Any:
    """The link to the file of a job that is stored as it is given, so long after its last change."""
    [download] = _downloads(job, age)
    return download.href


def _downloads(job: Job, age: timedelta = timedelta()) -> Sequence[Download]:
    office = Office(promotion(), job)
    office.clock.time += age
    client: Any = SigningClient()
    office.service.files = Files(lambda: client, "bucket")
    return office.service.downloads.links(PROMOTION_ID, JOB_ID)


COMPLETED = export_job(status=JobStatus.COMPLETED, files=(EXPORT_FILE,))


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (timedelta(), 3_600),
        (timedelta(days=6, hours=23), 3_600),
        (timedelta(days=6, hours=23, minutes=59), 60),
        (timedelta(days=6, hours=23, minutes=59, seconds=59), 1),
    ],
)
def test_a_link_lives_an_hour_or_what_is_left_of_the_file(age: timedelta, seconds: int) -> None:
    file = {
        "Bucket": "bucket",
        "Key": EXPORT_FILE.key,
        "ResponseContentDisposition": f'attachment; filename="{PROMOTION_ID}_{JOB_ID}_20260601_120000_codes.csv"',
        "ResponseContentType": "text/csv; charset=utf-8",
    }
    assert _link(COMPLETED, age) == ("get_object", {"Params": file, "ExpiresIn": seconds})


def test_each_file_has_a_link_of_its_own_that_says_which_of_how_many_it_is() -> None:
    files = [replace(EXPORT_FILE, key=f"{PROMOTION_ID}/{JOB_ID}/1-{number}.csv.gz") for number in (1, 2)]
    found = _downloads(replace(COMPLETED, files=files))
    start = f"{PROMOTION_ID}_{JOB_ID}_20260601_120000_codes"
    assert [(it.name, it.file) for it in found] == [
        (f"{start}_1_of_2.csv.gz", files[0]),
        (f"{start}_2_of_2.csv.gz", files[1]),
    ]
    asked: list[Any] = [it.href for it in found]
    for (_, link), file, it in zip(asked, files, found, strict=True):
        assert link["Params"] == {
            "Bucket": "bucket",
            "Key": file.key,
            "ResponseContentDisposition": f'attachment; filename="{it.name}"',
            "ResponseContentType": "application/gzip",
        }


@pytest.mark.parametrize("age", [timedelta(days=7), timedelta(days=70)])
def test_a_file_that_expired_has_no_link(age: timedelta) -> None:
    with pytest.raises(FileExpired) as refusal:
        _link(COMPLETED, age)
    assert (refusal.value.status, refusal.value.expired_at) == ("completed", NOW + timedelta(days=7))


@pytest.mark.parametrize("status", list(JobStatus))
@pytest.mark.parametrize("job", [export_job(), generate_job()], ids=["export", "generate"])
def test_a_job_without_a_file_has_no_link(job: Job, status: JobStatus) -> None:
    with pytest.raises(NoFile) as refusal:
        _link(replace(job, status=status))
    assert (type(refusal.value), refusal.value.status) == (NoFile, status)


def test_a_job_that_does_not_exist_has_no_link() -> None:
    downloads = Office(promotion()).service.downloads
    with pytest.raises(JobNotFound):
        downloads.links(PROMOTION_ID, JOB_ID)
    with pytest.raises(PromotionNotFound):
        downloads.links(UNKNOWN_ID, JOB_ID)
