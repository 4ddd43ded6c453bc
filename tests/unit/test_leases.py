"""How the runs of a job are divided among workers: each held by one, several of a job at a time (decision 8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import Job, JobStatus, Message, Plan
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.limits import LEASE_MARGIN, TRIES
from tests.support.builders import NOW, export_job, generate_job, message
from tests.support.memory import Died
from tests.support.workshop import Workshop

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SIX_RUNS = Plan(6, chunk_codes=1, run_chunks=1)
AT_ONCE = timedelta()
BUSY_DELAY = timedelta(seconds=15)
LEASE_LIFE = timedelta(seconds=60) + LEASE_MARGIN
PROCESSING = generate_job(PLAN, status=JobStatus.PROCESSING, started_at=NOW)


def _dead_at(workshop: Workshop, step: str) -> None:
    """A worker has died at this step of the first run."""
    workshop.state.steps.at(step, workshop.state.steps.die)
    with pytest.raises(Died):
        workshop.deliver(message())


def _busy() -> None:
    raise StoreBusy


def test_a_run_that_is_held_is_left_to_its_holder() -> None:
    workshop = Workshop(generate_job(PLAN))
    _dead_at(workshop, "insert")
    before = dict(workshop.state.runs)
    workshop.clock.time += LEASE_LIFE
    assert workshop.deliver(message()) == 0
    lease = Lease("holder 1", NOW + LEASE_LIFE)
    assert workshop.state.runs == before
    assert workshop.run(0) == Run(RunStatus.PROCESSING, tries=1, started=True, lease=lease)
    assert workshop.queue.sent == []


def test_another_takes_the_run_when_the_lease_is_past() -> None:
    workshop = Workshop(generate_job(PLAN))
    _dead_at(workshop, "insert")
    workshop.clock.time += LEASE_LIFE + timedelta(milliseconds=1)
    assert workshop.deliver(message()) == 6
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_run_is_not_let_go_of_while_what_its_delivery_asked_for_may_still_take_effect() -> None:
    """Or a clean-up would begin, and an insert that nobody hears of any more would come after it."""
    workshop = Workshop(generate_job(PLAN))

    def get_no_answer() -> None:
        raise TimeoutError

    workshop.state.steps.at("insert", get_no_answer)
    with pytest.raises(TimeoutError):
        workshop.deliver(message())
    lease = Lease("holder 1", NOW + LEASE_LIFE)
    assert workshop.run(0) == Run(RunStatus.PROCESSING, tries=1, started=True, lease=lease)
    assert workshop.deliver(message()) == 0
    workshop.clock.time += LEASE_LIFE + timedelta(milliseconds=1)
    assert workshop.deliver(message()) == 6


@pytest.mark.parametrize("step", ["claim", "take", "insert", "commit", "finish run", "complete", "release"])
def test_a_store_that_is_busy_has_the_message_sent_again_later_and_is_no_try(step: str) -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.state.steps.at(step, _busy)
    workshop.deliver(message(run=1))
    assert workshop.queue.sent == [(message(run=1), BUSY_DELAY)]
    if step != "release":
        assert [run.tries for run in workshop.state.runs.values() if not run.is_held(NOW)] in ([], [0])
    workshop.clock.time += LEASE_LIFE + BUSY_DELAY
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_store_that_is_busy_however_often_does_not_fail_the_job() -> None:
    workshop = Workshop(generate_job(PLAN))
    for _ in range(3 * TRIES):
        workshop.state.steps.at("commit", _busy)
        workshop.deliver(message())
    assert workshop.queue.sent == [(message(), BUSY_DELAY)] * 3 * TRIES
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_store_that_is_busy_however_often_does_not_fail_an_export() -> None:
    workshop = Workshop(export_job(status=JobStatus.PROCESSING, started_at=NOW))
    for _ in range(TRIES):
        workshop.state.steps.at("complete", _busy)
        workshop.deliver(message())
    workshop.deliver(message())
    assert workshop.stored.status is JobStatus.COMPLETED


def test_a_run_that_was_tried_too_often_has_its_job_given_up_and_rolled_back() -> None:
    workshop = Workshop(generate_job(PLAN))
    tried = Run(RunStatus.PROCESSING, tries=TRIES, started=True)
    workshop.state.runs = {(workshop.job.id, 1): tried}
    assert workshop.deliver(message(run=1)) == 0
    given_up = "given up after repeated errors"
    assert workshop.stored == replace(PROCESSING, failure=given_up)
    assert workshop.queue.sent == [(message(), AT_ONCE)]
    workshop.clock.time += LEASE_LIFE
    workshop.deliver_all()
    workshop.assert_undone(JobStatus.FAILED, given_up)


@pytest.mark.parametrize("tries", range(TRIES))
def test_a_run_may_be_tried_some_times(tries: int) -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.state.runs = {(workshop.job.id, 0): Run(RunStatus.PROCESSING, tries=tries, started=True)}
    assert workshop.deliver(message()) == 6
    assert workshop.run(0) == Run(RunStatus.COMPLETED, generated=6, started=True)


@pytest.mark.parametrize(("before", "status"), [(TRIES - 1, JobStatus.COMPLETED), (TRIES, JobStatus.PROCESSING)])
def test_an_export_that_was_tried_too_often_is_given_up(before: int, status: JobStatus) -> None:
    workshop = Workshop(export_job(status=JobStatus.PROCESSING, started_at=NOW))
    workshop.state.runs = {(workshop.job.id, 0): Run(RunStatus.PROCESSING, tries=before, started=True)}
    workshop.deliver(message())
    assert workshop.stored.status is status
    if status is JobStatus.PROCESSING:
        assert workshop.files.contents == {}
        assert workshop.queue.sent == [(message(), AT_ONCE)]
        workshop.deliver(message())
        ended = (workshop.stored.status, workshop.stored.error)
        assert ended == (JobStatus.FAILED, "given up after repeated errors")


def _sent(workshop: Workshop, run: int) -> list[tuple[Message, timedelta]]:
    """What the delivery of a run sends."""
    before = len(workshop.queue.sent)
    workshop.deliver(message(run))
    return workshop.queue.sent[before:]


def test_several_runs_of_a_job_are_in_the_queue_at_a_time() -> None:
    workshop = Workshop(generate_job(SIX_RUNS), runs_ahead=3)
    sent = {run: [it.run for it, _ in _sent(workshop, run)] for run in range(6)}
    assert sent == {0: [1, 2, 3], 1: [4], 2: [5], 3: [], 4: [], 5: []}
    workshop.assert_exact()


@pytest.mark.parametrize("job", [generate_job(SIX_RUNS), generate_job(PLAN)], ids=["six runs", "two runs"])
@pytest.mark.parametrize("runs_ahead", [1, 2, 3, 4])
def test_every_run_of_a_job_is_sent_once(job: Job, runs_ahead: int) -> None:
    workshop = Workshop(job, runs_ahead=runs_ahead)
    workshop.deliver_all()
    workshop.assert_exact()
    assert job.plan is not None
    assert sorted(it.run for it, _ in workshop.queue.sent) == list(range(1, job.plan.runs))
