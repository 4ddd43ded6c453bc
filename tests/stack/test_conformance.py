"""What the protocol needs of its database, shown on the emulator that all other tests here rely on."""

import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.stack import LocalStack
from promotion_jobs.aws.files import Files
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import ConditionLost
from tests.stack.workshop import Workshop

THREADS = 50
LIFE = timedelta(minutes=1)


@pytest.fixture
def workshop(stack: LocalStack) -> Workshop:
    return Workshop(stack.aws, ThreadPoolExecutor(1)).create()


def _statement(workshop: Workshop, text: str, *values: dict[str, str]) -> dict[str, Any]:
    return {"Statement": text.format(table=f'"{workshop.name}"'), "Parameters": list(values)}


def _errors(workshop: Workshop, *statements: dict[str, Any]) -> list[str | None]:
    """The error code of each statement of one batch; None where it was executed."""
    answer = workshop.aws.dynamodb.batch_execute_statement(Statements=statements)  # type: ignore[arg-type]
    return [response.get("Error", {}).get("Code") for response in answer["Responses"]]


INSERT = "INSERT INTO {table} VALUE {{'pk': ?, 'sk': 'CODE', 'job': ?}}"
DELETE = 'DELETE FROM {table} WHERE "pk" = ? AND "sk" = \'CODE\' AND "job" = ?'


def test_a_duplicate_insert_is_refused_by_itself_and_the_item_stays(workshop: Workshop) -> None:
    first = _statement(workshop, INSERT, {"S": "CODE#a"}, {"S": "mine"})
    duplicate = _statement(workshop, INSERT, {"S": "CODE#a"}, {"S": "yours"})
    beside = _statement(workshop, INSERT, {"S": "CODE#b"}, {"S": "yours"})
    assert _errors(workshop, first) == [None]
    assert _errors(workshop, duplicate, beside) == ["DuplicateItem", None]
    assert {item["pk"]: item["job"] for item in workshop.items("CODE#")} == {"CODE#a": "mine", "CODE#b": "yours"}


def test_of_fifty_inserts_of_one_code_at_once_one_wins(workshop: Workshop) -> None:
    start = Barrier(THREADS)

    def insert(number: int) -> str | None:
        start.wait()
        return _errors(workshop, _statement(workshop, INSERT, {"S": "CODE#a"}, {"S": str(number)}))[0]

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(insert, range(THREADS)))
    assert Counter(outcomes) == {None: 1, "DuplicateItem": THREADS - 1}
    assert [item["job"] for item in workshop.items("CODE#")] == [str(outcomes.index(None))]


def test_a_delete_of_somebody_elses_code_is_refused(workshop: Workshop) -> None:
    assert _errors(workshop, _statement(workshop, INSERT, {"S": "CODE#a"}, {"S": "mine"})) == [None]
    assert _errors(workshop, _statement(workshop, DELETE, {"S": "CODE#a"}, {"S": "yours"})) == [
        "ConditionalCheckFailed"
    ]
    assert len(workshop.items("CODE#")) == 1
    assert _errors(workshop, _statement(workshop, DELETE, {"S": "CODE#a"}, {"S": "mine"})) == [None]
    assert workshop.items("CODE#") == []


def test_of_fifty_locks_at_once_one_is_taken_and_nothing_of_the_others_is_written(workshop: Workshop) -> None:
    table = workshop.service.table
    promotion: Key = {"pk": "PROMOTION#a", "sk": "PROMOTION"}
    table.transact(table.put(promotion, {}))
    start = Barrier(THREADS)

    def lock(number: int) -> bool:
        start.wait()
        condition = "attribute_exists(pk) AND attribute_not_exists(#open_job)"
        actions = (
            table.update(promotion, "SET #open_job = :job", condition, job=str(number)),
            table.put({"pk": "PROMOTION#a", "sk": f"JOB#{number}"}, {}),
        )
        try:
            table.transact(*actions)
        except ConditionLost as error:
            return "open_job" not in error.lost[0]
        return True

    with ThreadPoolExecutor(THREADS) as threads:
        winners = [number for number, won in enumerate(threads.map(lock, range(THREADS))) if won]
    assert len(winners) == 1
    items = {item["sk"]: item.get("open_job") for item in workshop.items("PROMOTION#")}
    assert items == {"PROMOTION": str(winners[0]), f"JOB#{winners[0]}": None}


class _NoErrors(urllib.request.HTTPErrorProcessor):
    """A refusal is an answer like any other."""

    def http_response(self, _request: Any, response: Any) -> Any:
        return response


def _unchanged(link: str) -> str:
    return link


def _of_another_file(link: str) -> str:
    return link.replace("mine.csv", "yours.csv")


def _forged(link: str) -> str:
    return link[:-1] + ("0" if link[-1] != "0" else "1")


@pytest.mark.parametrize(("change", "status"), [(_unchanged, 200), (_of_another_file, 403), (_forged, 403)])
def test_a_link_opens_the_file_that_it_was_signed_for(
    workshop: Workshop, change: Callable[[str], str], status: int
) -> None:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    config = Config(signature_version="s3v4")
    client = session.client("s3", endpoint_url=workshop.aws.endpoint_url, config=config)
    files = Files(lambda: client, workshop.name)
    for key in ("mine.csv", "yours.csv"):
        with files.upload(key) as write:
            write(key.encode())
    with urllib.request.build_opener(_NoErrors).open(change(files.link("mine.csv", "codes.csv", LIFE))) as answer:
        assert (answer.status, answer.read() == b"mine.csv") == (status, status == HTTPStatus.OK)
