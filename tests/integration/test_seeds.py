"""The examples of the documents that this project was asked to implement: their requests give their answers.

Only identifiers and times differ, since the examples' are of their day; and ``meta`` has what goes beyond them.
"""

import json
from typing import Any

import pytest

from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.store import Outcome
from tests.support.answers import job_meta
from tests.support.builders import LEASE, NOW
from tests.support.cloud import Cloud
from tests.support.matchers import AN_ID

HOST = "useast.api.elasticpath.com"

CREATED = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "name": "summer sale job ",
    "parameters": {
        "number_of_codes": 1,
        "max_uses_per_code": 1,
        "consume_unit": "per_cart",
        "code_prefix": "Summer-",
        "code_length": 10,
    },
}

TOO_MANY_CODES = """
{
    "errors": [
        {
            "status": 400,
            "source": "data.parameters.number_of_codes",
            "title": "Too many promotion codes",
            "detail": "Only 1000 promotion codes are allowed per promotion"
        }
    ]
}
"""

AUTOMATIC = """
{
    "errors": [
        {
            "status": "422",
            "title": "No codes allowed",
            "detail": "Cannot add codes to an automatic promotion"
        }
    ]
}
"""


def _parameters(number_of_codes: int) -> dict[str, Any]:
    return {
        "number_of_codes": number_of_codes,
        "consume_unit": "per_cart",
        "max_uses_per_code": 1,
        "code_length": 8,
        "code_prefix": "promo-",
    }


def _sent(number_of_codes: int) -> dict[str, Any]:
    job = {"type": "promotion_job", "job_type": "code_generate", "name": "job"}
    return {"data": {**job, "parameters": _parameters(number_of_codes)}}


def _shown(promotion_id: str, number_of_codes: int, status: str, meta: Any = None, **more: Any) -> Any:
    return {
        "type": "promotion_job",
        "id": AN_ID,
        "promotion_id": promotion_id,
        "job_type": "code_generate",
        "name": "job",
        "parameters": _parameters(number_of_codes),
        "status": status,
        "meta": job_meta(number_of_codes, **(meta or {})),
        **more,
    }


def _list(promotion_id: str, *jobs: dict[str, Any]) -> dict[str, Any]:
    link = f"https://{HOST}/v2/promotions/{promotion_id}/jobs?page[offset]=0&page[limit]=25"
    return {
        "data": list(jobs),
        "links": {"current": link, "first": link, "last": link, "prev": link, "next": link},
        "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": len(jobs)}},
    }


def _create(cloud: Cloud, promotion_id: str, number_of_codes: int) -> Job:
    status, answer = cloud.call("create_job", promotion_id, data=_sent(number_of_codes))
    assert status == 201
    return cloud.job(promotion_id, answer["data"]["id"])


def _generate(cloud: Cloud, job: Job) -> None:
    """Bring a job that makes a single run to its end, as its worker does."""
    cloud.jobs.claim(job, NOW)
    cloud.runs.take(job, 0, LEASE, NOW)
    cloud.runs.finish(cloud.job(job.promotion_id, job.id), 0, LEASE, NOW)
    cloud.jobs.complete(job, Outcome(generated=job.plan.number_of_codes), NOW)


def test_the_example_of_creating_a_job(cloud: Cloud, promotion_id: str) -> None:
    assert cloud.call("create_job", promotion_id, data={"data": CREATED}) == (
        201,
        {
            "data": {
                "type": "promotion_job",
                "id": AN_ID,
                "promotion_id": promotion_id,
                "job_type": "code_generate",
                "name": "summer sale job ",
                "parameters": {
                    "number_of_codes": 1,
                    "consume_unit": "per_cart",
                    "max_uses_per_code": 1,
                    "code_length": 10,
                    "code_prefix": "Summer-",
                },
                "status": "pending",
                "meta": job_meta(1, 10),
            }
        },
    )


def test_the_example_of_too_many_codes(cloud: Cloud, promotion_id: str) -> None:
    assert cloud.call("create_job", promotion_id, data=_sent(1_001)) == (400, json.loads(TOO_MANY_CODES))


def test_the_example_of_an_automatic_promotion(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(automatic=True)
    assert cloud.call("create_job", promotion_id, data={"data": CREATED}) == (422, json.loads(AUTOMATIC))


def test_the_example_of_a_job(cloud: Cloud, promotion_id: str) -> None:
    job = _create(cloud, promotion_id, 100)
    assert cloud.call("get_job", promotion_id, job.id) == (200, {"data": _shown(promotion_id, 100, "pending")})


def test_the_example_of_a_list_with_a_job_that_is_processing_and_one_that_is_completed(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=1_100)
    first = _create(cloud, promotion_id, 1_000)
    _generate(cloud, first)
    # The example has codes deleted from a completed job; nothing does that here, but it would be shown.
    cloud.change_job(first, "SET #deleted = :deleted", deleted=1_000)
    cloud.jobs.claim(_create(cloud, promotion_id, 100), NOW)
    assert cloud.call("list_jobs", promotion_id, headers={"host": HOST}) == (
        200,
        _list(
            promotion_id,
            _shown(promotion_id, 100, "processing", {"progress": {"done": 0, "total": 100, "percent": 0}}),
            _shown(promotion_id, 1_000, "completed", result={"generated": 1_000, "deleted": 1_000}),
        ),
    )


def test_the_example_of_a_list_with_a_job_that_failed(cloud: Cloud, promotion_id: str) -> None:
    cloud.change_promotion(promotion_id, "SET #room = :room", room=999)
    _create(cloud, promotion_id, 1_000)
    [message] = cloud.messages()
    cloud.deliver(json.dumps(message))
    assert cloud.call("list_jobs", promotion_id, headers={"host": HOST}) == (
        200,
        _list(promotion_id, _shown(promotion_id, 1_000, "failed", error="codes limit exceeded")),
    )


@pytest.mark.parametrize("filter_", ["eq(job_type, code_export)", "eq(status, complete)"])
def test_the_examples_of_filters(cloud: Cloud, promotion_id: str, filter_: str) -> None:
    _generate(cloud, _create(cloud, promotion_id, 1))
    _, everything = cloud.call("list_jobs", promotion_id)
    job_id = cloud.create_job(promotion_id)
    _, found = cloud.call("list_jobs", promotion_id, query=f"filter={filter_}")
    expected = [job_id] if "code_export" in filter_ else [everything["data"][0]["id"]]
    assert [job["id"] for job in found["data"]] == expected
