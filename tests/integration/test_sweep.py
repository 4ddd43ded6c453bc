"""The sweep as the schedule calls it."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.jobs.job import Message
from promotion_jobs.jobs.open_work import OpenWork
from promotion_jobs.limits import LATE_WRITES
from promotion_jobs.values import to_text
from tests.support import generated
from tests.support.builders import HOLDER, NOW
from tests.support.cloud import Cloud
from tests.support.matchers import A_TIME

EVERY_TYPE = pytest.mark.parametrize("job_type", ["code_generate", "code_export", "code_delete"])


def _age(cloud: Cloud, job_id: str, **age: float) -> None:
    """Have the messages of what is open sent so long ago."""
    sent_at = to_text(datetime.now(UTC) - timedelta(**age))
    cloud.table.transact(cloud.table.update(keys.open_job(job_id), "SET #sent_at = :at", "", at=sent_at))


def _open(cloud: Cloud, job_id: str) -> dict[str, Any]:
    item = cloud.table.get(keys.open_job(job_id))
    assert item
    return item


@EVERY_TYPE
def test_a_job_whose_message_was_lost_is_sent_again(cloud: Cloud, promotion_id: str, job_type: str) -> None:
    job_id = cloud.create_job(promotion_id, job_type)
    cloud.messages()
    _age(cloud, job_id, minutes=3)
    cloud.sweep()
    assert cloud.messages() == [asdict(Message(promotion_id, job_id))]
    seen = {
        "promotion_id": promotion_id,
        "opened_at": A_TIME,
        "sent_at": A_TIME,
        "sends": 1,
        "progress": 0,
    }
    assert _open(cloud, job_id) == {"pk": "OPEN", "sk": job_id, **seen}
    before = cloud.items()
    cloud.sweep()
    assert (cloud.items(), cloud.messages()) == (before, [])


@EVERY_TYPE
def test_a_job_that_was_just_sent_is_left_alone(cloud: Cloud, promotion_id: str, job_type: str) -> None:
    cloud.create_job(promotion_id, job_type)
    cloud.messages()
    before = cloud.items()
    cloud.sweep()
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_an_export_whose_message_was_lost_is_completed_after_a_sweep(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.messages()
    _age(cloud, job_id, minutes=3)
    cloud.sweep()
    [sent] = cloud.messages()
    cloud.deliver(Message(**sent))
    assert cloud.job(promotion_id, job_id).status == "completed"
    before = cloud.items()
    cloud.sweep()
    assert (cloud.items(), cloud.messages()) == (before, [])


def test_a_run_whose_worker_is_gone_is_sent_again_at_once(cloud: Cloud, promotion_id: str) -> None:
    job = generated.start(cloud, promotion_id, generated.texts(1))
    _age(cloud, job.id, seconds=1)
    cloud.sweep()
    assert cloud.messages() == [asdict(Message(promotion_id, job.id))]
    assert _open(cloud, job.id) | {"sent_at": ""} == {
        "pk": "OPEN",
        "sk": job.id,
        "promotion_id": promotion_id,
        "opened_at": to_text(job.created_at),
        "sent_at": "",
        "sends": 0,
        "progress": 2,
    }


def test_a_run_that_is_held_is_left_to_its_holder(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_generate"))
    cloud.claim(job, NOW)
    now = datetime.now(UTC)
    cloud.runs.take(job, 0, HOLDER, now)
    cloud.messages()
    cloud.sweep()
    _age(cloud, job.id, minutes=3)
    cloud.sweep()
    assert cloud.messages() == []


def test_a_purge_whose_message_was_lost_is_sent_again_and_clears_the_promotion_away(
    cloud: Cloud, promotion_id: str
) -> None:
    left = cloud.create_promotion()
    cloud.call("delete_promotion", promotion_id)
    [lost] = cloud.messages()
    _age(cloud, lost["job_id"], minutes=3)
    cloud.sweep()
    assert cloud.messages() == [lost]
    purge = cloud.job(promotion_id, lost["job_id"])
    cloud.change_job(purge, "SET #created_at = :then", then=to_text(purge.created_at - LATE_WRITES))
    cloud.deliver(Message(**lost))
    assert [item["pk"]["S"] for item in cloud.items() if "PROMOTION" in item["pk"]["S"]].count(
        keys.promotion(promotion_id)["pk"]
    ) == 0
    assert cloud.table.get(keys.promotion(left))
    assert cloud.jobs.open_work.list() == []


def test_what_was_seen_is_noted_once_and_only_while_it_is_open(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    store = cloud.jobs.open_work
    [seen] = store.list()
    then = job.created_at
    assert seen == OpenWork(promotion_id, job.id, opened_at=then, sent_at=then, sends=0, progress=0)
    assert store.note(seen, sent_at=NOW, sends=1, progress=5)
    [noted] = store.list()
    assert noted == OpenWork(promotion_id, job.id, opened_at=then, sent_at=NOW, sends=1, progress=5)
    before = cloud.items()
    assert not store.note(seen, sent_at=NOW, sends=1, progress=5)
    assert cloud.items() == before
    cloud.jobs.refuse(job, "made room", NOW)
    cloud.table.transact(store.remove(job.id))
    before = cloud.items()
    assert not store.note(noted, sent_at=NOW, sends=2, progress=5)
    assert cloud.items() == before
