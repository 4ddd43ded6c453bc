"""Calls that DynamoDB answers with a conflict, a throttle or in parts, which no local engine does."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Backoff, ConditionLost, Table, from_item, to_item
from promotion_jobs.errors import StoreBusy
from promotion_jobs.limits import STORE_ATTEMPTS
from tests.aws.dynamodb import MemoryDynamoDB

KEY = keys.code("bcdf-ghjk")
NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict"}
LOST = {"Code": "ConditionalCheckFailed", "Item": {"number": {"N": "7"}}}
TRANSIENT = [
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
]


class Cancelled(Exception):
    def __init__(self, reasons: Sequence[dict[str, Any]]) -> None:
        super().__init__(reasons)
        self.response = {"CancellationReasons": reasons}


class Exceptions:
    TransactionCanceledException = Cancelled


class AnsweringClient:
    """Answers each call with the next of the answers it was given, and then well."""

    exceptions = Exceptions

    def __init__(self, *answers: Sequence[dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.calls: list[Any] = []

    def transact_write_items(self, TransactItems: Any) -> None:  # noqa: N803 - the service's name
        self.calls.append(TransactItems)
        if self.answers:
            raise Cancelled(self.answers.pop(0))

    def transact_get_items(self, TransactItems: Any) -> Any:  # noqa: N803 - the service's name
        self.calls.append(TransactItems)
        answer = self.answers.pop(0)
        if "Code" in answer[0]:
            raise Cancelled(answer)
        return {"Responses": answer}

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - the service's name
        self.calls.append(RequestItems)
        return self.answers.pop(0)[0]


class Waits:
    """A back-off that notes how long it would have slept, at most."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.backoff = Backoff(sleep=self.seconds.append, bits=lambda count: 2**count)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def table(waits: Waits) -> Callable[..., tuple[Table, AnsweringClient]]:
    def table(*answers: Sequence[dict[str, Any]]) -> tuple[Table, AnsweringClient]:
        client = AnsweringClient(*answers)
        answering: Any = client
        return Table(answering, "table", waits.backoff), client

    return table


NewTable = Callable[..., tuple[Table, AnsweringClient]]


@pytest.mark.parametrize("code", TRANSIENT)
def test_a_transaction_is_asked_for_again_while_the_reason_says_nothing_about_a_condition(
    table: NewTable, waits: Waits, code: str
) -> None:
    store, client = table([NONE, {"Code": code}], [{"Code": code}, NONE])
    store.transact(store.put(KEY, {}), store.put(KEY, {}))
    assert client.calls == [client.calls[0]] * 3
    assert waits.seconds == [0.025, 0.05]


def test_a_lost_condition_is_told_with_the_item_as_it_stands(table: NewTable, waits: Waits) -> None:
    store, client = table([NONE, LOST, {"Code": "ConditionalCheckFailed"}])
    with pytest.raises(ConditionLost) as refusal:
        store.transact(store.put(KEY, {}))
    assert refusal.value.lost == {1: {"number": 7}, 2: {}}
    assert (len(client.calls), waits.seconds) == (1, [])


def test_a_lost_condition_stands_whatever_conflicts_beside_it(table: NewTable) -> None:
    store, client = table([CONFLICT, LOST])
    with pytest.raises(ConditionLost) as refusal:
        store.transact(store.put(KEY, {}))
    assert (refusal.value.lost, len(client.calls)) == ({1: {"number": 7}}, 1)


def test_a_condition_that_is_lost_after_a_conflict_is_told(table: NewTable) -> None:
    store, client = table([CONFLICT], [LOST])
    with pytest.raises(ConditionLost):
        store.transact(store.put(KEY, {}))
    assert len(client.calls) == 2


def test_a_transaction_that_is_wrong_in_itself_is_not_repeated(table: NewTable) -> None:
    store, client = table([{"Code": "ValidationError"}])
    with pytest.raises(Cancelled):
        store.transact(store.put(KEY, {}))
    assert len(client.calls) == 1


def test_a_store_that_stays_busy_is_given_up(table: NewTable, waits: Waits) -> None:
    store, client = table(*[[CONFLICT]] * STORE_ATTEMPTS)
    with pytest.raises(StoreBusy):
        store.transact(store.put(KEY, {}))
    assert len(client.calls) == STORE_ATTEMPTS == 12
    assert waits.seconds == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize(("part", "seconds"), [(0, 0.0), (1, 0.025), (2, 0.05)])
def test_a_wait_is_a_random_part_of_the_longest(part: int, seconds: float) -> None:
    waits: list[float] = []
    Backoff(sleep=waits.append, bits=lambda count: part * 2 ** (count - 2)).wait(2)
    assert waits == [seconds]


