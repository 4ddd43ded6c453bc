"""How codes are written: a number of one length in symbols, in groups, behind a prefix (decisions 3 and 4).

The number is the code's body. A code can often be read in more than one way, for a prefix may end in what could be the
first groups of a longer body: ``bcdf-ghjk-mnpq`` is a body of twelve symbols, and one of eight behind ``bcdf``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion_jobs.codes import bodies
from promotion_jobs.limits import CODE_LENGTHS, DEFAULT_CODE_LENGTH

ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
"""No vowel and no y, so no words; none of 0 1 i l o, so nothing to misread."""

GROUP = 4
"""A dash follows every so many symbols."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A code taken as a body of a length behind ``head``, which is empty or ends in a dash."""

    head: str
    length: int
    body: int


@dataclass(frozen=True, slots=True)
class Notation:
    symbols: str = ALPHABET
    group: int = GROUP
    lengths: Sequence[int] = CODE_LENGTHS

    def size(self, length: int) -> int:
        """How many bodies of that length there are."""
        return int(len(self.symbols) ** length)

    def width(self, length: int) -> int:
        """The bytes of a packed body."""
        return bodies.width(self.size(length))

    def readings(self, code: str) -> Sequence[Reading]:
        """Every way to read a code that is given in lower case; none where it ends in nothing like a body.

        All groups of a body are whole, but for the last one.
        """
        groups = code.split("-")
        found: list[Reading] = []
        body = length = 0
        while groups and length < self.lengths[-1] and self._is_group(groups[-1], whole=length > 0):
            group = groups.pop()
            body += self._number(group) * self.size(length)
            length += len(group)
            if length in self.lengths:
                found.append(Reading("".join(f"{before}-" for before in groups), length, body))
        return found

    def _is_group(self, text: str, *, whole: bool) -> bool:
        sizes = {self.group} if whole else range(1, self.group + 1)
        return len(text) in sizes and set(text) <= set(self.symbols)

    def _number(self, group: str) -> int:
        number = 0
        for symbol in group:
            number = number * len(self.symbols) + self.symbols.index(symbol)
        return number


NOTATION = Notation()


@dataclass(frozen=True, slots=True)
class CodeFormat:
    """The form of the codes of one job."""

    length: int = DEFAULT_CODE_LENGTH
    prefix: str | None = None
    notation: Notation = NOTATION

    @property
    def size(self) -> int:
        """How many different codes there are."""
        return self.notation.size(self.length)

    @property
    def width(self) -> int:
        """The bytes of a packed body."""
        return self.notation.width(self.length)

    @property
    def head(self) -> str:
        """The text before the body: the prefix and its dash, or nothing."""
        if self.prefix is None:
            return ""
        return self.prefix if self.prefix.endswith("-") else f"{self.prefix}-"

    def other_lengths(self) -> Mapping[int, int]:
        """The other lengths at which its codes can be read → what such a body is more than the code's own.

        A shorter body is the rest of the code's own, and nothing more.
        """
        least = self.write(bytes(self.width))[0].casefold()
        return {it.length: it.body for it in self.notation.readings(least) if it.length != self.length}

    def write(self, packed: bytes) -> list[str]:
        """The codes of packed bodies."""
        return self.lines(packed, b"", b"\n").decode("ascii").splitlines()

    def lines(self, packed: bytes, before: bytes, behind: bytes) -> bytes:
        """The codes of packed bodies, each with the same before and behind it.

        Column by column, which is ten times as fast as code by code.
        """
        lanes, count = bodies.unpack(packed, self.width)
        if not count:
            return b""
        head, group = before + self.head.encode(), self.notation.group
        columns = [len(head) + symbol + symbol // group for symbol in range(self.length)]
        row = head + b"-" * (columns[-1] + 1 - len(head)) + behind
        table = bytearray(row * count)
        symbols = self.notation.symbols.encode().ljust(256)
        for column, digits in zip(
            columns, bodies.digits(lanes, count, self.length, len(self.notation.symbols)), strict=True
        ):
            table[column :: len(row)] = digits.translate(symbols)
        return bytes(table)


def guess_odds(number_of_codes: int, length: int) -> int:
    """One guess in this many hits one of so many codes."""
    return CodeFormat(length).size // number_of_codes


def enough_length(number_of_codes: int, least_odds: int) -> int | None:
    """The shortest code length whose odds are at least that; None where no length does."""
    return next((length for length in CODE_LENGTHS if guess_odds(number_of_codes, length) >= least_odds), None)
