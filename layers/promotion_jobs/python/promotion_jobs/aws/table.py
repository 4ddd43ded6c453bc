"""The table as Python sees it: items are plain dictionaries, and a transaction says which of its conditions lost."""

import re
import time
from base64 import b64decode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import randbits
from typing import TYPE_CHECKING, Any

from promotion_jobs.aws.keys import Key, Range
from promotion_jobs.aws.pressure import unless_busy
from promotion_jobs.errors import StoreBusy
from promotion_jobs.limits import LONGEST_STORE_WAIT, STORE_ATTEMPTS
from promotion_jobs.measures import Measure, Meter, unmeasured

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Item = dict[str, Any]
Action = dict[str, Any]
"""One of the writes of a transaction."""


TRANSACTION_ACTIONS = 100
BATCH_KEYS = 100
"""The most of one call."""

_JITTER_BITS = 32

_ALIAS = re.compile(r"#(\w+)")
_CONDITION_LOST = "ConditionalCheckFailed"
TRANSIENT = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)
"""Reasons that say nothing about a condition: asking again may well succeed."""


class ConditionLost(Exception):
    """A transaction was refused by its conditions, and nothing was written.

    ``lost`` has an entry for each action whose condition was false: its position → the item as it stands.
    """

    def __init__(self, lost: Mapping[int, Item]) -> None:
        super().__init__(sorted(lost))
        self.lost = lost


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits with full jitter between attempts. ``bits`` gives as many random bits as it is asked for."""

    sleep: Callable[[float], None] = time.sleep
    bits: Callable[[int], int] = randbits
    meter: Meter = unmeasured

    def wait(self, attempt: int) -> None:
        """Wait after the failed attempt of that number, counted from 0. Raises StoreBusy after the last."""
        self.meter(Measure.STORE_RETRIES)
        if attempt + 1 >= STORE_ATTEMPTS:
            raise StoreBusy
        longest = min(LONGEST_STORE_WAIT, timedelta(milliseconds=25 * 2**attempt))
        self.sleep(longest.total_seconds() * self.bits(_JITTER_BITS) / 2**_JITTER_BITS)


def to_value(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind
    """A value as DynamoDB has it, of the kinds that this table uses. Raises TypeError for any other.

    boto3 has the same, with every kind and through its resource layer, which takes a third of a cold start to load.
    """
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
    # Of a page of a Query as it came (clients.py), of an item by itself as botocore has it.
    "B": lambda content: b64decode(content) if isinstance(content, str) else bytes(content),
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


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """As DynamoDB wants it; values that are None are left out."""
    return {name: to_value(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Item:
    found: Item = {}
    # A loop takes two thirds of the time of calling `from_value`, and lists read hundreds of thousands of values.
    for name, value in item.items():
        for kind, content in value.items():
            found[name] = _KINDS[kind](content)
    return found


def _condition(condition: str, values: Mapping[str, Any], update: str = "") -> dict[str, Any]:
    """The condition of an action, with the names and values of its expressions.

    Attributes are written ``#name`` in all of them, since a good part of the names are reserved words.
    """
    names = {f"#{name}": name for name in _ALIAS.findall(f"{update} {condition}")}
    conditional = {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return {
        **(conditional if condition else {}),
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": {f":{name}": to_value(it) for name, it in values.items()}} if values else {}),
    }


@dataclass(frozen=True, slots=True)
class Table:
    """Every call raises StoreBusy if the table throttles it, fails, or does not answer."""

    client: "DynamoDBClient"
    name: str
    backoff: Backoff = Backoff()

    def get(self, key: Key) -> Item | None:
        with unless_busy():
            answer = self.client.get_item(TableName=self.name, Key=to_item(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def get_all(self, keys: Collection[Key]) -> list[Item]:
        """The items that exist of different keys, in no order."""
        wanted = [to_item(key) for key in keys]
        firsts = range(0, len(wanted), BATCH_KEYS)
        return [item for first in firsts for item in self._get_batch(wanted[first : first + BATCH_KEYS])]

    def _get_batch(self, wanted: Sequence[Any]) -> list[Item]:
        items: list[Item] = []
        attempt = 0
        while wanted:
            with unless_busy():
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}})
            items += map(from_item, answer["Responses"].get(self.name, []))
            unprocessed = answer["UnprocessedKeys"].get(self.name)
            wanted = unprocessed["Keys"] if unprocessed else []
            if wanted:
                self.backoff.wait(attempt)
                attempt += 1
        return items

    def get_at_once(self, *keys: Key) -> list[Item | None]:
        """The items of the keys, in their order, all as they were at one moment. Raises StoreBusy."""
        gets: list[Any] = [{"Get": {"TableName": self.name, "Key": to_item(key)}} for key in keys]
        attempt = 0
        while True:
            try:
                with unless_busy():
                    answer = self.client.transact_get_items(TransactItems=gets)
            except self.client.exceptions.TransactionCanceledException as error:
                if not any(reason.get("Code") in TRANSIENT for reason in error.response["CancellationReasons"]):
                    raise
                self.backoff.wait(attempt)
                attempt += 1
            else:
                return [from_item(it["Item"]) if it.get("Item") else None for it in answer["Responses"]]

    def query(
        self,
        keys: Range,
        first_page: int | None = None,
        only: Mapping[str, Any] | None = None,
        attributes: Sequence[str] = (),
        **options: Any,
    ) -> Iterator[Item]:
        """The items of a range in the order of their sort keys; pages are fetched as they are needed.

        ``first_page`` is how many items will likely do; each page after it may be eight times as long. With ``only``,
        those whose attributes have these values: the others are read, but do not come here; with ``attributes``, these
        of each item alone. Other options go to Query as they are.
        """
        values, condition = {":pk": keys.pk}, "pk = :pk"
        if keys.first is not None and keys.last is not None:
            values |= {":first": keys.first, ":last": keys.last}
            condition += " AND sk BETWEEN :first AND :last"
        if only:
            values |= {f":{name}": value for name, value in only.items()}
            options["FilterExpression"] = " AND ".join(f"#{name} = :{name}" for name in only)
        if attributes:
            options["ProjectionExpression"] = ",".join(f"#{name}" for name in attributes)
        if named := {*(only or ()), *attributes}:
            options["ExpressionAttributeNames"] = {f"#{name}": name for name in named}
        start: dict[str, Any] = {}
        limit: dict[str, Any] = {"Limit": first_page} if first_page else {}
        while True:
            with unless_busy():
                answer = self.client.query(
                    TableName=self.name,
                    ConsistentRead=True,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                    **options,
                    **start,
                    **limit,
                )
            yield from map(from_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
            limit = {name: 8 * items for name, items in limit.items()}

    def put(self, key: Key, values: Mapping[str, Any]) -> Action:
        """The action that adds an item if there is none under its key."""
        return {
            "Put": {
                "TableName": self.name,
                "Item": to_item({**key, **values}),
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def replace(self, key: Key, values: Mapping[str, Any]) -> Action:
        """The action that puts an item whatever is under its key; the caller says why it may."""
        return {"Put": {"TableName": self.name, "Item": to_item({**key, **values})}}

    def update(self, key: Key, update: str, condition: str, **values: Any) -> Action:
        """The action that changes an item where ``condition`` holds; each value stands for ``:its_name``.

        An empty condition always holds; who passes one says why it may.
        """
        return {
            "Update": {
                "TableName": self.name,
                "Key": to_item(key),
                "UpdateExpression": update,
                **_condition(condition, values, update),
            }
        }

    def change(self, key: Key, update: str, condition: str, **values: Any) -> bool:
        """Change one item, and say whether ``condition`` held. Unlike transactions, many at once never conflict.

        The change may be made twice, where the answer to the first is lost.
        """
        try:
            with unless_busy():
                self.client.update_item(**self.update(key, update, condition, **values)["Update"])
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def check(self, key: Key, condition: str, **values: Any) -> Action:
        """The action that writes nothing, but lets none of the others be made where the condition does not hold."""
        return {"ConditionCheck": {"TableName": self.name, "Key": to_item(key), **_condition(condition, values)}}

    def delete(self, key: Key, condition: str = "", **values: Any) -> Action:
        """The action that removes an item; without a condition also one that is not there, which is as well."""
        return {"Delete": {"TableName": self.name, "Key": to_item(key), **_condition(condition, values)}}

    def transact(self, *actions: Action) -> None:
        """All of the actions or none. Raises ConditionLost, and StoreBusy after the last attempt."""
        attempt = 0
        while True:
            try:
                with unless_busy():
                    self.client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = error.response["CancellationReasons"]
                # A conflict says nothing about the conditions beside it; a lost condition stands whatever is beside it.
                lost = {
                    position: from_item(reason.get("Item", {}))
                    for position, reason in enumerate(reasons)
                    if reason.get("Code") == _CONDITION_LOST
                }
                if lost:
                    raise ConditionLost(lost) from error
                if not any(reason.get("Code") in TRANSIENT for reason in reasons):
                    raise
                self.backoff.wait(attempt)
                attempt += 1
            else:
                return

    def remove_all(self, range_: Range) -> None:
        """Remove every item of a range to which only the caller writes: without conditions, and not all at once."""
        found = [{"pk": item["pk"], "sk": item["sk"]} for item in self.query(range_)]
        for first in range(0, len(found), TRANSACTION_ACTIONS):
            self.transact(*(self.delete(key) for key in found[first : first + TRANSACTION_ACTIONS]))  # type: ignore[arg-type]
