"""Exported files and the links to them (decisions 1 and 2)."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.aws.files import Files
from promotion_jobs.codes.code import AnyChunk, Chunk, ChunkByHand, NewCode, Terms
from promotion_jobs.errors import FileExpired, JobNotFound, NoFile, PromotionNotFound
from promotion_jobs.jobs.job import ExportFile, GenerateParameters, Job, JobStatus, Message
from tests.support.builders import (
    CLIENT_ID,
    EXPORT_FILE,
    HAND_ID,
    JOB_ID,
    NOW,
    NOW_TEXT,
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

    def __init__(self, *chunks: AnyChunk) -> None:
        super().__init__(promotion(open_job=EXPORT.id), EXPORT)
        for it in chunks:
            if isinstance(it, Chunk):
                self.put_generated(it)
            else:
                self.put_chunk(it)
        attempts = iter("123")
        self.service.export = replace(self.service.export, new_attempt=lambda _: next(attempts))

    def export(self) -> ExportFile | None:
        self.deliver(Message(PROMOTION_ID, EXPORT.id))
        return self.job(EXPORT).file

    def exported(self) -> int:
        """How many rows the export says that are stored."""
        run = self.run(EXPORT.id, 0)
        assert run
        return run.exported


def _key(attempt: int) -> str:
    return f"{PROMOTION_ID}/{EXPORT.id}/{attempt}.csv"


def _rows(*chunks: AnyChunk) -> str:
    """The rows of the file of these chunks, without the header."""
    exports = Exports(*chunks)
    exports.export()
    content = exports.files.files[_key(1)]
    assert content.startswith(HEADER_LINE)
    return content.removeprefix(HEADER_LINE).decode()


def _parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _of(parameters: GenerateParameters, **changes: Any) -> Job:
    return generated_job(parameters.number_of_codes, parameters=parameters, **changes)


def test_a_row_has_the_code_and_what_is_the_same_for_its_job() -> None:
    rows = _rows(chunk("bcdf-ghjk", "mnpq-rstv", job=_of(GenerateParameters(2, "per_cart", 5))))
    rest = f"per_cart,5,5,,shop,{NOW_TEXT},{JOB_ID}\r\n"
    assert rows == f"bcdf-ghjk,{rest}mnpq-rstv,{rest}"


def test_a_value_that_was_not_set_is_empty() -> None:
    assert _rows(chunk("bcdf-ghjk")) == f"bcdf-ghjk,,,,,shop,{NOW_TEXT},{JOB_ID}\r\n"


def test_codes_that_may_never_be_used_have_0_uses() -> None:
    rows = _rows(chunk("bcdf-ghjk", job=_of(GenerateParameters(1, max_uses_per_code=0))))
    assert rows == f"bcdf-ghjk,,0,0,,shop,{NOW_TEXT},{JOB_ID}\r\n"


def test_codes_made_by_hand_have_a_row_each_and_no_job() -> None:
    terms = [Terms(), Terms("per_item", 3, "Zoë, the first"), Terms(max_uses=0)]
    codes = [NewCode(code, own) for code, own in zip(["A", "b-1", "c_2"], terms, strict=True)]
    rest = f"shop,{NOW_TEXT},\r\n"
    assert _rows(ChunkByHand(HAND_ID, codes, CLIENT_ID, NOW)) == (
        f'A,,,,,{rest}b-1,per_item,3,3,"Zoë, the first",{rest}c_2,,0,0,,{rest}'
    )


@pytest.mark.parametrize("made", [chunk("bcdf-ghjk", "mnpq-rstv", "wxz2-3456"), by_hand("A", "b-1", "c_2")])
@pytest.mark.parametrize(("removed", "left"), [({1}, [0, 2]), ({0}, [1, 2]), ({0, 2}, [1]), ({0, 1, 2}, [])])
def test_a_removed_code_has_no_row(made: AnyChunk, removed: set[int], left: list[int]) -> None:
    codes = [made.code_at(position).code for position in left]
    rows = _rows(replace(made, removed=frozenset(removed)))
    assert [row[0] for row in _parsed(rows)] == codes


SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
DROPPED = ["", " ", "\u00a0", "\u3000", "\ufeff", "\u200b", '"', '" ', "\x0b"]


def _user(text: str) -> str:
    [row] = _parsed(_rows(by_hand("A", user=text)))
    return row[HEADER.index("user")]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("dropped", DROPPED)
def test_a_user_that_a_spreadsheet_would_run_is_written_as_text(dropped: str, sign: str) -> None:
    formula = f"{dropped}{sign}1+1"
    assert _user(formula) == f"'{formula}"
    for separator in ",;|\t":
        assert _user(f"x{separator}{formula}{separator}") == f"x{separator}'{formula}{separator}"


@pytest.mark.parametrize("start", ["\t", "\r", "\n", "\r\n"])
def test_a_break_at_the_start_of_a_user_is_written_as_text(start: str) -> None:
    assert _user(f"{start}x") == f"'{start}x"
    assert _user(f"{start}=1") == f"'{start}'=1"


@pytest.mark.parametrize("text", ["Müller", "a=b", "me@example.com", "1-2", "+", "'=1", "x; y", "it's"])
def test_any_other_user_is_written_as_it_is_and_quoted(text: str) -> None:
    expected = f"'{text}" if text[0] in SIGNS else text
    assert f',"{expected}",' in _rows(by_hand("A", user=text))


def _runs(cell: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula, whatever it drops in front."""
    return cell.lstrip("".join(DROPPED) + "\x0c\x85\u2028\u2029 ")[:1] in tuple(SIGNS)


