"""Files as people have them: read right, row by row, or refused in one sentence."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.jobs.sheet import Layout, Refusal, Row, Sheet, UnreadableFile
from promotion_jobs.limits import ROW_BYTES

Read = list[tuple[int, NewCode | Refusal]]


def _pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def _read(content: bytes, terms: Terms = Terms(), size: int = 7) -> Read:  # noqa: B008 - it never changes
    """Line → what is read of its row."""
    sheet = Sheet(_pieces(content, size))
    layout = sheet.layout()
    return [
        (row.line, Refusal.QUOTES if row.cells is None else layout.read(row.cells, terms))
        for row in sheet.rows(layout.delimiter)
    ]


def _codes(content: str) -> list[str]:
    found = [it for _, it in _read(content.encode())]
    assert all(isinstance(it, NewCode) for it in found)
    return [it.code for it in found if isinstance(it, NewCode)]


@pytest.mark.parametrize(
    "content",
    [
        "code\nAB\nCD\n",
        "code\nAB\nCD",
        "code\r\nAB\r\nCD\r\n",
        "\ufeffcode\r\nAB\r\nCD\r\n",
        "\ufeffsep=;\r\nName;Code\r\nSummer;AB\r\nSummer;CD\r\n",
        "Coupon Code\nAB\nCD\n",
        "id,COUPON,Note\n1,AB,\n2,CD,x\n",
        "Code\tValue\nAB\t10\nCD\t10\n",
        '"code","note"\n"AB","two\nlines, and ""quotes"""\n"CD",""\n',
        "code,max_uses\n\nAB\n , \n CD ,\n,\n",
        "Discount code;\nAB;\nCD;;\n",
    ],
)
def test_files_as_shops_and_spreadsheets_write_them_are_read(content: str) -> None:
    assert _codes(content) == ["AB", "CD"]


def test_a_row_has_terms_of_its_own_or_those_of_the_job() -> None:
    content = b'code,max_uses,consume_unit,user\nA,3,per_item,jo;\nB,,,\nC,0,per_cart,"jo;al;\'=1"\n'
    assert _read(content, Terms("per_item", 7)) == [
        (2, NewCode("A", Terms("per_item", 3, "jo"))),
        (3, NewCode("B", Terms("per_item", 7))),
        (4, NewCode("C", Terms("per_cart", 0, ["jo", "al", "=1"]))),
    ]


@pytest.mark.parametrize(
    "header",
    [
        "code,max_uses,consume_unit,user",
        "Coupon_Code, Max Uses ,Consume-Unit,USER",
        "promo-code,MAX_USES,consume  unit,User",
    ],
)
def test_columns_are_known_however_their_words_are_parted(header: str) -> None:
    # A limit that is not known as one would be none.
    assert _read(f"{header}\nA,1,per_item,jo\n".encode()) == [(2, NewCode("A", Terms("per_item", 1, "jo")))]


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (",1,,", Refusal.EMPTY),
        ("=1+1,,,", Refusal.FORMULA),
        ("@SUM,,,", Refusal.FORMULA),
        ("Ä1,,,", Refusal.CHARACTERS),
        ("A B,,,", Refusal.CHARACTERS),
        ("_A,,,", Refusal.CHARACTERS),
        (f"{'A' * 65},,,", Refusal.LENGTH),
        ("A,1.0,,", Refusal.MAX_USES),
        ("A,-1,,", Refusal.MAX_USES),
        ("A,many,,", Refusal.MAX_USES),
        ("A,1000000001,,", Refusal.MAX_USES),
        ("A,,per_order,", Refusal.CONSUME_UNIT),
        (f"A,,,{'u' * 256}", Refusal.USER),
        ("A,,," + ";".join(map(str, range(26))), Refusal.USER),
        ("A,,,j\0o", Refusal.USER),
        ("A,,,;", Refusal.USER),
        ("A,,,,more", Refusal.COLUMNS),
        ('"A"B,,,', Refusal.QUOTES),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_line_and_the_next_is_read(row: str, refusal: Refusal) -> None:
    content = f"code,max_uses,consume_unit,user\n{row}\nB,,,\n".encode()
    assert _read(content) == [(2, refusal), (3, NewCode("B", Terms()))]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The first line must name the columns, and one of them code"),
        (b"\n\n", "The first line must name the columns, and one of them code"),
        (b"AB\nCD\n", "The first line must name the columns, and one of them code"),
        (b"code,Coupon\nAB,CD\n", "The first line names the column code twice"),
        ("code\nAB\n".encode("utf-16"), "Line 1 is not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "Line 1 is not text in UTF-8"),
        (b"code\nAB\n\xff\n", "Line 3 is not text in UTF-8"),
        (b'code\nAB\n"CD\nEF\n', "A quote that is opened in line 3 is never closed"),
        (b"code\n" + b"A" * (ROW_BYTES + 1), "Line 2 ends a row of more than 65,536 bytes"),
        (b"A" * (ROW_BYTES + 1), "Line 1 ends a row of more than 65,536 bytes"),
        (b'code\n"' + b"A\n" * ROW_BYTES, "Line 32769 ends a row of more than 65,536 bytes"),
    ],
)
@pytest.mark.parametrize("size", [1_000, 100_000])
def test_a_file_that_is_no_list_of_codes_is_refused_in_one_sentence(content: bytes, sentence: str, size: int) -> None:
    with pytest.raises(UnreadableFile) as refused:
        _read(content, size=size)
    assert str(refused.value) == sentence


