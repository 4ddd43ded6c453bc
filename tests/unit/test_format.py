"""The form of codes, and their readings (decisions 3 and 4)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes import bodies
from promotion_jobs.codes.format import ALPHABET, NOTATION, CodeFormat, Notation, Reading, enough_length, guess_odds
from promotion_jobs.codes.permutation import Permutation
from promotion_jobs.limits import CODE_LENGTHS
from tests.support.ff1 import numerals_of
from tests.support.small_notation import SMALL

LENGTHS = st.sampled_from(CODE_LENGTHS)
PREFIXES = st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", fullmatch=True)
GROUPS = st.lists(st.text(ALPHABET, min_size=1, max_size=5), min_size=1, max_size=5).map("-".join)
FORMATS = st.builds(CodeFormat, LENGTHS, PREFIXES | GROUPS)


def _plain(body: int, code_format: CodeFormat) -> str:
    """A code as decisions 3 and 4 describe it, put together in the plainest way."""
    symbols = "".join(ALPHABET[numeral] for numeral in numerals_of(body, 27, code_format.length))
    written = "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))
    prefix = code_format.prefix
    if prefix is None:
        return written
    return prefix + written if prefix.endswith("-") else f"{prefix}-{written}"


def _packed(code_format: CodeFormat, *numbers: int) -> bytes:
    return b"".join(number.to_bytes(code_format.width) for number in numbers)


@pytest.mark.parametrize(
    ("length", "prefix", "expected"),
    [
        (8, None, "bbbb-bbbc"),
        (9, None, "bbbb-bbbb-c"),
        (10, None, "bbbb-bbbb-bc"),
        (16, None, "bbbb-bbbb-bbbb-bbbc"),
        (8, "summer", "summer-bbbb-bbbc"),
        (8, "Summer-", "Summer-bbbb-bbbc"),
        (10, "Summer-", "Summer-bbbb-bbbb-bc"),
        (8, "SALE_26", "SALE_26-bbbb-bbbc"),
        (8, "a--", "a--bbbb-bbbc"),
    ],
)
def test_a_dash_follows_every_four_symbols_and_one_the_prefix(length: int, prefix: str | None, expected: str) -> None:
    code_format = CodeFormat(length, prefix)
    assert code_format.write(_packed(code_format, 1)) == [expected]


@given(FORMATS, st.data())
def test_codes_that_are_written_by_column_are_those_that_are_written_one_by_one(
    code_format: CodeFormat, data: st.DataObject
) -> None:
    numbers = data.draw(st.lists(st.integers(0, code_format.size - 1), max_size=20))
    numbers += [0, code_format.size - 1]
    written = code_format.write(_packed(code_format, *numbers))
    assert written == [_plain(number, code_format) for number in numbers]


def test_no_bodies_make_no_codes() -> None:
    assert CodeFormat(8, "summer").write(b"") == []


@given(FORMATS, st.data())
def test_a_code_is_read_as_what_it_was_written_from(code_format: CodeFormat, data: st.DataObject) -> None:
    body = data.draw(st.integers(0, code_format.size - 1))
    (code,) = code_format.write(_packed(code_format, body))
    reading = Reading(code_format.head.casefold(), code_format.length, body)
    assert reading in NOTATION.readings(code.casefold())


def _all_readings(code: str, notation: Notation) -> set[Reading]:
    """Every way to cut a code in two, tried one by one."""
    found = set()
    for cut in range(len(code)):
        head, written = code[:cut], code[cut:]
        symbols = written.replace("-", "")
        if (head and not head.endswith("-")) or len(symbols) not in notation.lengths:
            continue
        size = notation.group
        if written != "-".join(symbols[at : at + size] for at in range(0, len(symbols), size)):
            continue
        if set(symbols) <= set(notation.symbols):
            body = 0
            for symbol in symbols:
                body = body * len(notation.symbols) + notation.symbols.index(symbol)
            found.add(Reading(head, len(symbols), body))
    return found


@given(st.text("bc-x", max_size=14))
def test_a_code_has_the_readings_that_any_cut_gives_it(code: str) -> None:
    assert {*SMALL.readings(code)} == _all_readings(code, SMALL)


@given(GROUPS | st.text("bcdfg-", max_size=30))
def test_likewise_with_the_alphabet_of_the_service(code: str) -> None:
    readings = NOTATION.readings(code)
    assert {*readings} == _all_readings(code, NOTATION)
    assert len(readings) <= 3


@pytest.mark.parametrize("code", ["", "summer-1", "SAVE10", "bcdf", "bcdf-ghj", "bcdf-ghjk-mnpqr", "bcdf--ghjk", "-"])
def test_a_code_that_ends_in_nothing_like_a_body_has_no_reading(code: str) -> None:
    assert NOTATION.readings(code) == []


@given(FORMATS, st.data())
def test_the_other_lengths_of_a_format_say_how_all_of_its_codes_can_be_read_besides(
    code_format: CodeFormat, data: st.DataObject
) -> None:
    body = data.draw(st.integers(0, code_format.size - 1))
    (code,) = code_format.write(_packed(code_format, body))
    readings = NOTATION.readings(code.casefold())
    others = {it.length: it.body for it in readings if it.length != code_format.length}
    # A body may be longer by groups of the prefix, or shorter by groups of its own.
    expected = {
        length: (body + offset) % NOTATION.size(length) for length, offset in code_format.other_lengths().items()
    }
    assert others == expected


@pytest.mark.parametrize(
    ("length", "prefix", "lengths"),
    [
        (8, None, set()),
        (8, "summer", set()),
        (8, "bfcm", {12}),
        (8, "BFCM-2526", {12, 16}),
        (8, "x-bfcm", {12}),
        (12, None, {8}),
        (16, "bfcm", {8, 12}),
        (9, "bfcm", {13}),
    ],
)
def test_codes_behind_groups_of_symbols_can_be_read_at_other_lengths(
    length: int, prefix: str | None, lengths: set[int]
) -> None:
    assert CodeFormat(length, prefix).other_lengths().keys() == lengths


def test_every_symbol_is_equally_likely() -> None:
    permutation, code_format = Permutation(bytes(range(32)), 8), CodeFormat()
    lanes = permutation.whole(permutation.encrypted(permutation.run(0, 50_000)))
    codes = code_format.write(bodies.pack(lanes, 50_000, code_format.width))
    counts = Counter("".join(codes).replace("-", ""))
    expected = 50_000 * 8 / 27
    chi_square = sum((counts[symbol] - expected) ** 2 / expected for symbol in ALPHABET)
    # 26 degrees of freedom: more than 70 has a chance of one in 100,000.
    assert chi_square < 70


@pytest.mark.parametrize(
    ("number_of_codes", "length", "odds"),
    [
        (1, 8, 282_429_536_481),
        (1_000, 8, 282_429_536),
        (2_824_295, 8, 100_000),
        (2_824_296, 8, 99_999),
        (10_000_000, 16, 7_976_644_307_687_250),
    ],
)
def test_the_odds_of_a_guess_are_the_codes_there_could_be_over_those_there_are(
    number_of_codes: int, length: int, odds: int
) -> None:
    assert guess_odds(number_of_codes, length) == odds


@pytest.mark.parametrize(
    ("number_of_codes", "least_odds", "length"),
    [
        (2_824_295, 100_000, 8),
        (2_824_296, 100_000, 9),
        (10_000_000, 100_000, 9),
        (10_000_000, 7_976_644_307_687_250, 16),
        (10_000_000, 7_976_644_307_687_251, None),
    ],
)
def test_the_length_that_is_enough_is_the_shortest_with_the_odds(
    number_of_codes: int, least_odds: int, length: int | None
) -> None:
    assert enough_length(number_of_codes, least_odds) == length
