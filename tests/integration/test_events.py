"""The end of every job is told to the bus, as the API shows the job (docs/use/events.md)."""

from typing import Any

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.bus import EventBus, EventRefused
from promotion_jobs.jobs.job import Message
from promotion_jobs.jobs.store import Outcome
from tests.support.builders import EXPORT_FILE, HOLDER, NOW
from tests.support.cloud import EVENT_BUS, Cloud


def _shown(cloud: Cloud, promotion_id: str, job_id: str) -> Any:
    return cloud.call("get_job", promotion_id, job_id)[1]["data"]


def test_an_export_that_completes_is_told_once_with_its_file(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    for _ in range(2):
        cloud.deliver(Message(promotion_id, job_id))
    shown = _shown(cloud, promotion_id, job_id)
    assert shown["meta"]["file"]["rows"] == 0
    assert cloud.account.published == [("Promotion Job Completed", shown)]


def test_a_job_without_room_is_told_as_failed_with_the_reason(cloud: Cloud, promotion_id: str) -> None:
    cloud.change_promotion(promotion_id, "SET #room = :room", room=9)
    job_id = cloud.create_job(promotion_id, "code_generate", number_of_codes=10)
    cloud.deliver(Message(promotion_id, job_id))
    [(detail_type, detail)] = cloud.account.published
    assert (detail_type, detail["error"]) == ("Promotion Job Failed", "codes limit exceeded")
    assert detail == _shown(cloud, promotion_id, job_id)


def test_what_a_worker_that_died_did_not_tell_the_sweep_makes_another_tell(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.messages()
    job = cloud.job(promotion_id, job_id)
    cloud.claim(job, NOW)
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.runs.finish(cloud.job(promotion_id, job_id), 0, NOW)
    cloud.jobs.complete(job, Outcome(files=[EXPORT_FILE]), NOW)
    assert cloud.account.published == []
    long_ago = {"then": "2026-01-01T00:00:00.000Z"}
    cloud.table.transact(cloud.table.update(keys.open_job(job_id), "SET #sent_at = :then", "", **long_ago))
    cloud.sweep()
    [message] = cloud.messages()
    cloud.deliver(Message(**message))
    assert [detail_type for detail_type, _ in cloud.account.published] == ["Promotion Job Completed"]
    before = cloud.items()
    cloud.sweep()
    assert (cloud.items(), cloud.messages()) == (before, [])


class _RefusingClient:
    def put_events(self, **_: Any) -> Any:
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}


def test_an_event_that_the_bus_does_not_take_is_an_error() -> None:
    client: Any = _RefusingClient()
    with pytest.raises(EventRefused, match="ThrottlingException"):
        EventBus(lambda: client, EVENT_BUS).publish("Promotion Job Completed", {}, NOW)
