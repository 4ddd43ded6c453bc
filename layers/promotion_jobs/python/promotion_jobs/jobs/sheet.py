"""The rows of an imported file: CSV as shops and spreadsheets write it, read row by row in bounded memory.

A row is taken as it is, or refused with a reason; nothing in it is guessed.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self, get_args

from promotion_jobs import limits
from promotion_jobs.codes.code import ConsumeUnit, NewCode, Terms
from promotion_jobs.jobs.rows import users_of
from promotion_jobs.values import is_code

_DELIMITERS = ",;\t"
_CODE_NAMES = {"code", "coupon", "coupon_code", "discount_code", "promo_code", "promotion_code"}
"""Of the column with the codes."""
_OPTIONAL = ("max_uses", "consume_unit", "user")
_CONSUME_UNITS: Sequence[ConsumeUnit] = get_args(ConsumeUnit)
_SEPARATOR_LINE = re.compile(r"sep=[,;\t]\s*")
"""Some spreadsheets write it before the header."""
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_NUMBER = re.compile(r"[0-9]{1,10}")


class UnreadableFile(Exception):
    """The file is no CSV with codes. Its text is one sentence for the client."""


class Refusal(StrEnum):
    """Why a row is not taken, whatever codes there are."""

    COLUMNS = "columns"
    """It has more cells than the header."""
    QUOTES = "quotes"
    EMPTY = "empty"
    FORMULA = "formula"
    LENGTH = "length"
    CHARACTERS = "characters"
    MAX_USES = "max_uses"
    CONSUME_UNIT = "consume_unit"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell of a row is what: ``columns`` is name → position."""

    delimiter: str
    columns: Mapping[str, int]
    width: int

    @classmethod
    def of(cls, header: str) -> Self | None:
        """None where no column has the codes. Raises UnreadableFile where two may have them, or the like."""
        for delimiter in _DELIMITERS:
            try:
                names = next(csv.reader([header], delimiter=delimiter, strict=True))
            except (csv.Error, StopIteration):
                continue
            found = [_column(it) for it in names]
            if "code" in found:
                known = [it for it in found if it]
                twice = next((it for it in known if known.count(it) > 1), None)
                if twice:
                    raise UnreadableFile(f"The first line names the column {twice} twice")
                return cls(delimiter, {it: at for at, it in enumerate(found) if it}, len(names))
        return None

    def values(self) -> dict[str, Any]:
        """As plain values, of which the constructor makes the same."""
        return asdict(self)

    def code_in(self, cells: Sequence[str]) -> str:
        """The cell of the code, as it is."""
        return self._cell(cells, "code")

    def read(self, cells: Sequence[str], terms: Terms) -> NewCode | Refusal:
        """The code of a row, or why there is none. ``terms`` are those of a row that has none of its own."""
        if len(cells) > self.width and any(it.strip() for it in cells[self.width :]):
            return Refusal.COLUMNS
        code = self._cell(cells, "code")
        if refusal := _refusal(code):
            return refusal
        own = self._terms(cells, terms) if len(self.columns) > 1 else terms
        return own if isinstance(own, Refusal) else NewCode(code, own)

    def _terms(self, cells: Sequence[str], terms: Terms) -> Terms | Refusal:
        uses, unit, user = (self._cell(cells, name) for name in _OPTIONAL)
        if uses and (not _NUMBER.fullmatch(uses) or int(uses) > limits.MAX_USES):
            return Refusal.MAX_USES
        consume_unit = next((it for it in _CONSUME_UNITS if it == unit), None)
        if unit and consume_unit is None:
            return Refusal.CONSUME_UNIT
        users = users_of(user) if user else ()
        if user and not _is_clear(users):
            return Refusal.USER
        return Terms(
            consume_unit=consume_unit or terms.consume_unit,
            max_uses=int(uses) if uses else terms.max_uses,
            user=(users[0] if len(users) == 1 else users) if users else None,
        )

    def _cell(self, cells: Sequence[str], name: str) -> str:
        at = self.columns.get(name)
        return "" if at is None or at >= len(cells) else cells[at].strip(" ")


def _column(name: str) -> str | None:
    """What a column is, by its name in the header: in any case, and however its words are parted."""
    plain = _BETWEEN_WORDS.sub("_", name.strip().casefold())
    return "code" if plain in _CODE_NAMES else plain if plain in _OPTIONAL else None


def _refusal(code: str) -> Refusal | None:
    if is_code(code):
        return None
    if not code:
        return Refusal.EMPTY
    if code[0] in "=+-@":
        return Refusal.FORMULA
    return Refusal.LENGTH if len(code) > limits.CODE_CHARACTERS else Refusal.CHARACTERS


def _is_clear(users: Sequence[str]) -> bool:
    """As codes that are made by hand may have them (contract 2)."""
    return (
        0 < len(users) <= limits.USERS
        and all(len(it) <= limits.USER_LENGTH and "\0" not in it for it in users)
        and sum(map(len, users)) <= limits.USERS_LENGTH
    )


@dataclass(frozen=True, slots=True)
class Row:
    """It goes from ``line`` to ``last_line``, counted from 1, and ``end`` is the offset behind it.

    There are no ``cells`` if its quotes are wrong.
    """

    line: int
    last_line: int
    end: int
    cells: Sequence[str] | None


@dataclass(slots=True)
class Sheet:
    """The rows of a file from an offset on. ``pieces`` are its bytes from there; ``line`` is how many are before."""

    pieces: Iterable[bytes]
    offset: int = 0
    line: int = 0
    _has_ended: bool = False
    _began: int = 0
    _lines: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = _split(self.pieces)
        self._began = self.offset

    def layout(self) -> Layout:
        """By the header, which is read with this. Raises UnreadableFile."""
        for text in self._texts():
            if text.strip() and not _SEPARATOR_LINE.fullmatch(text):
                if layout := Layout.of(text):
                    return layout
                break
        raise UnreadableFile("The first line must name the columns, and one of them code")

    def rows(self, delimiter: str) -> Iterator[Row]:
        """Those that are not blank. Raises UnreadableFile."""
        reader = csv.reader(self._texts(), delimiter=delimiter, strict=True)
        while True:
            line, self._began = self.line + 1, self.offset
            cells: Sequence[str] | None = None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if self._has_ended:
                    raise UnreadableFile(f"A quote that is opened in line {line} is never closed") from error
            if cells is None or any(map(str.strip, cells)):
                yield Row(line, self.line, self.offset, cells)

    def _texts(self) -> Iterator[str]:
        for raw in self._lines:
            text = raw.removeprefix(b"\xef\xbb\xbf") if self.offset == 0 else raw
            self.line += 1
            self.offset += len(raw)
            if self.offset - self._began > limits.ROW_BYTES:
                raise UnreadableFile(f"Line {self.line} ends a row of more than {limits.ROW_BYTES:,} bytes")
            try:
                yield text.decode()
            except UnicodeDecodeError as error:
                raise UnreadableFile(f"Line {self.line} is not text in UTF-8") from error
        self._has_ended = True


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines; one that is too long comes in parts, of which the first is too long as well."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for it in whole:
            yield it + b"\n"
        if len(rest) > limits.ROW_BYTES:
            yield rest
            rest = b""
    if rest:
        yield rest
