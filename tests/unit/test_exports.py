"""Exported files and the links to them (decisions 1 and 2)."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.code import Chunk, Terms
from promotion_jobs.errors import FileExpired, JobNotFound, NoFile, PromotionNotFound
from promotion_jobs.jobs.export import HEADER, Downloads, Exporter, ExportStopped, chunk_rows
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus
from promotion_jobs.jobs.read import Jobs
from tests.support.builders import (
    EXPORT_FILE,
    JOB_ID,
    NOW,
    NOW_TEXT,
    PROMOTION_ID,
    UNKNOWN_ID,
    Clock,
    chunk,
    export_job,
    generate_job,
    promotion,
)
from tests.support.memory import MemoryFiles, MemoryJobStore, State
from tests.support.memory_codes import MemoryCodeReader

HEADER_LINE = b"code,consume_unit,max_uses,uses,user,created_by,created_at,job_id\r\n"


def _parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_row_has_the_code_and_what_is_the_same_for_its_chunk() -> None:
    rows = chunk_rows(chunk(codes=["bcdf-ghjk", "mnpq-rstv"], terms=Terms("per_cart", 5)))
    rest = f"per_cart,5,5,,shop,{NOW_TEXT},{JOB_ID}\r\n"
    assert rows == f"bcdf-ghjk,{rest}mnpq-rstv,{rest}"


def test_a_value_that_nobody_set_is_empty() -> None:
    assert chunk_rows(chunk(codes=["bcdf-ghjk"])) == f"bcdf-ghjk,,,,,shop,{NOW_TEXT},{JOB_ID}\r\n"


def test_codes_that_may_never_be_used_have_0_uses() -> None:
    rows = chunk_rows(chunk(codes=["bcdf-ghjk"], terms=Terms(max_uses=0)))
    assert rows == f"bcdf-ghjk,,0,0,,shop,{NOW_TEXT},{JOB_ID}\r\n"


def test_codes_with_terms_of_their_own_have_a_row_each_and_no_job() -> None:
    own_terms = [Terms(), Terms("per_item", 3, "Zoë, the first"), Terms(max_uses=0)]
    rest = f"shop,{NOW_TEXT},\r\n"
    assert chunk_rows(chunk(codes=["A", "b-1", "c_2"], own_terms=own_terms)) == (
        f'A,,,,,{rest}b-1,per_item,3,3,"Zoë, the first",{rest}c_2,,0,0,,{rest}'
    )


@pytest.mark.parametrize("own_terms", [None, [Terms()] * 3])
@pytest.mark.parametrize(
    ("removed", "left"), [({1}, ["A", "c_2"]), ({0}, ["b-1", "c_2"]), ({0, 2}, ["b-1"]), ({0, 1, 2}, [])]
)
def test_a_removed_code_has_no_row(own_terms: list[Terms] | None, removed: set[int], left: list[str]) -> None:
    rows = chunk_rows(chunk(codes=["A", "b-1", "c_2"], own_terms=own_terms, removed=frozenset(removed)))
    assert [row[0] for row in _parsed(rows)] == left


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_user_that_a_spreadsheet_would_run_is_written_as_text(start: str) -> None:
    [row] = _parsed(chunk_rows(chunk(codes=["A"], own_terms=[Terms(user=f'{start}HYPERLINK("x")')])))
    assert row[HEADER.index("user")] == f'\'{start}HYPERLINK("x")'


def test_a_chunk_without_codes_has_no_rows() -> None:
    assert chunk_rows(chunk(codes=[])) == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(start: str) -> None:
    [row] = _parsed(chunk_rows(chunk(codes=["bcdf-ghjk"], created_by=f"{start}cmd|'/c calc'!A0")))
    assert row[HEADER.index("created_by")] == f"'{start}cmd|'/c calc'!A0"


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_cell_is_read_back_as_it_was_or_made_safe(created_by: str) -> None:
    [row] = _parsed(chunk_rows(chunk(codes=["bcdf-ghjk"], created_by=created_by)))
    cell = row[HEADER.index("created_by")]
    assert cell == (f"'{created_by}" if created_by[0] in "=+-@\t\r" else created_by)
    assert len(row) == len(HEADER)


class Exports:
    """An exporter of what the test has stored, whose attempts are numbered."""

    def __init__(self, *chunks: Chunk) -> None:
        self.files = MemoryFiles()
        self.state = State(jobs={JOB_ID: generate_job()}, chunks={(it.source, it.number): it for it in chunks})
        self.attempts = iter("12345")

    def export(self, note: Callable[[int], bool] = lambda _rows: True) -> ExportFile:
        store = MemoryCodeReader(self.state)
        return Exporter(store, self.files, lambda: next(self.attempts)).export(export_job(id="export"), note)


def test_a_file_has_every_code_in_the_order_of_the_list_and_its_numbers_are_those_of_its_bytes() -> None:
    chunks = [chunk(codes=["bcdf-ghjk", "mnpq-rstv"]), chunk(number=1, codes=["wxz2-3456"], created_by="Zoë, Ltd")]
    exports = Exports(*chunks)
    file = exports.export()
    content = exports.files.contents[file.key]
    assert file == ExportFile(f"{PROMOTION_ID}/export/1.csv", 3, len(content), sha256(content).hexdigest())
    assert content == HEADER_LINE + "".join(map(chunk_rows, chunks)).encode()
    assert [row[0] for row in _parsed(content.decode())] == ["code", "bcdf-ghjk", "mnpq-rstv", "wxz2-3456"]


def test_a_file_counts_the_rows_that_it_has() -> None:
    exports = Exports(chunk(removed=frozenset({0})), chunk(number=1, codes=["A"], removed=frozenset({0})))
    file = exports.export()
    rows = _parsed(exports.files.contents[file.key].decode())
    assert [row[0] for row in rows] == ["code", "mnpq-rstv"]
    assert file.rows == 1


def test_an_export_of_no_codes_is_the_header_alone() -> None:
    exports = Exports()
    file = exports.export()
    assert exports.files.contents == {file.key: HEADER_LINE}
    assert file == ExportFile(f"{PROMOTION_ID}/export/1.csv", 0, len(HEADER_LINE), sha256(HEADER_LINE).hexdigest())


def test_each_attempt_writes_a_file_of_its_own() -> None:
    exports = Exports(chunk())
    first, second = exports.export(), exports.export()
    assert first.key != second.key
    assert exports.files.contents.keys() == {first.key, second.key}
    assert first.sha256 == second.sha256


def test_an_export_that_is_wanted_no_more_stops_and_leaves_no_file() -> None:
    exports = Exports(*(chunk(number=number) for number in range(300)))
    noted: list[int] = []

    def note(rows: int) -> bool:
        noted.append(rows)
        return rows < 4

    with pytest.raises(ExportStopped):
        exports.export(note)
    assert exports.files.contents == {}
    assert noted == [2, 4]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def link(clock: Clock) -> Callable[[Job], str]:
    """The link to the file of a job that is stored as it is given."""

    def link(job: Job) -> str:
        jobs = Jobs(MemoryJobStore(State(promotions={PROMOTION_ID: promotion()}, jobs={job.id: job})), clock)
        return Downloads(jobs, MemoryFiles(), clock, file_life=timedelta(days=7)).link(PROMOTION_ID, JOB_ID)

    return link


def _completed(**changes: object) -> Job:
    return export_job(status=JobStatus.COMPLETED, file=EXPORT_FILE, **changes)


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (timedelta(), 3_600),
        (timedelta(days=6, hours=23), 3_600),
        (timedelta(days=6, hours=23, minutes=59), 60),
        (timedelta(days=6, hours=23, minutes=59, seconds=59), 1),
    ],
)
def test_a_link_lives_an_hour_or_what_is_left_of_the_file(
    link: Callable[[Job], str], clock: Clock, age: timedelta, seconds: int
) -> None:
    clock.time += age
    name = f"{PROMOTION_ID}_20260601_120000_codes.csv"
    assert link(_completed()) == f"memory:{EXPORT_FILE.key}?name={name}&seconds={seconds}"


@pytest.mark.parametrize("age", [timedelta(days=7), timedelta(days=70)])
def test_a_file_that_expired_has_no_link(link: Callable[[Job], str], clock: Clock, age: timedelta) -> None:
    clock.time += age
    with pytest.raises(FileExpired) as refusal:
        link(_completed())
    assert (refusal.value.status, refusal.value.expired_at) == ("completed", NOW + timedelta(days=7))


@pytest.mark.parametrize("status", list(JobStatus))
@pytest.mark.parametrize("job", [export_job(), generate_job()], ids=["export", "generate"])
def test_a_job_without_a_file_has_no_link(link: Callable[[Job], str], job: Job, status: JobStatus) -> None:
    with pytest.raises(NoFile) as refusal:
        link(replace(job, status=status))
    assert (type(refusal.value), refusal.value.status) == (NoFile, status)


def test_a_job_that_does_not_exist_has_no_link(clock: Clock) -> None:
    jobs = Jobs(MemoryJobStore(State(promotions={PROMOTION_ID: promotion()})), clock)
    downloads = Downloads(jobs, MemoryFiles(), clock, file_life=timedelta(days=7))
    with pytest.raises(JobNotFound):
        downloads.link(PROMOTION_ID, JOB_ID)
    with pytest.raises(PromotionNotFound):
        downloads.link(UNKNOWN_ID, JOB_ID)
