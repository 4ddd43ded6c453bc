"""FF1 step by step, as Algorithms 7 and 8 of NIST SP 800-38G have it: slow, and easy to hold beside the text."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def number_of(numerals: Sequence[int], radix: int) -> int:
    """NUM_radix: the first numeral weighs most."""
    number = 0
    for numeral in numerals:
        number = number * radix + numeral
    return number


def numerals_of(number: int, radix: int, length: int) -> list[int]:
    """STR_radix."""
    return [number // radix**place % radix for place in reversed(range(length))]


class StepByStep:
    def __init__(self, key: bytes, radix: int, tweak: bytes) -> None:
        self.key, self.radix, self.tweak = key, radix, tweak

    def _ciph(self, block: bytes) -> bytes:
        return Cipher(algorithms.AES(self.key), modes.ECB()).encryptor().update(block)  # noqa: S305 - as in the text

    def _prf(self, text: bytes) -> bytes:
        """Algorithm 6."""
        chain = bytes(16)
        for first in range(0, len(text), 16):
            chain = self._ciph(bytes(left ^ right for left, right in zip(chain, text[first : first + 16], strict=True)))
        return chain

    def _y(self, half: Sequence[int], number: int, length: int) -> int:
        """Steps 1 to 6.iii, which both algorithms share."""
        upper = length // 2
        lower = length - upper
        half_bytes = -(-(self.radix**lower - 1).bit_length() // 8)
        sum_bytes = 4 * -(-half_bytes // 4) + 4
        fixed = bytes([1, 2, 1]) + self.radix.to_bytes(3) + bytes([10, upper % 256])
        fixed += length.to_bytes(4) + len(self.tweak).to_bytes(4)
        padding = bytes((-len(self.tweak) - half_bytes - 1) % 16)
        changing = self.tweak + padding + bytes([number]) + number_of(half, self.radix).to_bytes(half_bytes)
        r = self._prf(fixed + changing)
        s = r
        block = 1
        while len(s) < sum_bytes:
            s += self._ciph((int.from_bytes(r) ^ block).to_bytes(16))
            block += 1
        return int.from_bytes(s[:sum_bytes])

    def encrypt(self, numerals: Sequence[int]) -> list[int]:
        length = len(numerals)
        upper = length // 2
        a, b = list(numerals[:upper]), list(numerals[upper:])
        for number in range(10):
            digits = upper if number % 2 == 0 else length - upper
            y = self._y(b, number, length)
            c = (number_of(a, self.radix) + y) % self.radix**digits
            a, b = b, numerals_of(c, self.radix, digits)
        return a + b

    def decrypt(self, numerals: Sequence[int]) -> list[int]:
        length = len(numerals)
        upper = length // 2
        a, b = list(numerals[:upper]), list(numerals[upper:])
        for number in reversed(range(10)):
            digits = upper if number % 2 == 0 else length - upper
            y = self._y(a, number, length)
            c = (number_of(b, self.radix) - y) % self.radix**digits
            a, b = numerals_of(c, self.radix, digits), a
        return a + b
