"""FF1 of NIST SP 800-38G: a keyed permutation of the numbers below radix**length, many of them at once.

A number stands for the numeral string of ``length`` digits that it is. FF1 cuts that into two halves and changes them
in turn, ten times: to one half it adds what AES makes of the other. The input of AES is a chain of blocks of which only
the last one holds the round and the half; all before it is the same for every number and round. So the chain is worked
out once, and a round is one block of AES a number: all of them in one call, from lanes and into lanes.

The least domain is that of Revision 1, a million numbers. No other module knows the cipher, so that another one can
take its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from promotion_jobs.codes.lanes import LANE_BYTES, Divisor, divisor, join, ramp, split, spread

RADIX = 27
ROUNDS = 10
LEAST_SIZE = 1_000_000
_HALF_BYTES = 7
_SUM_BYTES = 8


@dataclass(frozen=True, slots=True)
class Halves:
    """``count`` numbers in two halves each: lanes of all upper halves, and of all lower ones."""

    upper: int
    lower: int
    count: int


class Permutation:
    """The permutation of one key and length. Codes have radix 27 and no tweak.

    Not for two threads at a time: AES works on one call after the other.
    """

    def __init__(self, key: bytes, length: int, *, radix: int = RADIX, tweak: bytes = b"") -> None:
        """Raises ValueError for a domain that is too small, and for one whose halves do not fit a word of 56 bits."""
        self.length, self.size = length, radix**length
        if self.size < LEAST_SIZE:
            raise ValueError(f"FF1 needs at least {LEAST_SIZE:,} numbers, and not {self.size:,}")
        upper_digits = length // 2
        lower_digits = length - upper_digits
        # Of even rounds, and of odd ones; the lower half has as many digits or one more.
        self._moduli: tuple[int, int] = radix**upper_digits, radix**lower_digits
        self._half_bytes = ((self._moduli[1] - 1).bit_length() + 7) // 8
        self._sum_bytes = 4 * (-(-self._half_bytes // 4)) + 4
        if self._half_bytes > _HALF_BYTES:
            raise ValueError("the number of the round and a half must fit one word")
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # noqa: S305 - FF1 is built of blocks
        last = self._chained(radix, length, upper_digits, tweak)
        self._last_blocks = [last ^ number << 8 * self._half_bytes for number in range(ROUNDS)]
        # 64 bits of AES and a half; or what is left of those, 32 more bits and a half.
        self._first = [Divisor(modulus, (1 << 64) + modulus) for modulus in self._moduli]
        self._second = [Divisor(modulus, (2 * modulus << 32) + modulus) for modulus in self._moduli]

    def _chained(self, radix: int, length: int, upper_digits: int, tweak: bytes) -> int:
        """The last block of the chain, but for round and half, mixed with all before it (Algorithm 7, 5 and 6.i)."""
        head = bytes([1, 2, 1]) + radix.to_bytes(3) + bytes([ROUNDS, upper_digits % 256])
        head += length.to_bytes(4) + len(tweak).to_bytes(4)
        tail = tweak + bytes((-len(tweak) - self._half_bytes - 1) % LANE_BYTES) + bytes(self._half_bytes + 1)
        *before, last = (int.from_bytes(block) for block in _blocks(head + tail))
        chain = 0
        for block in before:
            chain = int.from_bytes(self._aes((chain ^ block).to_bytes(LANE_BYTES)))
        return chain ^ last

    # Numbers

    def encrypt(self, numbers: Sequence[int]) -> list[int]:
        """Each number encrypted, in their order; all of them are below ``size``."""
        return self._joined(self.encrypted(self.halves(numbers)))

    def decrypt(self, numbers: Sequence[int]) -> list[int]:
        """Each number decrypted, in their order."""
        return self._joined(self.decrypted(self.halves(numbers)))

    def halves(self, numbers: Sequence[int]) -> Halves:
        pairs = [divmod(number, self._moduli[1]) for number in numbers]
        return Halves(join([pair[0] for pair in pairs]), join([pair[1] for pair in pairs]), len(pairs))

    def run(self, first: int, count: int) -> Halves:
        """The halves of ``count`` numbers from the first on, without naming each."""
        upper, lower = divmod(first, self._moduli[1])
        if lower + count > self._moduli[1]:
            return self.halves(range(first, first + count))
        return Halves(spread(upper, count), spread(lower, count) + ramp(count), count)

    def _joined(self, halves: Halves) -> list[int]:
        pairs = zip(split(halves.upper, halves.count), split(halves.lower, halves.count), strict=True)
        return [upper * self._moduli[1] + lower for upper, lower in pairs]

    # Lanes

    def halved(self, lanes: int, count: int) -> Halves:
        """The halves of numbers that stand in lanes."""
        return Halves(*divisor(self._moduli[1], self.size).divided(lanes, count), count)

    def whole(self, halves: Halves) -> int:
        """Lanes of the numbers that were halved."""
        return halves.upper * self._moduli[1] + halves.lower

    def encrypted(self, halves: Halves) -> Halves:
        upper, lower, count = halves.upper, halves.lower, halves.count
        for number in range(ROUNDS):
            mixed = self._mixed(number, lower, upper, count)
            upper, lower = lower, self._first[number % 2].corrected(mixed, count)
        return Halves(upper, lower, count)

    def decrypted(self, halves: Halves) -> Halves:
        upper, lower, count = halves.upper, halves.lower, halves.count
        for number in reversed(range(ROUNDS)):
            modulus = self._first[number % 2]
            mixed = modulus.corrected(self._mixed(number, upper, 0, count), count)
            upper, lower = modulus.corrected(lower + spread(modulus.divisor, count) - mixed, count), upper
        return Halves(upper, lower, count)

    def _mixed(self, number: int, halves: int, added: int, count: int) -> int:
        """The sum of what AES makes of each half in this round and of what is added, below two of the round's moduli.

        FF1 takes 8 or 12 of the 16 bytes that AES makes for one number. A lane has no room for a division of 12: so it
        divides the first 8, and then their remainder with 4 more.
        """
        blocks = halves ^ spread(self._last_blocks[number], count)
        made = int.from_bytes(self._aes(blocks.to_bytes(LANE_BYTES * count)))
        taken = made >> 64 & spread((1 << 64) - 1, count)
        if self._sum_bytes == _SUM_BYTES:
            return self._first[number % 2].reduced(taken + added, count)
        rest = self._first[number % 2].reduced(taken, count)
        more = made >> 32 & spread((1 << 32) - 1, count)
        return self._second[number % 2].reduced((rest << 32) + more + added, count)


def _blocks(text: bytes) -> list[bytes]:
    return [text[at : at + LANE_BYTES] for at in range(0, len(text), LANE_BYTES)]
