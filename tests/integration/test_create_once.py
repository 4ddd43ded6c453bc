"""The Idempotency-Key of a new job, and dry runs (decision 18, "Beyond the contract")."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.aws.table import from_item
from promotion_jobs.errors import IdempotencyKeyReused, PromotionNotFound, RequestRepeated, TooManyJobs
from promotion_jobs.jobs.job import Job, KeyedRequest
from tests.support import generated
from tests.support.answers import PROMOTION_NOT_FOUND, TOO_MANY_JOBS, failure, fault, unprocessable
from tests.support.builders import CLIENT_ID, JOB_ID, NOW, UNKNOWN_ID, export_job
from tests.support.cloud import Answer, Cloud, forget_caches
from tests.support.matchers import A_CODE

GENERATE = {"type": "promotion_job", "job_type": "code_generate", "name": "job", "parameters": {"number_of_codes": 100}}
EXPORT = {"type": "promotion_job", "job_type": "code_export"}
DELETE = {"type": "promotion_job", "job_type": "code_delete", "parameters": {"all": True}}
DELETE_ONE = {"type": "promotion_job", "job_type": "code_delete", "parameters": {"job_id": JOB_ID}}
KEY = 'any "key" of ours'


def _create(cloud: Cloud, promotion_id: str, data: Any, key: str | None = KEY, query: str = "") -> Answer:
    headers = {"idempotency-key": key} if key is not None else {}
    return cloud.call("create_job", promotion_id, data={"data": data}, headers=headers, query=query)


@pytest.mark.parametrize(
    "sent", [GENERATE, EXPORT, DELETE, DELETE_ONE], ids=["generate", "export", "delete all", "delete one job's"]
)
def test_the_same_request_again_answers_the_same_job_and_writes_nothing(
    cloud: Cloud, promotion_id: str, sent: dict[str, Any]
) -> None:
    first = _create(cloud, promotion_id, sent)
    assert first[0] == 201
    before = cloud.items()
    assert len(cloud.messages()) == 1
    assert _create(cloud, promotion_id, dict(reversed(sent.items()))) == first
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_the_same_request_again_answers_its_job_as_it_is_now(cloud: Cloud, promotion_id: str) -> None:
    _, first = _create(cloud, promotion_id, EXPORT)
    cloud.call("cancel_job", promotion_id, first["data"]["id"])
    status, again = _create(cloud, promotion_id, EXPORT)
    assert (status, again["data"]["id"], again["data"]["status"]) == (201, first["data"]["id"], "cancelled")


def test_a_key_that_came_with_another_request_is_refused(cloud: Cloud, promotion_id: str) -> None:
    _create(cloud, promotion_id, EXPORT)
    before = cloud.items()
    refused = unprocessable("This Idempotency-Key came with another request")
    assert _create(cloud, promotion_id, GENERATE) == refused
    assert _create(cloud, promotion_id, EXPORT | {"name": "another"}) == refused
    assert cloud.items() == before


def test_another_key_or_none_is_another_request(cloud: Cloud, promotion_id: str) -> None:
    _create(cloud, promotion_id, EXPORT)
    assert _create(cloud, promotion_id, EXPORT, "another") == TOO_MANY_JOBS
    assert _create(cloud, promotion_id, EXPORT, None) == TOO_MANY_JOBS
    assert _create(cloud, cloud.create_promotion(), EXPORT)[0] == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "a\tb"])
def test_what_is_no_key_is_refused(cloud: Cloud, promotion_id: str, key: str) -> None:
    detail = "Idempotency-Key must be 1 to 255 printable ASCII characters"
    before = cloud.items()
    assert _create(cloud, promotion_id, EXPORT, key) == failure(400, fault("Idempotency-Key", detail))
    assert cloud.items() == before


def _request(job: Job, fingerprint: str = "same") -> KeyedRequest:
    return KeyedRequest(CLIENT_ID, job.promotion_id, KEY, fingerprint, NOW + timedelta(hours=24))


@pytest.fixture
def job(promotion_id: str) -> Job:
    return export_job(promotion_id=promotion_id)


def test_a_request_is_remembered_with_its_job_until_it_expires(cloud: Cloud, job: Job) -> None:
    assert cloud.jobs.earlier(_request(job), NOW) is None
    cloud.jobs.add(job, _request(job))
    assert cloud.jobs.earlier(_request(job), NOW) == job
    with pytest.raises(IdempotencyKeyReused):
        cloud.jobs.earlier(_request(job, "another"), NOW)
    assert cloud.jobs.earlier(_request(job, "another"), NOW + timedelta(hours=24)) is None
    [item] = [item for item in map(from_item, cloud.items()) if item["sk"] == "REQUEST"]
    assert item["expires_at"] == int((NOW + timedelta(hours=24)).timestamp())


def test_of_two_that_remember_the_same_request_one_is_refused_whatever_holds_the_lock(cloud: Cloud, job: Job) -> None:
    cloud.jobs.add(job, _request(job))
    second = replace(job, id=UNKNOWN_ID)
    before = cloud.items()
    with pytest.raises(RequestRepeated):
        cloud.jobs.add(second, _request(job))
    cloud.jobs.add(job, _request(job))
    assert cloud.items() == before
    cloud.jobs.cancel_pending(job, NOW)
    before = cloud.items()
    with pytest.raises(RequestRepeated):
        cloud.jobs.add(second, _request(job))
    assert cloud.items() == before
    cloud.jobs.add(replace(second, created_at=NOW + timedelta(hours=24)), _request(job))
    assert cloud.promotion(job.promotion_id).open_job == UNKNOWN_ID


def test_what_is_refused_is_not_remembered(cloud: Cloud, job: Job) -> None:
    cloud.jobs.add(job)
    before = cloud.items()
    with pytest.raises(TooManyJobs):
        cloud.jobs.add(replace(job, id=UNKNOWN_ID), _request(job))
    assert cloud.items() == before


def test_a_request_whose_promotion_was_deleted_finds_none(cloud: Cloud, promotion_id: str) -> None:
    _, first = _create(cloud, promotion_id, EXPORT)
    cloud.call("cancel_job", promotion_id, first["data"]["id"])
    assert cloud.call("delete_promotion", promotion_id)[0] == 204
    assert _create(cloud, promotion_id, EXPORT) == PROMOTION_NOT_FOUND


def test_a_request_whose_job_was_purged_finds_no_promotion(cloud: Cloud, job: Job) -> None:
    cloud.jobs.add(job, _request(job))
    cloud.jobs.withdraw(job)
    with pytest.raises(PromotionNotFound):
        cloud.jobs.earlier(_request(job), NOW)


def test_a_request_whose_job_could_not_be_queued_finds_it_when_it_comes_again(
    cloud: Cloud, promotion_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("JOB_QUEUE_URL", f"{cloud.queue_url}-is-gone")
        forget_caches()
        assert _create(cloud, promotion_id, EXPORT)[0] == 500
    forget_caches()
    job_id = cloud.promotion(promotion_id).open_job
    status, answer = _create(cloud, promotion_id, EXPORT)
    assert (status, answer["data"]["id"], answer["data"]["status"]) == (201, job_id, "pending")


def test_a_dry_run_does_not_look_at_the_key(cloud: Cloud, promotion_id: str) -> None:
    assert _create(cloud, promotion_id, EXPORT, "k" * 256, "dry_run=true")[0] == 200


COST = {"currency": "USD", "region": "us-east-1", "prices_of": "2026-11"}


def test_a_dry_run_says_what_would_happen_and_writes_nothing(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    cost = {"amount": "0.000070", **COST}
    dry_run = {"lock_is_free": True, "room_is_enough": True, "room": 1_000, "codes": 100, "estimated_seconds": 3}
    assert _create(cloud, promotion_id, GENERATE, None, "dry_run=true") == (
        200,
        {
            "data": {
                **GENERATE,
                "promotion_id": promotion_id,
                "meta": {
                    "guess_odds": "1 in 2,824,295,364",
                    "example_codes": [A_CODE] * 3,
                    "dry_run": {**dry_run, "estimated_cost": cost},
                },
            }
        },
    )
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_a_dry_run_of_an_export_says_whether_the_promotion_is_locked(cloud: Cloud, promotion_id: str) -> None:
    cloud.create_job(promotion_id)
    status, answer = _create(cloud, promotion_id, EXPORT, JOB_ID, "dry_run=true")
    cost = {"amount": "0.000056", **COST}
    dry_run = {"lock_is_free": False, "room_is_enough": True, "room": 1_000, "codes": 0, "estimated_seconds": 2}
    assert (status, answer["data"]["meta"]) == (200, {"dry_run": {**dry_run, "estimated_cost": cost}})


@pytest.mark.parametrize(
    ("parameters", "codes", "amount"),
    [({"all": True}, 4, "0.000069"), ({"job_id": JOB_ID}, 3, "0.000069"), ({"job_id": UNKNOWN_ID}, 0, "0.000046")],
    ids=["all", "one job's", "an unknown job's"],
)
def test_a_dry_run_of_a_deletion_says_how_many_codes_it_would_delete(
    cloud: Cloud, promotion_id: str, parameters: dict[str, Any], codes: int, amount: str
) -> None:
    generated.generate(cloud, promotion_id, generated.texts(2, 1))
    cloud.add_codes(promotion_id, "Hand-1")
    before = cloud.items()
    deletion = DELETE | {"parameters": parameters}
    dry_run = {"lock_is_free": True, "room_is_enough": True, "room": 996, "codes": codes}
    cost = {"estimated_seconds": 3 if codes else 2, "estimated_cost": {"amount": amount, **COST}}
    assert _create(cloud, promotion_id, deletion, None, "dry_run=true") == (
        200,
        {"data": {**deletion, "promotion_id": promotion_id, "meta": {"dry_run": dry_run | cost}}},
    )
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_a_dry_run_of_what_cannot_be_is_refused_like_the_job(cloud: Cloud, promotion_id: str) -> None:
    impossible = GENERATE | {"parameters": {"number_of_codes": 1_001}}
    dry = _create(cloud, promotion_id, impossible, None, "dry_run=true")
    assert dry == _create(cloud, promotion_id, impossible, None)
    assert dry[0] == 400


def test_no_dry_run_is_a_job(cloud: Cloud, promotion_id: str) -> None:
    assert _create(cloud, promotion_id, EXPORT, None, "dry_run=false")[0] == 201


@pytest.mark.parametrize("query", ["dry_run=", "dry_run", "dry_run=1", "dry_run=True"])
def test_what_is_neither_a_dry_run_nor_none_is_refused(cloud: Cloud, promotion_id: str, query: str) -> None:
    before = cloud.items()
    refused = failure(400, fault("dry_run", "dry_run must be true or false"))
    assert _create(cloud, promotion_id, EXPORT, None, query) == refused
    assert cloud.items() == before
