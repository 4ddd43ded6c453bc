"""What codes look like and where they come from (decisions 3 and 4)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import ALPHABET, CodeFormat, chunk_codes, enough_length, guess_odds, replacement_code
from promotion_jobs.limits import CODE_LENGTHS
from tests.support.builders import SEED

lengths = st.sampled_from(CODE_LENGTHS)
prefixes = st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", fullmatch=True)
formats = st.builds(CodeFormat, lengths, prefixes)
seeds = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**63)


def _by_hand(symbols: str, prefix: str | None) -> str:
    """A code as decisions 3 and 4 describe it, put together in the plainest way."""
    body = "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))
    if prefix is None:
        return body
    return prefix + body if prefix.endswith("-") else f"{prefix}-{body}"


@pytest.mark.parametrize(
    ("length", "prefix", "expected"),
    [
        (8, None, "bcdf-ghjk"),
        (9, None, "bcdf-ghjk-m"),
        (10, None, "bcdf-ghjk-mn"),
        (16, None, "bcdf-ghjk-mnpq-rstv"),
        (8, "summer", "summer-bcdf-ghjk"),
        (8, "Summer-", "Summer-bcdf-ghjk"),
        (10, "Summer-", "Summer-bcdf-ghjk-mn"),
        (8, "SALE_26", "SALE_26-bcdf-ghjk"),
        (8, "a--", "a--bcdf-ghjk"),
    ],
)
def test_a_dash_follows_every_four_symbols_and_one_the_prefix(length: int, prefix: str | None, expected: str) -> None:
    assert CodeFormat(length, prefix).lay_out(ALPHABET.encode(), 1) == [expected]


@given(formats, st.integers(1, 20), st.data())
def test_laying_out_by_column_gives_what_laying_out_by_code_gives(
    code_format: CodeFormat, count: int, data: st.DataObject
) -> None:
    size = count * code_format.length
    symbols = data.draw(st.text(ALPHABET, min_size=size, max_size=size))
    rows = [symbols[start : start + code_format.length] for start in range(0, size, code_format.length)]
    assert code_format.lay_out(symbols.encode(), count) == [_by_hand(row, code_format.prefix) for row in rows]


@given(seeds, numbers, st.integers(1, 50), formats)
def test_codes_are_made_of_the_27_symbols_in_the_shape_that_was_asked_for(
    seed: bytes, chunk: int, count: int, code_format: CodeFormat
) -> None:
    codes = chunk_codes(seed, chunk, count, code_format)
    assert len(codes) == count
    for code in codes:
        head = _by_hand("", code_format.prefix)
        symbols = code.removeprefix(head).replace("-", "")
        assert code == _by_hand(symbols, code_format.prefix)
        assert len(symbols) == code_format.length
        assert set(symbols) <= set("bcdfghjkmnpqrstvwxz23456789")


@given(seeds, numbers, formats)
def test_the_same_chunk_of_the_same_seed_has_the_same_codes(seed: bytes, chunk: int, code_format: CodeFormat) -> None:
    assert chunk_codes(seed, chunk, 20, code_format) == chunk_codes(seed, chunk, 20, code_format)


@given(seeds, numbers, formats, st.integers(1, 30), st.integers(0, 30))
def test_a_longer_chunk_starts_with_the_codes_of_a_shorter_one(
    seed: bytes, chunk: int, code_format: CodeFormat, count: int, more: int
) -> None:
    assert chunk_codes(seed, chunk, count + more, code_format)[:count] == chunk_codes(seed, chunk, count, code_format)


@given(seeds, seeds, numbers, numbers)
def test_another_seed_or_another_chunk_has_other_codes(seed: bytes, other: bytes, chunk: int, second: int) -> None:
    sources = {(seed, chunk), (other, chunk), (seed, second), (other, second)}
    codes = [code for source in sources for code in chunk_codes(*source, 5, CodeFormat(16))]
    assert len(set(codes)) == len(codes)


@given(seeds, numbers)
def test_replacements_differ_by_slot_and_by_attempt_and_from_the_first_choices(seed: bytes, chunk: int) -> None:
    code_format = CodeFormat(16)
    replacements = [
        replacement_code(seed, chunk, slot, attempt, code_format) for slot in range(4) for attempt in (1, 2)
    ]
    choices = replacements + chunk_codes(seed, chunk, 4, code_format)
    assert len(set(choices)) == len(choices) == 12
    assert replacements[0] == replacement_code(seed, chunk, 0, 1, code_format)


@given(formats)
def test_a_replacement_looks_like_a_first_choice(code_format: CodeFormat) -> None:
    code = replacement_code(SEED, 0, 0, 1, code_format)
    symbols = code.removeprefix(_by_hand("", code_format.prefix)).replace("-", "")
    assert code == _by_hand(symbols, code_format.prefix)
    assert len(symbols) == code_format.length


def test_every_symbol_is_equally_likely() -> None:
    codes = chunk_codes(SEED, 0, 50_000, CodeFormat())
    counts = Counter("".join(codes).replace("-", ""))
    expected = 50_000 * 8 / 27
    chi_square = sum((counts[symbol] - expected) ** 2 / expected for symbol in ALPHABET)
    # 26 degrees of freedom: more than 70 has a chance of one in 100,000; folding 256 bytes into 27 symbols gives 1,000.
    assert chi_square < 70


def test_an_alphabet_of_two_symbols_makes_every_code_of_its_space() -> None:
    code_format = CodeFormat(length=4, alphabet="bc")
    assert code_format.space == 16
    assert len(set(chunk_codes(SEED, 0, 500, code_format))) == 16


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
