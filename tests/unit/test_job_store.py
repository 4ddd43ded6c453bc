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
from tests.support.records import MemoryRecords

LATER = NOW + timedelta(minutes=5)
PLAN = Plan(7, chunk_codes=3, run_chunks=2)


@pytest.fixture
def job(records: MemoryRecords, promotion_id: str) -> Job:
    """A pending job for seven codes in two runs."""
    job = generate_job(PLAN, promotion_id=promotion_id, name="job")
    records.jobs.add(job)
    return job


def _finish(records: MemoryRecords, job: Job, run: int) -> None:
    """Put all of a run and count it as done."""
    records.runs.take(job, run, HOLDER, NOW)
    for number in job.plan.chunks_of(run):
        records.put_chunk(job, number)
    records.runs.finish(records.job(job.promotion_id, job.id), run, LATER)


def test_a_job_is_read_as_it_was_stored(records: MemoryRecords, job: Job) -> None:
    assert records.job(job.promotion_id, job.id) == job
    assert records.jobs.get(job.promotion_id, UNKNOWN_ID) is None
    assert records.jobs.find(job.promotion_id, job.id) == job
    assert records.jobs.find(job.promotion_id, UNKNOWN_ID) is None
    with pytest.raises(PromotionNotFound):
        records.jobs.find(UNKNOWN_ID, job.id)


@pytest.mark.parametrize("job", [generate_job(), export_job()], ids=["generate", "export"])
def test_the_lock_is_not_taken_of_a_promotion_that_has_gone_or_has_an_open_job(
    records: MemoryRecords, promotion_id: str, job: Job
) -> None:
    records.change_promotion(promotion_id, "SET #open_job = :other", other=UNKNOWN_ID)
    before = records.items()
    with pytest.raises(TooManyJobs) as refusal:
        records.jobs.add(replace(job, promotion_id=promotion_id))
    assert refusal.value.open_job == UNKNOWN_ID
    with pytest.raises(PromotionNotFound):
        records.jobs.add(replace(job, promotion_id=UNKNOWN_ID))
    assert records.items() == before


def test_a_promotion_that_became_automatic_meanwhile_takes_no_codes(records: MemoryRecords, promotion_id: str) -> None:
    records.change_promotion(promotion_id, "SET #automatic = :yes", yes=True)
    before = records.items()
    with pytest.raises(AutomaticPromotion):
        records.jobs.add(generate_job(promotion_id=promotion_id))
    assert records.items() == before
    records.jobs.add(export_job(promotion_id=promotion_id))
    with pytest.raises(AutomaticPromotion):
        records.jobs.add(generate_job(id=UNKNOWN_ID, promotion_id=promotion_id))


def test_a_promotion_that_may_hold_fewer_codes_refuses_the_job_whatever_else_is_wrong(
    records: MemoryRecords, promotion_id: str
) -> None:
    records.change_promotion(promotion_id, "SET #automatic = :yes, #open_job = :other", yes=True, other=UNKNOWN_ID)
    job = generate_job(Plan(1_001), promotion_id=promotion_id)
    before = records.items()
    with pytest.raises(CodesLimitExceeded) as refusal:
        records.jobs.add(job)
    assert refusal.value.limit == 1_000
    assert records.items() == before


def test_a_claim_starts_the_job_and_takes_the_room_and_the_indices(records: MemoryRecords, job: Job) -> None:
    claimed = records.claim(job, LATER)
    stored = records.job(job.promotion_id, job.id)
    assert (stored.status, stored.started_at, stored.updated_at) == (JobStatus.PROCESSING, LATER, LATER)
    assert (stored.first_index, stored.key_version) == (0, 1)
    assert claimed == replace(stored, updated_at=job.updated_at)
    assert records.promotion(job.promotion_id).room == 993
    spaces = records.service.spaces
    assert (spaces.get(8).next, spaces.allocation(8, PLAN.indices - 1)) == (PLAN.indices, stored.allocation)


def test_a_second_claim_takes_nothing(records: MemoryRecords, job: Job) -> None:
    records.claim(job, NOW)
    before = records.items()
    assert records.claim(job, LATER) == records.job(job.promotion_id, job.id)
    assert records.items() == before


def test_a_claim_without_room_takes_nothing_and_fails_the_job(records: MemoryRecords) -> None:
    promotion_id = records.create_promotion()
    records.change_promotion(promotion_id, "SET #room = :room", room=6)
    job = generate_job(PLAN, promotion_id=promotion_id)
    records.jobs.add(job)
    assert records.claim(job, NOW) is None
    refused = records.job(promotion_id, job.id)
    assert (refused.status, refused.error) == (JobStatus.FAILED, "codes limit exceeded")
    assert (records.promotion(promotion_id).room, records.service.spaces.get(8).next) == (6, 0)


def test_a_claim_of_an_export_takes_no_room(records: MemoryRecords) -> None:
    promotion_id = records.create_promotion(max_codes=1)
    job = export_job(promotion_id=promotion_id)
    records.jobs.add(job)
    assert records.claim(job, NOW)
    assert records.promotion(promotion_id).room == 1


