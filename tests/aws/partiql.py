"""The PartiQL that the package sends: INSERT of an item, and DELETE WHERE attributes are equal to parameters."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from tests.aws.errors import invalid
from tests.aws.values import KEY_NAMES, Item, Value, comparable

_INSERT = re.compile(r"INSERT INTO \"([^\"]+)\" VALUE \{(.*)\}", re.IGNORECASE | re.DOTALL)
_DELETE = re.compile(r"DELETE FROM \"([^\"]+)\" WHERE (.*)", re.IGNORECASE | re.DOTALL)
_FIELD = re.compile(r"\s*'([^']+)'\s*:\s*(\?|'[^']*')\s*")
_EQUALITY = re.compile(r"\s*\"([^\"]+)\"\s*=\s*(\?|'[^']*')\s*")


class Statement(NamedTuple):
    """``attributes`` are those of the new item, or those that must be equal; each with a literal or ``?``."""

    insert: bool
    table: str
    attributes: tuple[tuple[str, str], ...]


class BoundStatement(NamedTuple):
    insert: bool
    item: Item

    @property
    def conditions(self) -> Mapping[str, Value]:
        return {name: value for name, value in self.item.items() if name not in KEY_NAMES}

    def holds(self, current: Item, *, ignoring: Sequence[str] = ()) -> bool:
        return all(
            name in current and comparable(current[name]) == comparable(value)
            for name, value in self.conditions.items()
            if name not in ignoring
        )


def _attributes(text: str, separator: str, shape: re.Pattern[str], statement: str) -> tuple[tuple[str, str], ...]:
    found = [shape.fullmatch(part) for part in re.split(separator, text, flags=re.IGNORECASE)]
    pairs = tuple((it[1], it[2]) for it in found if it)
    if len(pairs) < len(found):
        raise invalid(f"Statement wasn't well formed, can't be processed: {statement}")
    if len(dict(pairs)) < len(pairs):
        raise invalid(f"an attribute is named twice in: {statement}")
    return pairs


@cache
def parse_statement(text: str) -> Statement:
    if insert := _INSERT.fullmatch(text.strip()):
        return Statement(True, insert[1], _attributes(insert[2], ",", _FIELD, text))  # noqa: FBT003 - it is named
    if delete := _DELETE.fullmatch(text.strip()):
        attributes = _attributes(delete[2], r"\bAND\b", _EQUALITY, text)
        if not set(KEY_NAMES) <= dict(attributes).keys():
            raise invalid("Where clause does not contain a mandatory equality on all key attributes")
        return Statement(False, delete[1], attributes)  # noqa: FBT003
    raise invalid(f"Statement wasn't well formed, can't be processed: {text}")


def bind(statement: Statement, parameters: Sequence[Value]) -> BoundStatement:
    if [literal for _, literal in statement.attributes].count("?") != len(parameters):
        raise invalid("Number of parameters in request and statement don't match.")
    given = iter(parameters)
    return BoundStatement(
        statement.insert,
        {name: next(given) if literal == "?" else {"S": literal[1:-1]} for name, literal in statement.attributes},
    )
