"""POST …/jobs (contract 1, decisions 6 to 11)."""

from dataclasses import replace
from typing import Any

import pytest

from promotion_jobs.jobs.job import JobStatus
from tests.support.answers import (
    AUTOMATIC,
    PROMOTION_NOT_FOUND,
    TOO_MANY_JOBS,
    UNAUTHORIZED,
    job_meta,
    too_many_codes,
)
from tests.support.builders import CLIENT_ID, UNKNOWN_ID
from tests.support.cloud import Answer, Cloud
from tests.support.matchers import AN_ID

GENERATE = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "name": "job",
    "parameters": {"number_of_codes": 100, "code_prefix": "promo-"},
}
EXPORT = {"type": "promotion_job", "job_type": "code_export"}
DELETE = {"type": "promotion_job", "job_type": "code_delete", "name": "all", "parameters": {"all": True}}
DELETE_ONE = {"type": "promotion_job", "job_type": "code_delete", "parameters": {"job_id": UNKNOWN_ID}}

TOO_MANY_CODES = too_many_codes(1_000, "data.parameters.number_of_codes")


def _codes(number_of_codes: Any, **parameters: Any) -> dict[str, Any]:
    return {**GENERATE, "parameters": {"number_of_codes": number_of_codes, **parameters}}


def _refused(cloud: Cloud, promotion_id: str, data: Any, **request: Any) -> Answer:
    """The answer to a job that must be refused, which changes nothing."""
    before = cloud.items()
    answer = cloud.call("create_job", promotion_id, data=data, **request)
    assert cloud.items() == before
    assert cloud.messages() == []
    return answer


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    "sent", [GENERATE, EXPORT, DELETE, DELETE_ONE], ids=["generate", "export", "delete all", "delete one job's"]
)
def test_a_job_is_created_pending_and_queued(
    cloud: Cloud, promotion_id: str, sent: dict[str, Any], *, wrapped: bool
) -> None:
    status, answer = cloud.call("create_job", promotion_id, data={"data": sent} if wrapped else sent)
    shown = {
        **sent,
        "id": AN_ID,
        "promotion_id": promotion_id,
        "status": "pending",
        "created_by": CLIENT_ID,
        "meta": job_meta(sent.get("parameters", {}).get("number_of_codes")),
    }
    assert (status, answer) == (201, {"data": shown})
    job_id = answer["data"]["id"]
    assert cloud.call("get_job", promotion_id, job_id) == (200, answer)
    assert cloud.messages() == [{"promotion_id": promotion_id, "job_id": job_id, "run": 0}]
    assert cloud.promotion(promotion_id).open_job == job_id


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.api+json", None])
def test_json_is_read_under_any_of_its_content_types_or_none(
    cloud: Cloud, promotion_id: str, content_type: str | None
) -> None:
    status, _ = cloud.call("create_job", promotion_id, data=EXPORT, headers={"content-type": content_type})
    assert status == 201


@pytest.mark.parametrize("second", [GENERATE, EXPORT, DELETE], ids=["generate", "export", "delete"])
@pytest.mark.parametrize("first", ["code_generate", "code_export", "code_delete"])
def test_a_second_job_is_refused_while_one_is_open(
    cloud: Cloud, promotion_id: str, first: str, second: dict[str, Any]
) -> None:
    cloud.create_job(promotion_id, first)
    cloud.messages()
    assert _refused(cloud, promotion_id, {"data": second}) == TOO_MANY_JOBS


def test_another_promotion_may_have_a_job_at_the_same_time(cloud: Cloud, promotion_id: str) -> None:
    cloud.create_job(promotion_id)
    assert cloud.create_job(cloud.create_promotion())