FREE = st.text(
    st.one_of(st.sampled_from([*SIGNS, *",;|\t\r\n\"' ", *DROPPED[1:6], "x", "1"]), st.characters(codec="utf-8"))
)


@given(FREE)
def test_no_spreadsheet_finds_a_formula_by_any_separator(text: str) -> None:
    rows = _rows(by_hand("A", user=text))
    for separator in ",;|\t":
        found = csv.reader(io.StringIO(rows, newline=""), delimiter=separator)
        assert [cell for row in found for cell in row if _runs(cell)] == []
    [row] = _parsed(rows)
    assert len(row) == len(HEADER)
    assert row[HEADER.index("user")].replace("'", "") == text.replace("'", "")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_no_other_cell_is_run_either(created_by: str) -> None:
    [row] = _parsed(_rows(chunk("bcdf-ghjk", job=generated_job(1, created_by=created_by))))
    assert len(row) == len(HEADER)
    assert not any(map(_runs, row))
    assert row[HEADER.index("created_by")].replace("'", "") == created_by.replace("'", "")


def test_a_file_has_every_code_in_the_order_of_the_list_and_its_numbers_are_those_of_its_bytes() -> None:
    chunks: list[AnyChunk] = [chunk("bcdf-ghjk", "mnpq-rstv"), by_hand("Zoe")]
    exports = Exports(*chunks)
    file = exports.export()
    content = exports.files.files[_key(1)]
    assert file == ExportFile(_key(1), 3, len(content), sha256(content).hexdigest())
    assert content == HEADER_LINE + "".join(map(_rows, chunks)).encode()
    assert [row[0] for row in _parsed(content.decode())] == ["code", "bcdf-ghjk", "mnpq-rstv", "Zoe"]


def test_a_file_counts_the_rows_that_it_has() -> None:
    exports = Exports(replace(chunk(), removed=frozenset({0})), by_hand("A", removed=[0]))
    file = exports.export()
    content = exports.files.files[_key(1)]
    assert [row[0] for row in _parsed(content.decode())] == ["code", "mnpq-rstv"]
    assert file == ExportFile(_key(1), 1, len(content), sha256(content).hexdigest())


def test_an_export_of_no_codes_is_the_header_alone() -> None:
    exports = Exports()
    file = exports.export()
    assert exports.files.files == {_key(1): HEADER_LINE}
    assert file == ExportFile(_key(1), 0, len(HEADER_LINE), sha256(HEADER_LINE).hexdigest())


def test_each_attempt_writes_a_file_of_its_own() -> None:
    exports = Exports(chunk())
    exports.calls.after("complete_multipart_upload", exports.calls.die)
    with pytest.raises(Died):
        exports.export()
    exports.clock.time += VISIBILITY
    file = exports.export()
    content = HEADER_LINE + _rows(chunk()).encode()
    assert file == ExportFile(_key(2), 2, len(content), sha256(content).hexdigest())
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
    assert exports.export() is None
    assert (exports.files.files, exports.files.unfinished) == ({}, {})
    assert [*noted, exports.exported()] == [2, 4]


class SigningClient:
    """Its links are what they were asked for."""

    def generate_presigned_url(self, operation: str, **asked: Any) -> tuple[str, Any]:
        return operation, asked


def _link(job: Job, age: timedelta = timedelta()) -> Any:
    """The link to the file of a job that is stored as it is given, so long after its last change."""
    office = Office(promotion(), job)
    office.clock.time += age
    client: Any = SigningClient()
    office.service.files = Files(lambda: client, "bucket")
    return office.service.downloads.link(PROMOTION_ID, JOB_ID)


COMPLETED = export_job(status=JobStatus.COMPLETED, file=EXPORT_FILE)


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
        "ResponseContentDisposition": f'attachment; filename="{PROMOTION_ID}_20260601_120000_codes.csv"',
        "ResponseContentType": "text/csv; charset=utf-8",
    }
    assert _link(COMPLETED, age) == ("get_object", {"Params": file, "ExpiresIn": seconds})


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
        downloads.link(PROMOTION_ID, JOB_ID)
    with pytest.raises(PromotionNotFound):
        downloads.link(UNKNOWN_ID, JOB_ID)
