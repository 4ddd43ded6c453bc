"""A delivery, step by step (contract 1.3, decision 8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.codes.code import Code, Terms
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus
from promotion_jobs.jobs.runs import Run, RunStatus
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.desk import COMMIT, COMPLETE, FINISH, RELEASE, TAKE, Desk

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SECOND = timedelta(seconds=1)
AT_ONCE = timedelta()
NOTE_FILE = RELEASE
"""An export's file is noted by a write of the run alone, like its release, and before that."""


def _nothing() -> None:
    pass


def test_a_job_ends_with_as_many_codes_as_were_asked_for() -> None:
    desk = Desk(generate_job(PLAN))
    desk.work()
    desk.assert_exact(desk.given)


def test_a_delivery_says_how_many_codes_it_made() -> None:
    desk = Desk(generate_job(PLAN))
    assert [desk.make(message(run)) for run in (0, 1, 0, 1)] == [6, 1, 0, 0]


def test_codes_say_whose_they_are_and_what_they_are_for() -> None:
    parameters = GenerateParameters(2, consume_unit="per_item", max_uses_per_code=4, code_prefix="Summer")
    desk = Desk(generate_job(Plan(2, chunk_codes=3, run_chunks=2), parameters=parameters))
    desk.deliver(message())
    (chunk,) = desk.chunks(desk.given)
    texts = chunk.texts()
    assert list(chunk.visible()) == [Code(text, Terms("per_item", 4), JOB_ID, CLIENT_ID, NOW) for text in texts]
    assert all(text.startswith("Summer-") for text in texts)


def test_the_first_delivery_starts_the_job_and_takes_room_for_all_of_its_codes() -> None:
    desk = Desk(generate_job(PLAN), room=10)
    desk.clock.advance(minutes=5)
    desk.deliver(message())
    given = {"first_index": 0, "key_version": 1}
    assert desk.stored == generate_job(
        PLAN, status=JobStatus.PROCESSING, started_at=desk.clock(), updated_at=desk.clock(), **given
    )
    assert desk.runs_done == 1
    assert desk.promotion() == promotion(max_codes=10, room=3, open_job=JOB_ID)


def test_exactly_as_much_room_as_the_job_needs_is_enough() -> None:
    desk = Desk(generate_job(PLAN), room=7)
    desk.work()
    desk.assert_exact(desk.given)
    assert desk.promotion() == promotion(max_codes=7, room=0, codes=7)


def test_a_job_without_room_for_all_of_its_codes_fails_and_makes_none() -> None:
    desk = Desk(generate_job(PLAN), room=6)
    desk.clock.advance(minutes=5)
    assert desk.make(message()) == 0
    assert desk.stored == generate_job(
        PLAN, status=JobStatus.FAILED, error="codes limit exceeded", updated_at=desk.clock()
    )
    assert desk.promotion() == promotion(max_codes=6, room=6)
    assert (desk.chunks(desk.given), desk.runs, desk.messages()) == ([], {}, [])
    # No index was given to it.
    assert desk.service.spaces.get(8).next == 0


def test_the_next_run_is_sent_when_one_is_full() -> None:
    desk = Desk(generate_job(PLAN))
    desk.deliver(message())
    assert desk.delays() == [(message(run=1), AT_ONCE)]
    desk.deliver(message(run=1))
    assert desk.delays() == [(message(run=1), AT_ONCE)]


def test_the_next_run_is_sent_before_the_run_is_finished() -> None:
    desk = Desk(generate_job(PLAN))
    desk.deliver(message())
    assert desk.writes.index("send_message") < desk.writes.index(FINISH)


def test_what_is_stored_is_not_made_again() -> None:
    desk = Desk(generate_job(PLAN))
    # One chunk and time is up; the rest of the run; the run once more, which is done.
    for seconds_left in (0, 60, 60):
        desk.deliver(message(), seconds_left)
    assert desk.writes.count(COMMIT) == 2
    assert desk.delays() == [(message(), SECOND), (message(run=1), AT_ONCE)]


def test_runs_may_come_in_any_order() -> None:
    desk = Desk(generate_job(PLAN))
    desk.deliver(message(run=1))
    assert desk.stored.status is JobStatus.PROCESSING
    desk.work()
    desk.assert_exact(desk.given)


def test_a_worker_whose_time_runs_out_hands_the_rest_back_as_a_new_message() -> None:
    desk = Desk(generate_job(PLAN))
    assert desk.make(message(), seconds_left=9.9) == 3
    assert desk.delays() == [(message(), SECOND)]
    assert desk.runs == {0: Run(RunStatus.PROCESSING, generated=3)}
    assert desk.make(message(), seconds_left=9.9) == 3
    assert desk.delays() == [(message(), SECOND), (message(run=1), AT_ONCE)]
    assert desk.runs == {0: Run(RunStatus.COMPLETED, generated=6)}


