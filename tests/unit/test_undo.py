"""Undoing a job: everything of it goes, nothing of anybody else's (decision 7, decision 21)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.jobs.job import Job, JobStatus, Plan
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from tests.support.builders import NOW, SEED, export_job, generate_job, message
from tests.support.memory import Died, MemoryJobStore
from tests.support.workshop import FewCodes, Workshop

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

FIRST = chunk_codes(SEED, 0, 3, CodeFormat())
SECOND = timedelta(seconds=1)
AT_ONCE = timedelta()


def _cancel(workshop: Workshop) -> None:
    """As JobCanceller does it with a job that is processing, after whoever has died."""
    workshop.state.steps.dead = False
    assert MemoryJobStore(workshop.state).cancel_processing(workshop.job, workshop.clock())
    workshop.queue.sent.clear()
    workshop.queue.waiting = [message()]


def _half_way(plan: Plan = PLAN, runs_ahead: int = 1) -> Workshop:
    """A job whose first run is done, and which is being cancelled."""
    workshop = Workshop(generate_job(plan), runs_ahead=runs_ahead)
    workshop.occupy([FIRST[1]])
    workshop.deliver(message())
    _cancel(workshop)
    return workshop


def test_a_job_that_was_cancelled_half_way_leaves_nothing() -> None:
    workshop = _half_way()
    workshop.clock.advance(minutes=5)
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.CANCELLED)
    counts = {"runs_done": 1, "generated": 6, "deleted": 6}
    times = {"started_at": NOW, "stopped_at": NOW, "updated_at": NOW + timedelta(minutes=5)}
    assert workshop.stored == generate_job(PLAN, status=JobStatus.CANCELLED, **counts, **times)
    assert {owned.code for owned in workshop.state.codes.values()} == {FIRST[1]}


def test_a_run_that_nobody_started_is_clean_without_a_delete() -> None:
    workshop = Workshop(generate_job(PLAN, status=JobStatus.CANCELLING, started_at=NOW), room=7)
    workshop.state.promotions[workshop.job.promotion_id] = replace(workshop.promotion, room=0)
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.CANCELLED)
    assert {run.status for run in workshop.state.runs.values()} == {RunStatus.CLEAN}
    assert not {"remove", "uncommit"} & set(workshop.state.steps.taken)


def test_all_runs_are_stopped_before_the_first_is_cleaned() -> None:
    workshop = _half_way()
    before = len(workshop.state.steps.taken)
    workshop.deliver(message())
    taken = workshop.state.steps.taken[before:]
    assert taken[:4] == ["stop", "stop: done", "stop", "stop: done"]
    assert workshop.run(0).status is RunStatus.CLEAN
    assert workshop.run(1) == Run(RunStatus.CANCELLING)
    assert workshop.queue.sent == [(message(run=1), AT_ONCE)]


def test_several_runs_are_cleaned_at_a_time() -> None:
    workshop = _half_way(Plan(6, chunk_codes=1, run_chunks=1), runs_ahead=3)
    sent = {}
    for run in range(6):
        before = len(workshop.queue.sent)
        workshop.deliver(message(run))
        sent[run] = [it.run for it, _ in workshop.queue.sent[before:]]
    assert sent == {0: [1, 2, 3], 1: [4], 2: [5], 3: [], 4: [], 5: []}
    workshop.assert_undone(JobStatus.CANCELLED)


@pytest.mark.parametrize(
    ("lease", "delay"),
    [
        (timedelta(), timedelta(seconds=1)),
        (timedelta(seconds=40), timedelta(seconds=41)),
        (timedelta(hours=1), timedelta(minutes=15)),
    ],
)
def test_a_run_that_is_held_is_waited_for(lease: timedelta, delay: timedelta) -> None:
    workshop = _half_way()
    key = (workshop.job.id, 0)
    workshop.state.runs[key] = replace(workshop.run(0), lease=Lease("holder", NOW + lease))
    before = dict(workshop.state.codes), dict(workshop.state.chunks)
    workshop.deliver(message())
    assert (workshop.state.codes, workshop.state.chunks) == before
    assert workshop.queue.sent == [(message(), delay)]
    assert workshop.stored.status is JobStatus.CANCELLING
    workshop.clock.time += lease + timedelta(milliseconds=1)
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.CANCELLED)


def test_what_is_left_when_time_runs_out_is_sent_as_a_new_message() -> None:
    workshop = _half_way()
    workshop.deliver(message(), seconds_left=9.9)
    assert workshop.queue.sent == [(message(), SECOND)]
    assert workshop.state.chunks.keys() == {(workshop.job.id, 1)}
    assert workshop.run(0) == Run(RunStatus.CANCELLING, generated=6, deleted=3, started=True)
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.CANCELLED)
    assert workshop.stored.deleted == 6


def test_what_a_worker_that_died_had_inserted_goes_as_well() -> None:
    parameters = FewCodes(20)
    workshop = Workshop(generate_job(Plan(20, chunk_codes=20), parameters=parameters))
    position = Workshop(workshop.job)
    position.deliver(message())
    workshop.state.steps.interruptions[position.state.steps.taken.index("commit")] = workshop.state.steps.die
    with pytest.raises(Died):
        workshop.deliver(message())
    assert len(workshop.state.codes_of(workshop.job)) == 20
    _cancel(workshop)
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.CANCELLED)
    assert (workshop.stored.generated, workshop.stored.deleted) == (0, 0)


def test_whatever_dies_at_any_step_nothing_stays() -> None:
    whole = _half_way()
    begun = len(whole.state.steps.taken)
    whole.deliver_all()
    for position in range(begun, len(whole.state.steps.taken)):
        workshop = _half_way()
        workshop.state.steps.interruptions[position] = workshop.state.steps.die
        workshop.deliver_all()
        assert position not in workshop.state.steps.interruptions
        workshop.assert_undone(JobStatus.CANCELLED)
        assert (workshop.stored.generated, workshop.stored.deleted) == (6, 6)


@pytest.mark.parametrize(
    ("job", "status", "error"),
    [
        (export_job(status=JobStatus.CANCELLING, started_at=NOW), JobStatus.CANCELLED, None),
        (export_job(status=JobStatus.PROCESSING, started_at=NOW, failure="broken"), JobStatus.FAILED, "broken"),
    ],
    ids=["cancelled", "failed"],
)
def test_an_export_has_nothing_to_clean_and_ends_at_once(job: Job, status: JobStatus, error: str | None) -> None:
    workshop = Workshop(job)
    workshop.deliver_all()
    assert workshop.stored == replace(job, status=status, error=error, failure=None)
    assert (workshop.promotion.open_job, workshop.queue.sent) == (None, [])
