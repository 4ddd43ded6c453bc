"""The rows of exported files: columns, header, and cells that no spreadsheet runs (decision 1)."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.code import AnyChunk, NewCode, Terms, WrittenChunk
from promotion_jobs.jobs.job import ExportParameters, GenerateParameters, Job
from promotion_jobs.jobs.rows import COLUMNS, Rows
from tests.support.builders import CLIENT_ID, HAND_ID, JOB_ID, NOW, NOW_TEXT, by_hand, chunk, generated_job


def _rows(*chunks: AnyChunk, **parameters: Any) -> str:
    """The rows of these chunks, without the header."""
    rows = Rows.of(ExportParameters(**parameters))
    return b"".join(rows.of_codes(it, 0, it.visible_codes) for it in chunks).decode()


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
    assert _rows(WrittenChunk(HAND_ID, codes, CLIENT_ID, NOW)) == (
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
    return row[COLUMNS.index("user")]


def test_several_users_are_one_cell() -> None:
    made = WrittenChunk(HAND_ID, [NewCode("A", Terms(user=["id-a", "=1+1", "Zoë, Ltd"]))], CLIENT_ID, NOW)
    assert _rows(made, columns=["user"]) == '"id-a;\'=1+1;Zoë, Ltd"\r\n'


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
    assert len(row) == len(COLUMNS)
    assert row[COLUMNS.index("user")].replace("'", "") == text.replace("'", "")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_no_other_cell_is_run_either(created_by: str) -> None:
    [row] = _parsed(_rows(chunk("bcdf-ghjk", job=generated_job(1, created_by=created_by))))
    assert len(row) == len(COLUMNS)
    assert not any(map(_runs, row))
    assert row[COLUMNS.index("created_by")].replace("'", "") == created_by.replace("'", "")


@pytest.mark.parametrize(
    ("columns", "header", "head"),
    [
        (None, None, "code,consume_unit,max_uses,uses,user,created_by,created_at,job_id"),
        (["code"], None, "code"),
        (["uses", "code"], {}, "uses,code"),
        (["code", "user"], {"code": "Coupon"}, "Coupon,user"),
        (None, {"code": "Coupon Code"}, "Coupon Code,consume_unit,max_uses,uses,user,created_by,created_at,job_id"),
        (["code"], {"code": "Coupon;Code"}, '"Coupon;Code"'),
        (["code"], {"code": 'A "code"'}, '"A ""code"""'),
        (["code"], {"code": "=1+1"}, '"\'=1+1"'),
        (["code"], {"code": "x;@A1"}, '"x;\'@A1"'),
        (["code"], {"code": "Zoë"}, '"Zoë"'),
    ],
)
def test_the_header_names_the_columns_as_it_was_asked_to(
    columns: Sequence[str] | None, header: Mapping[str, str] | None, head: str
) -> None:
    parameters = ExportParameters(columns=columns, header=header)
    assert Rows.of(parameters).head().decode() == f"{head}\r\n"
    assert Rows.of(replace(parameters, line_ending="lf")).head().decode() == f"{head}\n"
    assert Rows.of(replace(parameters, bom=True)).head().decode() == f"\ufeff{head}\r\n"


@pytest.mark.parametrize(("bom", "start"), [(None, b""), (False, b""), (True, b"\xef\xbb\xbf")])
def test_a_file_without_a_header_starts_with_its_first_row(bom: Literal[True, False] | None, start: bytes) -> None:
    assert Rows.of(ExportParameters(header=False, bom=bom)).head() == start


JOB_CHUNK = chunk("bcdf-ghjk", "mnpq-rstv", job=_of(GenerateParameters(2, "per_cart", 5)))
HAND_CHUNK = WrittenChunk(HAND_ID, [NewCode("A", Terms("per_item", 3, "Zoë")), NewCode("b.1", Terms())], CLIENT_ID, NOW)


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["code"], ["bcdf-ghjk", "mnpq-rstv", "A", "b.1"]),
        (["max_uses", "code"], ["5,bcdf-ghjk", "5,mnpq-rstv", "3,A", ",b.1"]),
        (["code", "uses"], ["bcdf-ghjk,5", "mnpq-rstv,5", "A,3", "b.1,"]),
        (
            ["user", "consume_unit", "code", "job_id"],
            [f",per_cart,bcdf-ghjk,{JOB_ID}", f",per_cart,mnpq-rstv,{JOB_ID}", '"Zoë",per_item,A,', ",,b.1,"],
        ),
        (["uses"], ["5", "5", "3", ""]),
    ],
)
def test_rows_have_the_columns_in_the_order_that_was_asked_for(columns: list[str], rows: list[str]) -> None:
    for name, line_end in {"crlf": "\r\n", "lf": "\n"}.items():
        written = _rows(JOB_CHUNK, HAND_CHUNK, columns=columns, line_ending=name)
        assert written == "".join(f"{row}{line_end}" for row in rows)


@given(st.permutations(COLUMNS), st.integers(1, len(COLUMNS)))
def test_any_choice_of_columns_has_the_cells_of_the_whole_file(order: Sequence[str], number: int) -> None:
    chunks = (JOB_CHUNK, HAND_CHUNK)
    whole = [dict(zip(COLUMNS, row, strict=True)) for row in _parsed(_rows(*chunks))]
    columns = order[:number]
    chosen = csv.reader(io.StringIO(_rows(*chunks, columns=columns), newline=""), strict=True)
    # A row of one empty cell is an empty line.
    assert [row or [""] for row in chosen] == [[row[column] for column in columns] for row in whole]


@pytest.mark.parametrize("columns", [None, ["user", "code"], ["uses"]])
@pytest.mark.parametrize("made", [JOB_CHUNK, HAND_CHUNK, chunk("bcdf-ghjk", "mnpq-rstv", "wxz2-3456")])
def test_the_rows_of_a_chunk_come_in_parts_as_well_as_whole(made: AnyChunk, columns: list[str] | None) -> None:
    rows = Rows.of(ExportParameters(columns=columns))
    for left in (made, replace(made, removed=frozenset({0}))):
        number = left.visible_codes
        whole = rows.of_codes(left, 0, number)
        for at in range(number + 1):
            assert rows.of_codes(left, 0, at) + rows.of_codes(left, at, number - at) == whole
