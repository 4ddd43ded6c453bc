"""The protocol's needs of its database, shown on the emulator that all other tests here rely on."""

import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore.config import Config

from promotion_jobs.aws import keys
from promotion_jobs.aws.files import CSV, Files
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import ConditionLost
from tests.stack.workshop import Workshop

THREADS = 50
LIFE = timedelta(minutes=1)


def test_of_fifty_puts_of_one_item_at_once_one_wins(workshop: Workshop) -> None:
    table, chunk, start = workshop.service.table, keys.chunk("job", 0, 0), Barrier(THREADS)

    def put(number: int) -> bool:
        start.wait()
        try:
            table.transact(table.put(chunk, {"codes": bytes([number])}))
        except ConditionLost as error:
            return bool(error.lost[0]["codes"] == bytes([number]))
        return True

    with ThreadPoolExecutor(THREADS) as threads:
        winners = [number for number, won in enumerate(threads.map(put, range(THREADS))) if won]
    assert len(winners) == 1
    assert [item["codes"] for item in workshop.items("CODES#")] == [bytes(winners)]


def test_of_fifty_claims_at_once_each_is_given_indices_of_its_own(workshop: Workshop) -> None:
    spaces, start = workshop.service.spaces, Barrier(THREADS)
    spaces.stored(8)

    def give(_: int) -> int:
        start.wait()
        while True:
            space = spaces.get(8)
            try:
                spaces.table.transact(spaces.give(space, 10))
            except ConditionLost:
                continue
            return space.next

    with ThreadPoolExecutor(THREADS) as threads:
        given = sorted(threads.map(give, range(THREADS)))
    assert given == list(range(0, 10 * THREADS, 10))
    assert spaces.get(8).next == 10 * THREADS


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
        with files.upload(key, CSV) as write:
            write(key.encode())
    with urllib.request.build_opener(_NoErrors).open(change(files.link("mine.csv", "codes.csv", CSV, LIFE))) as answer:
        assert (answer.status, answer.read() == b"mine.csv") == (status, status == HTTPStatus.OK)