def test_keys_that_were_not_read_are_read_again(table: NewTable, waits: Waits) -> None:
    item = {"pk": {"S": "a"}}
    rest: dict[str, Any] = {"table": {"Keys": [{"pk": {"S": "b"}}]}}
    answers = [
        [{"Responses": {"table": [item]}, "UnprocessedKeys": rest}],
        [{"Responses": {"table": [{"pk": {"S": "b"}}]}, "UnprocessedKeys": {}}],
    ]
    store, client = table(*answers)
    assert store.get_all([KEY, KEY]) == [{"pk": "a"}, {"pk": "b"}]
    assert client.calls[1] == {"table": {"Keys": rest["table"]["Keys"], "ConsistentRead": True}}
    assert waits.seconds == [0.025]


def _found(*names: str) -> list[dict[str, Any]]:
    return [{"Item": {"pk": {"S": name}}} for name in names]


def test_items_that_are_read_at_once_come_in_the_order_of_their_keys(table: NewTable, waits: Waits) -> None:
    store, client = table([*_found("b"), {}, *_found("a")])
    asked = [keys.code(name) for name in "bca"]
    assert store.get_at_once(*asked) == [{"pk": "b"}, None, {"pk": "a"}]
    assert client.calls == [[{"Get": {"TableName": "table", "Key": to_item(key)}} for key in asked]]
    assert waits.seconds == []


@pytest.mark.parametrize("code", TRANSIENT)
def test_items_that_are_being_written_are_read_at_once_again(table: NewTable, waits: Waits, code: str) -> None:
    store, client = table([NONE, {"Code": code}], [{"Code": code}, NONE], _found("a", "b"))
    assert store.get_at_once(KEY, KEY) == [{"pk": "a"}, {"pk": "b"}]
    assert client.calls == [client.calls[0]] * 3
    assert waits.seconds == [0.025, 0.05]


def test_a_reading_at_once_that_conflicts_on_and_on_is_given_up(table: NewTable) -> None:
    store, client = table(*[[CONFLICT]] * STORE_ATTEMPTS)
    with pytest.raises(StoreBusy):
        store.get_at_once(KEY)
    assert len(client.calls) == STORE_ATTEMPTS


def test_a_reading_at_once_that_is_wrong_in_itself_is_not_repeated(table: NewTable) -> None:
    store, client = table([{"Code": "ValidationError"}])
    with pytest.raises(Cancelled):
        store.get_at_once(KEY)
    assert len(client.calls) == 1


def test_values_are_read_as_they_were_written() -> None:
    values = {"text": "é", "number": 10**30, "yes": True, "bytes": b"\x00\xff", "map": {"list": [1, "a"]}, "set": {"a"}}
    assert from_item(to_item(values)) == values
    assert to_item({"given": 0, "not given": None}) == {"given": {"N": "0"}}


def test_more_keys_than_one_call_takes_are_asked_for_in_several(table: NewTable) -> None:
    first, second = ([{"pk": {"S": f"{at}"}} for at in batch] for batch in (range(100), range(100, 101)))
    answers = [[{"Responses": {"table": found}, "UnprocessedKeys": {}}] for found in (first, second)]
    store, client = table(*answers)
    assert len(store.get_all([keys.code(f"code-{number}") for number in range(101)])) == 101
    assert [len(call["table"]["Keys"]) for call in client.calls] == [100, 1]


@pytest.mark.parametrize(("first_page", "limits"), [(None, [None, None, None]), (1, [1, 8, 64]), (11, [11, 88, 704])])
def test_each_page_after_the_likely_one_may_be_eight_times_as_long(
    first_page: int | None, limits: list[int | None]
) -> None:
    asked: list[int | None] = []

    class Pages:
        def query(self, **options: Any) -> dict[str, Any]:
            asked.append(options.get("Limit"))
            more = {"LastEvaluatedKey": {"pk": {"S": "A"}}} if len(asked) < len(limits) else {}
            return {"Items": [{"pk": {"S": "A"}}], **more}

    client: Any = Pages()
    assert list(Table(client, "table").query(Range("A"), first_page)) == [{"pk": "A"}] * len(limits)
    assert asked == limits


def test_a_query_for_some_values_goes_on_behind_a_page_without_any() -> None:
    memory = MemoryDynamoDB(page_bytes=20)
    client: Any = memory
    store = Table(client, memory.table_name)
    for number, color in enumerate(("red", "red", "blue", "red", "blue")):
        store.transact(store.put({"pk": "A", "sk": f"{number}"}, {"color": color, "status": "new"}))
    found = store.query(Range("A", "1", "4"), only={"color": "blue", "status": "new"})
    assert [item["sk"] for item in found] == ["2", "4"]
    assert list(store.query(Range("A"), only={"color": "green"})) == []
