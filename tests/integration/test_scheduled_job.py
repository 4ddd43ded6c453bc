"""Jobs that a schedule starts: by the rules of the API, once for each execution (docs/use/schedules.md)."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.answers import (
    JOB_TYPES,
    PROMOTION_NOT_FOUND,
    TOO_MANY_JOBS,
    failure,
    invalid,
    required,
    too_many_codes,
)
from tests.support.builders import MALFORMED_IDS, UNKNOWN_ID
from tests.support.cloud import Cloud, forget_caches

GENERATE = {"job_type": "code_generate", "name": "weekly", "parameters": {"number_of_codes": 10}}
EXPORT = {"job_type": "code_export"}
DELETE = {"job_type": "code_delete", "name": "yearly", "parameters": {"all": True}}


def _input(promotion_id: str, **members: Any) -> dict[str, Any]:
    return {"promotion_id": promotion_id, "execution_id": "execution", **members}


@pytest.mark.parametrize("job", [GENERATE, EXPORT, DELETE], ids=["generate", "export", "delete"])
def test_a_schedule_starts_the_job_that_it_names(cloud: Cloud, promotion_id: str, job: dict[str, Any]) -> None:
    started = cloud.start_scheduled(_input(promotion_id, **job, whatever="is ignored"))
    [message] = cloud.messages()
    assert started == {"job_id": message["job_id"]}
    _, answer = cloud.call("get_job", promotion_id, started["job_id"])
    assert answer["data"] | job | {"status": "pending"} == answer["data"]
    assert cloud.job(promotion_id, started["job_id"]).created_by == "schedule"


def test_an_execution_that_is_delivered_twice_starts_one_job(cloud: Cloud, promotion_id: str) -> None:
    first = cloud.start_scheduled(_input(promotion_id, **EXPORT))
    before = cloud.items()
    assert cloud.start_scheduled(_input(promotion_id, **EXPORT)) == first
    assert cloud.items() == before
    assert len(cloud.messages()) == 1


def test_the_next_execution_is_refused_while_the_job_of_the_last_is_open(
    cloud: Cloud, promotion_id: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cloud.start_scheduled(_input(promotion_id, **EXPORT))
    before = cloud.items()
    capsys.readouterr()
    assert cloud.start_scheduled(_input(promotion_id, **EXPORT, execution_id="the next")) == TOO_MANY_JOBS[1]
    assert cloud.items() == before
    assert json.loads(capsys.readouterr().out)["ScheduledJobsRefused"] == [1]
    logged = caplog.records[-1]
    assert (logged.levelname, vars(logged)["refusal"]) == ("WARNING", "TooManyJobs")


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({}, failure(400, required("data.job_type"))),
        (
            {"job_type": "promotion_purge"},
            failure(400, invalid("data.job_type", JOB_TYPES)),
        ),
        ({"job_type": "code_generate"}, failure(400, required("data.parameters"))),
        ({"job_type": "code_delete"}, failure(400, required("data.parameters"))),
        ({"job_type": "code_import"}, failure(400, required("data.parameters"))),
        (
            DELETE | {"parameters": {"all": False}},
            failure(400, invalid("data.parameters", "must have either job_id, or all as true")),
        ),
        (
            DELETE | {"parameters": {"job_id": "the last"}},
            failure(400, invalid("data.parameters.job_id", "must be the id of a job")),
        ),
        (EXPORT | {"name": 7}, failure(400, invalid("data.name", "must be text"))),
        (EXPORT | {"execution_id": ""}, failure(400, invalid("data.execution_id", "must have at least 1 characters"))),
        (EXPORT | {"promotion_id": 7}, failure(400, invalid("data.promotion_id", "must be text"))),
        (
            GENERATE | {"parameters": {"number_of_codes": 1_001}},
            too_many_codes(1_000, "data.parameters.number_of_codes"),
        ),
    ],
)
def test_an_input_that_is_wrong_is_refused_and_changes_nothing(
    cloud: Cloud, promotion_id: str, members: dict[str, Any], refusal: Any
) -> None:
    before = cloud.items()
    assert cloud.start_scheduled(_input(promotion_id) | members) == refusal[1]
    assert (cloud.items(), cloud.messages()) == (before, [])


@pytest.mark.parametrize("sent", [None, [], "text", 7])
def test_an_input_that_is_no_object_is_refused(cloud: Cloud, sent: Any) -> None:
    detail = {"status": 400, "source": "data", "title": "invalid", "detail": "data must be an object"}
    assert cloud.start_scheduled(sent) == {"errors": [detail]}


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_promotion_that_is_gone_is_not_found(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    assert cloud.start_scheduled(_input(promotion_id, **EXPORT)) == PROMOTION_NOT_FOUND[1]
    assert cloud.items() == before


def test_a_job_that_cannot_be_queued_fails_the_execution_and_is_there_for_its_next_attempt(
    cloud: Cloud, promotion_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("JOB_QUEUE_URL", f"{cloud.queue_url}-is-gone")
        forget_caches()
        with pytest.raises(ClientError):
            cloud.start_scheduled(_input(promotion_id, **EXPORT))
    forget_caches()
    assert cloud.start_scheduled(_input(promotion_id, **EXPORT)) == {"job_id": cloud.promotion(promotion_id).open_job}
