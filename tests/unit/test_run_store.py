"""The runs of a job in the table: who holds one, what is counted of it, and how it is stopped and cleaned."""

from contextlib import nullcontext
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
from tests.support.records import MemoryRecords

LATER = NOW + LEASE + timedelta(milliseconds=1)
"""When the lease is past."""

NEXT = "the next holder"
HELD = Lease(HOLDER, NOW + LEASE)
PLAN = Plan(7, chunk_codes=3, run_chunks=2)


@pytest.fixture
def job(records: MemoryRecords, promotion_id: str) -> Job:
    """A processing job for seven codes in two runs."""
    job = generate_job(PLAN, promotion_id=promotion_id)
    records.jobs.add(job)
    records.claim(job, NOW)
    return records.job(promotion_id, job.id)


@pytest.fixture
def cancelling(records: MemoryRecords, job: Job) -> Job:
    """The same, whose first chunk is put, and which is being cancelled."""
    records.runs.take(job, 0, HOLDER, NOW)
    records.put_chunk(job, 0)
    records.jobs.cancel_processing(job, NOW)
    return records.job(job.promotion_id, job.id)


def test_a_run_is_taken_and_counts_what_is_put_of_it(records: MemoryRecords, job: Job) -> None:
    assert records.runs.take(job, 0, HOLDER, NOW) == (Run(RunStatus.PROCESSING, tries=1), True)
    taken = Run(RunStatus.PROCESSING, tries=1, lease=HELD)
    assert records.runs.all(job.id) == {0: taken}
    records.put_chunk(job, 0)
    assert records.runs.all(job.id) == {0: replace(taken, generated=3, tries=0)}


def test_a_run_that_is_held_is_taken_by_nobody_else_before_the_lease_is_past(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    held = records.runs.get(job.id, 0)
    assert held
    before = records.items()
    assert records.runs.take(job, 0, NEXT, NOW + LEASE) == (held, False)
    assert records.items() == before
    assert records.runs.take(job, 0, NEXT, LATER) == (replace(held, tries=2), True)
    assert records.runs.get(job.id, 0) == replace(held, tries=2, lease=Lease(NEXT, LATER + LEASE))


def test_an_attempt_whose_answer_was_lost_finds_its_own_lease_and_succeeds(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    before = records.items()
    assert records.runs.take(job, 0, HOLDER, NOW) == (records.runs.get(job.id, 0), True)
    assert records.items() == before


def test_only_the_holder_releases_a_run_and_forgets_its_tries(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    before = records.items()
    records.runs.release(job.id, 0, NEXT)
    assert records.items() == before
    records.runs.release(job.id, 0, HOLDER)
    assert records.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, tries=0)}
    _, held = records.runs.take(job, 0, NEXT, NOW)
    assert held


def test_how_much_is_exported_never_goes_back_and_each_note_renews_the_lease(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    for seconds, rows, noted in ((1, 7, 7), (2, 5, 7), (3, 8, 8)):
        now = NOW + timedelta(seconds=seconds)
        records.runs.note_exported(job.id, rows, 1, now)
        lease = Lease(HOLDER, now + LEASE)
        assert records.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, exported=noted, lease=lease)}


def _lost(records: MemoryRecords, job: Job, number: int) -> list[int]:
    """Which conditions were lost: 0 is that of the chunk, 1 that of the run."""
    with pytest.raises(ConditionLost) as refusal:
        records.put_chunk(job, number)
    return sorted(refusal.value.lost)


