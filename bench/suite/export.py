"""A promotion of a million codes as CSV: ours beside boto3's resource, whose table has an item with each code."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.conditions import Key

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, Work, in_process
from bench.stub import Stub, stub
from promotion_jobs import wiring
from promotion_jobs.api import answers
from promotion_jobs.aws import keys
from promotion_jobs.codes.code import Chunk, Terms
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.jobs.job import Message
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.limits import CHUNK_CODES
from promotion_jobs.values import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_RESOURCE = "boto3.resource and csv.writer"
_CHUNKS_A_PAGE = 100
"""Of some 10 KB: a megabyte, which is where DynamoDB ends a page. And so many chunks' codes as an item each:"""
_ITEM_CHUNKS_A_PAGE = 5
_HEADER = ("code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id")
_PART_BYTES = 8 * 1024 * 1024

_TERMS = Terms("per_cart", max_uses=1)
_ITEMS = f"PROMOTION#{service.PROMOTION_ID}"


def _codes(chunk: int) -> list[str]:
    return chunk_codes(service.SEED, chunk, CHUNK_CODES, CodeFormat())


@cache
def _chunk_page(first: int, chunks: int) -> bytes:
    """A page of chunks: DynamoDB's answer to ours."""
    last = min(first + _CHUNKS_A_PAGE, chunks)
    items = [
        service.chunk_item(Chunk(service.JOB_ID, number, _codes(number), service.CLIENT_ID, service.NOW, _TERMS))
        for number in range(first, last)
    ]
    return _page(items, last, chunks)


@cache
def _code_page(first: int, chunks: int) -> bytes:
    """A page of codes with seven attributes each: its answer to the other."""
    last = min(first + _ITEM_CHUNKS_A_PAGE, chunks)
    items = [
        {
            "promotion": {"S": _ITEMS},
            "code": {"S": code},
            "consume_unit": {"S": _TERMS.consume_unit},
            "max_uses": {"N": str(_TERMS.max_uses)},
            "created_by": {"S": service.CLIENT_ID},
            "created_at": {"S": to_text(service.NOW)},
            "job_id": {"S": service.JOB_ID},
        }
        for number in range(first, last)
        for code in _codes(number)
    ]
    return _page(items, last, chunks)


def _page(items: list[dict[str, Any]], last: int, chunks: int) -> bytes:
    more = {"LastEvaluatedKey": {"pk": {"S": "chunk"}, "sk": {"S": str(last)}}} if last < chunks else {}
    return json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items), **more}).encode()


class _Pages:
    """Both tables, by who asks: ours names its partition key ``pk``."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks

    def __call__(self, query: Mapping[str, Any]) -> bytes | None:
        start = query.get("ExclusiveStartKey")
        first = int(start["sk"]["S"]) if start else 0
        ours = query["ExpressionAttributeValues"].get(":pk")
        if ours is None:
            return _code_page(first, self._chunks)
        return _chunk_page(first, self._chunks) if ours["S"] == keys.chunks(service.PROMOTION_ID).pk else None


def _ours(rows: int) -> Work:
    worker, message = wiring.service().worker(answers.job), Message(service.PROMOTION_ID, service.JOB_ID)

    def work() -> int:
        worker.deliver(message, lambda: service.TIME_LEFT)
        return rows

    return work


def _by_resource(rows: int) -> Work:
    table, s3 = boto3.resource("dynamodb").Table(service.TABLE), boto3.client("s3")

    def work() -> int:
        target: dict[str, Any] = {"Bucket": service.BUCKET, "Key": "codes.csv"}
        target["UploadId"] = s3.create_multipart_upload(**target)["UploadId"]
        parts: list[Any] = []
        for number, body in enumerate(_parts(table), start=1):
            answer = s3.upload_part(**target, PartNumber=number, Body=body)
            parts.append({"ETag": answer["ETag"], "PartNumber": number})
        s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})
        return rows

    return work


def _parts(table: "Table") -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for item in _items(table):
        uses = (item["max_uses"], item["max_uses"], "")
        created = (item["created_by"], item["created_at"], item["job_id"])
        writer.writerow((item["code"], item["consume_unit"], *uses, *created))
        if text.tell() >= _PART_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _items(table: "Table") -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"KeyConditionExpression": Key("promotion").eq(_ITEMS)}
    while True:
        answer = table.query(**query)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _same_bytes(server: Stub, contenders: Mapping[str, Run]) -> None:
    """One round before those that count: it warms up, and shows that the work is the same."""
    uploaded = {}
    for name, run_once in contenders.items():
        run_once()
        uploaded[name] = server.counted()["bytes uploaded"]
    assert len(set(uploaded.values())) == 1, uploaded


def run(bench: Bench) -> Outcome:
    chunks = bench.size(1_000, 100)
    rows = chunks * CHUNK_CODES
    with stub(_Pages(chunks)) as server:
        service.use(server)
        job = service.export_job()
        server.give(service.job_items(job) + service.run_items(job, RunStatus.COMPLETED))
        contenders = {"ours": in_process(_ours, rows), _RESOURCE: in_process(_by_resource, rows)}
        _same_bytes(server, contenders)
        samples = bench.interleaved(contenders, rounds=3, quick_rounds=2, warm_up=False)
    what = f"rows per CPU second of {rows:,}, against {_RESOURCE}"
    goals = [
        Goal(what, samples.cpu_each(_RESOURCE) / samples.cpu_each("ours"), 6),
        Goal("peak memory over baseline", samples.memory("ours") / 2**20, 64, at_most=True, unit="MB"),
    ]
    return Outcome(goals, samples)
