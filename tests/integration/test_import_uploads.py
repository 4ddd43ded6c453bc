"""Uploads as clients see them: announced, sent, and used by one import each (docs/use/imports.md)."""

from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.jobs.job import Message
from promotion_jobs.tokens.token import Right
from tests.integration.importing import ONE_CODE, ask_for_import, import_of, not_usable
from tests.support.answers import FORBIDDEN, PROMOTION_NOT_FOUND, TOO_MANY_JOBS, failure, unprocessable
from tests.support.builders import UNKNOWN_ID
from tests.support.cloud import BUCKET, Cloud
from tests.support.matchers import A_TIME, AN_ID, Like


def test_an_announced_upload_has_a_link_for_an_hour(cloud: Cloud, promotion_id: str) -> None:
    status, answer = cloud.call("create_upload", promotion_id, data={"data": {"bytes": 7}})
    assert (status, answer) == (
        201,
        {
            "data": {
                "upload_id": AN_ID,
                "href": Like(rf"https://{BUCKET}\.s3\.eu-west-1\.amazonaws\.com/uploads/{promotion_id}/[0-9a-f-]+\?.+"),
                "headers": {"Content-Type": "text/csv; charset=utf-8"},
                "expires_at": A_TIME,
            }
        },
    )
    href = answer["data"]["href"]
    assert "X-Amz-Expires=3600" in href
    # The bucket takes nothing that is longer, or shorter.
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost" in href


def test_a_digest_that_is_announced_is_signed_and_told_as_a_header(cloud: Cloud, promotion_id: str) -> None:
    _, answer = cloud.call("create_upload", promotion_id, data={"data": {"bytes": 7, "sha256": "00" * 32}})
    assert answer["data"]["headers"] == {
        "Content-Type": "text/csv; charset=utf-8",
        "x-amz-checksum-sha256": f"{'A' * 43}=",
    }
    assert "x-amz-checksum-sha256" in answer["data"]["href"]


def test_an_upload_needs_its_promotion(cloud: Cloud) -> None:
    before = cloud.items()
    assert cloud.call("create_upload", UNKNOWN_ID, data={"data": {"bytes": 7}}) == PROMOTION_NOT_FOUND
    assert cloud.items() == before


@pytest.mark.parametrize("right", [Right.READ, Right.REDEEM])
def test_a_client_that_may_only_read_or_redeem_neither_announces_nor_imports(
    cloud: Cloud, promotion_id: str, right: Right
) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    cloud.tokens.register_client("another", "07e2" * 10, "Another", right)
    cloud.token, _ = cloud.tokens.issue("client_credentials", "another", "07e2" * 10)
    before = cloud.items()
    assert cloud.call("create_upload", promotion_id, data={"data": {"bytes": 7}}) == FORBIDDEN
    assert ask_for_import(cloud, promotion_id, upload_id) == FORBIDDEN
    assert cloud.items() == before


NO_UPLOAD = not_usable("The promotion has no such upload, or a day has passed since it was announced")


@pytest.mark.parametrize("query", ["", "dry_run=true"])
def test_an_upload_that_cannot_be_imported_starts_no_job(cloud: Cloud, promotion_id: str, query: str) -> None:
    other_id = cloud.create_promotion()
    _, answer = cloud.call("create_upload", promotion_id, data={"data": {"bytes": 8}})
    waiting = answer["data"]["upload_id"]
    sent, old = cloud.upload(promotion_id, ONE_CODE), cloud.upload(promotion_id, ONE_CODE)
    past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp())
    cloud.table.transact(cloud.table.update(keys.upload(old), "SET #expires_at = :past", "", past=past))
    before = cloud.items()
    assert ask_for_import(cloud, promotion_id, UNKNOWN_ID, query) == NO_UPLOAD
    assert ask_for_import(cloud, other_id, sent, query) == NO_UPLOAD
    assert ask_for_import(cloud, promotion_id, old, query) == NO_UPLOAD
    assert ask_for_import(cloud, promotion_id, waiting, query) == not_usable("Nothing was sent to the upload's link")
    cloud.s3.put_object(Bucket=BUCKET, Key=f"uploads/{promotion_id}/{waiting}", Body=b"code\nA\n")
    cut = not_usable("7 bytes were uploaded, and 8 were announced")
    assert ask_for_import(cloud, promotion_id, waiting, query) == cut
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_an_upload_is_used_once(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=upload_id)
    cloud.deliver(Message(promotion_id, job_id))
    before = cloud.items()
    used = not_usable(f"The upload is used by the job {job_id}: announce another one")
    assert ask_for_import(cloud, promotion_id, upload_id) == used
    assert cloud.items() == before


def test_a_promotion_that_cannot_have_codes_imports_none(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    cloud.change_promotion(promotion_id, "SET #automatic = :yes", yes=True)
    automatic = {"status": "422", "title": "No codes allowed", "detail": "Cannot add codes to an automatic promotion"}
    assert ask_for_import(cloud, promotion_id, upload_id) == failure(422, automatic)


def test_an_upload_waits_for_the_open_job_of_its_promotion(cloud: Cloud, promotion_id: str) -> None:
    upload_id, export_id = cloud.upload(promotion_id, ONE_CODE), cloud.create_job(promotion_id)
    assert ask_for_import(cloud, promotion_id, upload_id) == TOO_MANY_JOBS
    cloud.deliver(Message(promotion_id, export_id))
    assert ask_for_import(cloud, promotion_id, upload_id)[0] == 201


def test_a_request_that_comes_twice_starts_one_job(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    first = ask_for_import(cloud, promotion_id, upload_id, key="1")
    before = cloud.items()
    assert ask_for_import(cloud, promotion_id, upload_id, key="1") == first
    other = cloud.upload(promotion_id, ONE_CODE)
    reused = unprocessable("This Idempotency-Key came with another request")
    assert ask_for_import(cloud, promotion_id, other, key="1") == reused
    uploads = {f"UPLOAD#{other}"}
    assert [item for item in cloud.items() if item["pk"]["S"] not in uploads] == before
    assert len(cloud.messages()) == 1


def test_a_dry_run_estimates_by_the_size_of_the_file_and_uses_no_upload(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, b"code\n" + b"A" * 5_995)
    before = cloud.items()
    assert ask_for_import(cloud, promotion_id, upload_id, query="dry_run=true") == (
        200,
        {
            "data": {
                **import_of(upload_id),
                "promotion_id": promotion_id,
                "meta": {
                    "dry_run": {
                        "lock_is_free": True,
                        "room_is_enough": True,
                        "room": 1_000,
                        "codes": 300,
                        "estimated_seconds": 3,
                        "estimated_cost": {
                            "amount": Like(r"0\.000\d{3}"),
                            "currency": "USD",
                            "region": "us-east-1",
                            "prices_of": ANY,
                        },
                    }
                },
            }
        },
    )
    assert (cloud.items(), cloud.messages()) == (before, [])
