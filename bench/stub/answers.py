"""The stub's answers: every write succeeds, and reads find what the benchmark gave."""

import json
from binascii import crc32
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from bench.stub.units import write_units

Pages = Callable[[Mapping[str, Any]], bytes | None]
"""Takes a Query and returns its answer, as JSON; None for one that finds what the benchmark gave."""

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_UPLOAD = f"{_XML}<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>"
_UPLOADED = f'{_XML}<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>'

_ALWAYS: Mapping[str, Any] = {"BatchWriteItem": {"UnprocessedItems": {}}}


@dataclass(frozen=True, slots=True)
class Request:
    """``start`` is the offset from which a file is read."""

    method: str
    target: str
    operation: str
    body: bytes
    start: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def no_pages(_query: Mapping[str, Any]) -> None:
    return None


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


class Answers:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._items: dict[tuple[str, str], Any] = {}
        self._after: tuple[str, dict[tuple[str, str], Any]] = ("", {})
        self._counted: Counter[str] = Counter()
        self._file = b""

    def to(self, request: Request) -> Response:
        service, _, operation = request.operation.partition(".")
        match service:
            case "":
                return self._s3(request)
            case "Stub":
                return Response(json.dumps(self._stub(operation, json.loads(request.body))).encode())
        asked = json.loads(request.body)
        self._counted[operation] += 1
        self._counted["write units"] += write_units(operation, asked)
        body = self._query(asked) if operation == "Query" else json.dumps(self._answer(operation, asked)).encode()
        # DynamoDB sends a checksum, and its clients check it.
        return Response(body, headers={"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(crc32(body))})

    def _stub(self, what: str, asked: Mapping[str, Any]) -> Any:
        if what == "give":
            self._items |= {_key(item): item for item in asked["items"]}
            return {}
        if what == "give_after":
            self._after = asked["partition"], {_key(item): item for item in asked["items"]}
            return {}
        if what == "give_file":
            self._file = asked["content"].encode()
            return {}
        counted, self._counted = self._counted, Counter()
        return counted

    def _answer(self, operation: str, asked: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one for each kind
        match operation:
            case "TransactWriteItems":
                return self._written(asked["TransactItems"])
            case "GetItem":
                found = self._items.get(_key(asked["Key"]))
                return {"Item": found} if found else {}
            case "BatchGetItem":
                found = {name: self._found(wanted["Keys"]) for name, wanted in asked["RequestItems"].items()}
                return {"Responses": found, "UnprocessedKeys": {}}
            case "TransactGetItems":
                found = [self._found([get["Get"]["Key"]]) for get in asked["TransactItems"]]
                return {"Responses": [{"Item": item} for items in found for item in items or [{}]]}
            case "PutEvents":
                return {"FailedEntryCount": 0, "Entries": [{"EventId": "event"}] * len(asked["Entries"])}
            case "SendMessage":
                digest = md5(asked["MessageBody"].encode(), usedforsecurity=False).hexdigest()
                return {"MessageId": "8f3a2b1c-0000-4000-8000-000000000000", "MD5OfMessageBody": digest}
            case _:
                return _ALWAYS.get(operation, {})

    def _written(self, actions: list[Any]) -> Any:
        partition, items = self._after
        keys = [write.get("Key") or write["Item"] for action in actions for write in action.values()]
        if items and any(key["pk"]["S"].startswith(partition) for key in keys):
            self._items |= items
        return {}

    def _found(self, keys: list[Any]) -> list[Any]:
        return [self._items[_key(key)] for key in keys if _key(key) in self._items]

    def _query(self, asked: Mapping[str, Any]) -> bytes:
        if page := self._pages(asked):
            return page
        named = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
        first, last = named.get(":first", ""), named.get(":last", "~")
        found = sorted(key for key in self._items if key[0] == named[":pk"] and first <= key[1] <= last)
        return json.dumps({"Items": [self._items[key] for key in found], "Count": len(found)}).encode()

    def _s3(self, request: Request) -> Response:
        match request.method:
            case "GET" if self._file:
                return Response(self._file[request.start :], 206, {"etag": '"file"'})
            case "PUT":
                self._counted["UploadPart"] += 1
                self._counted["bytes uploaded"] += len(request.body)
                return Response(headers={"etag": '"part"'})
            case "POST":
                begins = request.target.endswith("?uploads")
                return Response(
                    (_UPLOAD if begins else _UPLOADED).encode(), headers={"content-type": "application/xml"}
                )
            case _:
                return Response(status=204)
