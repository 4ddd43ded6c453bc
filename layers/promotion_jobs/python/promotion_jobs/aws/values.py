"""Values as DynamoDB has them: the kinds that this table uses, and no other.

boto3 has the same, with every kind and through its whole resource layer, which takes a third of a cold start to load.
"""

from collections.abc import Callable, Mapping
from typing import Any


def to_value(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind
    """Raises TypeError for a kind that the table does not use."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": {name: to_value(member) for name, member in value.items()}}
        case list() | tuple():
            return {"L": [to_value(member) for member in value]}
        case set() | frozenset() if value and all(isinstance(member, str) for member in value):
            return {"SS": sorted(value)}
        case set() | frozenset() if value and all(type(member) is int for member in value):
            return {"NS": [str(member) for member in sorted(value)]}
    msg = f"the table has no values like {type(value).__name__}"
    raise TypeError(msg)


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "S": str,
    "BOOL": bool,
    "N": int,
    "B": bytes,
    "NULL": lambda _: None,
    "M": lambda members: {name: from_value(member) for name, member in members.items()},
    "L": lambda members: list(map(from_value, members)),
    "SS": set,
    "NS": lambda members: set(map(int, members)),
}


def from_value(value: Mapping[str, Any]) -> Any:
    """Raises KeyError for a kind that the table does not use."""
    ((kind, content),) = value.items()
    return _KINDS[kind](content)