def test_a_worker_without_time_makes_progress_before_it_hands_back() -> None:
    desk = Desk(generate_job(Plan(12, chunk_codes=1, run_chunks=12)))
    desk.send(message())
    made, sent = [], []
    while desk.queue.waiting:
        desk.queue.waiting.pop()
        made.append(desk.make(message(), seconds_left=0))
        sent += desk.delays()
    assert made == [1] * 12
    assert sent == [(message(), SECOND)] * 11
    desk.assert_exact(desk.given)


def test_a_worker_with_time_left_hands_nothing_back() -> None:
    desk = Desk(generate_job(PLAN))
    assert desk.make(message(), seconds_left=10) == 6
    assert desk.delays() == [(message(run=1), AT_ONCE)]


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
@pytest.mark.parametrize("job", [generate_job(PLAN), export_job(), delete_job()], ids=["generate", "export", "delete"])
def test_a_job_that_has_ended_is_left_as_it_is(job: Job, status: JobStatus) -> None:
    ended = replace(job, status=status)
    desk = Desk(ended)
    before = desk.promotion()
    desk.deliver(message())
    assert (desk.stored, desk.promotion()) == (ended, before)
    assert (desk.runs, desk.files.files, desk.messages()) == ({}, {}, [])


def test_a_job_that_does_not_exist_any_more_is_left_at_that() -> None:
    desk = Desk(generate_job(PLAN))
    store = desk.service.job_store
    store.table.transact(store.remove(PROMOTION_ID, JOB_ID))
    desk.deliver(message())
    # If it was still listed as open, it is not any more.
    assert desk.writes == ["Delete JOB", "Delete OPEN"]


def test_a_run_that_was_stopped_gets_no_more_codes_and_is_sent_on_to_be_cleaned() -> None:
    desk = Desk(generate_job(PLAN))

    def stop() -> None:
        desk.service.runs.stop(JOB_ID, 0)

    desk.calls.before(COMMIT, _nothing, stop)
    assert desk.make(message()) == 3
    assert [it.number for it in desk.chunks(desk.given)] == [0]
    assert (desk.delays(), desk.runs_done) == ([(message(), SECOND)], 0)
    assert desk.run(JOB_ID, 0) == Run(RunStatus.CANCELLING, generated=3)


def test_a_run_that_began_unseen_by_the_worker_that_undid_its_job_makes_nothing() -> None:
    desk = Desk(generate_job(PLAN))
    ended = generate_job(PLAN, status=JobStatus.CANCELLED)
    desk.calls.after(TAKE, lambda: desk.put(ended))
    assert desk.make(message()) == 0
    desk.deliver_all()
    assert (desk.chunks(desk.given), desk.stored) == ([], ended)


def test_an_export_ends_with_a_file_of_every_code() -> None:
    desk = Desk(export_job())
    desk.clock.advance(minutes=5)
    desk.deliver(message())
    [(key, content)] = desk.files.files.items()
    [file] = desk.stored.files
    assert (file.key, file.rows, file.size) == (key, 0, len(content))
    assert desk.stored == export_job(
        status=JobStatus.COMPLETED, files=(file,), started_at=desk.clock(), updated_at=desk.clock()
    )
    assert (desk.promotion(), desk.messages()) == (promotion(), [])


@pytest.mark.parametrize(
    ("step", "is_first_linked"),
    [(NOTE_FILE, False), (FINISH, True), (COMPLETE, True)],
    ids=["its file noted", "its run finished", "completed"],
)
def test_an_export_that_was_completed_keeps_its_file(step: str, *, is_first_linked: bool) -> None:
    desk = Desk(export_job())
    first: list[str] = []

    def another_delivery() -> None:
        """The same message completes the job while this delivery is about to."""
        first.extend(desk.files.files)
        desk.clock.advance(hours=1)
        desk.deliver(message())
        assert desk.stored.status is JobStatus.COMPLETED

    desk.calls.before(step, another_delivery)
    desk.deliver(message())
    [file] = desk.stored.files
    assert ([file.key] == first) is is_first_linked
    assert desk.files.files.keys() == {file.key}
    assert desk.stored.updated_at == NOW + timedelta(hours=1)


def test_an_export_that_failed_is_written_anew_by_the_next_delivery() -> None:
    desk = Desk(export_job(status=JobStatus.PROCESSING, started_at=NOW))
    desk.work()
    assert desk.stored.status is JobStatus.COMPLETED
