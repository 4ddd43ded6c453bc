"""FF1 over lanes: held against NIST's samples, the text step by step, another implementation, and arithmetic."""

from collections.abc import Sequence

import pytest
from ffx import FF1
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import ALPHABET
from promotion_jobs.codes.lanes import LANE_BITS, Divisor, join, ramp, split, spread
from promotion_jobs.codes.permutation import RADIX, Halves, Permutation
from promotion_jobs.limits import CODE_LENGTHS
from tests.support.ff1 import StepByStep, number_of, numerals_of

_KEY_128 = "2B7E151628AED2A6ABF7158809CF4F3C"
_KEY_192 = f"{_KEY_128}EF4359D8D580AA4F"
_KEY_256 = f"{_KEY_192}7F036D6F04FC6A94"
_TENS, _ELEVENS = "39383736353433323130", "3737373770717273373737"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

SAMPLES = [
    (_KEY_128, 10, "", "0123456789", "2433477484"),
    (_KEY_128, 10, _TENS, "0123456789", "6124200773"),
    (_KEY_128, 36, _ELEVENS, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (_KEY_192, 10, "", "0123456789", "2830668132"),
    (_KEY_192, 10, _TENS, "0123456789", "2496655549"),
    (_KEY_192, 36, _ELEVENS, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (_KEY_256, 10, "", "0123456789", "6657667009"),
    (_KEY_256, 10, _TENS, "0123456789", "1001623463"),
    (_KEY_256, 36, _ELEVENS, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]
"""The samples 1 to 9 of FF1 among NIST's examples with intermediate values: key, radix, tweak, plain, encrypted."""

EVERY_LENGTH = pytest.mark.parametrize("length", CODE_LENGTHS)
KEYS = st.binary(min_size=32, max_size=32)
KEY = bytes(range(32))


def _edges(permutation: Permutation) -> list[int]:
    """Numbers at the ends, and where the lower half overflows into the upper one."""
    modulus = RADIX ** (permutation.length - permutation.length // 2)
    size = permutation.size
    return [0, 1, modulus - 1, modulus, modulus + 1, size // 2, size - modulus, size - 2, size - 1]


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "encrypted"), SAMPLES, ids=range(1, 10))
def test_the_samples_of_nist_come_out_both_ways(key: str, radix: int, tweak: str, plain: str, encrypted: str) -> None:
    permutation = Permutation(bytes.fromhex(key), len(plain), radix=radix, tweak=bytes.fromhex(tweak))
    numbers = [int(plain, radix), 0, int(encrypted, radix)]
    assert permutation.encrypt(numbers)[0] == int(encrypted, radix)
    assert permutation.decrypt(numbers)[2] == int(plain, radix)
    steps = StepByStep(bytes.fromhex(key), radix, bytes.fromhex(tweak))
    assert steps.encrypt([_DIGITS.index(digit) for digit in plain]) == [_DIGITS.index(digit) for digit in encrypted]


@EVERY_LENGTH
@given(key=KEYS, data=st.data())
def test_it_does_what_the_text_says_step_by_step(length: int, key: bytes, data: st.DataObject) -> None:
    permutation, steps = Permutation(key, length), StepByStep(key, RADIX, b"")
    numbers = data.draw(st.lists(st.integers(0, permutation.size - 1), min_size=1, max_size=4))
    by_steps = [number_of(steps.encrypt(numerals_of(it, RADIX, length)), RADIX) for it in numbers]
    assert permutation.encrypt(numbers) == by_steps
    back = [number_of(steps.decrypt(numerals_of(it, RADIX, length)), RADIX) for it in numbers]
    assert permutation.decrypt(numbers) == back


def _symbols(numbers: Sequence[int], length: int) -> list[str]:
    return ["".join(ALPHABET[numeral] for numeral in numerals_of(number, RADIX, length)) for number in numbers]


@EVERY_LENGTH
@given(key=KEYS, data=st.data())
def test_another_implementation_makes_the_same_of_the_same(length: int, key: bytes, data: st.DataObject) -> None:
    permutation, other = Permutation(key, length), FF1(key, alphabet=ALPHABET)
    drawn = data.draw(st.lists(st.integers(0, permutation.size - 1), min_size=1, max_size=20))
    numbers = [*drawn, *_edges(permutation)]
    encrypted = _symbols(permutation.encrypt(numbers), length)
    assert encrypted == [other.encrypt(text) for text in _symbols(numbers, length)]
    assert _symbols(permutation.decrypt(numbers), length) == [other.decrypt(it) for it in _symbols(numbers, length)]


@EVERY_LENGTH
@given(key=KEYS, data=st.data())
def test_what_is_encrypted_is_decrypted_to_the_same_and_the_other_way_round(
    length: int, key: bytes, data: st.DataObject
) -> None:
    permutation = Permutation(key, length)
    drawn = data.draw(st.lists(st.integers(0, permutation.size - 1), max_size=50, unique=True))
    numbers = sorted({*drawn, *_edges(permutation)})
    encrypted = permutation.encrypt(numbers)
    assert permutation.decrypt(encrypted) == numbers
    assert permutation.encrypt(permutation.decrypt(numbers)) == numbers
    assert len(set(encrypted)) == len(numbers)
    assert all(0 <= number < permutation.size for number in encrypted)


@EVERY_LENGTH
def test_a_run_of_numbers_is_that_of_its_numbers_wherever_it_lies(length: int) -> None:
    permutation = Permutation(KEY, length)
    for edge in _edges(permutation):
        first = max(0, min(edge - 30, permutation.size - 60))
        assert permutation.run(first, 60) == permutation.halves(range(first, first + 60))


@EVERY_LENGTH
def test_no_number_comes_out_twice(length: int) -> None:
    permutation = Permutation(KEY, length)
    made: set[tuple[int, int]] = set()
    for first in range(0, 50_000, 2_500):
        halves = permutation.encrypted(permutation.run(first, 2_500))
        made |= set(zip(split(halves.upper, 2_500), split(halves.lower, 2_500), strict=True))
    assert len(made) == 50_000


def test_other_keys_lengths_and_tweaks_give_other_permutations() -> None:
    numbers = range(20)
    made = {
        tuple(Permutation(key, length, tweak=tweak).encrypt(numbers))
        for key in (KEY, bytes(32), KEY[:16])
        for length in (8, 9)
        for tweak in (b"", b"x")
    }
    assert len(made) == 12


@pytest.mark.parametrize(
    ("length", "radix", "sentence"),
    [(4, 27, "FF1 needs at least 1,000,000 numbers, and not 531,441"), (24, 27, "the number of the round and a half")],
)
def test_a_domain_that_is_too_small_or_too_large_is_refused(length: int, radix: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Permutation(KEY, length, radix=radix)


def test_the_least_domain_is_the_million_of_revision_1() -> None:
    assert Permutation(KEY, 6, radix=10).decrypt(Permutation(KEY, 6, radix=10).encrypt([0, 999_999])) == [0, 999_999]


def test_no_numbers_are_none() -> None:
    permutation = Permutation(KEY, 8)
    assert (permutation.encrypt([]), permutation.run(0, 0)) == ([], Halves(0, 0, 0))


# Lanes


@given(st.lists(st.integers(0, 2**LANE_BITS - 1)))
def test_lanes_hold_their_numbers_in_their_order(numbers: list[int]) -> None:
    assert split(join(numbers), len(numbers)) == numbers


def test_a_number_is_spread_and_counted_up_over_lanes() -> None:
    assert (split(spread(7, 3), 3), split(ramp(3), 3)) == ([7, 7, 7], [0, 1, 2])


MODULI = [RADIX**digits for digits in range(CODE_LENGTHS[0] // 2, CODE_LENGTHS[-1] // 2 + 1)]
DIVISIONS = [
    *(
        (modulus, bound, LANE_BITS)
        for modulus in MODULI
        for bound in ((1 << 64) + modulus, (2 * modulus << 32) + modulus)
    ),
    *((RADIX**places, RADIX ** (2 * places), 16 * places) for places in (1, 2, 4, 8)),
    (RADIX**4, RADIX**8, LANE_BITS),
]
"""Every modulus of the halves with the bounds of what is divided by it, and the cuts into digits."""


@pytest.mark.parametrize(("divisor", "bound", "lane_bits"), DIVISIONS)
@given(data=st.data())
def test_lanes_are_divided_as_their_numbers_also_around_multiples(
    divisor: int, bound: int, lane_bits: int, data: st.DataObject
) -> None:
    multiples = data.draw(st.lists(st.integers(0, (bound - 1) // divisor), max_size=40))
    near = [it * divisor + off for it in multiples for off in (-1, 0, 1)]
    numbers = [it for it in near if 0 <= it < bound] + [0, divisor - 1, divisor, bound - 1]
    lanes, count = int.from_bytes(b"".join(it.to_bytes(lane_bits // 8) for it in numbers)), len(numbers)

    def apart(divided: int) -> list[int]:
        return [divided >> lane_bits * at & (1 << lane_bits) - 1 for at in reversed(range(count))]

    division = Divisor(divisor, bound, lane_bits)
    quotients, rests = map(apart, division.divided(lanes, count))
    assert list(zip(quotients, rests, strict=True)) == [divmod(number, divisor) for number in numbers]
    reduced = apart(division.reduced(lanes, count))
    assert all(it - number % divisor in {0, divisor} for it, number in zip(reduced, numbers, strict=True))


def test_a_product_that_no_lane_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="a lane of 16 bits is too narrow to divide 1999 by 3"):
        Divisor(3, 2_000, 16)
