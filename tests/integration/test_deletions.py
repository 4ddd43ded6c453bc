"""Deletions in the table: a chunk's list goes with all that counts its codes. moto cannot do what frees the codes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.code import Chunk
from promotion_jobs.jobs.job import ONE_RUN, DeleteParameters, Job, JobStatus, Message
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.jobs.runs import Lease, Run, RunStatus, Unlisted
from promotion_jobs.jobs.store import Outcome
from tests.support import generated
from tests.support.answers import CODE_NOT_FOUND, NO_CONTENT, job_meta
from tests.support.builders import JOB_ID, LEASE, NOW, UNKNOWN_ID
from tests.support.cloud import Cloud

CHUNKS = [["bbbb-0", "bbbb-1"], ["Bbbb-2"]]
HELD = Run(RunStatus.PROCESSING, tries=1, lease=LEASE)


class Deletion:
    """A deletion whose worker holds its run, in a promotion with three codes of a job and two made by hand."""

    def __init__(self, cloud: Cloud, promotion_id: str) -> None:
        self.cloud = cloud
        generated.generate(cloud, promotion_id, CHUNKS)
        cloud.add_codes(promotion_id, "Hand-1", "Hand-2")
        self.job = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_delete"))
        cloud.jobs.claim(self.job, NOW)
        cloud.runs.take(self.job, 0, LEASE, NOW)

    def chunks(self) -> list[Chunk]:
        return list(self.cloud.service.code_store.chunks(self.job.promotion_id))

    def unlist(self, chunk: Chunk, lease: Lease = LEASE) -> int | None:
        """As the worker is allowed to."""
        hold = Hold(self.job, 0, HELD, lease, Deadline.of(lambda: timedelta(minutes=1)))
        with self.cloud.account.acting_as("run_job"):
            return self.cloud.service.delete.unlist(hold, chunk)

    def complete(self, job: Job, lease: Lease = LEASE) -> None:
        """End the run, and the job with it if that goes."""
        self.cloud.runs.finish(job, 0, lease, NOW)
        outcome = self.cloud.runs.outcome(job, RunStatus.COMPLETED)
        if outcome:
            self.cloud.jobs.complete(job, outcome, NOW)

    def stored(self) -> Job:
        return self.cloud.job(self.job.promotion_id, self.job.id)

    def run(self) -> Run:
        return replace(self.cloud.runs.all(self.job.id)[0], unlisted=None)

    def unlisted(self) -> Unlisted | None:
        """The codes that the run notes."""
        return self.cloud.runs.all(self.job.id)[0].unlisted

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


def test_a_list_goes_with_all_that_counts_its_codes_and_the_run_notes_them(deletion: Deletion) -> None:
    assert deletion.unlist(deletion.chunks()[1])
    assert deletion.listed() == ["bbbb-0", "bbbb-1", "Hand-1", "Hand-2"]
    assert deletion.cloud.call("get_code", deletion.job.promotion_id, "bbbb-2") == CODE_NOT_FOUND
    assert deletion.numbers() == (4, 996, 1)
    assert deletion.run() == replace(HELD, deleted=1, tries=0)
    assert deletion.unlisted() == Unlisted(JOB_ID, 2, "Bbbb-2")


def test_the_list_of_codes_made_by_hand_goes_likewise(deletion: Deletion) -> None:
    by_hand = deletion.chunks()[-1]
    assert deletion.unlist(by_hand)
    assert deletion.listed() == ["bbbb-0", "bbbb-1", "Bbbb-2"]
    assert deletion.numbers() == (3, 997, 0)
    assert deletion.unlisted() == Unlisted(by_hand.source, 0, "Hand-1\nHand-2")


def test_every_next_list_is_counted_and_noted_instead(deletion: Deletion) -> None:
    chunks = deletion.chunks()
    assert [deletion.unlist(chunk) for chunk in chunks] == [2, 1, 2]
    assert (deletion.listed(), deletion.numbers(), deletion.run().deleted) == ([], (0, 1_000, 3), 5)
    assert deletion.unlisted() == Unlisted(chunks[-1].source, 0, "Hand-1\nHand-2")


def test_a_list_that_was_unlisted_before_is_counted_once(deletion: Deletion) -> None:
    first = deletion.chunks()[0]
    deletion.unlist(first)
    before = deletion.cloud.items()
    assert deletion.unlist(first) == 0
    assert deletion.cloud.items() == before


def test_a_code_that_was_removed_by_hand_is_not_counted_again(deletion: Deletion) -> None:
    deletion.cloud.call("delete_code", deletion.job.promotion_id, "bbbb-0")
    assert deletion.unlist(deletion.chunks()[0]) == 1
    assert (deletion.listed(), deletion.numbers(), deletion.run().deleted) == (
        ["Bbbb-2", "Hand-1", "Hand-2"],
        (3, 997, 2),
        1,
    )


@pytest.mark.parametrize("before", [[], ["bbbb-1"]], ids=["whole", "with a code gone"])
def test_a_list_that_was_changed_since_it_was_read_is_left_alone(deletion: Deletion, before: list[str]) -> None:
    for code in before:
        deletion.cloud.call("delete_code", deletion.job.promotion_id, code)
    first = deletion.chunks()[0]
    deletion.cloud.call("delete_code", deletion.job.promotion_id, "bbbb-0")
    items = deletion.cloud.items()
    assert deletion.unlist(first) == 0
    assert deletion.cloud.items() == items


def test_a_run_that_is_stopped_unlists_nothing(deletion: Deletion) -> None:
    deletion.cloud.runs.stop(deletion.job.id, 0)
    before = deletion.cloud.items()
    assert [deletion.unlist(chunk) for chunk in deletion.chunks()] == [None] * 3
    assert deletion.cloud.items() == before


def test_a_job_that_is_cancelled_unlists_nothing_also_before_its_run_is_stopped(deletion: Deletion) -> None:
    assert deletion.cloud.jobs.cancel_processing(deletion.stored(), NOW)
    before = deletion.cloud.items()
    assert deletion.unlist(deletion.chunks()[0]) is None
    assert deletion.cloud.items() == before


def test_a_call_of_a_worker_that_lost_its_lease_unlists_nothing(deletion: Deletion) -> None:
    """As it happens when the call was on its way while the next worker began."""
    after = LEASE.until + timedelta(seconds=1)
    deletion.cloud.runs.take(deletion.job, 0, Lease("the next", after + timedelta(minutes=1)), after)
    before = deletion.cloud.items()
    assert deletion.unlist(deletion.chunks()[0]) is None
    assert deletion.cloud.items() == before


def test_a_deletion_shows_how_far_it_is(deletion: Deletion) -> None:
    deletion.unlist(deletion.chunks()[0])
    status, answer = deletion.cloud.call("get_job", deletion.job.promotion_id, deletion.job.id)
    progress = answer["data"]["meta"]["progress"]
    assert (status, progress["done"], progress["total"], progress["percent"]) == (200, 2, 5, 40)


def test_a_completed_deletion_says_how_many_codes_are_gone_and_notes_none(deletion: Deletion) -> None:
    for chunk in deletion.chunks():
        deletion.unlist(chunk)
    deletion.complete(deletion.stored())
    assert deletion.cloud.call("get_job", deletion.job.promotion_id, deletion.job.id) == (
        200,
        {
            "data": {
                "type": "promotion_job",
                "id": deletion.job.id,
                "promotion_id": deletion.job.promotion_id,
                "job_type": "code_delete",
                "parameters": {"all": True},
                "status": "completed",
                "meta": job_meta(),
                "result": {"deleted": 5},
            }
        },
    )
    assert (deletion.run().status, deletion.unlisted()) == (RunStatus.COMPLETED, None)
    assert deletion.cloud.promotion(deletion.job.promotion_id).open_job is None
    before = deletion.cloud.items()
    deletion.complete(deletion.stored())
    assert deletion.cloud.items() == before


def test_a_deletion_that_is_given_up_is_completed_no_more(deletion: Deletion) -> None:
    deletion.unlist(deletion.chunks()[0])
    processing = deletion.stored()
    deletion.cloud.jobs.give_up(processing, "given up", NOW)
    deletion.complete(processing)
    given_up = deletion.stored()
    assert (given_up.status, given_up.failure, given_up.deleted) == (JobStatus.PROCESSING, "given up", 0)
    assert deletion.cloud.promotion(processing.promotion_id).open_job == processing.id


def test_a_deletion_that_is_cancelled_is_completed_no_more_and_keeps_what_it_deleted(deletion: Deletion) -> None:
    deletion.unlist(deletion.chunks()[0])
    processing = deletion.stored()
    deletion.cloud.call("cancel_job", deletion.job.promotion_id, deletion.job.id)
    before = deletion.cloud.items()
    deletion.complete(processing)
    assert deletion.cloud.items() == before
    cancelling = deletion.stored()
    deletion.cloud.runs.stop(cancelling.id, 0)
    deletion.cloud.runs.finish_clean(cancelling, 0, NOW)
    deletion.cloud.jobs.end_undo(cancelling, Outcome(deleted=2), NOW)
    _, answer = deletion.cloud.call("get_job", deletion.job.promotion_id, deletion.job.id)
    assert (answer["data"]["status"], answer["data"]["result"]) == ("cancelled", {"deleted": 2})
    assert (deletion.numbers(), deletion.unlisted()) == ((3, 997, 2), None)
    assert deletion.cloud.promotion(deletion.job.promotion_id).open_job is None


def test_a_code_that_no_list_names_any_more_can_be_removed_without_a_conflict(deletion: Deletion) -> None:
    deletion.unlist(deletion.chunks()[0])
    before = deletion.cloud.items()
    assert deletion.cloud.call("delete_code", deletion.job.promotion_id, "bbbb-0") == NO_CONTENT
    codes = {"type": "promotion_codes", "codes": [{"code": "bbbb-0"}, {"code": "bbbb-1"}]}
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
    assert len(list(cloud.service.code_store.chunks(promotion_id))) == (2 if codes else 0)
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


def test_a_worker_that_lost_its_lease_completes_nothing(deletion: Deletion) -> None:
    after = LEASE.until + timedelta(seconds=1)
    deletion.cloud.runs.take(deletion.job, 0, Lease("the next", after + timedelta(minutes=1)), after)
    before = deletion.cloud.items()
    deletion.complete(deletion.stored())
    assert deletion.cloud.items() == before
