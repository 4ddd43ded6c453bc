"""Imports as clients see them, from the request to the report, or to a cancel or a failure (docs/use/imports.md)."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.limits import IMPORTED_TOGETHER
from tests.integration.importing import (
    FILE,
    MANY,
    REPORT,
    RESULT,
    ask_for_import,
    file_of,
    import_file,
    import_of,
    list_codes,
    not_usable,
    show_job,
    undo,
    work_off,
)
from tests.support.answers import job_meta
from tests.support.builders import CLIENT_ID, HOLDER, NOW
from tests.support.cloud import BUCKET, Cloud
from tests.support.matchers import A_HASH, AN_ID, Like


def test_an_import_is_told_from_its_creation_to_its_report(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, FILE)
    status, answer = ask_for_import(cloud, promotion_id, upload_id)
    job = {
        **import_of(upload_id),
        "id": AN_ID,
        "promotion_id": promotion_id,
        "status": "pending",
        "created_by": CLIENT_ID,
        "meta": job_meta(),
    }
    assert (status, answer) == (201, {"data": job})
    job_id = answer["data"]["id"]
    work_off(cloud)
    file = {"rows": 2, "bytes": len(REPORT), "sha256": A_HASH}
    shown = show_job(cloud, promotion_id, job_id)
    assert shown == job | {"status": "completed", "result": RESULT, "meta": job_meta(file=file)}
    assert cloud.account.published == [("Promotion Job Completed", shown)]
    assert cloud.promotion(promotion_id).open_job is None
    assert file_of(cloud, promotion_id, job_id) == REPORT
    status, answer = cloud.call("get_job_file", promotion_id, job_id)
    name = Like(rf"{promotion_id}_{job_id}_\d{{8}}_\d{{6}}_refused\.csv")
    href = Like(rf"https://{BUCKET}\.s3\.eu-west-1\.amazonaws\.com/{promotion_id}/{job_id}/[0-9a-f-]+-1\.csv\?.+")
    assert (status, answer) == (200, {"href": href, "files": [{"href": href, "name": name, **file}]})


def test_with_fail_the_first_duplicate_fails_the_job_and_leaves_nothing(cloud: Cloud, promotion_id: str) -> None:
    other_id = cloud.create_promotion()
    cloud.add_codes(other_id, "n-100")
    job_id = import_file(cloud, promotion_id, MANY, on_duplicate="fail")
    shown = undo(cloud, promotion_id, job_id)
    assert (shown["status"], shown["error"]) == ("failed", f"line 102: in use by promotion {other_id}")
    assert cloud.account.published == [("Promotion Job Failed", shown)]
    assert (list_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)
    assert list_codes(cloud, other_id) == ["n-100"]
    kept = {item["pk"]["S"].partition("#")[0] for item in cloud.items() if job_id in str(item)}
    assert kept == {"JOB", "PROMOTION", "UPLOAD"}
    assert [item["pk"]["S"] for item in cloud.items() if item["pk"]["S"].startswith("CODE#")] == ["CODE#n-100"]


def test_too_many_codes_and_no_codes_at_all_fail_with_one_sentence(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=1)
    errors = []
    for content in (FILE, b"\x00\xff", b"PRINTED-1\n"):
        job_id = import_file(cloud, promotion_id, content)
        shown = undo(cloud, promotion_id, job_id)
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
    work_off(cloud)
    assert (list_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)


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
    shown = show_job(cloud, promotion_id, job_id)
    progress = shown["meta"]["progress"]
    assert shown["status"] == "processing"
    assert (progress["done"], progress["total"], progress["percent"]) == (IMPORTED_TOGETHER, 2 * IMPORTED_TOGETHER, 50)
    assert list_codes(cloud, promotion_id) == ["by-hand"]
    status, answer = cloud.call("cancel_job", promotion_id, job_id)
    assert (status, answer["data"]["status"]) == (200, "cancelling")
    shown = undo(cloud, promotion_id, job_id)
    told = {"imported": IMPORTED_TOGETHER, "duplicates": 0, "invalid": 0, "deleted": IMPORTED_TOGETHER}
    assert (shown["status"], shown["result"]) == ("cancelled", told)
    assert (list_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == (["by-hand"], 999)


def test_a_schedule_starts_an_import(cloud: Cloud, promotion_id: str) -> None:
    upload_id = cloud.upload(promotion_id, FILE)
    sent = {"promotion_id": promotion_id, "execution_id": "execution", **import_of(upload_id)}
    started = cloud.start_scheduled(sent)
    assert cloud.start_scheduled(sent) == started
    work_off(cloud)
    assert show_job(cloud, promotion_id, started["job_id"])["result"] == RESULT
    used = not_usable(f"The upload is used by the job {started['job_id']}: announce another one")
    assert cloud.start_scheduled(sent | {"execution_id": "the next"}) == used[1]


def test_an_import_is_measured(cloud: Cloud, promotion_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    import_file(cloud, promotion_id, FILE)
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
    shown = undo(cloud, promotion_id, job_id)
    assert (shown["status"], shown["error"]) == ("failed", "the uploaded file is gone, or was replaced")
