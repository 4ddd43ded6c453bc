"""Pages and filters of lists (contract 1.4, decision 12)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from promotion_jobs import limits
from promotion_jobs.errors import Fault, InvalidFilter

T = TypeVar("T")

_CLAUSE = re.compile(r"(\w+)\(([^(),]*),([^(),]*)\)")


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


def _invalid_filter() -> InvalidFilter:
    return InvalidFilter(Fault("filter", "Bad Request", "Could not parse the supplied filter"))


def parse_filter(text: str | None, attributes: Mapping[str, Callable[[str], str]]) -> dict[str, set[str]]:
    """Attribute → the values that it may have, read from ``eq(attribute,value)`` clauses joined with ``:`` (AND).

    ``attributes`` are those that the list knows, each with what makes its value canonical. An attribute asked to be
    two things at once gives two values, which nothing can satisfy. Raises InvalidFilter.
    """
    if text is None:
        return {}
    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in text.split(":")]
    if len(clauses) > limits.FILTERS:
        raise _invalid_filter()
    wanted: dict[str, set[str]] = {}
    for clause in clauses:
        operator, attribute, value = [part.strip() for part in clause.groups()] if clause else ("", "", "")
        if operator != "eq" or attribute not in attributes:
            raise _invalid_filter()
        wanted.setdefault(attribute, set()).add(attributes[attribute](value))
    return wanted


def satisfies(wanted: Mapping[str, set[str]], values: Mapping[str, str]) -> bool:
    return all({values[attribute]} == required for attribute, required in wanted.items())
