"""The states of a job in the table: each change happens once, on its condition, and all of it or nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.aws.keys import Range
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import AutomaticPromotion, CodesLimitExceeded, PromotionNotFound, TooManyJobs
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.jobs.store import Outcome
from tests.support.builders import EXPORT_FILE, HOLDER, JOB_ID, NOW, NOW_TEXT, UNKNOWN_ID, export_job, generate_job
from tests.support.cloud import Cloud

LATER = NOW + timedelta(minutes=5)
PLAN = Plan(7, chunk_codes=3, run_chunks=2)


@pytest.fixture
def job(cloud: Cloud, promotion_id: str) -> Job:
    """A pending job for seven codes in two runs."""
    job = generate_job(PLAN, promotion_id=promotion_id, name="job")
    cloud.jobs.add(job)
    return job


def _finish(cloud: Cloud, job: Job, run: int) -> None:
    """Put all of a run and count it as done."""
    cloud.runs.take(job, run, HOLDER, NOW)
    for number in job.plan.chunks_of(run):
        cloud.put_chunk(job, number)
    cloud.runs.finish(cloud.job(job.promotion_id, job.id), run, LATER)


def test_a_job_is_read_as_it_was_stored(cloud: Cloud, job: Job) -> None:
    assert cloud.job(job.promotion_id, job.id) == job
    assert cloud.jobs.get(job.promotion_id, UNKNOWN_ID) is None
    assert cloud.jobs.find(job.promotion_id, job.id) == job
    assert cloud.jobs.find(job.promotion_id, UNKNOWN_ID) is None
    with pytest.raises(PromotionNotFound):
        cloud.jobs.find(UNKNOWN_ID, job.id)


@pytest.mark.parametrize("job", [generate_job(), export_job()], ids=["generate", "export"])
def test_the_lock_is_not_taken_of_a_promotion_that_has_gone_or_has_an_open_job(
    cloud: Cloud, promotion_id: str, job: Job
) -> None:
    cloud.change_promotion(promotion_id, "SET #open_job = :other", other=UNKNOWN_ID)
    before = cloud.items()
    with pytest.raises(TooManyJobs) as refusal:
        cloud.jobs.add(replace(job, promotion_id=promotion_id))
    assert refusal.value.open_job == UNKNOWN_ID
    with pytest.raises(PromotionNotFound):
        cloud.jobs.add(replace(job, promotion_id=UNKNOWN_ID))
    assert cloud.items() == before


def test_a_promotion_that_became_automatic_meanwhile_takes_no_codes(cloud: Cloud, promotion_id: str) -> None:
    cloud.change_promotion(promotion_id, "SET #automatic = :yes", yes=True)
    before = cloud.items()
    with pytest.raises(AutomaticPromotion):
        cloud.jobs.add(generate_job(promotion_id=promotion_id))
    assert cloud.items() == before
    cloud.jobs.add(export_job(promotion_id=promotion_id))
    with pytest.raises(AutomaticPromotion):
        cloud.jobs.add(generate_job(id=UNKNOWN_ID, promotion_id=promotion_id))


def test_a_promotion_that_may_hold_fewer_codes_refuses_the_job_whatever_else_is_wrong(
    cloud: Cloud, promotion_id: str
) -> None:
    cloud.change_promotion(promotion_id, "SET #automatic = :yes, #open_job = :other", yes=True, other=UNKNOWN_ID)
    job = generate_job(Plan(1_001), promotion_id=promotion_id)
    before = cloud.items()
    with pytest.raises(CodesLimitExceeded) as refusal:
        cloud.jobs.add(job)
    assert refusal.value.limit == 1_000
    assert cloud.items() == before


def test_a_claim_starts_the_job_and_takes_the_room_and_the_indices(cloud: Cloud, job: Job) -> None:
    claimed = cloud.claim(job, LATER)
    stored = cloud.job(job.promotion_id, job.id)
    assert (stored.status, stored.started_at, stored.updated_at) == (JobStatus.PROCESSING, LATER, LATER)
    assert (stored.first_index, stored.key_version) == (0, 1)
    assert claimed == replace(stored, updated_at=job.updated_at)
    assert cloud.promotion(job.promotion_id).room == 993
    spaces = cloud.service.spaces
    assert (spaces.get(8).next, spaces.allocation(8, PLAN.indices - 1)) == (PLAN.indices, stored.allocation)


def test_a_second_claim_takes_nothing(cloud: Cloud, job: Job) -> None:
    cloud.claim(job, NOW)
    before = cloud.items()
    assert cloud.claim(job, LATER) == cloud.job(job.promotion_id, job.id)
    assert cloud.items() == before


def test_a_claim_without_room_takes_nothing_and_fails_the_job(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion()
    cloud.change_promotion(promotion_id, "SET #room = :room", room=6)
    job = generate_job(PLAN, promotion_id=promotion_id)
    cloud.jobs.add(job)
    assert cloud.claim(job, NOW) is None
    refused = cloud.job(promotion_id, job.id)
    assert (refused.status, refused.error) == (JobStatus.FAILED, "codes limit exceeded")
    assert (cloud.promotion(promotion_id).room, cloud.service.spaces.get(8).next) == (6, 0)


def test_a_claim_of_an_export_takes_no_room(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=1)
    job = export_job(promotion_id=promotion_id)
    cloud.jobs.add(job)
    assert cloud.claim(job, NOW)
    assert cloud.promotion(promotion_id).room == 1


def test_a_refusal_ends_a_pending_job_and_releases_its_lock(cloud: Cloud, job: Job) -> None:
    cloud.jobs.refuse(job, "codes limit exceeded", LATER)
    refused = cloud.job(job.promotion_id, job.id)
    assert (refused.status, refused.error, refused.updated_at) == (JobStatus.FAILED, "codes limit exceeded", LATER)
    assert cloud.promotion(job.promotion_id).open_job is None


def test_a_refusal_leaves_a_job_that_runs_alone(cloud: Cloud, job: Job) -> None:
    cloud.claim(job, NOW)
    before = cloud.items()
    cloud.jobs.refuse(job, "codes limit exceeded", LATER)
    assert cloud.items() == before


def test_a_withdrawn_job_is_gone_with_its_lock(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    job = export_job(promotion_id=promotion_id)
    cloud.jobs.add(job)
    cloud.jobs.withdraw(job)
    assert cloud.items() == before
    cloud.jobs.withdraw(job)
    assert cloud.items() == before


def test_a_job_is_completed_when_its_last_run_is_done_and_only_then(cloud: Cloud, job: Job) -> None:
    cloud.claim(job, NOW)
    _finish(cloud, job, 0)
    before = cloud.items()
    assert cloud.runs.outcome(job, RunStatus.COMPLETED) is None
    cloud.jobs.complete(job, Outcome(runs=2, generated=7), LATER)
    assert cloud.items() == before
    _finish(cloud, job, 1)
    outcome = cloud.runs.outcome(job, RunStatus.COMPLETED)
    assert outcome == Outcome(runs=2, generated=7)
    cloud.jobs.complete(job, outcome, LATER)
    completed = cloud.job(job.promotion_id, job.id)
    assert (completed.status, completed.generated, completed.updated_at) == (JobStatus.COMPLETED, 7, LATER)
    promotion = cloud.promotion(job.promotion_id)
    assert (promotion.codes, promotion.room, promotion.open_job) == (7, 993, None)
    before = cloud.items()
    cloud.jobs.complete(job, outcome, LATER + timedelta(minutes=1))
    assert cloud.items() == before


def test_an_export_is_completed_once_with_the_file_of_its_run(cloud: Cloud, promotion_id: str) -> None:
    job = export_job(promotion_id=promotion_id)
    cloud.jobs.add(job)
    cloud.jobs.complete(job, Outcome(file=EXPORT_FILE), NOW)
    assert cloud.job(promotion_id, job.id) == job
    cloud.claim(job, NOW)
    cloud.runs.take(job, 0, HOLDER, NOW)
    assert cloud.runs.note_file(job.id, EXPORT_FILE) is True
    assert cloud.runs.note_file(job.id, replace(EXPORT_FILE, rows=3)) is False
    _finish(cloud, job, 0)
    assert cloud.runs.note_file(job.id, EXPORT_FILE) is False
    outcome = cloud.runs.outcome(job, RunStatus.COMPLETED)
    assert outcome == Outcome(file=EXPORT_FILE)
    cloud.jobs.complete(job, outcome, LATER)
    completed = cloud.job(promotion_id, job.id)
    assert (completed.status, completed.file, completed.updated_at) == (JobStatus.COMPLETED, EXPORT_FILE, LATER)
    before = cloud.items()
    cloud.jobs.complete(job, outcome, LATER + timedelta(minutes=1))
    assert cloud.items() == before


def test_only_the_holder_of_the_lock_ends_and_releases_it(cloud: Cloud, promotion_id: str) -> None:
    job = export_job(promotion_id=promotion_id)
    cloud.jobs.add(job)
    cloud.claim(job, NOW)
    _finish(cloud, job, 0)
    cloud.change_promotion(promotion_id, "SET #open_job = :other", other=UNKNOWN_ID)
    before = cloud.items()
    cloud.jobs.complete(job, Outcome(file=EXPORT_FILE), LATER)
    assert cloud.items() == before


def test_an_open_job_is_on_the_list_that_the_sweep_reads(cloud: Cloud, job: Job) -> None:
    seen = {
        "promotion_id": job.promotion_id,
        "opened_at": NOW_TEXT,
        "sent_at": NOW_TEXT,
        "sends": 0,
        "progress": 0,
    }
    assert list(cloud.table.query(Range("OPEN"))) == [{"pk": "OPEN", "sk": JOB_ID, **seen}]


def test_a_job_that_has_ended_awaits_its_announcement_until_it_is_closed(cloud: Cloud, job: Job) -> None:
    cloud.jobs.refuse(job, "codes limit exceeded", LATER)
    assert cloud.jobs.open_work.is_listed(job.id)
    for _ in range(2):
        cloud.table.transact(cloud.jobs.open_work.remove(job.id))
        assert not cloud.jobs.open_work.is_listed(job.id)
        assert list(cloud.table.query(Range("OPEN"))) == []


def test_jobs_are_listed_newest_first(cloud: Cloud, promotion_id: str) -> None:
    for number in range(3):
        job = export_job(id=f"{JOB_ID[:-1]}{number}", promotion_id=promotion_id)
        cloud.jobs.add(job)
        cloud.jobs.refuse(job, "made room for the next", NOW)
    assert [job.id[-1] for job in cloud.jobs.list(promotion_id)] == ["2", "1", "0"]
