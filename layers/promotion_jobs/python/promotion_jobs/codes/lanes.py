"""Arithmetic on many numbers at once: one Python integer, in whose lanes of 128 bits they stand side by side.

An operation on the integer is one on every lane, done in C, as long as nothing leaves its lane: so every function says
how large its numbers may be, and callers keep to that. The first number stands in the uppermost lane; so the bytes of
the lanes, which AES takes, are the numbers in their order.
"""

from collections.abc import Sequence
from functools import lru_cache

LANE_BITS = 128
LANE_BYTES = LANE_BITS // 8


@lru_cache(maxsize=128)
def spread(number: int, count: int, lane_bits: int = LANE_BITS) -> int:
    """The same number in so many lanes."""
    return int.from_bytes(number.to_bytes(lane_bits // 8) * count)


@lru_cache(maxsize=8)
def ramp(count: int) -> int:
    """0, 1, 2, … in so many lanes."""
    return join(range(count))


def join(numbers: Sequence[int]) -> int:
    """Lanes of these numbers, each of at most 128 bits."""
    return int.from_bytes(b"".join(number.to_bytes(LANE_BYTES) for number in numbers))


def split(lanes: int, count: int) -> list[int]:
    """The numbers in so many lanes."""
    held = lanes.to_bytes(LANE_BYTES * count)
    return [int.from_bytes(held[at : at + LANE_BYTES]) for at in range(0, len(held), LANE_BYTES)]


class Divisor:
    """Division by a constant of lanes that hold numbers below ``bound``: a multiplication and a shift.

    ``factor`` is 2**shift / divisor, rounded down, with so large a shift that a number times ``factor`` just fits its
    lane without the topmost bit. It is less than 1 too small, so a quotient is too small by less than
    1 + bound / 2**shift: at most by one, since 2**shift is at least ``bound``. A remainder is then too large by one
    divisor at the most. Lanes may be narrower than those that AES takes.
    """

    def __init__(self, divisor: int, bound: int, lane_bits: int = LANE_BITS) -> None:
        self.divisor, self._lane_bits = divisor, lane_bits
        self._shift = ((divisor << lane_bits - 1) // bound).bit_length() - 1
        if bound > 1 << self._shift:
            raise ValueError(f"a lane of {lane_bits} bits is too narrow to divide {bound - 1} by {divisor}")
        self._factor = (1 << self._shift) // divisor
        self._carry = (2 * divisor).bit_length()

    def _quotients(self, lanes: int, count: int) -> int:
        """Each quotient, or one less. The mask removes what the shift moved over from the lane above."""
        kept = (1 << self._lane_bits - self._shift) - 1
        return lanes * self._factor >> self._shift & spread(kept, count, self._lane_bits)

    def reduced(self, lanes: int, count: int) -> int:
        """Each remainder, or that and one divisor."""
        return lanes - self._quotients(lanes, count) * self.divisor

    def corrected(self, lanes: int, count: int) -> int:
        """Each number less one divisor if it is not below it; all are below two divisors."""
        return lanes - self._exceeding(lanes, count) * self.divisor

    def divided(self, lanes: int, count: int) -> tuple[int, int]:
        """Each quotient, and each remainder."""
        quotients = self._quotients(lanes, count)
        rest = lanes - quotients * self.divisor
        exceeding = self._exceeding(rest, count)
        return quotients + exceeding, rest - exceeding * self.divisor

    def _exceeding(self, lanes: int, count: int) -> int:
        """1 for each number that is not below the divisor: then adding the rest of a power of two sets its bit."""
        rest = spread((1 << self._carry) - self.divisor, count, self._lane_bits)
        return lanes + rest >> self._carry & spread(1, count, self._lane_bits)


@lru_cache(maxsize=256)
def divisor(number: int, bound: int, lane_bits: int = LANE_BITS) -> Divisor:
    """The division of such lanes, worked out once."""
    return Divisor(number, bound, lane_bits)


def at_least(lanes: int, bound: int, bits: int, count: int) -> int:
    """1 for each number that is not below the bound; no number, and no bound, is more than 2**bits."""
    return lanes + spread((1 << bits + 1) - bound, count) >> bits + 1 & spread(1, count)
