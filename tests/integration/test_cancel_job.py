"""POST …/jobs/{job_id}/cancel (contract 1.3, decision 7)."""

from typing import Any

import pytest

from promotion_jobs.jobs.job import JobStatus, Message
from promotion_jobs.jobs.store import Outcome
from tests.support import generated
from tests.support.answers import JOB_NOT_FOUND, NOT_CANCELLABLE, job_meta
from tests.support.builders import CLIENT_ID, EXPORT_FILE, HOLDER, NOW
from tests.support.cloud import Cloud
from tests.support.matchers import A_TIME

EVERY_TYPE = pytest.mark.parametrize("job_type", ["code_generate", "code_export", "code_delete"])
OWN: dict[str, dict[str, Any]] = {
    "code_generate": {"parameters": {"number_of_codes": 100}},
    "code_export": {},
    "code_delete": {"parameters": {"all": True}},
}
RESULTS: dict[str, dict[str, Any]] = {
    "code_generate": {"result": {"generated": 0, "deleted": 0}},
    "code_export": {},
    "code_delete": {"result": {"deleted": 0}},
}


def _shown(promotion_id: str, job_id: str, job_type: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "promotion_job",
        "id": job_id,
        "promotion_id": promotion_id,
        "job_type": job_type,
        **OWN[job_type],
        "status": status,
        "created_by": CLIENT_ID,
        "meta": job_meta(100 if job_type == "code_generate" else None),
        **more,
    }


@EVERY_TYPE
def test_a_pending_job_is_cancelled_at_once_and_lets_go_of_its_promotion(
    cloud: Cloud, promotion_id: str, job_type: str
) -> None:
    job_id = cloud.create_job(promotion_id, job_type)
    cloud.messages()
    answer = cloud.call("cancel_job", promotion_id, job_id)
    assert answer == (200, {"data": _shown(promotion_id, job_id, job_type, "cancelled", **RESULTS[job_type])})
    assert cloud.call("get_job", promotion_id, job_id) == answer
    assert cloud.messages() == []
    promotion = cloud.promotion(promotion_id)
    assert (promotion.open_job, promotion.codes, promotion.room) == (None, 0, 1_000)
    assert cloud.create_job(promotion_id, job_type)


@EVERY_TYPE
def test_the_message_of_a_job_that_was_cancelled_before_it_started_announces_that_and_does_nothing_else(
    cloud: Cloud, promotion_id: str, job_type: str
) -> None:
    job_id = cloud.create_job(promotion_id, job_type)
    cloud.call("cancel_job", promotion_id, job_id)
    before = cloud.items()
    for _ in range(2):
        cloud.deliver(Message(promotion_id, job_id))
    assert cloud.items() == [item for item in before if item["pk"] != {"S": "OPEN"}]
    _, shown = cloud.call("get_job", promotion_id, job_id)
    assert cloud.account.published == [("Promotion Job Cancelled", shown["data"])]


@EVERY_TYPE
def test_a_job_that_is_processing_is_cancelling_and_keeps_its_promotion(
    cloud: Cloud, promotion_id: str, job_type: str
) -> None:
    job_id = cloud.create_job(promotion_id, job_type)
    cloud.messages()
    cloud.claim(cloud.job(promotion_id, job_id), NOW)
    answer = cloud.call("cancel_job", promotion_id, job_id)
    assert answer == (200, {"data": _shown(promotion_id, job_id, job_type, "cancelling")})
    _, shown = cloud.call("get_job", promotion_id, job_id)
    progress = shown["data"]["meta"].pop("progress", None)
    gone = {"done": 0, "total": 0, "percent": 100, "updated_at": A_TIME}
    assert progress == (gone if job_type == "code_generate" else None)
    assert shown == answer[1]
    assert cloud.messages() == [{"promotion_id": promotion_id, "job_id": job_id, "run": 0}]
    assert cloud.promotion(promotion_id).open_job == job_id


def test_a_job_that_is_being_cancelled_is_completed_no_more_and_shows_no_code(cloud: Cloud, promotion_id: str) -> None:
    job = generated.start(cloud, promotion_id, generated.texts(1))
    cloud.call("cancel_job", promotion_id, job.id)
    before = cloud.job(promotion_id, job.id), cloud.promotion(promotion_id)
    cloud.jobs.complete(job, Outcome(generated=1), NOW)
    assert (cloud.job(promotion_id, job.id), cloud.promotion(promotion_id)) == before
    _, answer = cloud.call("list_codes", promotion_id)
    assert (answer["data"], answer["meta"]["results"]) == ([], {"total": 0})


def test_an_export_that_is_being_cancelled_gets_no_file(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    cloud.claim(job, NOW)
    cloud.runs.take(job, 0, HOLDER, NOW)
    processing = cloud.job(promotion_id, job.id)
    cloud.call("cancel_job", promotion_id, job.id)
    cloud.runs.finish(processing, 0, NOW)
    before = cloud.items()
    cloud.jobs.complete(job, Outcome(files=[EXPORT_FILE]), NOW)
    assert cloud.items() == before
    status, answer = cloud.call("get_job_file", promotion_id, job.id)
    detail = "Job has no file to download. Job status: cancelling"
    assert (status, answer["errors"][0]["detail"]) == (422, detail)


@pytest.mark.parametrize("status", [it for it in JobStatus if it not in {JobStatus.PENDING, JobStatus.PROCESSING}])
@EVERY_TYPE
def test_a_job_in_any_other_state_is_left_as_it_is(
    cloud: Cloud, promotion_id: str, job_type: str, status: JobStatus
) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, job_type))
    cloud.messages()
    cloud.change_job(job, "SET #status = :status", status=status)
    before = cloud.items()
    assert cloud.call("cancel_job", promotion_id, job.id) == NOT_CANCELLABLE
    assert (cloud.items(), cloud.messages()) == (before, [])


@pytest.mark.parametrize("start", [False, True])
def test_a_second_cancel_is_refused(cloud: Cloud, promotion_id: str, *, start: bool) -> None:
    job_id = cloud.create_job(promotion_id)
    if start:
        cloud.claim(cloud.job(promotion_id, job_id), NOW)
    cloud.call("cancel_job", promotion_id, job_id)
    before = cloud.items()
    assert cloud.call("cancel_job", promotion_id, job_id) == NOT_CANCELLABLE
    assert cloud.items() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (None, None),
        ("{}", "application/json"),
        ("{", "application/json"),
        (b"\xff\xfe", None),
        ("a=1", "application/x-www-form-urlencoded"),
        (" " * 1_000_001, "text/plain"),
    ],
    ids=lambda it: repr(it)[:20],
)
def test_any_body_or_none_is_taken(
    cloud: Cloud, promotion_id: str, body: str | bytes | None, content_type: str | None
) -> None:
    job_id = cloud.create_job(promotion_id)
    answer = cloud.call("cancel_job", promotion_id, job_id, body=body, headers={"content-type": content_type})
    assert answer == (200, {"data": _shown(promotion_id, job_id, "code_export", "cancelled")})


def test_a_job_of_another_promotion_is_not_found(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(cloud.create_promotion())
    assert cloud.call("cancel_job", promotion_id, job_id) == JOB_NOT_FOUND
