"""A table in memory behind the methods of boto3's client: what AWS refuses is refused, also where an emulator does not.

One call at a time: the scheduler sees to that. ``disturb`` says which parts of a call are answered as if AWS were busy.
A transaction is made as a whole, but it need not be seen so: ``lagging`` has the items that readings still find as they
were. Writing one of those conflicts with the transaction.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.aws.errors import CONFLICT, EXCEPTIONS, SERVICE, invalid, refusal
from tests.aws.expressions import Parsed, Scope, check_use, parse_condition, parse_projection
from tests.aws.paginator import Paginator
from tests.aws.table import MemoryTable
from tests.aws.values import KEY_NAMES, Item, KeyPair, check_key, check_key_value, item_bytes
from tests.aws.writes import KINDS, Refused, Write

PAGE_BYTES = 1024 * 1024
TRANSACTION_BYTES = 4 * 1024 * 1024
TRANSACTION_ACTIONS = 100
BATCH_KEYS = 100

Disturb = Callable[[str, int], Mapping[int, str]]
"""The operation and how many parts it has → part → the code that it is answered with."""

_KEY_CONDITION = re.compile(
    r"\s*(?P<pk>\S+)\s*=\s*(?P<value>:\w+)"
    r"(\s+AND\s+(?P<sort>(?P<sk>[#\w]+)\s*(=|<|<=|>|>=|BETWEEN)\s*:\w+(\s+AND\s+:\w+)?|begins_with\(.*\)))?\s*"
)

_EVERYTHING = Parsed(lambda _: True, frozenset(), frozenset(), frozenset())
"""What a query without a filter leaves."""

_MEMBERS = {
    "GetItem": {"Key", "ConsistentRead"},
    "BatchGetItem": {"RequestItems"},
    "TransactGetItems": {"TransactItems"},
    "Scan": {"ConsistentRead", "ExclusiveStartKey"},
    "TransactWriteItems": {"TransactItems", "ClientRequestToken"},
}
_MEMBERS |= {
    "Query": {"KeyConditionExpression", "ConsistentRead", "ScanIndexForward", "Limit", "ProjectionExpression"}
    | {"ExclusiveStartKey", "ExpressionAttributeNames", "ExpressionAttributeValues", "FilterExpression"}
}
_WRITE = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues", "TableName"}
_WRITE |= {"ReturnValuesOnConditionCheckFailure"}
_ACTION_MEMBERS = {
    "Put": _WRITE | {"Item"},
    "Update": _WRITE | {"Key", "UpdateExpression"},
    "Delete": _WRITE | {"Key"},
    "ConditionCheck": _WRITE | {"Key"},
}
_MEMBERS |= {f"{kind}Item": members | {"ReturnValues"} for kind, members in _ACTION_MEMBERS.items()}


Weaken = Callable[[KeyPair, str], str]
"""The key of an item and a condition on it → the condition to check instead; an empty one is true."""


def _returned(wanted: str, old: Item | None, new: Item | None) -> Item | None:
    if wanted == "UPDATED_NEW":
        return {name: value for name, value in (new or {}).items() if (old or {}).get(name) != value}
    return {"NONE": None, "ALL_OLD": old, "ALL_NEW": new}[wanted]


def _cancelled(operation: str, reasons: Sequence[Mapping[str, Any]]) -> ClientError:
    message = f"Transaction cancelled, please refer cancellation reasons: {reasons}"
    return refusal("TransactionCanceledException", message, operation, CancellationReasons=reasons, Message=message)


def _check_consistent(request: Mapping[str, Any]) -> None:
    """Every reading of the protocol is strongly consistent: what an old one shows is not modelled."""
    if not request.get("ConsistentRead"):
        raise NotImplementedError("a reading without ConsistentRead")


@dataclass
class MemoryDynamoDB:
    """``whole`` checks every request against AWS's own description of it, which takes longer than the call itself."""

    table_name: str = "table"
    page_bytes: int = PAGE_BYTES
    whole: bool = False
    disturb: Disturb = lambda _operation, _parts: {}
    committed: Callable[[Mapping[KeyPair, Item | None]], None] = lambda _before: None
    """Called with the items that a transaction has changed, as they were, before it is answered."""
    lagging: dict[KeyPair, Item | None] = field(default_factory=dict)
    weaken: Weaken = lambda _key, condition: condition
    """Changes a condition, for tests that a test notices its absence."""
    exceptions: Any = EXCEPTIONS
    table: MemoryTable = field(default_factory=MemoryTable)
    _tokens: dict[str, Any] = field(default_factory=dict)

    # Reading

    def get_item(self, **request: Any) -> dict[str, Any]:
        self._check("GetItem", request)
        _check_consistent(request)
        key = check_key(request["Key"])
        self._disturb_whole("GetItem")
        item = self._seen(key)
        return {"Item": dict(item)} if item else {}

    def _seen(self, key: KeyPair) -> Item | None:
        return self.lagging[key] if key in self.lagging else self.table.get(key)

    def _seen_partition(self, pk: str) -> Sequence[tuple[KeyPair, Item]]:
        lagging = {key: item for key, item in self.lagging.items() if key.pk == pk}
        if not lagging:
            return self.table.partition(pk)
        seen = {**dict(self.table.partition(pk)), **lagging}
        return sorted((key, item) for key, item in seen.items() if item is not None)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self._check("BatchGetItem", request)
        ((name, wanted),) = request["RequestItems"].items()
        self._check_table(name)
        _check_consistent(wanted)
        if not wanted.keys() <= {"Keys", "ConsistentRead"}:
            raise NotImplementedError(sorted(wanted))
        keys = [check_key(key) for key in wanted["Keys"]]
        if not 1 <= len(keys) <= BATCH_KEYS:
            raise invalid("Too many items requested for the BatchGetItem call")
        if len(set(keys)) < len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        # In no order that a caller could rely on, and the same one for the same keys.
        keys.sort(reverse=True)
        left_out = self.disturb("BatchGetItem", len(keys)).keys()
        found = [self._seen(key) for position, key in enumerate(keys) if position not in left_out]
        unprocessed = [{"pk": {"S": keys[it].pk}, "sk": {"S": keys[it].sk}} for it in sorted(left_out)]
        return {
            "Responses": {name: [dict(item) for item in found if item]},
            "UnprocessedKeys": {name: {**wanted, "Keys": unprocessed}} if unprocessed else {},
        }

    def transact_get_items(self, **request: Any) -> dict[str, Any]:
        """All as of one moment: what a transaction is writing is not shown as it was, but refused."""
        operation = "TransactGetItems"
        self._check(operation, request)
        keys = self._checked_gets(request["TransactItems"])
        disturbed = self.disturb(operation, len(keys))
        codes = [
            disturbed.get(position, CONFLICT if key in self.lagging else "None") for position, key in enumerate(keys)
        ]
        if set(codes) != {"None"}:
            busy = {"Message": "Transaction is ongoing for the item"}
            raise _cancelled(operation, [{"Code": code, **({} if code == "None" else busy)} for code in codes])
        items = map(self.table.get, keys)
        return {"Responses": [{"Item": dict(item)} if item else {} for item in items]}

    def _checked_gets(self, gets: Sequence[Mapping[str, Any]]) -> list[KeyPair]:
        if not 1 <= len(gets) <= TRANSACTION_ACTIONS:
            raise invalid("Member must have length less than or equal to 100, and at least 1")
        keys = []
        for it in gets:
            if it.keys() != {"Get"} or it["Get"].keys() != {"TableName", "Key"}:
                raise NotImplementedError(sorted(it.get("Get", it)))
            self._check_table(it["Get"]["TableName"])
            keys.append(check_key(it["Get"]["Key"]))
        if len(set(keys)) < len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        return keys

    def query(self, **request: Any) -> dict[str, Any]:
        self._check("Query", request)
        _check_consistent(request)
        wanted = _KEY_CONDITION.fullmatch(request["KeyConditionExpression"])
        if wanted is None:
            raise invalid("Query key condition not supported")
        projection, aliases = (
            parse_projection(request["ProjectionExpression"])
            if "ProjectionExpression" in request
            else ((), frozenset())
        )
        parsed = parse_condition(request["KeyConditionExpression"])
        filtered = parse_condition(request["FilterExpression"]) if "FilterExpression" in request else _EVERYTHING
        check_use(request, parsed.names | filtered.names | aliases, parsed.values | filtered.values, expressions=True)
        names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]
        for name in {name for name in (wanted["pk"], wanted["sk"]) if name}:
            if names.get(name, name) != ("pk" if name == wanted["pk"] else "sk"):
                raise invalid("Query condition missed key schema element")
        if {names[name] for name in filtered.names} & set(KEY_NAMES):
            raise invalid("Filter Expression can only contain non-primary key attributes")
        pk = check_key_value("pk", values[wanted["value"]])
        for name in parsed.values - {wanted["value"]}:
            check_key_value("sk", values[name])
        self._disturb_whole("Query")
        found = [(key, item) for key, item in self._seen_partition(pk) if parsed.condition(Scope(item, names, values))]
        shown = {names.get(name, name) for name in projection}
        return self._page(request, found, shown, lambda item: filtered.condition(Scope(item, names, values)))

    def _page(
        self,
        request: Mapping[str, Any],
        found: Sequence[tuple[KeyPair, Item]],
        shown: set[str],
        is_wanted: Callable[[Item], bool] = lambda _: True,
    ) -> dict[str, Any]:
        forward = request.get("ScanIndexForward", True)
        if not forward:
            found = found[::-1]
        if start := request.get("ExclusiveStartKey"):
            after = check_key(start)
            found = [(key, item) for key, item in found if (key > after if forward else key < after)]
        limit = request.get("Limit", len(found) + 1)
        if limit < 1:
            raise invalid("Limit must be at least 1")
        examined: list[Item] = []
        size = 0
        last: KeyPair | None = None
        for key, item in found:
            size += item_bytes(item)
            if last and (len(examined) == limit or size > self.page_bytes):
                break
            examined.append(item)
            last = key
        else:
            # Also after the last item: that nothing follows is only known when it has been asked for.
            last = last if len(examined) == limit else None
        # The page is cut before: so it may have no items, and others follow all the same.
        items = [
            {name: value for name, value in item.items() if not shown or name in shown}
            for item in filter(is_wanted, examined)
        ]
        goes_on = {"LastEvaluatedKey": {"pk": {"S": last.pk}, "sk": {"S": last.sk}}} if last else {}
        return {"Items": items, "Count": len(items), "ScannedCount": len(examined), **goes_on}

    def scan(self, **request: Any) -> dict[str, Any]:
        self._check("Scan", request)
        found = list(self.table)
        return self._page(request, found, set())

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(getattr(self, operation), "LastEvaluatedKey", "ExclusiveStartKey")

    # Writing

    def update_item(self, **request: Any) -> dict[str, Any]:
        operation = "UpdateItem"
        self._check(operation, request)
        write = self._checked("Update", request)
        self._disturb_whole(operation)
        old = self.table.get(write.key)
        try:
            new = write.outcome(old)
        except Refused as refused:
            told = {"Item": refused.item} if refused.item else {}
            code = "ValidationException" if refused.code == "ValidationError" else refused.code
            raise refusal(code, refused.message, operation, **told) from refused
        self.table.set(write.key, new)
        returned = _returned(request.get("ReturnValues", "NONE"), old, new)
        return {"Attributes": dict(returned)} if returned else {}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self._check("TransactWriteItems", request)
        writes = self._checked_actions(request["TransactItems"])
        token = request.get("ClientRequestToken")
        if token is not None and token in self._tokens:
            if self._tokens[token] != request["TransactItems"]:
                raise refusal("IdempotentParameterMismatchException", "the token has been used for another request")
            return {}
        disturbed = self.disturb("TransactWriteItems", len(writes))
        outcomes: list[Item | None] = []
        reasons: list[dict[str, Any]] = []
        for position, write in enumerate(writes):
            reason: dict[str, Any] = {"Code": "None"}
            try:
                if position in disturbed or write.key in self.lagging:
                    code = disturbed.get(position, CONFLICT)
                    raise Refused(code, "Transaction is ongoing for the item")  # noqa: TRY301
                outcomes.append(write.outcome(self.table.get(write.key)))
            except Refused as refused:
                reason = refused.reason
            reasons.append(reason)
        if len(outcomes) < len(writes):
            raise _cancelled("TransactWriteItems", reasons)
        before = {write.key: self.table.get(write.key) for write in writes if write.kind != "ConditionCheck"}
        for write, outcome in zip(writes, outcomes, strict=True):
            self.table.set(write.key, outcome)
        if token is not None:
            self._tokens[token] = request["TransactItems"]
        self.committed(before)
        return {}

    def _checked(self, kind: str, request: Mapping[str, Any]) -> Write:
        write = Write.checked(kind, request)
        return replace(write, condition=(write.condition and self.weaken(write.key, write.condition)) or None)

    def _checked_actions(self, actions: Sequence[Mapping[str, Any]]) -> list[Write]:
        if not 1 <= len(actions) <= TRANSACTION_ACTIONS:
            raise invalid("Member must have length less than or equal to 100, and at least 1")
        writes = []
        for action in actions:
            ((kind, request),) = action.items()
            if kind not in KINDS or not request.keys() <= _ACTION_MEMBERS[kind]:
                raise NotImplementedError(sorted(request))
            self._check_table(request["TableName"])
            writes.append(self._checked(kind, request))
        if len({write.key for write in writes}) < len(writes):
            raise invalid("Transaction request cannot include multiple operations on one item")
        if sum(item_bytes(write.request["Item"]) for write in writes if write.kind == "Put") > TRANSACTION_BYTES:
            raise invalid("Collective size of items in transaction exceeds 4 MB")
        return writes

    # For all calls

    def _check(self, operation: str, request: Mapping[str, Any]) -> None:
        if not request.keys() <= _MEMBERS[operation] | {"TableName"}:
            raise NotImplementedError(f"{operation}: {sorted(request)}")
        if "TableName" in request:
            self._check_table(request["TableName"])
        if self.whole:
            report = ParamValidator().validate(dict(request), SERVICE.operation_model(operation).input_shape)
            if report.has_errors():
                raise invalid(report.generate_report())

    def _check_table(self, name: str) -> None:
        if name != self.table_name:
            raise refusal("ResourceNotFoundException", f"Requested resource not found: Table: {name}")

    def _disturb_whole(self, operation: str) -> None:
        for code in self.disturb(operation, 1).values():
            raise refusal(code, "The service is busy", operation)
