"""The worker as SQS calls it."""

import csv
import gzip
import io
from hashlib import sha256
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import to_item
from promotion_jobs.jobs.job import JobStatus, Message
from tests.support import generated
from tests.support.builders import CLIENT_ID, UNKNOWN_ID
from tests.support.cloud import BUCKET, Cloud
from tests.support.matchers import A_HASH, A_TIME

HEADER = b"code,consume_unit,max_uses,uses,user,created_by,created_at,job_id\r\n"


def test_an_export_runs_from_its_creation_to_its_file(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    [sent] = cloud.messages()
    cloud.deliver(Message(**sent))
    status, answer = cloud.call("get_job", promotion_id, job_id)
    file = {"rows": 0, "bytes": len(HEADER), "sha256": A_HASH}
    assert (status, answer["data"]) == (
        200,
        {
            "type": "promotion_job",
            "id": job_id,
            "promotion_id": promotion_id,
            "job_type": "code_export",
            "status": "completed",
            "created_by": CLIENT_ID,
            "meta": {"timestamps": {"created_at": A_TIME, "updated_at": A_TIME}, "file": file},
        },
    )
    [stored] = cloud.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    written = cloud.s3.get_object(Bucket=BUCKET, Key=stored["Key"])
    content = written["Body"].read()
    assert (content, written["ContentType"]) == (HEADER, "text/csv; charset=utf-8")
    assert answer["data"]["meta"]["file"]["sha256"] == sha256(content).hexdigest()
    assert stored["Key"].startswith(f"{promotion_id}/{job_id}/")
    assert cloud.promotion(promotion_id).open_job is None


def test_an_export_for_a_mailing_tool_has_files_as_it_was_asked(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "A", "B", "C")
    sent: dict[str, Any] = {
        "columns": ["code"],
        "header": {"code": "Coupon"},
        "rows_per_file": 2,
        "line_ending": "lf",
        "gzip": True,
    }
    job_id = cloud.create_job(promotion_id, **sent)
    cloud.deliver(Message(promotion_id, job_id))
    _, shown = cloud.call("get_job", promotion_id, job_id)
    _, links = cloud.call("get_job_file", promotion_id, job_id)
    stored = [it["Key"] for it in cloud.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    written = [cloud.s3.get_object(Bucket=BUCKET, Key=key) for key in stored]
    contents = [it["Body"].read() for it in written]
    assert [gzip.decompress(it) for it in contents] == [b"Coupon\nA\nB\n", b"Coupon\nC\n"]
    assert {it["ContentType"] for it in written} == {"application/gzip"}
    files = [
        {"rows": rows, "bytes": len(it), "sha256": sha256(it).hexdigest()}
        for rows, it in zip((2, 1), contents, strict=True)
    ]
    assert (shown["data"]["parameters"], shown["data"]["meta"]["files"]) == (sent, files)
    assert [{name: it[name] for name in ("rows", "bytes", "sha256")} for it in links["files"]] == files
    assert [urlsplit(it["href"]).path.lstrip("/") for it in links["files"]] == stored
    assert links["href"] == links["files"][0]["href"]


def test_a_second_delivery_of_a_completed_export_changes_nothing(cloud: Cloud, promotion_id: str) -> None:
    message = Message(promotion_id, cloud.create_job(promotion_id))
    cloud.deliver(message)
    before = cloud.items()
    cloud.deliver(message)
    assert cloud.items() == before
    assert len(cloud.s3.list_objects_v2(Bucket=BUCKET)["Contents"]) == 1


def test_a_generate_job_without_room_fails(cloud: Cloud, promotion_id: str) -> None:
    cloud.change_promotion(promotion_id, "SET #room = :room", room=99)
    job_id = cloud.create_job(promotion_id, "code_generate", number_of_codes=100)
    cloud.deliver(Message(promotion_id, job_id))
    job = cloud.job(promotion_id, job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "codes limit exceeded")
    promotion = cloud.promotion(promotion_id)
    assert (promotion.room, promotion.codes, promotion.open_job) == (99, 0, None)


def test_a_message_of_a_job_that_does_not_exist_is_done_with(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    cloud.deliver(Message(promotion_id, UNKNOWN_ID))
    assert cloud.items() == before


def test_a_delivery_that_fails_raises_so_that_its_message_comes_back(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.s3.delete_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        cloud.deliver(Message(promotion_id, job_id))
    assert cloud.job(promotion_id, job_id).status is JobStatus.PROCESSING
    cloud.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.end_lease(job_id)
    cloud.deliver(Message(promotion_id, job_id))
    assert cloud.job(promotion_id, job_id).status is JobStatus.COMPLETED


@pytest.mark.parametrize("body", ["", "{", "{}", '{"promotion_id": 1}'])
def test_a_message_that_is_none_of_ours_raises(cloud: Cloud, body: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        cloud.deliver(body)


def test_codes_are_made_and_put_together_in_a_file_of_many_parts(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=140_000)
    cloud.create_job(promotion_id, "code_generate", number_of_codes=140_000)
    while messages := cloud.messages():
        cloud.deliver(*(Message(**message) for message in messages))
    job_id = cloud.create_job(promotion_id)
    cloud.deliver(Message(promotion_id, job_id))
    [file] = cloud.job(promotion_id, job_id).files
    content = cloud.s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    codes = [row[0] for row in rows[1:]]
    assert len(set(codes)) == len(codes) == 140_000
    assert codes[:5_000] == [*chain.from_iterable(generated.texts(2_500, 2_500))]
    assert (file.rows, file.size, file.sha256) == (140_000, len(content), sha256(content).hexdigest())
    assert file.size > 2 * 5 * 1024 * 1024


def test_an_upload_that_fails_leaves_nothing(cloud: Cloud, promotion_id: str) -> None:
    broken = {**keys.chunk_by_hand(promotion_id, UNKNOWN_ID), "codes": "[]"}
    cloud.dynamodb.put_item(TableName=cloud.table.name, Item=to_item(broken))
    job_id = cloud.create_job(promotion_id)
    with pytest.raises(KeyError):
        cloud.deliver(Message(promotion_id, job_id))
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket=BUCKET)
    assert "Uploads" not in cloud.s3.list_multipart_uploads(Bucket=BUCKET)
