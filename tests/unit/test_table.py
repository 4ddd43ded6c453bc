"""Transactions and batches that DynamoDB answers with a conflict or a throttle, which no local engine does."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, cast

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Backoff, ConditionLost, Table, from_item, to_item
from promotion_jobs.codes.inserts import BATCH, CodeItems
from promotion_jobs.errors import StoreBusy
from promotion_jobs.limits import STORE_ATTEMPTS
from tests.support.builders import JOB_ID, PROMOTION_ID

KEY = keys.code("bcdf-ghjk")
NONE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict"}
LOST = {"Code": "ConditionalCheckFailed", "Item": {"slot": {"N": "7"}}}
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

    def batch_execute_statement(self, Statements: Sequence[Any]) -> Any:  # noqa: N803 - the service's name
        self.calls.append(Statements)
        responses = self.answers.pop(0) if self.answers else [{}] * len(Statements)
        return {"Responses": responses}

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
    assert refusal.value.lost == {1: {"slot": 7}, 2: {}}
    assert (len(client.calls), waits.seconds) == (1, [])


def test_a_lost_condition_stands_whatever_conflicts_beside_it(table: NewTable) -> None:
    store, client = table([CONFLICT, LOST])
    with pytest.raises(ConditionLost) as refusal:
        store.transact(store.put(KEY, {}))
    assert (refusal.value.lost, len(client.calls)) == ({1: {"slot": 7}}, 1)


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


def test_values_are_read_as_they_were_written() -> None:
    values = {"text": "é", "number": 10**30, "yes": True, "bytes": b"\x00\xff", "map": {"list": [1, "a"]}, "set": {"a"}}
    assert from_item(to_item(values)) == values
    assert to_item({"given": 0, "not given": None}) == {"given": {"N": "0"}}


CODES = {slot: f"code-{slot}" for slot in range(3)}


@pytest.fixture
def in_turn() -> Executor:
    return ThreadPoolExecutor(1)


def _store(
    new_table: NewTable, threads: Executor, *answers: Sequence[dict[str, Any]]
) -> tuple[CodeItems, AnsweringClient]:
    store, client = new_table(*answers)
    return CodeItems(store, threads), client


def _error(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code}}


@pytest.mark.parametrize("code", TRANSIENT)
def test_statements_that_were_throttled_are_executed_again_and_only_they(
    table: NewTable, waits: Waits, in_turn: Executor, code: str
) -> None:
    store, client = _store(table, in_turn, [{}, _error(code), {}])
    assert store.insert(PROMOTION_ID, JOB_ID, CODES) == set()
    assert client.calls[1] == [client.calls[0][1]]
    assert (len(client.calls), waits.seconds) == (2, [0.025])


def test_a_statement_answered_with_anything_else_is_an_error(table: NewTable, in_turn: Executor) -> None:
    store, client = _store(table, in_turn, [{}, _error("ValidationError"), {}])
    with pytest.raises(RuntimeError, match=r"^a statement was answered ValidationError$"):
        store.insert(PROMOTION_ID, JOB_ID, CODES)
    assert len(client.calls) == 1


def test_statements_that_stay_throttled_are_given_up(table: NewTable, in_turn: Executor) -> None:
    store, client = _store(table, in_turn, [_error("ThrottlingError")] * 3, *[[_error("ThrottlingError")] * 3] * 11)
    with pytest.raises(StoreBusy):
        store.insert(PROMOTION_ID, JOB_ID, CODES)
    assert len(client.calls) == 12


def test_of_batches_that_fail_one_whose_outcome_is_open_is_told_before_a_busy_store(table: NewTable) -> None:
    """Who hears of a busy store lets go of the run, since every call of it was answered."""
    both_began = Barrier(2, timeout=60)

    class Client(AnsweringClient):
        def batch_execute_statement(self, Statements: Sequence[Any]) -> Any:  # noqa: N803 - the service's name
            both_began.wait()
            raise StoreBusy if len(Statements) == BATCH else TimeoutError

    store, _ = table()
    with ThreadPoolExecutor(2) as threads, pytest.raises(TimeoutError):
        CodeItems(replace(store, client=cast("Any", Client())), threads).insert(
            PROMOTION_ID, JOB_ID, {slot: f"code-{slot}" for slot in range(BATCH + 1)}
        )


def test_codes_are_inserted_25_at_a_time_with_all_that_says_whose_they_are(table: NewTable, in_turn: Executor) -> None:
    store, client = _store(table, in_turn)
    assert store.insert(PROMOTION_ID, JOB_ID, {slot: f"Code-{slot}" for slot in range(60)}) == set()
    assert [len(statements) for statements in client.calls] == [25, 25, 10]
    assert client.calls[0][0] == {
        "Statement": ("INSERT INTO \"table\" VALUE {'pk': ?, 'sk': ?, 'promotion': ?, 'job': ?, 'slot': ?, 'code': ?}"),
        "Parameters": [
            {"S": "CODE#code-0"},
            {"S": "CODE"},
            {"S": PROMOTION_ID},
            {"S": JOB_ID},
            {"N": "0"},
            {"S": "Code-0"},
        ],
    }


def test_a_code_that_is_taken_is_ours_where_job_and_slot_are(table: NewTable, in_turn: Executor) -> None:
    taken = [_error("DuplicateItem")] * 3
    owners = [("CODE#code-0", JOB_ID, 0), ("CODE#code-1", JOB_ID, 2), ("CODE#code-2", "another", 2)]
    items = [to_item({"pk": pk, "job": job, "slot": slot}) for pk, job, slot in owners]
    store, _ = _store(table, in_turn, taken, [{"Responses": {"table": items}, "UnprocessedKeys": {}}])
    assert store.insert(PROMOTION_ID, JOB_ID, CODES) == {1, 2}


def test_a_code_that_came_free_in_the_meantime_counts_as_taken(table: NewTable, in_turn: Executor) -> None:
    store, _ = _store(table, in_turn, [_error("DuplicateItem"), {}, {}], [{"Responses": {}, "UnprocessedKeys": {}}])
    assert store.insert(PROMOTION_ID, JOB_ID, CODES) == {0}


def test_only_codes_of_the_job_and_the_slot_are_removed(table: NewTable, in_turn: Executor) -> None:
    store, client = _store(table, in_turn, [{}, _error("ConditionalCheckFailed"), {}])
    store.remove(JOB_ID, CODES.items())
    [statements] = client.calls
    assert statements[0] == {
        "Statement": 'DELETE FROM "table" WHERE "pk" = ? AND "sk" = ? AND "job" = ? AND "slot" = ?',
        "Parameters": [{"S": "CODE#code-0"}, {"S": "CODE"}, {"S": JOB_ID}, {"N": "0"}],
    }


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
