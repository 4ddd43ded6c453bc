"""The runs of a job in the table: who holds one, what is counted of it, and how it is stopped and cleaned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.jobs.store import Outcome
from promotion_jobs.limits import LEASE
from tests.support.builders import HOLDER, NOW, generate_job
from tests.support.cloud import Cloud

LATER = NOW + LEASE + timedelta(milliseconds=1)
"""When the lease is past."""

NEXT = "the next holder"
HELD = Lease(HOLDER, NOW + LEASE)
PLAN = Plan(7, chunk_codes=3, run_chunks=2)


@pytest.fixture
def job(cloud: Cloud, promotion_id: str) -> Job:
    """A processing job for seven codes in two runs."""
    job = generate_job(PLAN, promotion_id=promotion_id)
    cloud.jobs.add(job)
    cloud.claim(job, NOW)
    return cloud.job(promotion_id, job.id)


@pytest.fixture
def cancelling(cloud: Cloud, job: Job) -> Job:
    """The same, whose first chunk is put, and which is being cancelled."""
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.put_chunk(job, 0)
    cloud.jobs.cancel_processing(job, NOW)
    return cloud.job(job.promotion_id, job.id)


def test_a_run_is_taken_and_counts_what_is_put_of_it(cloud: Cloud, job: Job) -> None:
    assert cloud.runs.take(job, 0, HOLDER, NOW) == (Run(RunStatus.PROCESSING, tries=1), True)
    taken = Run(RunStatus.PROCESSING, tries=1, lease=HELD)
    assert cloud.runs.all(job.id) == {0: taken}
    cloud.put_chunk(job, 0)
    assert cloud.runs.all(job.id) == {0: replace(taken, generated=3, tries=0)}


def test_a_run_that_is_held_is_taken_by_nobody_else_before_the_lease_is_past(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    held = cloud.runs.get(job.id, 0)
    assert held
    before = cloud.items()
    assert cloud.runs.take(job, 0, NEXT, NOW + LEASE) == (held, False)
    assert cloud.items() == before
    assert cloud.runs.take(job, 0, NEXT, LATER) == (replace(held, tries=2), True)
    assert cloud.runs.get(job.id, 0) == replace(held, tries=2, lease=Lease(NEXT, LATER + LEASE))


def test_an_attempt_whose_answer_was_lost_finds_its_own_lease_and_has_succeeded(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    before = cloud.items()
    assert cloud.runs.take(job, 0, HOLDER, NOW) == (cloud.runs.get(job.id, 0), True)
    assert cloud.items() == before


def test_only_the_holder_releases_a_run_and_forgets_its_tries(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    before = cloud.items()
    cloud.runs.release(job.id, 0, NEXT)
    assert cloud.items() == before
    cloud.runs.release(job.id, 0, HOLDER)
    assert cloud.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, tries=0)}
    _, held = cloud.runs.take(job, 0, NEXT, NOW)
    assert held


def test_how_much_is_exported_never_goes_back_and_what_goes_on_keeps_its_lease(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    for seconds, rows, noted in ((1, 7, 7), (2, 5, 7), (3, 8, 8)):
        now = NOW + timedelta(seconds=seconds)
        cloud.runs.note_exported(job.id, rows, now)
        lease = Lease(HOLDER, now + LEASE)
        assert cloud.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, exported=noted, lease=lease)}


def _lost(cloud: Cloud, job: Job, number: int) -> list[int]:
    """Which conditions were lost: 0 is that of the chunk, 1 that of the run."""
    with pytest.raises(ConditionLost) as refusal:
        cloud.put_chunk(job, number)
    return sorted(refusal.value.lost)


def test_a_chunk_is_put_once_and_counted_once(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.put_chunk(job, 0)
    before = cloud.items()
    assert _lost(cloud, job, 0) == [0]
    assert cloud.items() == before
    assert cloud.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, generated=3, lease=HELD)}
    assert [chunk.number for chunk in cloud.service.code_store.chunks(job.maker, PLAN.chunks_of(0))] == [0]


def test_nothing_is_put_to_a_run_that_is_not_processing(cloud: Cloud, job: Job) -> None:
    for number in range(2):
        cloud.runs.take(job, number, HOLDER, NOW)
    cloud.runs.finish(job, 0, NOW)
    cloud.runs.stop(job.id, 1)
    before = cloud.items()
    assert _lost(cloud, job, 0) == [1]
    assert _lost(cloud, job, 2) == [1]
    assert cloud.items() == before


def test_a_finished_run_is_counted_once_and_held_by_no_worker(cloud: Cloud, job: Job) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.runs.finish(job, 0, LATER)
    before = cloud.items()
    cloud.runs.finish(job, 0, LATER)
    assert cloud.items() == before
    stored = cloud.table.get(keys.job(job.promotion_id, job.id)) or {}
    assert (stored["runs_done"], stored["runs_clean"]) == (1, 0)
    done = Run(RunStatus.COMPLETED, tries=1)
    assert cloud.runs.take(job, 0, NEXT, LATER) == (done, False)
    assert cloud.items() == before


def test_a_stopped_run_is_taken_by_nobody(cloud: Cloud, cancelling: Job) -> None:
    stopped = Run(RunStatus.CANCELLING, generated=3)
    cloud.runs.stop(cancelling.id, 0)
    assert cloud.runs.all(cancelling.id) == {0: stopped}
    before = cloud.items()
    cloud.runs.stop(cancelling.id, 0)
    assert cloud.runs.take(cancelling, 0, NEXT, LATER) == (stopped, False)
    cloud.runs.finish(cancelling, 0, LATER)
    assert cloud.items() == before


def test_the_undone_codes_of_a_run_are_counted_once(cloud: Cloud, cancelling: Job) -> None:
    cloud.runs.stop(cancelling.id, 0)

    def undo() -> None:
        cloud.table.transact(
            cloud.service.code_store.remove_chunk(cancelling.id, 0, 0), cloud.runs.count_undone(cancelling.id, 0, 3)
        )

    undo()
    before = cloud.items()
    with pytest.raises(ConditionLost):
        undo()
    assert cloud.items() == before
    removed = Run(RunStatus.CANCELLING, generated=3, deleted=3)
    assert cloud.runs.all(cancelling.id) == {0: removed}
    assert list(cloud.service.code_store.chunks(cancelling.maker, PLAN.chunks_of(0))) == []


def test_a_run_that_no_worker_began_is_not_stopped(cloud: Cloud, cancelling: Job) -> None:
    before = cloud.items()
    cloud.runs.stop(cancelling.id, 1)
    assert cloud.items() == before


def test_no_run_begins_of_a_job_that_is_rolled_back(cloud: Cloud, job: Job) -> None:
    cloud.jobs.give_up(job, "given up after repeated errors", NOW)
    before = cloud.items()
    assert cloud.runs.take(job, 0, HOLDER, NOW) == (Run(RunStatus.CANCELLING), False)
    assert cloud.items() == before


def test_a_clean_run_is_counted_once_and_the_job_ends_with_its_last(cloud: Cloud, job: Job) -> None:
    for number in range(2):
        cloud.runs.take(job, number, HOLDER, NOW)
    cloud.put_chunk(job, 0)
    cloud.jobs.cancel_processing(job, NOW)
    cancelling = cloud.job(job.promotion_id, job.id)
    for number in range(2):
        before = cloud.items()
        cloud.jobs.end_undo(cancelling, Outcome(runs=2, generated=3, deleted=3), LATER)
        assert cloud.items() == before
        cloud.runs.stop(cancelling.id, number)
        cloud.runs.finish_clean(cancelling, number, LATER)
        before = cloud.items()
        cloud.runs.finish_clean(cancelling, number, LATER)
        cloud.runs.stop(cancelling.id, number)
        assert cloud.items() == before
    cloud.jobs.end_undo(cancelling, Outcome(runs=2, generated=3, deleted=3), LATER)
    ended = cloud.job(cancelling.promotion_id, cancelling.id)
    assert (ended.status, ended.generated, ended.deleted) == ("cancelled", 3, 3)
    promotion = cloud.promotion(cancelling.promotion_id)
    assert (promotion.room, promotion.codes, promotion.open_job) == (1_000, 0, None)


def test_a_job_that_is_rolled_back_before_all_of_its_runs_started_still_shows_how_far_it_is(
    cloud: Cloud, job: Job
) -> None:
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.put_chunk(job, 0)
    cloud.jobs.give_up(job, "given up after repeated errors", NOW)
    cloud.runs.stop(job.id, 0)
    status, answer = cloud.call("get_job", job.promotion_id, job.id)
    assert (status, answer["data"]["status"]) == (200, "processing")
