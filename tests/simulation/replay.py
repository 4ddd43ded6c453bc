"""The requests of simulations, each kind of them once, to be sent again to the stand-in and to another AWS.

Two requests are of one kind if they differ only in ids, numbers, texts and how often a part is repeated, and were
answered alike. With each goes what the stand-in had of it before: on the same items, and the same files, both must
answer the same and change the same.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Aws
from tests.aws.bus import MemoryBus
from tests.aws.dynamodb import MemoryDynamoDB
from tests.aws.errors import CONFLICT, THROTTLES
from tests.aws.files import MemoryFiles, tag_of
from tests.aws.queue import MemoryQueue
from tests.simulation.conformance import make_table
from tests.simulation.simulation import Simulation

TABLE, BUCKET = "table", "bucket"
_EXPRESSIONS = re.compile(r".*Expression|ReturnValues.*|#.*")
_KEYS = {"pk", "sk", ":pk"}
_OF_ITEMS = "pk = :pk"


@dataclass(frozen=True, slots=True)
class Request:
    """``state`` is what there was before: items, or the files and the unfinished uploads by their id."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    state: Any

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {self.arguments}"


@dataclass
class Recorder:
    """``requests`` has one of each kind."""

    requests: dict[Any, Request] = field(default_factory=dict)

    def listen(self, simulation: Simulation) -> None:
        def perform(service: str, operation: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
            sent = {name: value for name, value in arguments.items() if name != "ClientRequestToken"}
            before = _state(service, simulation, sent)
            outcome: Any = None
            try:
                answer = function(**arguments)
                outcome = _kind_of_answer(answer)
            except ClientError as error:
                outcome = _codes(error)
                raise
            finally:
                # Only an injected fault answers so; the emulator never does.
                if outcome and not outcome & {CONFLICT, *THROTTLES, "ThrottlingException"}:
                    kind = (service, operation, _shape("", sent), outcome)
                    self.requests.setdefault(kind, Request(service, operation, deepcopy(sent), deepcopy(before)))
            return answer

        simulation.perform = perform


def _state(service: str, simulation: Simulation, arguments: Mapping[str, Any]) -> Any:
    if service == "dynamodb":
        table = simulation.dynamodb.table
        return [item for pk in sorted(set(partitions(arguments))) for _, item in table.partition(pk)]
    if service == "s3":
        files = simulation.files
        return dict(files.files), {name: (it.key, dict(it.parts)) for name, it in files.unfinished.items()}
    return None


def partitions(arguments: Any) -> Iterator[str]:
    """The partition keys of the items that a request names."""
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            if name in {"pk", ":pk"}:
                yield value["S"]
            else:
                yield from partitions(value)
    elif isinstance(arguments, list | tuple):
        for value in arguments:
            yield from partitions(value)


def _shape(name: str, value: Any) -> Any:
    if _EXPRESSIONS.fullmatch(name) and isinstance(value, str):
        return re.sub(r"\d+", "0", value)
    if name in _KEYS:
        return re.sub(r"[0-9a-f-]{8,}", "0", value["S"].split("#")[0])
    if isinstance(value, Mapping):
        return frozenset((re.sub(r"\d+", "0", member), _shape(member, it)) for member, it in value.items())
    if isinstance(value, list | tuple):
        shapes = Counter(_shape("", it) for it in value)
        return frozenset((shape, min(number, 2)) for shape, number in shapes.items())
    return type(value).__name__


def _kind_of_answer(answer: Any) -> frozenset[Any]:
    """Which members it has, and of lists whether there is nothing, one or more in them."""
    members = answer.items() if isinstance(answer, Mapping) else ()
    return frozenset((name, min(len(value), 2) if hasattr(value, "__len__") else None) for name, value in members) | {
        "answered"
    }


def _codes(error: ClientError) -> frozenset[str]:
    answer: Any = error.response
    return frozenset({answer["Error"]["Code"], *(it["Code"] for it in answer.get("CancellationReasons", ()))})


# Sending again

Result = tuple[Any, Any]
"""The answer, and the items or files that there are afterwards."""


@dataclass(frozen=True, slots=True)
class Place:
    """Clients of a table, a bucket, a queue and a bus that are empty, and are empty again after each request."""

    dynamodb: Any
    s3: Any
    sqs: Any
    events: Any
    queue_url: str

    @classmethod
    def in_memory(cls) -> "Place":
        queue = MemoryQueue(lambda: 0.0)
        # The parts of a simulation are small, and the emulator has no least size of one.
        files = MemoryFiles(BUCKET, least_part_bytes=1)
        return cls(MemoryDynamoDB(TABLE, whole=True), files, queue, MemoryBus(), queue.url)

    @classmethod
    def on(cls, aws: Aws) -> "Place":
        make_table(aws.dynamodb, TABLE)
        aws.s3.create_bucket(Bucket=BUCKET)
        aws.events.create_event_bus(Name="bus")
        return cls(aws.dynamodb, aws.s3, aws.sqs, aws.events, aws.sqs.create_queue(QueueName="jobs")["QueueUrl"])

    def send(self, request: Request) -> Result:
        client = getattr(self, request.service)
        match request.service:
            case "dynamodb":
                return _send_to_table(client, request)
            case "s3":
                return _send_to_bucket(client, request)
            case "sqs":
                return _answer(client, request.operation, {**request.arguments, "QueueUrl": self.queue_url}), None
        return _answer(client, request.operation, request.arguments), None


def _send_to_table(client: Any, request: Request) -> Result:
    _write(client, [{"Put": {"TableName": TABLE, "Item": item}} for item in request.state])
    answer = _answer(client, request.operation, request.arguments)
    there = [item for pk in sorted(set(partitions(request.arguments))) for item in _items(client, pk)]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in there]
    _write(client, [{"Delete": {"TableName": TABLE, "Key": key}} for key in keys])
    return answer, _plain(there)


