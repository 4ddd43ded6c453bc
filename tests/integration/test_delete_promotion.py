"""DELETE /v2/promotions/{promotion_id} (contract 3, decision 19)."""

from dataclasses import replace
from typing import Any

import pytest

from promotion_jobs.aws.keys import Range
from promotion_jobs.errors import PromotionNotFound
from tests.support.answers import NO_CONTENT, PROMOTION_NOT_FOUND, unprocessable
from tests.support.builders import CLIENT_ID, JOB_ID, NOW, UNKNOWN_ID, export_job, generate_job
from tests.support.cloud import Cloud
from tests.support.matchers import A_TIME, AN_ID

IN_USE = unprocessable("A promotion with an open job cannot be deleted")


@pytest.fixture
def deleted(cloud: Cloud, promotion_id: str) -> str:
    """A promotion with a job and a code that has just been deleted."""
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    cloud.jobs.refuse(job, "made room", NOW)
    cloud.table.transact(cloud.jobs.open_work.remove(job.id))
    cloud.add_codes(promotion_id, "A")
    cloud.messages()
    assert cloud.call("delete_promotion", promotion_id) == NO_CONTENT
    return promotion_id


def test_a_deleted_promotion_is_marked_and_its_purge_is_queued(cloud: Cloud, deleted: str) -> None:
    [message] = cloud.messages()
    assert message == {"promotion_id": deleted, "job_id": AN_ID, "run": 0}
    purge_id = message["job_id"]
    item = cloud.table.get({"pk": f"PROMOTION#{deleted}", "sk": "PROMOTION"})
    assert item is not None
    assert item["open_job"] == purge_id
    sweep = {"promotion_id": deleted, "opened_at": A_TIME, "sent_at": A_TIME, "sends": 0, "progress": 0}
    assert list(cloud.table.query(Range("OPEN"))) == [{"pk": "OPEN", "sk": purge_id, **sweep}]


CALLS: list[tuple[str, list[str], Any]] = [
    ("get_promotion", [], None),
    ("update_promotion", [], {"name": "Late sale"}),
    ("delete_promotion", [], None),
    ("list_codes", [], None),
    ("add_codes", [], {"type": "promotion_codes", "codes": [{"code": "B"}]}),
    ("delete_codes", [], {"type": "promotion_codes", "codes": [{"code": "A"}]}),
    ("get_code", ["A"], None),
    ("delete_code", ["A"], None),
    ("list_jobs", [], None),
    ("create_job", [], {"type": "promotion_job", "job_type": "code_export"}),
    ("get_job", [JOB_ID], None),
    ("cancel_job", [JOB_ID], None),
    ("get_job_file", [JOB_ID], None),
]


@pytest.mark.parametrize(("function", "ids", "data"), CALLS, ids=lambda it: it if isinstance(it, str) else "")
def test_nothing_of_a_deleted_promotion_is_found(
    cloud: Cloud, deleted: str, function: str, ids: list[str], data: Any
) -> None:
    job_ids = [job.id for job in cloud.jobs.list(deleted)] if ids == [JOB_ID] else ids
    before = cloud.items()
    assert cloud.call(function, deleted, *job_ids, data=data) == PROMOTION_NOT_FOUND
    assert cloud.items() == before


def test_a_deleted_promotion_is_in_no_list(cloud: Cloud, deleted: str) -> None:
    other = cloud.create_promotion()
    for query in ("", "page[limit]=1"):
        _, answer = cloud.call("list_promotions", query=query)
        assert [it["id"] for it in answer["data"]] == [other]
        assert answer["meta"]["results"] == {"total": 1}
    _, answer = cloud.call("list_promotions", query="filter=eq(code,A)")
    assert (answer["data"], answer["meta"]["results"]) == ([], {"total": 0})
    assert deleted != other


def test_no_job_can_start_on_a_deleted_promotion(cloud: Cloud, deleted: str) -> None:
    before = cloud.items()
    for job in (export_job(promotion_id=deleted), generate_job(promotion_id=deleted)):
        with pytest.raises(PromotionNotFound):
            cloud.jobs.add(job)
    assert cloud.items() == before


def test_the_codes_of_a_deleted_promotion_are_taken_until_they_are_cleared_away(cloud: Cloud, deleted: str) -> None:
    assert deleted
    other = cloud.create_promotion()
    data = {"type": "promotion_codes", "codes": [{"code": "a"}]}
    status, _ = cloud.call("add_codes", other, data=data)
    assert status == 422


@pytest.mark.parametrize("job_type", ["code_generate", "code_export", "code_delete"])
def test_a_promotion_with_an_open_job_is_not_deleted(cloud: Cloud, promotion_id: str, job_type: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, job_type))
    for _ in ("pending", "processing", "cancelling"):
        cloud.messages()
        before = cloud.items()
        assert cloud.call("delete_promotion", promotion_id) == IN_USE
        assert (cloud.items(), cloud.messages()) == (before, [])
        cloud.jobs.cancel_processing(job, NOW)
        cloud.claim(job, NOW)


def test_a_promotion_is_deleted_when_its_job_has_ended(cloud: Cloud, promotion_id: str) -> None:
    cloud.call("cancel_job", promotion_id, cloud.create_job(promotion_id))
    assert cloud.call("delete_promotion", promotion_id) == NO_CONTENT


def test_an_attempt_whose_answer_was_lost_finds_its_own_mark_and_has_succeeded(cloud: Cloud, promotion_id: str) -> None:
    remover = replace(cloud.service.promotion_remover, new_id=lambda _: UNKNOWN_ID)
    remover.delete(promotion_id, CLIENT_ID)
    before = cloud.items()
    remover.delete(promotion_id, CLIENT_ID)
    assert cloud.items() == before
    with pytest.raises(PromotionNotFound):
        cloud.service.promotion_remover.delete(promotion_id, CLIENT_ID)
    assert cloud.items() == before
