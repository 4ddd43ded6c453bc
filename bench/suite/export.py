"""A promotion of a million codes as CSV: ours beside boto3's resource, whose table has an item with each code."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.conditions import Key

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, Work, in_process
from bench.stub import Stub, stub
from promotion_jobs import wiring
from promotion_jobs.api import answers
from promotion_jobs.codes.drawing import Draw
from promotion_jobs.codes.permutation import Permutation
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, Message
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.values import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_RESOURCE = "boto3.resource and csv.writer"
_CODES_A_PAGE = 5_000
"""As an item each: a megabyte, which is where DynamoDB ends a page. A run's chunks, of 12 KB each, are less."""

_HEADER = ("code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id")
_PART_BYTES = 8 * 1024 * 1024

_MAKER_ID = "019e82fb-4a00-7000-8000-000000000001"
_ITEMS = f"PROMOTION#{service.PROMOTION_ID}"
_PERMUTATION = Permutation(bytes(range(32)), 8)


def maker(codes: int) -> Job:
    """The job that has made the codes."""
    job = replace(service.generate_job(codes), id=_MAKER_ID, status=JobStatus.COMPLETED, generated=codes)
    return replace(job, parameters=GenerateParameters(codes, "per_cart", 1))


def _bodies(job: Job, chunk: int) -> bytes:
    return Draw(_PERMUTATION, 5, (), ()).codes(job.plan.block(chunk), job.plan.codes_in(chunk))


@cache
def chunk_page(codes: int, run: int) -> bytes:
    """The chunks of a run: DynamoDB's answer to ours."""
    job = maker(codes)
    return page([service.chunk_item(job, chunk, _bodies(job, chunk)) for chunk in job.plan.chunks_of(run)])


@cache
def _code_page(first: int, codes: int) -> bytes:
    """A page of codes with seven attributes each: its answer to the other."""
    job, size = maker(codes), service.generate_job(1).plan.chunk_codes
    items = [
        {
            "promotion": {"S": _ITEMS},
            "code": {"S": code},
            "consume_unit": {"S": "per_cart"},
            "max_uses": {"N": "1"},
            "created_by": {"S": service.CLIENT_ID},
            "created_at": {"S": to_text(service.NOW)},
            "job_id": {"S": _MAKER_ID},
        }
        for number in range(first // size, (first + _CODES_A_PAGE) // size)
        for code in job.maker.code_format.write(_bodies(job, number))
    ]
    last = first + _CODES_A_PAGE
    more = {"LastEvaluatedKey": {"pk": {"S": "code"}, "sk": {"S": str(last)}}} if last < codes else {}
    return page(items, more)


def page(items: list[dict[str, Any]], more: Mapping[str, Any] | None = None) -> bytes:
    document = {"Items": items, "Count": len(items), "ScannedCount": len(items), **(more or {})}
    return json.dumps(document, default=lambda value: b64encode(value).decode()).encode()


class _Pages:
    """Both tables, by who asks: ours names its partition key ``pk``."""

    def __init__(self, codes: int) -> None:
        self._codes = codes

    def __call__(self, query: Mapping[str, Any]) -> bytes | None:
        start = query.get("ExclusiveStartKey")
        ours = query["ExpressionAttributeValues"].get(":pk")
        if ours is None:
            return _code_page(int(start["sk"]["S"]) if start else 0, self._codes)
        run = ours["S"].removeprefix(f"CODES#{_MAKER_ID}#")
        return chunk_page(self._codes, int(run)) if run.isdigit() else None


def ours(rows: int) -> Work:
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
    rows = bench.size(1_000_000, 100_000)
    with stub(_Pages(rows)) as server:
        service.use(server)
        job, made_by = service.export_job(), maker(rows)
        made = [item | {"generated": {"N": str(rows)}} for item in service.job_items(made_by)]
        server.give([*made, *service.job_items(job), *service.run_items(job, RunStatus.COMPLETED)])
        contenders = {"ours": in_process(ours, rows), _RESOURCE: in_process(_by_resource, rows)}
        _same_bytes(server, contenders)
        samples = bench.interleaved(contenders, rounds=3, quick_rounds=2, warm_up=False)
    what = f"rows per CPU second of {rows:,}, against {_RESOURCE}"
    goals = [
        Goal(what, samples.cpu_each(_RESOURCE) / samples.cpu_each("ours"), 50),
        Goal("peak memory over baseline", samples.memory("ours") / 2**20, 64, at_most=True, unit="MB"),
    ]
    return Outcome(goals, samples)
