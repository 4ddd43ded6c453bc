"""The stand-in for DynamoDB answers as the emulator does wherever the emulator answers as AWS does."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promotion_jobs.aws.table import from_item, to_item
from tests.aws.values import Item, KeyPair
from tests.simulation.conformance import KEY, Bench

LOST = "ConditionalCheckFailed"
INVALID = "ValidationException"


@pytest.fixture(params=["memory", "emulator"])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "memory":
        return Bench.in_memory()
    return Bench.on(request.getfixturevalue("emulator"))


@pytest.fixture
def memory() -> Bench:
    return Bench.in_memory()


ITEM: dict[str, Any] = {"status": "open", "room": 7, "flag": False, "set": {"x", "y"}}

CONDITIONS = {
    "attribute_exists(pk)": (True, False),
    "attribute_not_exists(pk)": (False, True),
    "attribute_not_exists(#gone)": (True, True),
    "#status = :open": (True, False),
    "#status <> :open": (False, True),
    "#gone = :open": (False, False),
    "#room >= :seven": (True, False),
    "#room < :seven": (False, False),
    "#room < :text": (False, False),
    "#flag = :false": (True, False),
    "#room BETWEEN :one AND :seven": (True, False),
    "#status IN (:open, :text)": (True, False),
    "contains(#set, :x)": (True, False),
    "contains(#status, :x)": (False, False),
    "begins_with(#status, :o)": (True, False),
    "size(#set) = :two": (True, False),
    "NOT #status = :open": (False, True),
    "#status = :text OR #room = :seven": (True, False),
    "#status = :text OR #room = :seven AND #flag = :true": (False, False),
    "(#status = :text OR #room = :seven) AND #flag = :false": (True, False),
    "attribute_not_exists(pk) OR #status = :open OR #status = :text": (True, True),
}
VALUES = {
    "open": "open",
    "seven": 7,
    "one": 1,
    "two": 2,
    "text": "text",
    "false": False,
    "true": True,
    "x": "x",
    "o": "o",
}


@pytest.mark.parametrize("present", [True, False], ids=["present", "absent"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_holds_or_not(bench: Bench, condition: str, *, present: bool) -> None:
    if present:
        bench.add(**ITEM)
    used: Any = {name: VALUES[name] for name in re.findall(r":(\w+)", condition)}
    names = " ".join(set(re.findall(r"#(\w+)", condition)))
    action = bench.action(
        "ConditionCheck",
        names=names,
        ConditionExpression=condition,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
        **used,
    )
    holds = CONDITIONS[condition][0 if present else 1]
    found = {**KEY, **ITEM} if present else None
    assert bench.transact(action) == ([] if holds else [(LOST, found)])


UPDATES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "SET #a = :v": ({}, {"v": 1}, {"a": 1}),
    "SET #a = #a + :v, #b = :w": ({"a": 1}, {"v": 2, "w": "x"}, {"a": 3, "b": "x"}),
    "SET #a = #a - :v": ({"a": 1}, {"v": 2}, {"a": -1}),
    "SET #a = #b, #b = #a": ({"a": 1, "b": 2}, {}, {"a": 2, "b": 1}),
    "SET #a = if_not_exists(#a, :v) + :w": ({}, {"v": 5, "w": 1}, {"a": 6}),
    "REMOVE #a": ({"a": 1, "b": 2}, {}, {"b": 2}),
    "SET #b = :v REMOVE #a": ({"a": 1, "b": 2}, {"v": 3}, {"b": 3}),
    "SET #b = :v ADD #a :w": ({}, {"v": 3, "w": 1}, {"b": 3, "a": 1}),
    "ADD #a :v": ({"a": 1}, {"v": 2}, {"a": 3}),
    "ADD #a :set": ({"a": {"x"}}, {"set": {"x", "y"}}, {"a": {"x", "y"}}),
    "ADD #b :set": ({"a": 1}, {"set": {4, 5}}, {"a": 1, "b": {4, 5}}),
    "DELETE #a :set": ({"a": {"x", "y"}}, {"set": {"y", "z"}}, {"a": {"x"}}),
    "DELETE #b :set": ({"b": {"y"}}, {"set": {"y", "z"}}, {}),
}


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_changes_what_it_says(bench: Bench, update: str) -> None:
    before, values, after = UPDATES[update]
    bench.add(**before)
    names = " ".join(name for name in "ab" if f"#{name}" in update)
    assert bench.transact(bench.action("Update", names=names, UpdateExpression=update, **values)) == []
    assert bench.get() == after


def test_an_update_makes_an_item_where_there_is_none(bench: Bench) -> None:
    assert bench.transact(bench.action("Update", names="a", UpdateExpression="SET #a = :v", v=1)) == []
    assert bench.get() == {"a": 1}


def test_a_calculation_with_what_is_not_there_cancels_the_transaction(bench: Bench) -> None:
    bench.add(b=1)
    update = bench.action("Update", names="a", UpdateExpression="SET #a = #a + :v", v=1)
    # The emulator has no reasons here.
    assert bench.transact(update) in ([("ValidationError", None)], INVALID)
    assert bench.get() == {"b": 1}


def test_of_a_transaction_all_is_written_or_nothing_and_each_reason_is_told(bench: Bench) -> None:
    bench.add(a=1)
    lost = {"ConditionExpression": "#a = :v", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    reasons = bench.transact(
        bench.action("Update", "2", names="a", UpdateExpression="SET #a = :v", v=5),
        bench.action("Delete", names="a", **lost, v=2),
        bench.action("ConditionCheck", "3", names="a", **lost, v=2),
        bench.action("Delete", "4"),
    )
    assert reasons == [("None", None), (LOST, {**KEY, "a": 1}), (LOST, None), ("None", None)]
    assert (bench.get(), bench.get("2")) == ({"a": 1}, None)


def test_a_lost_condition_tells_no_item_unless_asked(bench: Bench) -> None:
    bench.add(a=1)
    assert bench.transact(bench.action("Delete", ConditionExpression="attribute_not_exists(pk)")) == [(LOST, None)]


def test_a_put_replaces_the_whole_item(bench: Bench) -> None:
    bench.add(a=1)
    bench.add(b=2)
    assert bench.get() == {"b": 2}


def test_a_delete_without_condition_may_find_nothing(bench: Bench) -> None:
    assert bench.transact(bench.action("Delete")) == []


def test_a_repeated_request_with_its_token_is_done_once(bench: Bench) -> None:
    add = bench.action("Update", names="a", UpdateExpression="ADD #a :v", v=1)
    for _ in range(2):
        assert bench.transact(add, ClientRequestToken="token") == []
    assert bench.get() == {"a": 1}
    other = bench.action("Update", names="a", UpdateExpression="ADD #a :v", v=2)
    assert bench.transact(other, ClientRequestToken="token") == "IdempotentParameterMismatchException"


def test_an_update_returns_what_it_changed(bench: Bench) -> None:
    bench.add(a=1, b=1)
    update = bench.action("Update", names="a", UpdateExpression="ADD #a :v", v=1)["Update"]
    assert from_item(bench.client.update_item(**update, ReturnValues="UPDATED_NEW")["Attributes"]) == {"a": 2}
    lost = bench.action("Update", "2", names="a", UpdateExpression="ADD #a :v", v=1)["Update"]
    with pytest.raises(bench.client.exceptions.ConditionalCheckFailedException):
        bench.client.update_item(**lost, ConditionExpression="attribute_exists(pk)")


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "an unused name": ("Update", {"UpdateExpression": "SET #a = :v", "names": "a b", "v": 1}),
    "an unused value": ("Update", {"UpdateExpression": "SET #a = :v", "names": "a", "v": 1, "w": 2}),
    "an undefined value": ("Update", {"UpdateExpression": "SET #a = :v", "names": "a"}),
    "an undefined name": ("Update", {"UpdateExpression": "SET #a = :v", "v": 1}),
    "a condition that is no condition": ("Delete", {"ConditionExpression": "#a", "names": "a"}),
    "an unknown operator": ("Delete", {"ConditionExpression": "#a == :v", "names": "a", "v": 1}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_action_is_refused_with(bench: Bench, what: str) -> None:
    kind, request = REFUSED[what]
    assert bench.transact(bench.action(kind, **request)) == INVALID


STRICTER: dict[str, tuple[str, dict[str, Any]]] = {
    "a reserved word": ("Update", {"UpdateExpression": "SET status = :v", "v": 1}),
    "a change of the key": ("Update", {"UpdateExpression": "SET sk = :v", "v": "2"}),
    "an attribute changed twice": ("Update", {"UpdateExpression": "SET #a = :v REMOVE #a", "names": "a", "v": 1}),
    "a clause written twice": ("Update", {"UpdateExpression": "SET #a = :v SET #b = :v", "names": "a b", "v": 1}),
    "a sum": ("Delete", {"ConditionExpression": "#a + :v > :v", "names": "a", "v": 1}),
    "a difference": ("Delete", {"ConditionExpression": "#a - :v > :w", "names": "a", "v": 1, "w": 2}),
    "a difference on the right": ("Delete", {"ConditionExpression": "#a > #b - :v", "names": "a b", "v": 1}),
    "a bare reserved word": ("Delete", {"ConditionExpression": "status = :v", "v": 1}),
    "an order of what has none": ("Delete", {"ConditionExpression": "#a > :v", "names": "a", "v": True}),
    "twice the same operand": ("Delete", {"ConditionExpression": "#a = #a", "names": "a"}),
    "too many parentheses": ("Delete", {"ConditionExpression": "((#a = :v))", "names": "a", "v": 1}),
    "a text added": ("Update", {"UpdateExpression": "ADD #a :v", "names": "a", "v": "x"}),
}


@pytest.mark.parametrize("what", STRICTER)
def test_aws_and_the_stand_in_also_refuse(memory: Bench, what: str) -> None:
    kind, request = STRICTER[what]
    assert memory.transact(memory.action(kind, **request)) == INVALID


def test_a_transaction_has_at_most_100_actions_on_different_items(bench: Bench) -> None:
    many = [bench.action("Delete", str(number)) for number in range(101)]
    assert bench.transact(*many[:100]) == []
    assert bench.transact(*many) == INVALID
    assert bench.transact(many[0], many[0]) == INVALID


@pytest.mark.parametrize("key", [{"pk": "", "sk": "1"}, {"pk": "a", "sk": ""}, {"pk": "a"}, {**KEY, "other": "x"}])
def test_a_key_is_whole_and_not_empty(bench: Bench, key: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=INVALID):
        bench.client.get_item(TableName=bench.table, Key=to_item(key), ConsistentRead=True)


@pytest.mark.parametrize(("name", "length"), [("pk", 2048), ("sk", 1024)])
def test_a_key_has_so_many_bytes_at_most(memory: Bench, name: str, length: int) -> None:
    assert memory.transact(memory.put(**{name: "x" * length})) == []
    assert memory.transact(memory.put(**{name: "x" * (length + 1)})) == INVALID
    assert memory.transact(memory.put(**{name: "ü" * (length // 2 + 1)})) == INVALID


def test_an_item_has_at_most_400_kb(bench: Bench) -> None:
    overhead = len("pk") + len("a") + len("sk") + len("1") + len("x")
    assert bench.transact(bench.put(x="x" * (400 * 1024 - overhead))) == []
    assert bench.transact(bench.put(x="x" * (400 * 1024 - overhead + 1))) == INVALID


def test_an_update_cannot_make_an_item_too_large(memory: Bench) -> None:
    memory.add(x="x" * 300_000)
    update = memory.action("Update", names="y", UpdateExpression="SET #y = :y", y="y" * 200_000)
    assert memory.transact(update) == [("ValidationError", None)]


def _sort_keys(answer: Any) -> list[str]:
    return [from_item(item)["sk"] for item in answer["Items"]]


def test_a_query_finds_a_partition_in_the_order_of_its_sort_keys(bench: Bench) -> None:
    for sk in ("b", "a", "B", "ü", "~", "10", "9"):
        bench.add(sk=sk)
    bench.add(pk="other")
    everything = ["10", "9", "B", "a", "b", "~", "ü"]
    assert _sort_keys(bench.query()) == everything
    assert _sort_keys(bench.query(ScanIndexForward=False)) == everything[::-1]
    between = "pk = :pk AND sk BETWEEN :first AND :last"
    assert _sort_keys(bench.query(between, {":first": "9", ":last": "b"})) == ["9", "B", "a", "b"]


def test_a_query_goes_on_where_its_page_ended(bench: Bench) -> None:
    for number in range(5):
        bench.add(sk=str(number))
    first = bench.query(Limit=2)
    assert (_sort_keys(first), from_item(first["LastEvaluatedKey"])) == (["0", "1"], {"pk": "a", "sk": "1"})
    second = bench.query(ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (_sort_keys(second), "LastEvaluatedKey" in second) == (["2", "3", "4"], False)
    backward = bench.query(Limit=2, ScanIndexForward=False, ExclusiveStartKey=to_item({"pk": "a", "sk": "3"}))
    assert _sort_keys(backward) == ["2", "1"]


def test_a_query_returns_at_most_1_mb(bench: Bench) -> None:
    for number in range(4):
        bench.add(sk=str(number), x="x" * 390_000)
    first = bench.query()
    assert _sort_keys(first) == ["0", "1"]
    assert _sort_keys(bench.query(ExclusiveStartKey=first["LastEvaluatedKey"])) == ["2", "3"]


def test_a_query_shows_what_is_asked_for(bench: Bench) -> None:
    bench.add(a=1, b=2)
    assert list(map(from_item, bench.query(ProjectionExpression="sk, a")["Items"])) == [{"sk": "1", "a": 1}]


def test_a_page_that_is_just_full_says_that_more_may_follow(memory: Bench) -> None:
    memory.add()
    assert "LastEvaluatedKey" in memory.query(Limit=1)


def test_a_filter_leaves_items_out_after_the_page_was_cut(bench: Bench) -> None:
    for number in range(5):
        bench.add(sk=str(number), a=number % 2)
    odd: dict[str, Any] = {"FilterExpression": "#a = :odd", "ExpressionAttributeNames": {"#a": "a"}}
    whole = bench.query(values={":odd": 1}, **odd)
    assert (_sort_keys(whole), whole["Count"], whole["ScannedCount"]) == (["1", "3"], 2, 5)
    assert "LastEvaluatedKey" not in whole
    cut = bench.query(values={":odd": 1}, Limit=1, **odd)
    assert (cut["Items"], cut["Count"], cut["ScannedCount"]) == ([], 0, 1)
    assert from_item(cut["LastEvaluatedKey"]) == {"pk": "a", "sk": "0"}
    rest = bench.query(values={":odd": 1}, Limit=3, ExclusiveStartKey=cut["LastEvaluatedKey"], **odd)
    assert (_sort_keys(rest), rest["ScannedCount"], from_item(rest["LastEvaluatedKey"])["sk"]) == (["1", "3"], 3, "3")


def test_a_filter_names_no_key(memory: Bench) -> None:
    with pytest.raises(ClientError, match=INVALID):
        memory.query(values={":v": "1"}, FilterExpression="#sk = :v", ExpressionAttributeNames={"#sk": "sk"})


def test_items_are_read_at_once_in_the_order_of_their_keys(bench: Bench) -> None:
    bench.add(sk="1", a=1)
    bench.add(sk="3", a=3)
    found = [{"pk": "a", "sk": sk, "a": int(sk)} for sk in ("3", "1")]
    assert bench.get_at_once("3", "2", "1") == [found[0], None, found[1]]


def test_at_most_100_different_items_are_read_at_once(bench: Bench) -> None:
    assert bench.get_at_once(*map(str, range(100))) == [None] * 100
    assert bench.get_at_once(*map(str, range(101))) == (INVALID, [])
    assert bench.get_at_once("1", "1") == (INVALID, [])


def _batch_get(bench: Bench, *sort_keys: str) -> Any:
    keys = [to_item({"pk": "a", "sk": sk}) for sk in sort_keys]
    return bench.client.batch_get_item(RequestItems={bench.table: {"Keys": keys, "ConsistentRead": True}})


def test_a_batch_of_keys_finds_those_that_are_there(bench: Bench) -> None:
    bench.add(sk="1")
    bench.add(sk="3")
    answer = _batch_get(bench, "1", "2", "3")
    assert sorted(from_item(item)["sk"] for item in answer["Responses"][bench.table]) == ["1", "3"]
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_of_keys_has_at_most_100_and_none_twice(bench: Bench) -> None:
    _batch_get(bench, *map(str, range(100)))
    with pytest.raises(ClientError, match=INVALID):
        _batch_get(bench, *map(str, range(101)))
    with pytest.raises(ClientError, match=INVALID):
        _batch_get(bench, "1", "1")


def test_what_lags_behind_a_transaction_is_seen_as_it_was_and_cannot_be_written(memory: Bench) -> None:
    """As AWS says of readings that are no transaction; the emulator shows transactions whole."""
    seen: list[Any] = []

    def look(before: Mapping[KeyPair, Item | None]) -> None:
        memory.client.lagging = dict(before)
        memory.client.committed = lambda _: None
        seen.extend([memory.get("1"), memory.get("2"), memory.query()["Items"], memory.transact(memory.put(a=2))])
        seen.append(memory.get_at_once("3", "1"))
        memory.client.lagging = {}

    memory.add(a=1)
    memory.client.committed = look
    actions = [memory.action("Delete"), memory.action("Update", "2", UpdateExpression="SET b = :b", b=1)]
    assert memory.transact(*actions) == []
    conflict = ("TransactionCanceledException", ["None", "TransactionConflict"])
    assert seen == [{"a": 1}, None, [to_item({**KEY, "a": 1})], [("TransactionConflict", None)], conflict]
    assert (memory.get("1"), memory.get("2")) == (None, {"b": 1})


@pytest.mark.parametrize("operation", ["get", "query", "batch"])
def test_a_reading_that_may_be_old_is_refused(memory: Bench, operation: str) -> None:
    requests: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "get": (memory.client.get_item, {"TableName": memory.table, "Key": to_item(KEY)}),
        "batch": (memory.client.batch_get_item, {"RequestItems": {memory.table: {"Keys": [to_item(KEY)]}}}),
        "query": (
            memory.client.query,
            {
                "TableName": memory.table,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": to_item({":pk": "a"}),
            },
        ),
    }
    call, request = requests[operation]
    with pytest.raises(NotImplementedError, match="ConsistentRead"):
        call(**request)


def test_what_the_stand_in_does_not_know_it_does_not_answer(memory: Bench) -> None:
    with pytest.raises(NotImplementedError):
        memory.query(IndexName="other")