def test_a_chunk_is_put_once_and_counted_once(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    records.put_chunk(job, 0)
    before = records.items()
    assert _lost(records, job, 0) == [0]
    assert records.items() == before
    assert records.runs.all(job.id) == {0: Run(RunStatus.PROCESSING, generated=3, lease=HELD)}
    assert [chunk.number for chunk in records.service.code_store.chunks(job.maker, PLAN.chunks_of(0))] == [0]


def test_nothing_is_put_to_a_run_that_is_not_processing(records: MemoryRecords, job: Job) -> None:
    for number in range(2):
        records.runs.take(job, number, HOLDER, NOW)
    records.runs.finish(job, 0, NOW)
    records.runs.stop(job.id, 1)
    before = records.items()
    assert _lost(records, job, 0) == [1]
    assert _lost(records, job, 2) == [1]
    assert records.items() == before


def test_a_finished_run_is_counted_once_and_held_by_no_worker(records: MemoryRecords, job: Job) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    records.runs.finish(job, 0, LATER)
    before = records.items()
    records.runs.finish(job, 0, LATER)
    assert records.items() == before
    stored = records.table.get(keys.job(job.promotion_id, job.id)) or {}
    assert (stored["runs_done"], stored["runs_clean"]) == (1, 0)
    done = Run(RunStatus.COMPLETED, tries=1)
    assert records.runs.take(job, 0, NEXT, LATER) == (done, False)
    assert records.items() == before


def test_a_stopped_run_is_taken_by_nobody(records: MemoryRecords, cancelling: Job) -> None:
    stopped = Run(RunStatus.CANCELLING, generated=3)
    records.runs.stop(cancelling.id, 0)
    assert records.runs.all(cancelling.id) == {0: stopped}
    before = records.items()
    records.runs.stop(cancelling.id, 0)
    assert records.runs.take(cancelling, 0, NEXT, LATER) == (stopped, False)
    records.runs.finish(cancelling, 0, LATER)
    assert records.items() == before


def test_the_undone_codes_of_a_run_are_counted_once(records: MemoryRecords, cancelling: Job) -> None:
    records.runs.stop(cancelling.id, 0)

    def undo() -> None:
        records.table.transact(
            records.service.code_store.remove_chunk(cancelling.id, 0, 0),
            records.runs.count_undone(cancelling.id, 0, 3, NOW),
        )

    undo()
    before = records.items()
    with pytest.raises(ConditionLost):
        undo()
    assert records.items() == before
    removed = Run(RunStatus.CANCELLING, generated=3, deleted=3)
    assert records.runs.all(cancelling.id) == {0: removed}
    assert list(records.service.code_store.chunks(cancelling.maker, PLAN.chunks_of(0))) == []


def test_a_run_that_no_worker_began_is_not_stopped(records: MemoryRecords, cancelling: Job) -> None:
    before = records.items()
    records.runs.stop(cancelling.id, 1)
    assert records.items() == before


def test_no_run_begins_of_a_job_that_is_rolled_back(records: MemoryRecords, job: Job) -> None:
    records.jobs.give_up(job, "given up after repeated errors", NOW)
    before = records.items()
    assert records.runs.take(job, 0, HOLDER, NOW) == (Run(RunStatus.CANCELLING), False)
    assert records.items() == before


def test_a_clean_run_is_counted_once_and_the_job_ends_with_its_last(records: MemoryRecords, job: Job) -> None:
    for number in range(2):
        records.runs.take(job, number, HOLDER, NOW)
    records.put_chunk(job, 0)
    records.jobs.cancel_processing(job, NOW)
    cancelling = records.job(job.promotion_id, job.id)
    for number in range(2):
        before = records.items()
        records.jobs.end_undo(cancelling, Outcome(runs=2, generated=3, deleted=3), LATER)
        assert records.items() == before
        records.runs.stop(cancelling.id, number)
        records.runs.finish_clean(cancelling, number, LATER)
        before = records.items()
        records.runs.finish_clean(cancelling, number, LATER)
        records.runs.stop(cancelling.id, number)
        assert records.items() == before
    records.jobs.end_undo(cancelling, Outcome(runs=2, generated=3, deleted=3), LATER)
    ended = records.job(cancelling.promotion_id, cancelling.id)
    assert (ended.status, ended.generated, ended.deleted) == ("cancelled", 3, 3)
    promotion = records.promotion(cancelling.promotion_id)
    assert (promotion.room, promotion.codes, promotion.open_job) == (1_000, 0, None)


@pytest.mark.parametrize(("before", "is_counted"), [(3, True), (2, False), (6, False)])
def test_what_a_purge_leaves_of_a_run_is_counted_if_it_was_as_it_says(
    records: MemoryRecords, job: Job, before: int, *, is_counted: bool
) -> None:
    records.runs.take(job, 0, HOLDER, NOW)
    records.put_chunk(job, 0)
    with nullcontext() if is_counted else pytest.raises(ConditionLost):
        records.table.transact(records.runs.count_left(job.id, 0, before, 1))
    run = records.runs.get(job.id, 0)
    assert run
    assert run.generated == (1 if is_counted else 3)


def test_what_a_purge_leaves_of_a_run_that_is_gone_is_counted_nowhere(records: MemoryRecords, job: Job) -> None:
    before = records.items()
    with pytest.raises(ConditionLost):
        records.table.transact(records.runs.count_left(job.id, 0, 3, 0))
    assert records.items() == before
