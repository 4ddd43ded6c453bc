"""A bucket in memory behind the methods of boto3's client, with S3's rules for uploads in parts."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.aws.paginator import Paginator

LEAST_PART_BYTES = 5 * 1024 * 1024
MOST_PARTS = 10_000


def _refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def tag_of(body: bytes) -> str:
    """The tag of a file, or of a part of one."""
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


@dataclass(slots=True)
class UnfinishedUpload:
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class MemoryFiles:
    """``files`` are those that can be read; ``unfinished`` uploads cost money and are no files."""

    bucket: str = "bucket"
    least_part_bytes: int = LEAST_PART_BYTES
    files: dict[str, bytes] = field(default_factory=dict)
    unfinished: dict[str, UnfinishedUpload] = field(default_factory=dict)
    carry: Callable[[bytes], Any] = BytesIO
    """What brings a body that is read, in place of urllib3's answer: it may break on its way."""
    exceptions: ClassVar[Any] = SimpleNamespace(ClientError=ClientError)
    _uploads: int = 0

    def create_multipart_upload(self, **request: Any) -> dict[str, Any]:
        key = self._key("CreateMultipartUpload", request, {"ContentType"})
        self._uploads += 1
        upload_id = f"upload-{self._uploads}"
        self.unfinished[upload_id] = UnfinishedUpload(key)
        return {"UploadId": upload_id}

    def upload_part(self, **request: Any) -> dict[str, Any]:
        upload = self._upload("UploadPart", request, {"PartNumber", "Body"})
        if not 1 <= request["PartNumber"] <= MOST_PARTS:
            raise _refusal("InvalidArgument", "UploadPart")
        upload.parts[request["PartNumber"]] = request["Body"]
        return {"ETag": tag_of(request["Body"])}

    def complete_multipart_upload(self, **request: Any) -> dict[str, Any]:
        upload = self._upload("CompleteMultipartUpload", request, {"MultipartUpload"})
        self.files[upload.key] = b"".join(self._named_parts(upload, request["MultipartUpload"]["Parts"]))
        del self.unfinished[request["UploadId"]]
        return {"Key": upload.key}

    def _named_parts(self, upload: UnfinishedUpload, named: Sequence[Mapping[str, Any]]) -> list[bytes]:
        operation = "CompleteMultipartUpload"
        if not named:
            raise _refusal("MalformedXML", operation)
        numbers = [part["PartNumber"] for part in named]
        if numbers != sorted(set(numbers)):
            raise _refusal("InvalidPartOrder", operation)
        bodies = [upload.parts.get(number, b"") for number in numbers]
        if not upload.parts.keys() >= set(numbers) or [tag_of(it) for it in bodies] != [part["ETag"] for part in named]:
            raise _refusal("InvalidPart", operation)
        if any(len(body) < self.least_part_bytes for body in bodies[:-1]):
            raise _refusal("EntityTooSmall", operation)
        return bodies

    def abort_multipart_upload(self, **request: Any) -> dict[str, Any]:
        self._upload("AbortMultipartUpload", request, set())
        del self.unfinished[request["UploadId"]]
        return {}

    def list_multipart_uploads(self, **request: Any) -> dict[str, Any]:
        self._check("ListMultipartUploads", request, {"Prefix"})
        found = [
            {"Key": upload.key, "UploadId": upload_id}
            for upload_id, upload in self.unfinished.items()
            if upload.key.startswith(request.get("Prefix", ""))
        ]
        return {"IsTruncated": False, **({"Uploads": found} if found else {})}

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        self._check("ListObjectsV2", request, {"Prefix", "ContinuationToken", "MaxKeys"})
        start, limit = request.get("ContinuationToken", ""), request.get("MaxKeys", 1_000)
        keys = sorted(key for key in self.files if key.startswith(request.get("Prefix", "")) and key > start)
        found = [{"Key": key, "Size": len(self.files[key])} for key in keys[:limit]]
        answer: dict[str, Any] = {"KeyCount": len(found), "IsTruncated": len(keys) > limit}
        if found:
            answer["Contents"] = found
        return {**answer, "NextContinuationToken": keys[limit - 1]} if len(keys) > limit else answer

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(getattr(self, operation), "NextContinuationToken", "ContinuationToken")

    def get_object(self, **request: Any) -> dict[str, Any]:
        body = self._file("GetObject", request, {"IfMatch", "Range"})
        if request.get("IfMatch", tag_of(body)) != tag_of(body):
            raise _refusal("PreconditionFailed", "GetObject")
        offset = int(request.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if offset and offset >= len(body):
            raise _refusal("InvalidRange", "GetObject")
        rest = body[offset:]
        return {
            "Body": StreamingBody(self.carry(rest), len(rest)),
            "ContentLength": len(rest),
            "ETag": tag_of(body),
        }

    def head_object(self, **request: Any) -> dict[str, Any]:
        body = self._file("HeadObject", request, set())
        return {"ContentLength": len(body), "ETag": tag_of(body)}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        self.files.pop(self._key("DeleteObject", request, set()), None)
        return {}

    def delete_objects(self, **request: Any) -> dict[str, Any]:
        self._check("DeleteObjects", request, {"Delete"})
        named = request["Delete"]["Objects"]
        if not 1 <= len(named) <= 1_000:
            raise _refusal("MalformedXML", "DeleteObjects")
        for it in named:
            self.files.pop(it["Key"], None)
        return {"Deleted": [{"Key": it["Key"]} for it in named]}

    def generate_presigned_url(self, operation: str, *, Params: Mapping[str, Any], ExpiresIn: int) -> str:  # noqa: N803
        return f"memory://{Params['Bucket']}/{Params['Key']}?{operation}&expires={ExpiresIn}"

    def _file(self, operation: str, request: Mapping[str, Any], members: set[str]) -> bytes:
        key = self._key(operation, request, members)
        if key not in self.files:
            raise _refusal("NoSuchKey" if operation == "GetObject" else "404", operation)
        return self.files[key]

    def _upload(self, operation: str, request: Mapping[str, Any], members: set[str]) -> UnfinishedUpload:
        key = self._key(operation, request, members | {"UploadId"})
        upload = self.unfinished.get(request["UploadId"])
        if upload is None or upload.key != key:
            raise _refusal("NoSuchUpload", operation)
        return upload

    def _key(self, operation: str, request: Mapping[str, Any], members: set[str]) -> str:
        self._check(operation, request, members | {"Key"})
        key: str = request["Key"]
        if not re.fullmatch(r".{1,1024}", key):
            raise _refusal("KeyTooLongError", operation)
        return key

    def _check(self, operation: str, request: Mapping[str, Any], members: set[str]) -> None:
        if not request.keys() <= members | {"Bucket"}:
            raise NotImplementedError(f"{operation}: {sorted(request)}")
        if request["Bucket"] != self.bucket:
            raise _refusal("NoSuchBucket", operation)
