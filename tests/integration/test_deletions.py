"""Deletions as clients see them, chunk by chunk (decisions, "Beyond the contract")."""

from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.plan import ONE_RUN
from promotion_jobs.jobs.job import DeleteParameters, JobStatus, Message
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.jobs.runs import Run, RunStatus
from tests.support import generated
from tests.support.answers import CODE_NOT_FOUND, NO_CONTENT, job_meta
from tests.support.builders import CLIENT_ID, HOLDER, JOB_ID, NOW, UNKNOWN_ID
from tests.support.cloud import Cloud

CHUNKS = generated.texts(2, 1)
[FIRST_CODE, SECOND_CODE], [THIRD_CODE] = CHUNKS


class Deletion:
    """A deletion that a worker has begun, in a promotion with three codes of a job and two made by hand."""

    def __init__(self, cloud: Cloud, promotion_id: str) -> None:
        self.cloud = cloud
        generated.generate(cloud, promotion_id, CHUNKS)
        cloud.add_codes(promotion_id, "Hand-1", "Hand-2")
        pending = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_delete"))
        claimed = cloud.claim(pending, NOW)
        assert claimed
        self.job = claimed
        cloud.runs.take(self.job, 0, HOLDER, NOW)

    def work(self, chunks: int) -> bool:
        """As a worker does it that has time for so many chunks; whether all of the work is done."""
        times = iter([60.0] * chunks)
        deadline = Deadline(lambda: timedelta(seconds=next(times, 0.0)), timedelta(seconds=1))
        # The first chunk is deleted whatever the time.
        next(times)
        with self.cloud.account.acting_as("run_job"):
            return self.cloud.service.delete.work(Hold(self.job, 0, Run(RunStatus.PROCESSING), deadline))

    def deliver(self) -> None:
        self.cloud.end_lease(self.job.id)
        self.cloud.deliver(Message(self.job.promotion_id, self.job.id))

    def shown(self) -> Any:
        status, answer = self.cloud.call("get_job", self.job.promotion_id, self.job.id)
        assert status == 200
        return answer["data"]

    def numbers(self) -> tuple[int, int, int]:
        """The promotion's codes and room, and how many codes of the job are gone."""
        promotion = self.cloud.promotion(self.job.promotion_id)
        return promotion.codes, promotion.room, self.cloud.job(promotion.id, JOB_ID).deleted

    def listed(self) -> list[str]:
        _, answer = self.cloud.call("list_codes", self.job.promotion_id)
        return [code["code"] for code in answer["data"]]


@pytest.fixture
def deletion(cloud: Cloud, promotion_id: str) -> Deletion:
    return Deletion(cloud, promotion_id)


def test_a_chunk_goes_with_all_that_counts_its_codes(deletion: Deletion) -> None:
    assert not deletion.work(chunks=1)
    assert deletion.listed() == [THIRD_CODE, "Hand-1", "Hand-2"]
    assert deletion.cloud.call("get_code", deletion.job.promotion_id, FIRST_CODE) == CODE_NOT_FOUND
    assert deletion.numbers() == (3, 997, 2)
    progress = deletion.shown()["meta"]["progress"]
    assert (progress["done"], progress["total"], progress["percent"]) == (2, 5, 40)


def test_all_of_it_goes_and_is_told(deletion: Deletion) -> None:
    deletion.work(chunks=2)
    deletion.deliver()
    assert deletion.shown() == {
        "type": "promotion_job",
        "id": deletion.job.id,
        "promotion_id": deletion.job.promotion_id,
        "job_type": "code_delete",
        "parameters": {"all": True},
        "status": "completed",
        "created_by": CLIENT_ID,
        "meta": job_meta(),
        "result": {"deleted": 5},
    }
    assert (deletion.listed(), deletion.numbers()) == ([], (0, 1_000, 3))
    assert deletion.cloud.promotion(deletion.job.promotion_id).open_job is None
    # The codes made by hand have left nothing either.
    assert not [item for item in deletion.cloud.items() if item["pk"]["S"].startswith("CODE")]


def test_a_code_that_was_removed_by_hand_is_not_counted_again(deletion: Deletion) -> None:
    deletion.cloud.call("delete_code", deletion.job.promotion_id, FIRST_CODE)
    deletion.deliver()
    assert (deletion.shown()["result"], deletion.numbers()) == ({"deleted": 4}, (0, 1_000, 3))


def test_a_deletion_that_is_cancelled_keeps_what_it_deleted(deletion: Deletion) -> None:
    deletion.work(chunks=1)
    deletion.cloud.call("cancel_job", deletion.job.promotion_id, deletion.job.id)
    before = deletion.cloud.items()
    assert not deletion.work(chunks=1)
    assert deletion.cloud.items() == before
    deletion.deliver()
    deletion.deliver()
    shown = deletion.shown()
    assert (shown["status"], shown["result"], deletion.numbers()) == ("cancelled", {"deleted": 2}, (3, 997, 2))
    assert deletion.cloud.promotion(deletion.job.promotion_id).open_job is None


def test_a_code_that_is_deleted_can_be_removed_without_a_conflict(deletion: Deletion) -> None:
    deletion.work(chunks=1)
    before = deletion.cloud.items()
    assert deletion.cloud.call("delete_code", deletion.job.promotion_id, FIRST_CODE) == NO_CONTENT
    codes = {"type": "promotion_codes", "codes": [{"code": FIRST_CODE}, {"code": SECOND_CODE}]}
    assert deletion.cloud.call("delete_codes", deletion.job.promotion_id, data=codes) == NO_CONTENT
    assert deletion.cloud.items() == before


@pytest.mark.parametrize("parameters", [{"all": True}, {"job_id": UNKNOWN_ID}], ids=["no codes", "an unknown job"])
def test_a_deletion_of_nothing_runs_from_its_creation_to_its_event(
    cloud: Cloud, promotion_id: str, parameters: dict[str, Any]
) -> None:
    if "job_id" in parameters:
        generated.generate(cloud, promotion_id, CHUNKS)
    job_id = cloud.create_job(promotion_id, "code_delete", **parameters)
    [sent] = cloud.messages()
    cloud.deliver(Message(**sent))
    _, shown = cloud.call("get_job", promotion_id, job_id)
    assert (shown["data"]["status"], shown["data"]["result"]) == ("completed", {"deleted": 0})
    assert cloud.account.published == [("Promotion Job Completed", shown["data"])]
    assert cloud.promotion(promotion_id).open_job is None
    codes = 3 if "job_id" in parameters else 0
    assert cloud.promotion(promotion_id).codes == codes
    before = cloud.items()
    cloud.deliver(Message(**sent))
    assert cloud.items() == before


@pytest.mark.parametrize(
    ("members", "parameters"), [({}, {"all": True}), ({"job_id": UNKNOWN_ID}, {"job_id": UNKNOWN_ID})]
)
def test_a_deletion_is_read_as_it_was_stored(
    cloud: Cloud, promotion_id: str, members: dict[str, Any], parameters: dict[str, Any]
) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_delete", **members))
    assert job.parameters == DeleteParameters(members.get("job_id"))
    assert (job.parameters.given(), job.plan, job.status) == (parameters, ONE_RUN, JobStatus.PENDING)