def test_a_refusal_ends_a_pending_job_and_releases_its_lock(records: MemoryRecords, job: Job) -> None:
    records.jobs.refuse(job, "codes limit exceeded", LATER)
    refused = records.job(job.promotion_id, job.id)
    assert (refused.status, refused.error, refused.updated_at) == (JobStatus.FAILED, "codes limit exceeded", LATER)
    assert records.promotion(job.promotion_id).open_job is None


def test_a_refusal_leaves_a_job_that_runs_alone(records: MemoryRecords, job: Job) -> None:
    records.claim(job, NOW)
    before = records.items()
    records.jobs.refuse(job, "codes limit exceeded", LATER)
    assert records.items() == before


def test_a_withdrawn_job_is_gone_with_its_lock(records: MemoryRecords, promotion_id: str) -> None:
    before = records.items()
    job = export_job(promotion_id=promotion_id)
    records.jobs.add(job)
    records.jobs.withdraw(job)
    assert records.items() == before
    records.jobs.withdraw(job)
    assert records.items() == before


def test_a_job_is_completed_when_its_last_run_is_done_and_only_then(records: MemoryRecords, job: Job) -> None:
    records.claim(job, NOW)
    _finish(records, job, 0)
    before = records.items()
    assert records.runs.outcome(job, RunStatus.COMPLETED) is None
    records.jobs.complete(job, Outcome(runs=2, generated=7), LATER)
    assert records.items() == before
    _finish(records, job, 1)
    outcome = records.runs.outcome(job, RunStatus.COMPLETED)
    assert outcome == Outcome(runs=2, generated=7)
    records.jobs.complete(job, outcome, LATER)
    completed = records.job(job.promotion_id, job.id)
    assert (completed.status, completed.generated, completed.updated_at) == (JobStatus.COMPLETED, 7, LATER)
    promotion = records.promotion(job.promotion_id)
    assert (promotion.codes, promotion.room, promotion.open_job) == (7, 993, None)
    before = records.items()
    records.jobs.complete(job, outcome, LATER + timedelta(minutes=1))
    assert records.items() == before


def test_an_export_is_completed_once_with_the_file_of_its_run(records: MemoryRecords, promotion_id: str) -> None:
    job = export_job(promotion_id=promotion_id)
    records.jobs.add(job)
    records.jobs.complete(job, Outcome(files=(EXPORT_FILE,)), NOW)
    assert records.job(promotion_id, job.id) == job
    records.claim(job, NOW)
    records.runs.take(job, 0, HOLDER, NOW)
    assert records.runs.note_files(job.id, [EXPORT_FILE]) is True
    assert records.runs.note_files(job.id, [replace(EXPORT_FILE, rows=3)]) is False
    _finish(records, job, 0)
    assert records.runs.note_files(job.id, [EXPORT_FILE]) is False
    outcome = records.runs.outcome(job, RunStatus.COMPLETED)
    assert outcome == Outcome(files=(EXPORT_FILE,))
    records.jobs.complete(job, outcome, LATER)
    completed = records.job(promotion_id, job.id)
    assert (completed.status, completed.files, completed.updated_at) == (JobStatus.COMPLETED, (EXPORT_FILE,), LATER)
    before = records.items()
    records.jobs.complete(job, outcome, LATER + timedelta(minutes=1))
    assert records.items() == before


def test_only_the_holder_of_the_lock_ends_and_releases_it(records: MemoryRecords, promotion_id: str) -> None:
    job = export_job(promotion_id=promotion_id)
    records.jobs.add(job)
    records.claim(job, NOW)
    _finish(records, job, 0)
    records.change_promotion(promotion_id, "SET #open_job = :other", other=UNKNOWN_ID)
    before = records.items()
    records.jobs.complete(job, Outcome(files=(EXPORT_FILE,)), LATER)
    assert records.items() == before


def test_an_open_job_is_on_the_list_that_the_sweep_reads(records: MemoryRecords, job: Job) -> None:
    seen = {
        "promotion_id": job.promotion_id,
        "opened_at": NOW_TEXT,
        "sent_at": NOW_TEXT,
        "sends": 0,
        "progress": 0,
    }
    assert list(records.table.query(Range("OPEN"))) == [{"pk": "OPEN", "sk": JOB_ID, **seen}]


def test_a_job_that_has_ended_awaits_its_announcement_until_it_is_closed(records: MemoryRecords, job: Job) -> None:
    records.jobs.refuse(job, "codes limit exceeded", LATER)
    assert records.jobs.open_work.is_listed(job.id)
    for _ in range(2):
        records.table.transact(records.jobs.open_work.remove(job.id))
        assert not records.jobs.open_work.is_listed(job.id)
        assert list(records.table.query(Range("OPEN"))) == []


def test_jobs_are_listed_newest_first(records: MemoryRecords, promotion_id: str) -> None:
    for number in range(3):
        job = export_job(id=f"{JOB_ID[:-1]}{number}", promotion_id=promotion_id)
        records.jobs.add(job)
        records.jobs.refuse(job, "made room for the next", NOW)
    assert [job.id[-1] for job in records.jobs.list(promotion_id)] == ["2", "1", "0"]
