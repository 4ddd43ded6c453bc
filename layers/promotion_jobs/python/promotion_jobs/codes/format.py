"""How codes are made: a stream of symbols seeded per job, so that a redelivered chunk yields the same codes.

Symbols, dashes and prefixes are decisions 3 and 4; the odds rule is in "Beyond the contract".
"""

import re
import struct
from dataclasses import dataclass
from functools import cache
from hashlib import shake_256

from promotion_jobs.limits import CODE_CHARACTERS, CODE_LENGTHS, DEFAULT_CODE_LENGTH

ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
"""No vowel and no y, so no words; none of 0 1 i l o, so nothing to misread."""

_CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{CODE_CHARACTERS - 1}}}")

GROUP = 4
"""A dash follows every so many symbols."""


@dataclass(frozen=True, slots=True)
class CodeFormat:
    """What the codes of one job look like."""

    length: int = DEFAULT_CODE_LENGTH
    prefix: str | None = None
    alphabet: str = ALPHABET

    @property
    def space(self) -> int:
        """How many different codes there are."""
        return int(len(self.alphabet) ** self.length)

    @property
    def _head(self) -> str:
        if self.prefix is None:
            return ""
        return self.prefix if self.prefix.endswith("-") else f"{self.prefix}-"

    def _columns(self) -> list[int]:
        return [len(self._head) + symbol + symbol // GROUP for symbol in range(self.length)]

    def lay_out(self, symbols: bytes, count: int) -> list[str]:
        """``count`` codes of ``length`` symbols each, column by column: four times as fast as code by code."""
        columns = self._columns()
        row = bytearray(self._head.encode() + b"-" * (columns[-1] + 1 - len(self._head)) + b"\n")
        table = row * count
        for position, column in enumerate(columns):
            table[column :: len(row)] = symbols[position : count * self.length : self.length]
        return table[:-1].decode("ascii").split("\n")


@cache
def _translation(alphabet: str) -> tuple[bytes, bytes]:
    # Bytes from the last whole multiple of the alphabet's size on are dropped: with them the first symbols would
    # come up more often than the others.
    size = len(alphabet)
    even = 256 - 256 % size
    return bytes(ord(alphabet[byte % size]) for byte in range(256)), bytes(range(even, 256))


def _symbols(material: bytes, count: int, alphabet: str) -> bytes:
    table, biased = _translation(alphabet)
    drawn = count + count // 8 + 64
    while True:
        symbols = shake_256(material).digest(drawn).translate(table, biased)
        if len(symbols) >= count:
            return symbols
        drawn *= 2


def chunk_codes(seed: bytes, chunk: int, count: int, code_format: CodeFormat) -> list[str]:
    """The first choice for each of a chunk's ``count`` slots; two slots may have chosen the same code."""
    material = seed + struct.pack(">Q", chunk)
    return code_format.lay_out(_symbols(material, count * code_format.length, code_format.alphabet), count)


def replacement_code(seed: bytes, chunk: int, slot: int, attempt: int, code_format: CodeFormat) -> str:
    """What a slot takes instead when ``attempt`` choices before were taken; ``attempt`` counts from 1."""
    material = seed + struct.pack(">QQQ", chunk, slot, attempt)
    return code_format.lay_out(_symbols(material, code_format.length, code_format.alphabet), 1)[0]


def is_code(text: str) -> bool:
    """Whether there could be such a code, generated or made by hand (decisions 4 and 14)."""
    return _CODE.fullmatch(text) is not None


def guess_odds(number_of_codes: int, length: int) -> int:
    """One guess in this many hits one of so many codes."""
    return CodeFormat(length).space // number_of_codes


def enough_length(number_of_codes: int, least_odds: int) -> int | None:
    """The shortest code length whose odds are at least that; None where no length does."""
    return next((length for length in CODE_LENGTHS if guess_odds(number_of_codes, length) >= least_odds), None)
