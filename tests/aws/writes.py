"""One write of an item, alone or as an action of a transaction: checked first, then made or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.aws.errors import CONDITION_LOST, invalid
from tests.aws.expressions import check_order, check_use, holds, parse_condition
from tests.aws.updates import FalseUpdate, check_update, parse_update, updated
from tests.aws.values import ITEM_BYTES, Item, KeyPair, check_item, check_key, check_value, item_bytes

KINDS = ("Put", "Update", "Delete", "ConditionCheck")


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The write is not made; ``code`` as in the reasons of a transaction, ``item`` if it is to be told."""

    code: str
    message: str
    item: Item | None = None

    @property
    def reason(self) -> dict[str, Any]:
        return {"Code": self.code, "Message": self.message, **({"Item": self.item} if self.item else {})}


@dataclass(frozen=True, slots=True)
class Write:
    kind: str
    key: KeyPair
    request: Mapping[str, Any]
    condition: str | None

    @classmethod
    def checked(cls, kind: str, request: Mapping[str, Any]) -> "Write":
        """Raises the client's ValidationException for a request that AWS would not even try."""
        key = check_item(request["Item"]) if kind == "Put" else check_key(request["Key"])
        condition, update = request.get("ConditionExpression"), request.get("UpdateExpression")
        if kind == "ConditionCheck" and condition is None:
            raise invalid("a ConditionCheck needs a ConditionExpression")
        names: frozenset[str] = frozenset()
        values: frozenset[str] = frozenset()
        if condition is not None:
            parsed = parse_condition(condition)
            names, values = names | parsed.names, values | parsed.values
        if update is not None:
            parsed_update = parse_update(update)
            names, values = names | parsed_update.names, values | parsed_update.values
        check_use(request, names, values, expressions=condition is not None or update is not None)
        for value in request.get("ExpressionAttributeValues", {}).values():
            check_value(value)
        if condition is not None:
            check_order(condition, request.get("ExpressionAttributeValues", {}))
        if update is not None:
            check_update(update, request.get("ExpressionAttributeNames", {}))
        return cls(kind, key, request, condition)

    def outcome(self, current: Item | None) -> Item | None:
        """The item as it is to be, None for none. Raises Refused."""
        if self.condition is not None and not holds(self.condition, current, self.request):
            tell = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise Refused(CONDITION_LOST, "The conditional request failed", current if tell else None)
        match self.kind:
            case "Put":
                return dict(self.request["Item"])
            case "Update":
                return self._updated(current)
            case "Delete":
                return None
        return current

    def _updated(self, current: Item | None) -> Item:
        try:
            key = dict(self.request["Key"])
            new = (
                updated(self.request.get("UpdateExpression", ""), key, current, self.request)
                if self.has_update
                else key
            )
        except FalseUpdate as error:
            raise Refused("ValidationError", str(error)) from error
        if item_bytes(new) > ITEM_BYTES:
            raise Refused("ValidationError", "Item size to update has exceeded the maximum allowed size")
        return new

    @property
    def has_update(self) -> bool:
        return "UpdateExpression" in self.request
