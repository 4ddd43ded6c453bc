"""Attribute values as the client sends them: which are allowed, how they compare and how large they are."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from tests.aws.errors import invalid

Value = Mapping[str, Any]
"""A type and what it holds: ``{"S": "text"}``."""

Item = dict[str, Value]

KEY_NAMES = ("pk", "sk")
_KEY_BYTES = {"pk": 2048, "sk": 1024}
ITEM_BYTES = 400 * 1024

_DIGITS = 38
_SCALARS = {"S": str, "N": str, "B": bytes, "BOOL": bool, "NULL": bool}
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


class KeyPair(NamedTuple):
    pk: str
    sk: str


def content(value: Value) -> tuple[str, Any]:
    (kind,) = value
    return kind, value[kind]


def check_value(value: Value) -> None:
    """Refuse what is no attribute value, and the empty or repeating sets that DynamoDB refuses."""
    if len(value) != 1:
        raise invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one")
    kind, held = content(value)
    if kind == "N" and isinstance(held, str):
        _check_number(held)
    elif kind in _SCALARS:
        if not isinstance(held, _SCALARS[kind]):
            raise invalid(f"a value of type {kind} cannot be {held!r}")
    elif kind in _SETS:
        _check_set(_SETS[kind], held)
    elif kind in {"L", "M"}:
        for member in held.values() if kind == "M" else held:
            check_value(member)
    else:
        raise invalid(f"there is no type {kind}")


def _check_set(member_kind: str, held: Any) -> None:
    if not held:
        raise invalid("An empty set was supplied")
    for member in held:
        check_value({member_kind: member})
    if len({comparable({member_kind: member}) for member in held}) < len(held):
        raise invalid("Input collection contains duplicates")


def _check_number(text: str) -> None:
    if text.isdecimal() and len(text) <= _DIGITS:
        return
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}") from error
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > _DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")


def comparable(value: Value) -> Any:
    """A form by which values are compared: equal values have equal forms, also if sets differ in their order."""
    kind, held = content(value)
    if kind == "N":
        return kind, Decimal(held)
    if kind in _SETS:
        return kind, frozenset(comparable({_SETS[kind]: member}) for member in held)
    if kind == "L":
        return kind, tuple(map(comparable, held))
    if kind == "M":
        return kind, frozenset((name, comparable(member)) for name, member in held.items())
    return kind, held


def members(value: Value) -> tuple[str, list[Any]] | None:
    """The members of a set and their type; None for any other value."""
    kind, held = content(value)
    return (_SETS[kind], list(held)) if kind in _SETS else None


def value_bytes(value: Value) -> int:
    kind, held = content(value)
    if kind in _SETS:
        return sum(value_bytes({_SETS[kind]: member}) for member in held)
    match kind:
        case "S":
            return len(held) if held.isascii() else len(held.encode())
        case "N":
            return len(held.strip("-").replace(".", "")) // 2 + 2
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_bytes(member) for name, member in held.items())
        case "L":
            return 3 + sum(1 + value_bytes(member) for member in held)
    return len(held) if kind == "B" else 1


def item_bytes(item: Mapping[str, Value]) -> int:
    return sum(len(name) + value_bytes(value) for name, value in item.items())


def check_item(item: Mapping[str, Value]) -> KeyPair:
    """Refuse an item that DynamoDB refuses, and return its key."""
    for value in item.values():
        check_value(value)
    if item_bytes(item) > ITEM_BYTES:
        raise invalid("Item size has exceeded the maximum allowed size")
    return _key(item)


def check_key(key: Mapping[str, Value]) -> KeyPair:
    """Refuse what is no whole key, or more than a key."""
    if set(key) != set(KEY_NAMES):
        raise invalid("The provided key element does not match the schema")
    return _key(key)


def _key(item: Mapping[str, Value]) -> KeyPair:
    return KeyPair(check_key_value("pk", item.get("pk", {})), check_key_value("sk", item.get("sk", {})))


def check_key_value(name: str, value: Value) -> str:
    held = value.get("S")
    if not isinstance(held, str) or len(value) != 1:
        raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name}")
    if not held:
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty string value. Key: {name}"
        )
    if len(held.encode()) > _KEY_BYTES[name]:
        raise invalid(
            f"One or more parameter values were invalid: Size of {name} has exceeded {_KEY_BYTES[name]} bytes"
        )
    return held
