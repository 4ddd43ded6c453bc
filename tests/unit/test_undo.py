"""Undoing a job: everything of it goes, nothing of any other's (decision 7, decision 21)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.jobs.job import Job, JobStatus, Plan
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from tests.support.builders import JOB_ID, NOW, SEED, export_job, generate_job, message, promotion
from tests.support.desk import COMMIT, FINISH, STOP, Desk
from tests.support.office import Died

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

FIRST = chunk_codes(SEED, 0, 3, CodeFormat())
SECOND = timedelta(seconds=1)
AT_ONCE = timedelta()


def _half_way(plan: Plan = PLAN, runs_ahead: int = 1) -> Desk:
    """A job whose first run is done, and which is being cancelled."""
    desk = Desk(generate_job(plan), runs_ahead=runs_ahead)
    desk.occupy([FIRST[1]])
    desk.deliver(message())
    desk.cancel()
    return desk


def test_a_job_that_was_cancelled_half_way_leaves_nothing() -> None:
    desk = _half_way()
    desk.clock.advance(minutes=5)
    desk.work()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    times = {"started_at": NOW, "stopped_at": NOW, "updated_at": NOW + timedelta(minutes=5)}
    assert desk.stored == generate_job(PLAN, status=JobStatus.CANCELLED, generated=6, deleted=6, **times)
    assert desk.runs_done == 1
    assert desk.sources.keys() == {FIRST[1]}


def test_a_run_that_no_worker_started_is_clean_without_a_delete() -> None:
    desk = Desk(generate_job(PLAN, status=JobStatus.CANCELLING, started_at=NOW))
    desk.put(promotion(open_job=JOB_ID, max_codes=7, room=0))
    desk.work()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert desk.promotion() == promotion(max_codes=7, room=7)
    assert [run.status for run in desk.runs.values()] == [RunStatus.CLEAN] * 2
    assert not [step for step in desk.writes if step.startswith(("DELETE CODE", "Delete CODES"))]


def test_all_runs_are_stopped_before_the_first_is_cleaned() -> None:
    desk = _half_way()
    before = len(desk.writes)
    desk.deliver(message())
    assert desk.writes[before : before + 2] == [STOP, STOP]
    assert desk.run(JOB_ID, 0) == Run(RunStatus.CLEAN, generated=6, deleted=6, started=True)
    assert desk.run(JOB_ID, 1) == Run(RunStatus.CANCELLING)
    assert desk.delays() == [(message(run=1), AT_ONCE)]


def test_several_runs_are_cleaned_at_a_time() -> None:
    desk = _half_way(Plan(6, chunk_codes=1, run_chunks=1), runs_ahead=3)
    sent = {}
    for run in range(6):
        before = len(desk.messages())
        desk.deliver(message(run))
        sent[run] = [it.run for it in desk.messages()[before:]]
    assert sent == {0: [1, 2, 3], 1: [4], 2: [5], 3: [], 4: [], 5: []}
    desk.assert_undone(desk.given, JobStatus.CANCELLED)


@pytest.mark.parametrize(
    ("lease", "delay"),
    [
        (timedelta(), timedelta(seconds=1)),
        (timedelta(seconds=40), timedelta(seconds=41)),
        (timedelta(hours=1), timedelta(minutes=15)),
    ],
)
def test_a_run_that_is_held_is_waited_for(lease: timedelta, delay: timedelta) -> None:
    desk = _half_way()
    desk.put_run(JOB_ID, 0, replace(desk.runs[0], lease=Lease("holder", NOW + lease)))
    before = desk.sources, desk.chunks()
    desk.deliver(message())
    assert (desk.sources, desk.chunks()) == before
    assert desk.delays() == [(message(), delay)]
    assert desk.stored.status is JobStatus.CANCELLING
    desk.clock.time += lease + timedelta(milliseconds=1)
    desk.deliver_all()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)


def test_what_is_left_when_time_runs_out_is_sent_as_a_new_message() -> None:
    desk = _half_way()
    desk.deliver(message(), seconds_left=9.9)
    assert desk.delays() == [(message(), SECOND)]
    assert [it.number for it in desk.chunks()] == [1]
    assert desk.run(JOB_ID, 0) == Run(RunStatus.CANCELLING, generated=6, deleted=3, started=True)
    desk.deliver_all()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert desk.stored.deleted == 6


def test_what_a_worker_that_died_had_inserted_goes_as_well() -> None:
    desk = Desk(generate_job(Plan(20, chunk_codes=20)), small_alphabet=True)
    desk.calls.before(COMMIT, desk.calls.die)
    with pytest.raises(Died):
        desk.deliver(message())
    assert len(desk.owned(JOB_ID)) == 20
    desk.cancel()
    desk.work()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert (desk.stored.generated, desk.stored.deleted) == (0, 0)


@pytest.mark.parametrize(
    ("job", "status", "error"),
    [
        (export_job(status=JobStatus.CANCELLING, started_at=NOW), JobStatus.CANCELLED, None),
        (export_job(status=JobStatus.PROCESSING, started_at=NOW, failure="broken"), JobStatus.FAILED, "broken"),
    ],
    ids=["cancelled", "failed"],
)
def test_an_export_has_nothing_to_clean_and_ends_at_once(job: Job, status: JobStatus, error: str | None) -> None:
    desk = Desk(job)
    desk.deliver(message())
    assert desk.stored == replace(job, status=status, error=error, failure=None)
    assert (desk.promotion(), desk.messages()) == (promotion(), [])


def test_a_file_that_a_cancelled_export_has_noted_goes_as_well() -> None:
    desk = Desk(export_job())
    desk.calls.before(FINISH, desk.calls.die)
    with pytest.raises(Died):
        desk.deliver(message())
    assert len(desk.files.files) == 1
    desk.cancel()
    desk.deliver(message())
    times = {"started_at": NOW, "stopped_at": NOW}
    assert (desk.stored, desk.files.files) == (export_job(status=JobStatus.CANCELLED, **times), {})
