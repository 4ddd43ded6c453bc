"""The rows of exported files: which columns, and how cells are written (decision 1)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from promotion_jobs.codes.code import UNUSED, AnyChunk, Chunk, Code
from promotion_jobs.jobs.job import ExportParameters
from promotion_jobs.values import to_text

_SEPARATORS = ",;|\t\r\n"
"""Characters that end a cell, in the spreadsheets of one country or another."""
_BREAKS = ("\t", "\r", "\n")
_DROPPED = ' "\x0b\x0c\x85\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff'
"""Characters in front of a formula that a spreadsheet may drop."""
_SIGN = rf"(?=[{_DROPPED}]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
"""What follows is a formula, with ASCII or full-width signs."""
_FORMULA = re.compile(rf"(^|[{_SEPARATORS}]){_SIGN}")
"""The place before a formula."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _]*")

_BOM = "\ufeff"
_LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}


def _safe(text: str) -> str:
    """A text in which no spreadsheet finds a formula, by whichever separator it takes cells apart."""
    safe = _FORMULA.sub(lambda start: f"{start[0]}'", text)
    return f"'{safe}" if text.startswith(_BREAKS) else safe


def _quoted(text: str) -> str:
    doubled = _safe(text).replace('"', '""')
    return f'"{doubled}"'


def _users(user: str | Sequence[str] | None) -> str:
    """A cell of free text: several customers are joined."""
    if user is None:
        return ""
    return _quoted(user if isinstance(user, str) else ";".join(user))


_ESCAPE = re.compile(rf"(^|[{_SEPARATORS}])'{_SIGN}")


def users_of(text: str) -> Sequence[str]:
    """The customers that such a cell names, without its quotes."""
    plain = text.removeprefix("'") if text.startswith(tuple(f"'{it}" for it in _BREAKS)) else text
    return [it for it in _ESCAPE.sub(r"\1", plain).split(";") if it]


def cell(value: object) -> str:
    """A cell of anything else, quoted only where it must be."""
    text = "" if value is None else _safe(str(value))
    return _quoted(text) if any(it in text for it in ',"\r\n') else text


Column = Literal["code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id"]
COLUMNS: tuple[str, ...] = get_args(Column)
"""In the order of a file that names none."""

_CELLS: Mapping[str, Callable[[Code], str]] = {
    # A code needs no quotes and starts no formula (decisions 4 and 14).
    "code": lambda code: code.code,
    "consume_unit": lambda code: cell(code.terms.consume_unit),
    "max_uses": lambda code: cell(code.terms.max_uses),
    "uses": lambda code: cell(code.uses),
    "user": lambda code: _users(code.terms.user),
    "created_by": lambda code: cell(code.created_by),
    "created_at": lambda code: to_text(code.created_at),
    "job_id": lambda code: cell(code.job_id),
}
"""Column → how its cell is written."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How one export writes its rows."""

    columns: Sequence[str]
    names: Mapping[str, str] | None
    """Column → its name in the header, where that is another one; None writes no header."""
    line_end: str
    start: str

    @classmethod
    def of(cls, parameters: ExportParameters) -> "Rows":
        header = parameters.header
        return cls(
            columns=parameters.columns or COLUMNS,
            names=None if header is False else header or {},
            line_end=_LINE_ENDS[parameters.line_ending or "crlf"],
            start=_BOM if parameters.bom else "",
        )

    def head(self) -> bytes:
        """The start of every file."""
        if self.names is None:
            return self.start.encode()
        return f"{self.start}{','.join(map(self._name, self.columns))}{self.line_end}".encode()

    def _name(self, column: str) -> str:
        name = (self.names or {}).get(column, column)
        return name if _PLAIN.fullmatch(name) else _quoted(name)

    @property
    def show_uses(self) -> bool:
        return "uses" in self.columns

    def of_codes(self, chunk: AnyChunk, offset: int, limit: int, taken: Mapping[int, int] = UNUSED) -> bytes:
        """The rows of so many of the chunk's codes that are there, without the first ``offset`` of them.

        ``taken`` is position → how many uses are taken. All but that and the code is the same of a job's codes.
        """
        if not isinstance(chunk, Chunk):
            return "".join(map(self._row, chunk.visible(offset, limit, taken))).encode()
        if taken:
            around = {number: self._around(chunk, number) for number in {0, *taken.values()}}
            places = [around[taken.get(at, 0)] for at in chunk.positions(offset, limit)]
            texts = chunk.texts(offset, limit) if "code" in self.columns else [""] * len(places)
            rows = zip(places, texts, strict=True)
            return "".join([f"{before}{text}{behind}" for (before, behind), text in rows]).encode()
        before, behind = (it.encode() for it in self._around(chunk, 0))
        if "code" not in self.columns:
            return (before + behind) * limit
        return chunk.lines(before, behind, offset, limit)

    def _around(self, chunk: Chunk, taken: int) -> tuple[str, str]:
        """What stands before a code of which so many uses are taken, and behind it; all of the row without its code."""
        cells = self._cells(chunk.code_at(0, taken))
        if "code" not in self.columns:
            return "", ",".join(cells) + self.line_end
        at = self.columns.index("code")
        return "".join(f"{it}," for it in cells[:at]), "".join(f",{it}" for it in cells[at + 1 :]) + self.line_end

    def _cells(self, code: Code) -> list[str]:
        return [_CELLS[column](code) for column in self.columns]

    def _row(self, code: Code) -> str:
        return ",".join(self._cells(code)) + self.line_end
