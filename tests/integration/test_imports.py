"""Imports as clients see them, from the announcement of a file to the use of a code (docs/use/imports.md)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.jobs.job import Message
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.limits import IMPORTED_TOGETHER
from promotion_jobs.tokens.token import Right
from tests.support.answers import (
    CODE_NOT_FOUND,
    FORBIDDEN,
    PROMOTION_NOT_FOUND,
    TOO_MANY_JOBS,
    failure,
    job_meta,
    unprocessable,
)
from tests.support.builders import CLIENT_ID, HOLDER, NOW, UNKNOWN_ID
from tests.support.cloud import BUCKET, Answer, Cloud
from tests.support.matchers import A_HASH, A_TIME, AN_ID, Like

FILE = b"code,max_uses\nPRINTED-1,1\nPRINTED-2,\nprinted-1,\n=1+1,\n"
REPORT = b"line,code,reason\r\n4,printed-1,duplicate in the file\r\n5,'=1+1,formula\r\n"
RESULT = {"imported": 2, "duplicates": 1, "invalid": 1}
ONE_CODE = b"code\nPRINTED-1\n"
MANY = b"code\n" + b"".join(b"N-%d\n" % at for at in range(2 * IMPORTED_TOGETHER))


def _job(upload_id: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "promotion_job", "job_type": "code_import", "parameters": {"upload_id": upload_id, **parameters}}


def _asked(cloud: Cloud, promotion_id: str, upload_id: str, query: str = "", key: str | None = None) -> Answer:
    """The answer to a client that wants to import the upload."""
    headers = {"idempotency-key": key} if key else {}
    return cloud.call("create_job", promotion_id, data={"data": _job(upload_id)}, query=query, headers=headers)


def _imported(cloud: Cloud, promotion_id: str, content: bytes, **parameters: Any) -> str:
    """The id of a job that is done."""
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=cloud.upload(promotion_id, content), **parameters)
    cloud.deliver(Message(promotion_id, job_id))
    return job_id


def _shown(cloud: Cloud, promotion_id: str, job_id: str) -> Any:
    status, answer = cloud.call("get_job", promotion_id, job_id)
    assert status == 200
    return answer["data"]


def _written(cloud: Cloud, promotion_id: str, job_id: str) -> bytes:
    """What the file of the job has."""
    _, answer = cloud.call("get_job_file", promotion_id, job_id)
    key = answer["href"].partition(".amazonaws.com/")[2].partition("?")[0]
    content: bytes = cloud.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert [file["bytes"] for file in answer["files"]] == [len(content)]
    return content


def _codes(cloud: Cloud, promotion_id: str, **filters: str) -> list[str]:
    query = "".join(f"filter=eq({name},{value})" for name, value in filters.items())
    status, answer = cloud.call("list_codes", promotion_id, query=query)
    assert status == 200
    return [it["code"] for it in answer["data"]]


def _work(cloud: Cloud) -> None:
    while messages := cloud.messages():
        cloud.deliver(*(Message(**message) for message in messages))


def _undo(cloud: Cloud, promotion_id: str, job_id: str) -> Any:
    """The job, which was stopped, after the deliveries that stop its run, undo it and come once more."""
    for _ in range(3):
        cloud.deliver(Message(promotion_id, job_id))
    return _shown(cloud, promotion_id, job_id)


# Uploads


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
    assert _asked(cloud, promotion_id, upload_id) == FORBIDDEN
    assert cloud.items() == before


def _not_usable(detail: str) -> Answer:
    status, answer = unprocessable(detail)
    return failure(status, {**answer["errors"][0], "source": "data.parameters.upload_id"})


NO_UPLOAD = _not_usable("The promotion has no such upload, or a day has passed since it was announced")


@pytest.mark.parametrize("query", ["", "dry_run=true"])
def test_an_upload_that_cannot_be_imported_starts_no_job(cloud: Cloud, promotion_id: str, query: str) -> None:
    other_id = cloud.create_promotion()
    _, answer = cloud.call("create_upload", promotion_id, data={"data": {"bytes": 8}})
    waiting = answer["data"]["upload_id"]
    sent, old = cloud.upload(promotion_id, ONE_CODE), cloud.upload(promotion_id, ONE_CODE)
    past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp())
    cloud.table.transact(cloud.table.update(keys.upload(old), "SET #expires_at = :past", "", past=past))
    before = cloud.items()
    assert _asked(cloud, promotion_id, UNKNOWN_ID, query) == NO_UPLOAD
    assert _asked(cloud, other_id, sent, query) == NO_UPLOAD
    assert _asked(cloud, promotion_id, old, query) == NO_UPLOAD
    assert _asked(cloud, promotion_id, waiting, query) == _not_usable("Nothing was sent to the upload's link")
    cloud.s3.put_object(Bucket=BUCKET, Key=f"uploads/{promotion_id}/{waiting}", Body=b"code\nA\n")
    cut = _not_usable("7 bytes were uploaded, and 8 were announced")
    assert _asked(cloud, promotion_id, waiting, query) == cut
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_an_upload_is_used_once(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=upload_id)
    cloud.deliver(Message(promotion_id, job_id))
    before = cloud.items()
    used = _not_usable(f"The upload is used by the job {job_id}: announce another one")
    assert _asked(cloud, promotion_id, upload_id) == used
    assert cloud.items() == before


def test_a_promotion_that_cannot_have_codes_imports_none(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    cloud.change_promotion(promotion_id, "SET #automatic = :yes", yes=True)
    automatic = {"status": "422", "title": "No codes allowed", "detail": "Cannot add codes to an automatic promotion"}
    assert _asked(cloud, promotion_id, upload_id) == failure(422, automatic)


def test_an_upload_waits_for_the_open_job_of_its_promotion(cloud: Cloud, promotion_id: str) -> None:
    upload_id, export_id = cloud.upload(promotion_id, ONE_CODE), cloud.create_job(promotion_id)
    assert _asked(cloud, promotion_id, upload_id) == TOO_MANY_JOBS
    cloud.deliver(Message(promotion_id, export_id))
    assert _asked(cloud, promotion_id, upload_id)[0] == 201


def test_a_request_that_comes_twice_starts_one_job(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, ONE_CODE)
    first = _asked(cloud, promotion_id, upload_id, key="1")
    before = cloud.items()
    assert _asked(cloud, promotion_id, upload_id, key="1") == first
    other = cloud.upload(promotion_id, ONE_CODE)
    reused = unprocessable("This Idempotency-Key came with another request")
    assert _asked(cloud, promotion_id, other, key="1") == reused
    uploads = {f"UPLOAD#{other}"}
    assert [item for item in cloud.items() if item["pk"]["S"] not in uploads] == before
    assert len(cloud.messages()) == 1


def test_a_dry_run_estimates_by_the_size_of_the_file_and_uses_no_upload(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, b"code\n" + b"A" * 5_995)
    before = cloud.items()
    assert _asked(cloud, promotion_id, upload_id, query="dry_run=true") == (
        200,
        {
            "data": {
                **_job(upload_id),
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


# Jobs


def test_an_import_is_told_from_its_creation_to_its_report(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, FILE)
    status, answer = _asked(cloud, promotion_id, upload_id)
    job = {
        **_job(upload_id),
        "id": AN_ID,
        "promotion_id": promotion_id,
        "status": "pending",
        "created_by": CLIENT_ID,
        "meta": job_meta(),
    }
    assert (status, answer) == (201, {"data": job})
    job_id = answer["data"]["id"]
    _work(cloud)
    file = {"rows": 2, "bytes": len(REPORT), "sha256": A_HASH}
    shown = _shown(cloud, promotion_id, job_id)
    assert shown == job | {"status": "completed", "result": RESULT, "meta": job_meta(file=file)}
    assert cloud.account.published == [("Promotion Job Completed", shown)]
    assert cloud.promotion(promotion_id).open_job is None
    assert _written(cloud, promotion_id, job_id) == REPORT
    status, answer = cloud.call("get_job_file", promotion_id, job_id)
    name = Like(rf"{promotion_id}_{job_id}_\d{{8}}_\d{{6}}_refused\.csv")
    href = Like(rf"https://{BUCKET}\.s3\.eu-west-1\.amazonaws\.com/{promotion_id}/{job_id}/[0-9a-f-]+-1\.csv\?.+")
    assert (status, answer) == (200, {"href": href, "files": [{"href": href, "name": name, **file}]})


def test_imported_codes_are_found_as_others_are(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "by-hand")
    job_id = _imported(cloud, promotion_id, FILE, consume_unit="per_item", max_uses_per_code=5)
    code = {
        "type": "promotion_codes",
        "id": "PRINTED-1",
        "code": "PRINTED-1",
        "max_uses": 1,
        "uses": 1,
        "consume_unit": "per_item",
        "created_by": CLIENT_ID,
        "job_id": job_id,
        "meta": {"timestamps": {"created_at": A_TIME}},
    }
    assert cloud.call("get_code", promotion_id, "printed-1") == (200, {"data": code})
    assert _codes(cloud, promotion_id) == ["by-hand", "PRINTED-1", "PRINTED-2"]
    assert _codes(cloud, promotion_id, job_id=job_id) == ["PRINTED-1", "PRINTED-2"]
    assert _codes(cloud, promotion_id, code="printed-2") == ["PRINTED-2"]
    _, listed = cloud.call("list_promotions", query="filter=eq(code,printed-2)")
    assert [it["id"] for it in listed["data"]] == [promotion_id]
    duplicate = {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}
    sent = {"data": {"type": "promotion_codes", "codes": [{"code": "printed-1"}]}}
    assert cloud.call("add_codes", promotion_id, data=sent) == failure(422, duplicate)


def test_an_imported_code_is_redeemed_as_often_as_its_row_says(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(start="2020-01-01", end="9999-01-01")
    _imported(cloud, promotion_id, FILE)
    assert cloud.call("redeem_code", data={"code": "printed-1", "id": "order-1"})[0] == 201
    again = {"title": "Code not usable", "detail": "The code has too few uses left"}
    refused = failure(422, {"status": "422", **again, "meta": {"reason": "exhausted", "uses": 0}})
    assert cloud.call("redeem_code", data={"code": "PRINTED-1", "id": "order-2"}) == refused
    _, usages = cloud.call("list_code_usages", promotion_id, "PRINTED-1")
    assert [it["redemption_id"] for it in usages["data"]] == ["order-1"]


def test_the_codes_of_an_import_are_exported_and_deleted_by_its_id(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "by-hand")
    job_id = _imported(cloud, promotion_id, FILE)
    export_id = cloud.create_job(promotion_id, job_id=job_id, columns=["code", "max_uses"])
    _work(cloud)
    assert _written(cloud, promotion_id, export_id) == b"code,max_uses\r\nPRINTED-1,1\r\nPRINTED-2,\r\n"
    deletion_id = cloud.create_job(promotion_id, "code_delete", job_id=job_id)
    _work(cloud)
    assert _shown(cloud, promotion_id, deletion_id)["result"] == {"deleted": 2}
    assert _codes(cloud, promotion_id) == ["by-hand"]
    assert cloud.call("get_code", promotion_id, "PRINTED-1") == CODE_NOT_FOUND
    assert cloud.promotion(promotion_id).room == 999
    again = _imported(cloud, promotion_id, FILE)
    assert _shown(cloud, promotion_id, again)["result"] == RESULT


def test_one_imported_code_is_removed_by_hand(cloud: Cloud, promotion_id: str) -> None:
    _imported(cloud, promotion_id, FILE)
    named = {"data": {"type": "promotion_codes", "codes": [{"code": "PRINTED-2"}]}}
    assert cloud.call("delete_code", promotion_id, "printed-1")[0] == 204
    assert _codes(cloud, promotion_id) == ["PRINTED-2"]
    assert cloud.call("delete_codes", promotion_id, data=named)[0] == 204
    assert (_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)


def test_with_fail_the_first_duplicate_fails_the_job_and_leaves_nothing(cloud: Cloud, promotion_id: str) -> None:
    other_id = cloud.create_promotion()
    cloud.add_codes(other_id, "n-100")
    job_id = _imported(cloud, promotion_id, MANY, on_duplicate="fail")
    shown = _undo(cloud, promotion_id, job_id)
    assert (shown["status"], shown["error"]) == ("failed", f"line 102: in use by promotion {other_id}")
    assert cloud.account.published == [("Promotion Job Failed", shown)]
    assert (_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)
    assert _codes(cloud, other_id) == ["n-100"]
    kept = {item["pk"]["S"].partition("#")[0] for item in cloud.items() if job_id in str(item)}
    assert kept == {"JOB", "PROMOTION", "UPLOAD"}
    assert [item["pk"]["S"] for item in cloud.items() if item["pk"]["S"].startswith("CODE#")] == ["CODE#n-100"]


def test_too_many_codes_and_no_codes_at_all_fail_with_one_sentence(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=1)
    errors = []
    for content in (FILE, b"\x00\xff", b"PRINTED-1\n"):
        job_id = _imported(cloud, promotion_id, content)
        shown = _undo(cloud, promotion_id, job_id)
        assert (shown["status"], "file" in shown["meta"]) == ("failed", False)
        assert cloud.call("get_job_file", promotion_id, job_id)[0] == 422
        errors.append(shown["error"])
    assert errors == [
        "codes limit exceeded",
        "Line 1 is not text in UTF-8",
        "The first line must name the columns, and one of them code",
    ]
    assert cloud.promotion(promotion_id).room == 1


def test_a_pending_import_is_cancelled_at_once(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=cloud.upload(promotion_id, FILE))
    status, answer = cloud.call("cancel_job", promotion_id, job_id)
    assert (status, answer["data"]["status"]) == (200, "cancelled")
    assert answer["data"]["result"] == {"imported": 0, "duplicates": 0, "invalid": 0, "deleted": 0}
    _work(cloud)
    assert (_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)


def _take_in_some(cloud: Cloud, promotion_id: str, job_id: str) -> None:
    """As a worker does it that has time for one portion of rows."""
    claimed = cloud.claim(cloud.job(promotion_id, job_id), NOW)
    assert claimed
    run, _ = cloud.runs.take(claimed, 0, HOLDER, NOW)
    deadline = Deadline(lambda: timedelta(0), timedelta(seconds=1))
    with cloud.account.acting_as("run_job"):
        assert not cloud.service.importer.work(Hold(claimed, 0, run, deadline))


def test_an_import_shows_how_far_it_is_and_is_cancelled_meanwhile(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "by-hand")
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=cloud.upload(promotion_id, MANY))
    _take_in_some(cloud, promotion_id, job_id)
    shown = _shown(cloud, promotion_id, job_id)
    progress = shown["meta"]["progress"]
    assert shown["status"] == "processing"
    assert (progress["done"], progress["total"], progress["percent"]) == (IMPORTED_TOGETHER, 2 * IMPORTED_TOGETHER, 50)
    assert _codes(cloud, promotion_id) == ["by-hand"]
    status, answer = cloud.call("cancel_job", promotion_id, job_id)
    assert (status, answer["data"]["status"]) == (200, "cancelling")
    shown = _undo(cloud, promotion_id, job_id)
    told = {"imported": IMPORTED_TOGETHER, "duplicates": 0, "invalid": 0, "deleted": IMPORTED_TOGETHER}
    assert (shown["status"], shown["result"]) == ("cancelled", told)
    assert (_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == (["by-hand"], 999)


def test_a_schedule_starts_an_import(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, FILE)
    sent = {"promotion_id": promotion_id, "execution_id": "execution", **_job(upload_id)}
    started = cloud.start_scheduled(sent)
    assert cloud.start_scheduled(sent) == started
    _work(cloud)
    assert _shown(cloud, promotion_id, started["job_id"])["result"] == RESULT
    used = _not_usable(f"The upload is used by the job {started['job_id']}: announce another one")
    assert cloud.start_scheduled(sent | {"execution_id": "the next"}) == used[1]


def test_an_import_is_measured(cloud: Cloud, promotion_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    _imported(cloud, promotion_id, FILE)
    documents = [it for it in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in it]
    found: list[Mapping[str, Any]] = [{k: v for k, v in it.items() if k not in {"_aws", "service"}} for it in documents]
    expected = [
        {"JobsCreated": [1]},
        {"CodesImported": [2]},
        {"reason": "duplicate", "RowsRefused": [1]},
        {"reason": "invalid", "RowsRefused": [1]},
        {"job_type": "code_import", "outcome": "completed", "JobsEnded": [1]},
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_file_whose_day_is_over_before_it_was_read_fails_its_job(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, FILE)
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=upload_id)
    cloud.s3.delete_object(Bucket=BUCKET, Key=f"uploads/{promotion_id}/{upload_id}")
    shown = _undo(cloud, promotion_id, job_id)
    assert (shown["status"], shown["error"]) == ("failed", "the uploaded file is gone, or was replaced")
