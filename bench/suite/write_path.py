"""What the client pays to store codes: ours beside boto3's plain ways, one of which asks for nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, Work, timed
from bench.stub import stub
from promotion_jobs import wiring
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.limits import CHUNK_CODES

_BATCH = 25
_BATCHES, _PUTS = "batch_write_item", "put_item on a condition"

Chunk = Mapping[int, str]
Item = dict[str, Any]


def _chunks(count: int) -> list[Chunk]:
    """So many times a thousand codes, by their slots; no two are the same."""
    chunks = [chunk_codes(service.SEED, chunk, CHUNK_CODES, CodeFormat()) for chunk in range(count)]
    return [dict(enumerate(dict.fromkeys(codes))) for codes in chunks]


def _items(chunks: list[Chunk]) -> Iterator[Item]:
    """The items that ours stores."""
    for chunk in chunks:
        for slot, code in chunk.items():
            yield {
                "pk": {"S": f"CODE#{code}"},
                "sk": {"S": "CODE"},
                "promotion": {"S": service.PROMOTION_ID},
                "job": {"S": service.JOB_ID},
                "slot": {"N": str(slot)},
                "code": {"S": code},
            }


def _ours(chunks: list[Chunk]) -> Work:
    items = wiring.service().code_items

    def work() -> int:
        for chunk in chunks:
            items.insert(service.PROMOTION_ID, service.JOB_ID, chunk)
        return sum(map(len, chunks))

    return work


def _in_batches(chunks: list[Chunk]) -> Work:
    client = boto3.client("dynamodb")

    def work() -> int:
        items = list(_items(chunks))
        for first in range(0, len(items), _BATCH):
            batch: list[Any] = [{"PutRequest": {"Item": item}} for item in items[first : first + _BATCH]]
            client.batch_write_item(RequestItems={service.TABLE: batch})
        return len(items)

    return work


def _one_by_one(chunks: list[Chunk]) -> Work:
    client = boto3.client("dynamodb")

    def work() -> int:
        items = list(_items(chunks))
        for item in items:
            client.put_item(TableName=service.TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")
        return len(items)

    return work


def run(bench: Bench) -> Outcome:
    chunks = _chunks(bench.size(5, 2))
    with stub() as server:
        service.use(server)
        contenders: dict[str, Run] = {
            "ours": timed(_ours(chunks)),
            _BATCHES: timed(_in_batches(chunks)),
            _PUTS: timed(_one_by_one(chunks[:1])),
        }
        # Short turns and many of them: the ratio is what counts.
        samples = bench.interleaved(contenders, rounds=15, quick_rounds=5)
    ours = samples.cpu_each("ours")
    goals = [
        Goal(f"client CPU per code, against {_BATCHES}", ours / samples.cpu_each(_BATCHES), 0.65, at_most=True),
        Goal(f"client CPU per code, against {_PUTS}", ours / samples.cpu_each(_PUTS), 1 / 12, at_most=True),
    ]
    return Outcome(goals, samples)