def test_the_next_job_is_accepted_when_the_one_before_has_ended(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.jobs.refuse(cloud.job(promotion_id, job_id), "codes limit exceeded", cloud.tokens.now())
    assert cloud.create_job(promotion_id)


def test_more_codes_than_the_promotion_may_hold_are_refused(cloud: Cloud, promotion_id: str) -> None:
    assert _refused(cloud, promotion_id, {"data": _codes(1_001)}) == TOO_MANY_CODES
    assert cloud.call("create_job", promotion_id, data=_codes(1_000))[0] == 201


def test_codes_that_could_be_guessed_are_refused_with_the_length_that_would_do(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=10_000_000)
    assert _refused(cloud, promotion_id, {"data": _codes(2_824_296)}) == (
        400,
        {
            "errors": [
                {
                    "status": 400,
                    "source": "data.parameters.code_length",
                    "title": "Code space too small",
                    "detail": "One guess in 99,999 would hit one of these codes, and at most one in 100,000 may: "
                    "use a code_length of at least 9",
                }
            ]
        },
    )
    assert cloud.call("create_job", promotion_id, data=_codes(2_824_296, code_length=9))[0] == 201


@pytest.mark.parametrize("other", [EXPORT, DELETE], ids=["export", "delete"])
def test_an_automatic_promotion_takes_no_codes_but_other_jobs(cloud: Cloud, other: dict[str, Any]) -> None:
    promotion_id = cloud.create_promotion(automatic=True)
    assert _refused(cloud, promotion_id, {"data": GENERATE}) == AUTOMATIC
    assert cloud.call("create_job", promotion_id, data=other)[0] == 201


def test_no_deletion_is_refused_for_the_room_that_there_is_not(cloud: Cloud, promotion_id: str) -> None:
    cloud.change_promotion(promotion_id, "SET #room = :none, #max_codes = :one", none=0, one=1)
    assert cloud.call("create_job", promotion_id, data=DELETE)[0] == 201


def test_what_is_wrong_is_told_in_the_order_of_the_checks(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(automatic=True)
    cloud.create_job(promotion_id)
    cloud.messages()
    assert _refused(cloud, UNKNOWN_ID, {"data": {}}, headers={"authorization": None}) == UNAUTHORIZED
    assert _refused(cloud, UNKNOWN_ID, {"data": {}}) == PROMOTION_NOT_FOUND
    invalid = {"status": 400, "source": "data.job_type", "title": "required", "detail": "job_type is required"}
    assert _refused(cloud, promotion_id, {"data": {}}) == (400, {"errors": [invalid]})
    assert _refused(cloud, promotion_id, {"data": _codes(1_001)}) == TOO_MANY_CODES
    assert _refused(cloud, promotion_id, {"data": GENERATE}) == AUTOMATIC
    assert _refused(cloud, promotion_id, {"data": EXPORT}) == TOO_MANY_JOBS


@pytest.mark.parametrize(
    ("request_", "status", "element"),
    [
        (
            {"data": {"data": _codes("many", colour="red")}},
            400,
            [
                {
                    "status": 400,
                    "source": "data.parameters.number_of_codes",
                    "title": "invalid",
                    "detail": "number_of_codes must be a whole number",
                },
                {
                    "status": 400,
                    "source": "data.parameters.colour",
                    "title": "invalid",
                    "detail": "colour is not a parameter of this job",
                },
            ],
        ),
        (
            {"data": {"data": DELETE | {"parameters": {"job_id": UNKNOWN_ID, "all": True}}}},
            400,
            [
                {
                    "status": 400,
                    "source": "data.parameters",
                    "title": "invalid",
                    "detail": "parameters must have either job_id, or all as true",
                }
            ],
        ),
        (
            {"body": "{"},
            400,
            [{"status": 400, "source": "data", "title": "Bad Request", "detail": "The body is not valid JSON"}],
        ),
        (
            {"body": "a=1", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            415,
            [{"status": 415, "title": "Unsupported Media Type", "detail": "Send the body as application/json"}],
        ),
        (
            {"body": " " * 1_000_001},
            413,
            [{"status": 413, "title": "Payload Too Large", "detail": "A body may have at most 1,000,000 bytes"}],
        ),
    ],
)
def test_a_body_that_is_not_right_is_refused(
    cloud: Cloud, promotion_id: str, request_: dict[str, Any], status: int, element: list[dict[str, Any]]
) -> None:
    assert _refused(cloud, promotion_id, request_.pop("data", None), **request_) == (status, {"errors": element})


def test_a_job_that_cannot_be_queued_leaves_the_promotion_as_it_was(cloud: Cloud, promotion_id: str) -> None:
    cloud.sqs.delete_queue(QueueUrl=cloud.queue_url)
    before = cloud.items()
    status, _ = cloud.call("create_job", promotion_id, data=EXPORT)
    assert status == 500
    assert cloud.items() == before


def test_an_attempt_whose_answer_was_lost_finds_its_own_lock_and_has_succeeded(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    before = cloud.items()
    cloud.jobs.add(job)
    assert cloud.items() == before


def test_a_job_that_already_runs_is_not_withdrawn(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    cloud.claim(job, cloud.tokens.now())
    before = cloud.items()
    cloud.jobs.withdraw(replace(job, status=JobStatus.PENDING))
    assert cloud.items() == before
