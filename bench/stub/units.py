"""Write capacity units by DynamoDB's rules: one for each KB begun, twice as many in a transaction.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from base64 import b64decode
from collections.abc import Mapping
from math import ceil
from typing import Any

_KB = 1024
_NESTED = 3
"""Bytes that a map takes beside what is in it; each of its elements takes one more."""


def _size(value: Mapping[str, Any]) -> int:
    """Of an attribute's value, as DynamoDB counts it."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.lstrip("-")) // 2 + 2
        case "B":
            return len(b64decode(content))
        case "M":
            return _NESTED + sum(1 + len(name.encode()) + _size(it) for name, it in content.items())
        case _:
            return 1


def item_units(item: Mapping[str, Any]) -> int:
    return max(1, ceil(sum(len(name.encode()) + _size(value) for name, value in item.items()) / _KB))


def write_units(operation: str, asked: Mapping[str, Any]) -> int:
    """Of a call. What a call changes, removes or checks without putting it is taken for an item of less than a KB."""
    match operation:
        case "BatchWriteItem":
            requests = [it for requests in asked["RequestItems"].values() for it in requests]
            return sum(item_units(it["PutRequest"]["Item"]) if "PutRequest" in it else 1 for it in requests)
        case "PutItem":
            return item_units(asked["Item"])
        case "TransactWriteItems":
            return sum(2 * _action_units(action) for action in asked["TransactItems"])
        case _:
            return 0


def _action_units(action: Mapping[str, Any]) -> int:
    return item_units(action["Put"]["Item"]) if "Put" in action else 1
