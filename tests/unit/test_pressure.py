"""Whatever keeps AWS from answering now is StoreBusy, of every call; anything else stays what it is."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from promotion_jobs.aws import keys
from promotion_jobs.aws.bus import EventBus
from promotion_jobs.aws.files import Files
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.queue import Queue
from promotion_jobs.aws.table import Table
from promotion_jobs.errors import StoreBusy
from tests.aws.dynamodb import MemoryDynamoDB
from tests.support.builders import NOW, message

KEY = keys.promotion("1")


def _refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


OUTAGES = [
    _refused("ProvisionedThroughputExceededException"),
    _refused("ThrottlingException"),
    _refused("RequestLimitExceeded"),
    _refused("TransactionConflictException"),
    _refused("RequestThrottled", 403),
    _refused("SlowDown", 503),
    _refused("InternalServerError", 500),
    _refused("ServiceUnavailable", 503),
    ReadTimeoutError(endpoint_url="x"),
    ConnectTimeoutError(endpoint_url="x"),
    EndpointConnectionError(endpoint_url="x"),
    ConnectionClosedError(endpoint_url="x"),
]


class Failing:
    """A client of any service of which every call fails."""

    exceptions = MemoryDynamoDB().exceptions

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        def call(*_arguments: Any, **_options: Any) -> Any:
            raise self._error

        return call


def _upload(client: Any) -> None:
    with Files(lambda: client, "bucket").upload("key", "text/csv") as write:
        write(b"")


CALLS: dict[str, Callable[[Any], object]] = {
    "get": lambda client: Table(client, "table").get(KEY),
    "get_all": lambda client: Table(client, "table").get_all([KEY]),
    "query": lambda client: list(Table(client, "table").query(Range("1"))),
    "change": lambda client: Table(client, "table").change(KEY, "SET #a = :a", "", a=1),
    "transact": lambda client: Table(client, "table").transact(Table(client, "table").put(KEY, {})),
    "send": lambda client: Queue(lambda: client, "url").send(message()),
    "publish": lambda client: EventBus(lambda: client, "bus").publish("Event", {}, NOW),
    "upload": _upload,
    "head": lambda client: Files(lambda: client, "bucket").head("key"),
    "read": lambda client: list(Files(lambda: client, "bucket").read("key", "tag", 0)),
    "remove": lambda client: Files(lambda: client, "bucket").remove("key"),
    "remove_all": lambda client: Files(lambda: client, "bucket").remove_all("key"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_service_that_is_busy_fails_or_does_not_answer_is_a_busy_store(call: Callable[[Any], object]) -> None:
    for error in OUTAGES:
        with pytest.raises(StoreBusy) as busy:
            call(Failing(error))
        assert busy.value.__cause__ is error


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("error", [_refused("ValidationException"), _refused("NoSuchBucket", 404), KeyError("x")])
def test_any_other_error_stays_what_it_is(call: Callable[[Any], object], error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        call(Failing(error))
    assert raised.value is error
