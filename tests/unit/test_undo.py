"""Undoing a job: everything of it goes, nothing of any other's (decision 7, decision 21)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.measures import Measure
from tests.support.builders import JOB_ID, NOW, export_job, generate_job, message, promotion
from tests.support.desk import COMMIT, FINISH, STOP, Desk
from tests.support.office import Died

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SECOND = timedelta(seconds=1)
UNDO = "Delete CODES, Update RUN"


def _half_way(plan: Plan = PLAN, runs_ahead: int = 1) -> Desk:
    """A job whose first run is done, and which is being cancelled."""
    desk = Desk(generate_job(plan), runs_ahead=runs_ahead)
    desk.deliver(message())
    desk.cancel()
    return desk


def _stopped() -> Desk:
    """The same, when its runs are stopped."""
    desk = _half_way()
    desk.deliver(message())
    desk.queue.waiting.clear()
    return desk


def test_a_job_that_was_cancelled_half_way_leaves_nothing() -> None:
    desk = _half_way()
    desk.clock.advance(minutes=5)
    desk.work()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    times = {"started_at": NOW, "stopped_at": NOW, "updated_at": desk.clock()}
    counts = {"generated": 6, "deleted": 6, "first_index": 0, "key_version": 1}
    assert desk.stored == generate_job(PLAN, status=JobStatus.CANCELLED, **counts, **times)
    assert desk.runs_done == 1


def test_a_job_of_which_no_worker_began_a_run_ends_at_once() -> None:
    desk = Desk(generate_job(PLAN, status=JobStatus.CANCELLING, started_at=NOW))
    desk.put(promotion(open_job=JOB_ID, max_codes=7, room=0))
    desk.deliver(message())
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert (desk.promotion(), desk.runs, desk.messages()) == (promotion(max_codes=7, room=7), {}, [])
    assert not [step for step in desk.writes if step.startswith("Delete CODES")]


def _begun(runs: int) -> Desk:
    """A job of one chunk a run, of which so many of eight runs are done, and which is being cancelled."""
    desk = Desk(generate_job(Plan(8, chunk_codes=1, run_chunks=1)), runs_ahead=3)
    for number in range(runs):
        desk.deliver(message(number))
    desk.queue.waiting.clear()
    desk.cancel()
    return desk


@pytest.mark.parametrize("named", [0, 1, 7])
def test_the_first_delivery_stops_the_runs_that_were_begun_whichever_it_names(named: int) -> None:
    desk = _begun(4)
    before = len(desk.writes)
    desk.deliver(message(named))
    assert desk.writes[before:] == [STOP, STOP, STOP, *["send_message"] * 3, STOP]
    assert desk.runs == {number: Run(RunStatus.CANCELLING, generated=1) for number in range(4)}
    assert desk.delays() == [(message(number), SECOND) for number in range(3)]


def test_several_runs_are_undone_at_a_time_and_each_has_one_message() -> None:
    desk = _begun(6)
    sent: dict[int, list[list[int]]] = {}
    desk.deliver(message())
    for run in (0, 0, 1, 2, 1, 3, 4, 5):
        before = len(desk.messages())
        desk.deliver(message(run))
        sent.setdefault(run, []).append([it.run for it in desk.messages()[before:]])
    assert sent == {0: [[3], []], 1: [[4], []], 2: [[5]], 3: [[]], 4: [[]], 5: [[]]}
    desk.assert_undone(desk.given, JobStatus.CANCELLED)


def test_a_run_that_outlasts_every_delivery_is_undone_chunk_by_chunk_with_one_message_at_a_time() -> None:
    desk = Desk(generate_job(Plan(20, chunk_codes=1, run_chunks=20)))
    desk.make(message(), seconds_left=60)
    desk.put(replace(desk.stored, status=JobStatus.CANCELLING, stopped_at=NOW))
    desk.put(replace(desk.promotion() or promotion(), open_job=JOB_ID, codes=0))
    desk.send(message())
    deliveries = 0
    while desk.queue.waiting:
        [waiting] = desk.queue.waiting
        desk.queue.waiting.clear()
        desk.clock.advance(seconds=1)
        desk.deliver(Message.of(waiting.body), seconds_left=0)
        deliveries += 1
    assert deliveries == 1 + 20
    desk.assert_undone(desk.given, JobStatus.CANCELLED)


def test_chunks_that_were_not_put_are_left_alone() -> None:
    desk = Desk(generate_job(Plan(20, chunk_codes=1, run_chunks=20)))
    desk.calls.after(COMMIT, lambda: None, desk.calls.die)
    with pytest.raises(Died):
        desk.deliver(message())
    desk.cancel()
    desk.work()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert desk.writes.count(UNDO) == 2


def test_a_run_is_undone_though_its_worker_holds_it_and_nothing_of_that_is_put_any_more() -> None:
    desk = Desk(generate_job(PLAN))

    def undone() -> None:
        desk.cancel()
        for _ in range(3):
            desk.deliver(message())

    desk.calls.before(COMMIT, lambda: None, undone)
    desk.deliver(message())
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert (desk.stored.generated, desk.stored.deleted) == (3, 3)


def test_a_chunk_that_two_workers_undo_is_counted_once() -> None:
    desk = _stopped()
    desk.calls.before(UNDO, lambda: desk.deliver(message()))
    desk.deliver(message())
    desk.deliver_all()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert (desk.stored.deleted, desk.meter.of(Measure.CODES_DELETED)) == (6, 6)


def test_what_is_left_when_time_runs_out_is_sent_as_a_new_message() -> None:
    desk = _stopped()
    desk.deliver(message(), seconds_left=9.9)
    assert desk.delays() == [(message(), SECOND)]
    assert [it.number for it in desk.chunks(desk.given)] == [1]
    assert desk.run(JOB_ID, 0) == Run(RunStatus.CANCELLING, generated=6, deleted=3)
    desk.deliver_all()
    desk.assert_undone(desk.given, JobStatus.CANCELLED)
    assert desk.stored.deleted == 6


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
    desk.work()
    times = {"started_at": NOW, "stopped_at": NOW, "updated_at": desk.clock()}
    assert (desk.stored, desk.files.files) == (export_job(status=JobStatus.CANCELLED, **times), {})