_CELLS = st.text(st.sampled_from('aB1,;" \n\ré='), max_size=8)


@given(st.lists(_CELLS, min_size=1, max_size=12), st.integers(1, 50), st.sampled_from(["\n", "\r\n"]))
def test_from_wherever_a_row_begins_the_rest_is_read_the_same(cells: list[str], size: int, end: str) -> None:
    quoted = [it.replace("\r", "").replace('"', '""') for it in cells]
    content = "".join(f'"{it}",x{end}' for it in ["code", *quoted]).encode()
    sheet = Sheet(_pieces(content, size))
    layout = sheet.layout()
    rows = list(sheet.rows(layout.delimiter))
    assert [it.cells and it.cells[0] for it in rows] == [it.replace("\r", "") for it in cells]
    for at, row in enumerate(rows):
        rest = Sheet(_pieces(content[row.end :], size), row.end, row.last_line)
        assert list(rest.rows(layout.delimiter)) == rows[at + 1 :]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_bytes_there_are_are_read_or_refused(content: bytes, size: int) -> None:
    whole = b"code,max_uses\n" + content
    with suppress(UnreadableFile):
        assert _read(whole, size=size) == _read(whole, size=1_000)


Outcome = tuple[list[tuple[Row, NewCode | Refusal | None]], str]


def _outcome(content: bytes, layout: Layout, size: int, after: Row) -> Outcome:
    """The rows behind one, what is read of each, and the sentence that ends them, if there is one."""
    sheet = Sheet(_pieces(content[after.end :], size), after.end, after.last_line)
    found: list[tuple[Row, NewCode | Refusal | None]] = []
    try:
        found.extend(
            (row, None if row.cells is None else layout.read(row.cells, Terms()))
            for row in sheet.rows(layout.delimiter)
        )
    except UnreadableFile as error:
        return found, str(error)
    return found, ""


_LINES = st.lists(
    st.text(st.sampled_from('aB1,;" \n\r=é'), max_size=12).map(str.encode) | st.binary(max_size=5), max_size=20
)


@given(_LINES, st.integers(1, 60), st.integers(1, 60))
def test_any_file_in_any_slices_is_read_the_same_from_any_row_on(lines: list[bytes], size: int, other: int) -> None:
    content = b"code,max_uses\n" + b"\n".join(lines)
    sheet = Sheet(_pieces(content, size))
    layout = sheet.layout()
    rows, sentence = _outcome(content, layout, size, header := Row(1, sheet.line, sheet.offset, None))
    for at, row in enumerate([header, *(row for row, _ in rows)]):
        assert _outcome(content, layout, other, row) == (rows[at:], sentence)


def test_a_layout_is_made_of_its_values_again() -> None:
    layout = Layout.of("name;Code;max_uses")
    assert layout == Layout(";", {"code": 1, "max_uses": 2}, 3)
    assert Layout(**layout.values()) == layout if layout else False
