"""The metrics that functions write for CloudWatch, and the ids in their log lines."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from promotion_jobs.jobs.job import Message
from promotion_jobs.observe import logger
from tests.support.builders import UNKNOWN_ID
from tests.support.cloud import Cloud

NAMESPACE, SERVICE = "PromotionJobs", "promotion-jobs"


def _written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics of each document, with their dimensions; and that they are where a dashboard looks."""
    found = []
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line)
        [declared] = document.pop("_aws")["CloudWatchMetrics"]
        assert declared["Namespace"] == NAMESPACE
        assert document.pop("service") == SERVICE
        found.append(document)
    return found


def test_a_job_is_measured_from_its_creation_to_its_end(
    cloud: Cloud, promotion_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.call("create_job", promotion_id, data={"data": {"type": "promotion_job", "job_type": "code_export"}})
    cloud.sweep()
    cloud.deliver(Message(promotion_id, job_id))
    created, refused, swept, ended = _written(capsys)
    assert created == {"JobsCreated": [1]}
    assert refused == {"TooManyJobs": [1]}
    assert swept.pop("OldestOpenJobSeconds")[0] < 60
    assert swept == {"MessagesSentAgain": [0]}
    assert ended == {"job_type": "code_export", "outcome": "completed", "JobsEnded": [1]}


@pytest.fixture
def log() -> Iterator[StringIO]:
    """The service's log."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before, written = handler.stream, StringIO()
    handler.setStream(written)
    yield written
    handler.setStream(before)


def test_log_lines_name_the_promotion_and_the_job(cloud: Cloud, promotion_id: str, log: StringIO) -> None:
    job_id = cloud.create_job(promotion_id)
    cloud.call("get_job", promotion_id, job_id)
    cloud.call("list_jobs", promotion_id)
    cloud.deliver(Message(promotion_id, job_id))
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["message"], line["promotion_id"], line.get("job_id")) for line in lines] == [
        ("request answered", promotion_id, job_id),
        ("request answered", promotion_id, job_id),
        ("request answered", promotion_id, None),
        ("delivery done", promotion_id, job_id),
    ]


def test_a_text_in_the_place_of_an_id_stays_out_of_the_log(cloud: Cloud, log: StringIO) -> None:
    cloud.call("get_job", "SUMMER-SECRET-CODE-1234", "password=hunter2", headers={"authorization": None})
    cloud.call("get_job", UNKNOWN_ID.upper(), "x" * 9_000)
    first, second = map(json.loads, filter(None, log.getvalue().splitlines()))
    assert (first.get("promotion_id"), first.get("job_id")) == (None, None)
    assert (second.get("promotion_id"), second.get("job_id")) == (UNKNOWN_ID, None)
    assert not re.search("SECRET|hunter2|xxxx", log.getvalue())
