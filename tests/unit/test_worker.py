"""What a delivery does, step by step (contract 1.3, decision 8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.codes.code import Terms
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus, Plan
from promotion_jobs.jobs.runs import Run, RunStatus
from tests.support.builders import NOW, chunk, delete_job, export_job, generate_job, message, promotion
from tests.support.memory_runs import MemoryRunStore
from tests.support.workshop import Workshop

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SECOND = timedelta(seconds=1)


def test_a_job_ends_with_as_many_codes_as_were_asked_for() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_delivery_says_how_many_codes_it_made() -> None:
    workshop = Workshop(generate_job(PLAN))
    assert [workshop.deliver(message(run)) for run in (0, 1, 0, 1)] == [6, 1, 0, 0]


def test_a_chunk_says_whose_it_is_and_what_its_codes_are_for() -> None:
    job = generate_job(Plan(2, chunk_codes=3, run_chunks=2))
    assert job.parameters is not None
    parameters = replace(job.parameters, consume_unit="per_item", max_uses_per_code=4, code_prefix="Summer")
    workshop = Workshop(replace(job, parameters=parameters))
    workshop.deliver(message())
    codes = workshop.state.listed_codes(job)
    assert workshop.state.chunks == {(job.id, 0): chunk(codes=codes, terms=Terms("per_item", 4))}
    assert all(code.startswith("Summer-") for code in codes)


def test_the_first_delivery_starts_the_job_and_takes_room_for_all_of_its_codes() -> None:
    workshop = Workshop(generate_job(PLAN), room=10)
    workshop.clock.advance(minutes=5)
    workshop.deliver(message())
    assert workshop.stored == generate_job(
        PLAN, status=JobStatus.PROCESSING, runs_done=1, started_at=workshop.clock(), updated_at=workshop.clock()
    )
    assert workshop.promotion == promotion(max_codes=10, room=3, open_job=workshop.job.id)


def test_exactly_as_much_room_as_the_job_needs_is_enough() -> None:
    workshop = Workshop(generate_job(PLAN), room=7)
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_job_without_room_for_all_of_its_codes_fails_and_makes_none() -> None:
    workshop = Workshop(generate_job(PLAN), room=6)
    workshop.clock.advance(minutes=5)
    assert workshop.deliver(message()) == 0
    assert workshop.stored == generate_job(
        PLAN, status=JobStatus.FAILED, error="codes limit exceeded", updated_at=workshop.clock()
    )
    assert workshop.promotion == promotion(max_codes=6, room=6)
    assert (workshop.state.codes, workshop.state.chunks, workshop.queue.sent) == ({}, {}, [])


def test_the_next_run_is_sent_when_one_is_full() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    assert workshop.queue.sent == [(message(run=1), timedelta())]
    workshop.deliver(message(run=1))
    assert workshop.queue.sent == [(message(run=1), timedelta())]


def test_the_next_run_is_sent_before_the_run_is_finished() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    taken = workshop.state.steps.taken
    assert taken.index("send: done") < taken.index("finish run")


def test_what_is_stored_is_not_made_again() -> None:
    workshop = Workshop(generate_job(PLAN))
    # One chunk and time is up; the rest of the run; the run once more, which is done.
    for seconds_left in (0, 60, 60):
        workshop.deliver(message(), seconds_left)
    assert workshop.state.steps.taken.count("insert") == PLAN.codes_of(run=0)
    assert workshop.queue.sent == [(message(), SECOND), (message(run=1), timedelta())]


def test_runs_may_come_in_any_order() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message(run=1))
    assert workshop.stored.status is JobStatus.PROCESSING
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_worker_whose_time_runs_out_hands_the_rest_back_as_a_new_message() -> None:
    workshop = Workshop(generate_job(PLAN))
    assert workshop.deliver(message(), seconds_left=9.9) == 3
    assert workshop.queue.sent == [(message(), SECOND)]
    assert workshop.state.runs == {(workshop.job.id, 0): Run(RunStatus.PROCESSING, generated=3, started=True)}
    assert workshop.deliver(message(), seconds_left=9.9) == 3
    assert workshop.queue.sent == [(message(), SECOND), (message(run=1), timedelta())]
    assert workshop.state.runs == {(workshop.job.id, 0): Run(RunStatus.COMPLETED, generated=6, started=True)}


def test_a_worker_without_time_makes_progress_before_it_hands_back() -> None:
    workshop = Workshop(generate_job(Plan(12, chunk_codes=1, run_chunks=12)))
    made = []
    while workshop.queue.waiting:
        made.append(workshop.deliver(workshop.queue.waiting.pop(0), seconds_left=0))
    assert made == [1] * 12
    assert workshop.queue.sent == [(message(), SECOND)] * 11
    workshop.assert_exact()


def test_a_worker_with_time_left_hands_nothing_back() -> None:
    workshop = Workshop(generate_job(PLAN))
    assert workshop.deliver(message(), seconds_left=10) == 6
    assert workshop.queue.sent == [(message(run=1), timedelta())]


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
@pytest.mark.parametrize("job", [generate_job(PLAN), export_job(), delete_job()], ids=["generate", "export", "delete"])
def test_a_job_that_has_ended_is_left_as_it_is(job: Job, status: JobStatus) -> None:
    ended = replace(job, status=status)
    workshop = Workshop(ended)
    before = workshop.promotion
    assert workshop.deliver(message()) == 0
    assert (workshop.stored, workshop.promotion) == (ended, before)
    assert (workshop.state.codes, workshop.files.contents, workshop.queue.sent) == ({}, {}, [])


def test_a_job_that_does_not_exist_any_more_is_left_at_that() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.state.jobs.clear()
    assert workshop.deliver(message()) == 0
    # If it was still listed as open, it is not any more.
    assert workshop.state.steps.taken == ["close", "close: done"]


def test_a_run_that_was_stopped_gets_no_more_codes_and_is_sent_on_to_be_cleaned() -> None:
    workshop = Workshop(generate_job(PLAN))
    runs = MemoryRunStore(workshop.state)
    second_commit = _position_of(workshop.job.id, "commit", occurrence=2)
    workshop.state.steps.interruptions[second_commit] = lambda: _take_no_notice(runs.stop(workshop.job, 0))
    assert workshop.deliver(message()) == 3
    assert workshop.state.chunks.keys() == {(workshop.job.id, 0)}
    assert (workshop.queue.sent, workshop.stored.runs_done) == ([(message(), SECOND)], 0)
    assert workshop.run(0) == Run(RunStatus.CANCELLING, generated=3, started=True)


def _take_no_notice(_: Run) -> None:
    pass


def _position_of(job_id: str, step: str, occurrence: int) -> int:
    """Where a delivery that nothing interrupts takes a step for the n-th time."""
    workshop = Workshop(generate_job(PLAN, id=job_id))
    workshop.deliver(message())
    positions = [position for position, taken in enumerate(workshop.state.steps.taken) if taken == step]
    return positions[occurrence - 1]


def test_an_export_ends_with_a_file_of_every_code() -> None:
    workshop = Workshop(export_job())
    workshop.clock.advance(minutes=5)
    assert workshop.deliver(message()) == 0
    [(key, content)] = workshop.files.contents.items()
    file = workshop.stored.file
    assert isinstance(file, ExportFile)
    assert (file.key, file.rows, file.size) == (key, 0, len(content))
    assert workshop.stored == export_job(
        status=JobStatus.COMPLETED, file=file, started_at=workshop.clock(), updated_at=workshop.clock()
    )
    assert workshop.promotion == promotion()


def test_an_export_that_was_completed_keeps_its_file() -> None:
    workshop = Workshop(export_job())
    # Another delivery of the same message completes the job while this one is about to.
    completion = Workshop(export_job())
    completion.deliver(message())
    position = completion.state.steps.taken.index("complete")

    def another_delivery() -> None:
        workshop.clock.advance(hours=1)
        workshop.deliver(message())

    workshop.state.steps.interruptions[position] = another_delivery
    workshop.deliver(message())
    assert workshop.stored.file is not None
    assert workshop.stored.file.key.endswith("/1.csv")
    assert workshop.files.contents.keys() == {workshop.stored.file.key}


def test_an_export_that_failed_is_written_anew_by_the_next_delivery() -> None:
    workshop = Workshop(export_job(status=JobStatus.PROCESSING, started_at=NOW))
    workshop.deliver_all()
    assert workshop.stored.status is JobStatus.COMPLETED