def _write(client: Any, actions: Sequence[Any]) -> None:
    for first in range(0, len(actions), 100):
        client.transact_write_items(TransactItems=actions[first : first + 100])


def _items(client: Any, pk: str) -> Iterator[Any]:
    wanted = {":pk": {"S": pk}}
    pages = client.get_paginator("query").paginate(
        TableName=TABLE, ConsistentRead=True, KeyConditionExpression=_OF_ITEMS, ExpressionAttributeValues=wanted
    )
    for page in pages:
        yield from page["Items"]


def _send_to_bucket(client: Any, request: Request) -> Result:
    files, uploads = request.state
    for key, body in files.items():
        upload, tags = _upload(client, key, {1: body})
        named: Any = {"Parts": [{"PartNumber": 1, "ETag": tags[1]}]}
        client.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload=named)
    known = {tag_of(body): client.head_object(Bucket=BUCKET, Key=key)["ETag"] for key, body in files.items()}
    ids = {old: _upload(client, key, parts)[0] for old, (key, parts) in uploads.items()}
    arguments = dict(request.arguments)
    if "UploadId" in arguments:
        arguments["UploadId"] = ids.get(arguments["UploadId"], "none")
    if "IfMatch" in arguments:
        arguments["IfMatch"] = known.get(arguments["IfMatch"], '"none"')
    answer = _answer(client, request.operation, arguments)
    listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    found = {it["Key"]: client.get_object(Bucket=BUCKET, Key=it["Key"])["Body"].read() for it in listed}
    unfinished = client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    for it in listed:
        client.delete_object(Bucket=BUCKET, Key=it["Key"])
    for it in unfinished:
        client.abort_multipart_upload(Bucket=BUCKET, Key=it["Key"], UploadId=it["UploadId"])
    return answer, (found, sorted(it["Key"] for it in unfinished))


def _upload(client: Any, key: str, parts: Mapping[int, bytes]) -> tuple[str, Mapping[int, str]]:
    """The id of an unfinished upload, and the tags of its parts."""
    upload: str = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    target = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
    return upload, {
        number: client.upload_part(**target, PartNumber=number, Body=body)["ETag"] for number, body in parts.items()
    }


def _answer(client: Any, operation: str, arguments: Mapping[str, Any]) -> Any:
    """The members of an answer that AWS and the stand-in share; texts and tags are each one's own."""
    try:
        answer = getattr(client, operation)(**arguments)
    except ClientError as error:
        told: Any = error.response
        reasons = [(it["Code"], _plain(it.get("Item"))) for it in told.get("CancellationReasons", ())]
        return told["Error"]["Code"], reasons, _plain(told.get("Item"))
    told = {name: _plain(value) for name, value in answer.items() if name in _TOLD}
    if "Body" in answer:
        told["Body"] = answer["Body"].read()
    if operation == "batch_get_item":
        for items in told["Responses"].values():
            # A batch finds items in no order.
            items.sort(key=lambda it: (it["pk"]["S"], it["sk"]["S"]))
    return told


_TOLD = {
    "Item",
    "Items",
    "Count",
    "ScannedCount",
    "LastEvaluatedKey",
    "Attributes",
    "Responses",
    "UnprocessedKeys",
    "IsTruncated",
}
_TOLD |= {"KeyCount", "FailedEntryCount", "ContentLength"}


def _plain(value: Any) -> Any:
    """Without the order of sets."""
    if isinstance(value, Mapping):
        return {name: sorted(it) if name in {"SS", "NS", "BS"} else _plain(it) for name, it in value.items()}
    return [_plain(it) for it in value] if isinstance(value, list) else value
