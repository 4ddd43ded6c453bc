"""Pages and filters of lists (contract 1.4, decision 12)."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from promotion_jobs import limits
from promotion_jobs.errors import Fault, InvalidFilter

T = TypeVar("T")

_CLAUSE = re.compile(
    r"""\s*(?P<operator>\w+)\(\s*(?P<attribute>\w+)\s*,\s*"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"\s*|'(?P<single>(?:[^'\\]|\\.)*)'\s*|(?P<bare>\d{4}-\d\d-\d\d[Tt][\d:.+Zz-]+\s*|"""
    r"""(?:[^"'\s(),:][^(),:]*)?))\)\s*""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """``limit`` records from ``offset`` on, counted in records."""

    limit: int = limits.PAGE_LENGTH
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list and how long the whole list is."""

    items: Sequence[T]
    total: int
    page: Page


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a filter, such as ``ge(used_on,2026-06-01)``."""

    operator: str
    attribute: str
    value: str


def invalid_filter() -> InvalidFilter:
    return InvalidFilter(Fault("filter", "Bad Request", "Could not parse the supplied filter"))


def parse_filter(text: str | None, attributes: Mapping[str, Callable[[str], str]]) -> dict[str, set[str]]:
    """Attribute → the values that it may have, read from ``eq(attribute,value)`` clauses joined with ``:`` (AND).

    A value may stand in double or single quotes, in which a backslash makes the next character plain (contract 1.4);
    in any case where it has a parenthesis, a comma or a colon, but for a time.
    ``attributes`` are those that the list knows, each with what makes its value canonical. An attribute asked to be
    two things at once gives two values, which nothing can satisfy. Raises InvalidFilter.
    """
    wanted: dict[str, set[str]] = {}
    for clause in parse_clauses(text, dict.fromkeys(attributes, ("eq",))):
        wanted.setdefault(clause.attribute, set()).add(attributes[clause.attribute](clause.value))
    return wanted


def parse_clauses(text: str | None, operators: Mapping[str, Collection[str]]) -> Sequence[Clause]:
    """The clauses of a filter. ``operators`` are those that each attribute takes. Raises InvalidFilter."""
    if text is None:
        return []
    found = [Clause(it["operator"], it["attribute"], _operand(it)) for it in _matches(text)]
    if not all(it.operator in operators.get(it.attribute, ()) for it in found):
        raise invalid_filter()
    return found


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Raises InvalidFilter if the text is not one clause or more, as many as may be, joined with ``:``."""
    position = 0
    for _ in range(limits.FILTERS):
        clause = _CLAUSE.match(text, position)
        if clause is None:
            break
        yield clause
        position = clause.end()
        if position == len(text):
            return
        if text[position] != ":":
            break
        position += 1
    raise invalid_filter()


def _operand(clause: re.Match[str]) -> str:
    bare = clause["bare"]
    if bare is not None:
        return bare.strip()
    return _ESCAPED.sub(r"\1", clause["single"] if clause["double"] is None else clause["double"])


def satisfies(wanted: Mapping[str, set[str]], values: Mapping[str, str]) -> bool:
    return all({values[attribute]} == required for attribute, required in wanted.items())
