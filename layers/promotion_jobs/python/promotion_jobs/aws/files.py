"""The files of the bucket: exported ones, and those that clients upload."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promotion_jobs.aws.pressure import unless_busy

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes for any part but the last: so an export holds no more than this in memory."""

CSV = "text/csv; charset=utf-8"
GZIP = "application/gzip"


READ_BYTES = 256 * 1024
"""How much of a file is read at a time."""


class FileGone(Exception):
    """The file is not there, or another one is in its place."""


@dataclass(slots=True)
class _Upload:
    client: "S3Client"
    target: dict[str, Any]
    part_bytes: int
    waiting: bytearray = field(default_factory=bytearray)
    parts: list[dict[str, Any]] = field(default_factory=list)

    def write(self, piece: bytes) -> bool:
        self.waiting += piece
        is_part = len(self.waiting) >= self.part_bytes
        if is_part:
            self.send_part()
        return is_part

    def send_part(self) -> None:
        number = len(self.parts) + 1
        with unless_busy():
            answer = self.client.upload_part(**self.target, PartNumber=number, Body=bytes(self.waiting))
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self.waiting.clear()


@dataclass(frozen=True, slots=True)
class Files:
    """``client`` makes the client when it is first needed: most workers write no file.

    Every call raises StoreBusy if the bucket throttles it, fails, or does not answer.
    """

    client: "Callable[[], S3Client]"
    bucket: str
    part_bytes: int = PART_BYTES
    read_bytes: int = READ_BYTES

    @contextmanager
    def upload(self, key: str, content_type: str) -> Iterator[Callable[[bytes], bool]]:
        target: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        # Without a condition: the key is this attempt's alone.
        with unless_busy():
            created = self.client().create_multipart_upload(**target, ContentType=content_type)
        upload = _Upload(self.client(), target | {"UploadId": created["UploadId"]}, self.part_bytes)
        try:
            yield upload.write
            upload.send_part()
            with unless_busy():
                self.client().complete_multipart_upload(**upload.target, MultipartUpload={"Parts": upload.parts})  # type: ignore[typeddict-item]
        except BaseException:
            with unless_busy():
                self.client().abort_multipart_upload(**upload.target)
            raise

    def upload_link(self, key: str, size: int, sha256: str | None, life: timedelta) -> tuple[str, Mapping[str, str]]:
        """A link to send a file to by PUT, and the headers beside the one of its length.

        The file has exactly so many bytes, and this SHA-256 in hexadecimal if there is one.
        """
        headers = {"Content-Type": CSV}
        params: dict[str, Any] = {"Bucket": self.bucket, "Key": key, "ContentType": CSV, "ContentLength": size}
        if sha256:
            params["ChecksumSHA256"] = b64encode(bytes.fromhex(sha256)).decode()
            headers["x-amz-checksum-sha256"] = params["ChecksumSHA256"]
        href = self.client().generate_presigned_url("put_object", Params=params, ExpiresIn=int(life.total_seconds()))
        return href, headers

    def head(self, key: str) -> tuple[int, str] | None:
        """The size and the tag of a file; None if there is none."""
        with unless_busy():
            try:
                answer = self.client().head_object(Bucket=self.bucket, Key=key)
            except self.client().exceptions.ClientError as error:
                if _is_gone(error):
                    return None
                raise
        return answer["ContentLength"], answer["ETag"]

    def read(self, key: str, tag: str, offset: int) -> Iterator[bytes]:
        """The bytes of a file from an offset before its end on, if it has that tag. Raises FileGone."""
        with unless_busy():
            try:
                answer = self.client().get_object(Bucket=self.bucket, Key=key, IfMatch=tag, Range=f"bytes={offset}-")
            except self.client().exceptions.ClientError as error:
                if _is_gone(error):
                    raise FileGone from error
                raise
        body = answer["Body"]
        while True:
            with unless_busy():
                piece = body.read(self.read_bytes)
            if not piece:
                return
            yield piece

    def remove(self, key: str) -> None:
        # Without a condition: the key is one attempt's alone.
        with unless_busy():
            self.client().delete_object(Bucket=self.bucket, Key=key)

    def remove_all(self, prefix: str) -> None:
        """Remove every file whose key starts with the prefix."""
        with unless_busy():
            for page in self.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                found: list[Any] = [{"Key": file["Key"]} for file in page.get("Contents", [])]
                if found:
                    # Without a condition: only the caller writes below the prefix.
                    self.client().delete_objects(Bucket=self.bucket, Delete={"Objects": found, "Quiet": True})

    def link(self, key: str, file_name: str, content_type: str, life: timedelta) -> str:
        return self.client().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{file_name}"',
                "ResponseContentType": content_type,
            },
            ExpiresIn=int(life.total_seconds()),
        )


def _is_gone(error: Any) -> bool:
    return error.response["Error"]["Code"] in {"404", "NoSuchKey", "412", "PreconditionFailed"}
