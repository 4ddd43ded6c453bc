"""POST …/jobs in a warm function: the whole handler, beside the two calls to AWS that it cannot do without."""

import json
import secrets
from importlib import import_module
from typing import Any

import boto3

from bench import service
from bench.events import event
from bench.first_event import Context
from bench.measure import Bench, Goal, Outcome, Run, Work, timed
from bench.stub import stub

_BARE = "transact_write_items and send_message"
_TOKEN = secrets.token_hex(20)
_CREATED = 201
_BOUND = 1.5
_TIMES = 25
"""Short turns and many of them: the ratio is what counts."""


def _ours(times: int) -> Work:
    parameters = {"number_of_codes": 1_000, "max_uses_per_code": 1}
    data = {"type": "promotion_job", "job_type": "code_generate", "name": "Newsletter", "parameters": parameters}
    sent = event("create_job", body=json.dumps({"data": data}))
    sent["headers"]["authorization"] = f"Bearer {_TOKEN}"
    handler = import_module("functions.create_job.app").handler

    def work() -> int:
        for _ in range(times):
            answer = handler(sent, Context())
            assert answer["statusCode"] == _CREATED, answer["body"]
        return times

    return work


def _bare(times: int, queue: str) -> Work:
    """The same three items, and the same message, by clients with nothing set."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    key = {"pk": {"S": f"PROMOTION#{service.PROMOTION_ID}"}, "sk": {"S": "PROMOTION"}}
    lock: Any = {
        "TableName": service.TABLE,
        "Key": key,
        "UpdateExpression": "SET open_job = :job",
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(open_job) AND automatic = :false",
        "ExpressionAttributeValues": {":job": {"S": service.JOB_ID}, ":false": {"BOOL": False}},
    }
    puts: list[Any] = [
        {"Put": {"TableName": service.TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
        for item in service.job_items(service.generate_job(1_000))
    ]
    message = json.dumps({"promotion_id": service.PROMOTION_ID, "job_id": service.JOB_ID, "run": 0})

    def work() -> int:
        for _ in range(times):
            dynamodb.transact_write_items(TransactItems=[{"Update": lock}, *puts])
            sqs.send_message(QueueUrl=queue, MessageBody=message)
        return times

    return work


def run(bench: Bench) -> Outcome:
    with stub() as server:
        queue = service.use(server)
        server.give(service.promotion_items(max_codes=1_000_000) + service.token_items(_TOKEN))
        contenders: dict[str, Run] = {"ours": timed(_ours(_TIMES)), _BARE: timed(_bare(_TIMES, queue))}
        samples = bench.interleaved(contenders, rounds=40, quick_rounds=10)
    ratio = samples.cpu_each("ours") / samples.cpu_each(_BARE)
    note = "" if ratio <= _BOUND else "three calls beside two: the promotion is read before its lock is asked for"
    return Outcome([Goal(f"CPU per job, against {_BARE}", ratio, _BOUND, at_most=True, note=note)], samples)
