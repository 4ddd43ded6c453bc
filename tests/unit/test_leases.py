"""How the runs of a job are divided among workers: each held by one, several of a job at a time (decision 8)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.limits import LEASE, TRIES
from promotion_jobs.measures import Measure
from tests.aws.errors import refusal
from tests.support.builders import JOB_ID, NOW, export_job, generate_job, message, promotion
from tests.support.matchers import AN_ID
from tests.support.office import Died, Office

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SIX_RUNS = Plan(6, chunk_codes=1, run_chunks=1)
AT_ONCE = timedelta()
BUSY_DELAY = timedelta(seconds=15)
HOLDER: Any = AN_ID
HELD = Run(RunStatus.PROCESSING, tries=1, lease=Lease(HOLDER, NOW + LEASE))
JOB = generate_job(PLAN)
PROCESSING = replace(JOB, status=JobStatus.PROCESSING, started_at=NOW, first_index=0, key_version=1)
EXPORT = export_job(status=JobStatus.PROCESSING, started_at=NOW)

CLAIM = "Update JOB, Update PROMOTION, Update SPACE, Put ALLOCATIONS"
COMPLETE = "Update JOB, Update PROMOTION"
TAKE = "Put RUN, ConditionCheck JOB"
COMMIT = "Put CODES, Update RUN"
FINISH = "Update RUN, Update JOB"
NOTE_FILE = RELEASE = "Update RUN"


def _office(job: Job = JOB, runs_ahead: int = 1) -> Office:
    return Office(promotion(open_job=job.id), job, runs_ahead=runs_ahead)


def _deliver(office: Office, run: int = 0) -> int:
    """How many codes the delivery of a run makes."""
    before = office.meter.of(Measure.CODES_GENERATED)
    office.deliver(message(run))
    return office.meter.of(Measure.CODES_GENERATED) - before


def _sent(office: Office, run: int = 0) -> list[tuple[Message, timedelta]]:
    """The messages that the delivery of a run sends."""
    before = len(office.messages())
    office.deliver(message(run))
    return office.delays()[before:]


def _deliver_all(office: Office) -> None:
    """The message of the first run, which a test may have delivered already, and all that is sent."""
    office.send(message())
    office.deliver_all()


def _die(office: Office) -> None:
    """Let a worker die before it puts the first codes."""
    office.calls.before(COMMIT, office.calls.die)
    with pytest.raises(Died):
        office.deliver(message())


def _busy() -> None:
    raise refusal("ThrottlingException", "later")


def test_a_run_that_is_held_is_left_to_its_holder() -> None:
    office = _office()
    _die(office)
    before = office.items()
    office.clock.time += LEASE
    assert _deliver(office) == 0
    assert (office.items(), office.run(JOB_ID, 0)) == (before, HELD)
    assert office.messages() == []


def test_another_takes_the_run_when_the_lease_is_past() -> None:
    office = _office()
    _die(office)
    office.clock.time += LEASE + timedelta(milliseconds=1)
    assert _deliver(office) == 6
    _deliver_all(office)
    office.assert_exact(JOB)


def test_a_delivery_that_fails_is_a_try_and_the_next_need_not_wait() -> None:
    office = _office()

    def get_no_answer() -> None:
        raise TimeoutError

    office.calls.before(COMMIT, *[get_no_answer] * 2)
    for tries in (1, 2):
        with pytest.raises(TimeoutError):
            office.deliver(message())
        assert office.run(JOB_ID, 0) == Run(RunStatus.PROCESSING, tries=tries)
    assert _deliver(office) == 6


@pytest.mark.parametrize(
    ("done", "step"),
    [([], CLAIM), ([], TAKE), ([], COMMIT), ([], FINISH), ([0], COMPLETE)],
    ids=["claim", "take", "commit", "finish", "complete"],
)
def test_a_store_that_is_busy_has_the_message_sent_again_later_and_is_no_try(done: list[int], step: str) -> None:
    office = _office()
    for run in done:
        office.deliver(message(run))
    office.calls.before(step, _busy)
    assert _sent(office, run=1) == [(message(run=1), BUSY_DELAY)]
    found = office.run(JOB_ID, 1)
    assert found is None or (found.tries, found.lease) == (0, None)
    office.clock.time += LEASE + BUSY_DELAY
    _deliver_all(office)
    office.assert_exact(JOB)


def test_a_store_that_is_busy_however_often_does_not_fail_the_job() -> None:
    office = _office()
    for _ in range(3 * TRIES):
        office.calls.before(COMMIT, _busy)
        office.deliver(message())
    assert office.delays() == [(message(), BUSY_DELAY)] * 3 * TRIES
    office.deliver_all()
    office.assert_exact(JOB)


@pytest.mark.parametrize("step", [NOTE_FILE, FINISH, COMPLETE], ids=["note file", "finish", "complete"])
def test_a_store_that_is_busy_however_often_does_not_fail_an_export(step: str) -> None:
    office = _office(EXPORT)
    for _ in range(TRIES):
        office.calls.before(step, _busy)
        office.deliver(message())
    assert office.delays() == [(message(), BUSY_DELAY)] * TRIES
    office.deliver(message())
    assert office.job(EXPORT).status is JobStatus.COMPLETED


def test_a_run_that_was_tried_too_often_has_its_job_given_up_and_rolled_back() -> None:
    office = _office()
    office.put_run(JOB_ID, 1, Run(RunStatus.PROCESSING, tries=TRIES))
    assert _deliver(office, run=1) == 0
    given_up = "given up after repeated errors"
    assert office.job(JOB) == replace(PROCESSING, failure=given_up)
    assert office.delays() == [(message(), AT_ONCE)]
    office.clock.time += LEASE
    office.deliver_all()
    office.assert_undone(JOB, JobStatus.FAILED, given_up)


@pytest.mark.parametrize("tries", range(TRIES))
def test_a_run_may_be_tried_some_times(tries: int) -> None:
    office = _office()
    office.put_run(JOB_ID, 0, Run(RunStatus.PROCESSING, tries=tries))
    assert _deliver(office) == 6
    assert office.run(JOB_ID, 0) == Run(RunStatus.COMPLETED, generated=6)


@pytest.mark.parametrize(("before", "status"), [(TRIES - 1, JobStatus.COMPLETED), (TRIES, JobStatus.PROCESSING)])
def test_an_export_that_was_tried_too_often_is_given_up(before: int, status: JobStatus) -> None:
    office = _office(EXPORT)
    office.put_run(JOB_ID, 0, Run(RunStatus.PROCESSING, tries=before))
    office.deliver(message())
    assert office.job(EXPORT).status is status
    if status is JobStatus.PROCESSING:
        assert office.files.files == {}
        assert office.delays() == [(message(), AT_ONCE)]
        office.deliver_all()
        ended = office.job(EXPORT)
        assert (ended.status, ended.error) == (JobStatus.FAILED, "given up after repeated errors")


def test_several_runs_of_a_job_are_in_the_queue_at_a_time() -> None:
    job = generate_job(SIX_RUNS)
    office = _office(job, runs_ahead=3)
    sent = {run: [it.run for it, _ in _sent(office, run)] for run in range(6)}
    assert sent == {0: [1, 2, 3], 1: [4], 2: [5], 3: [], 4: [], 5: []}
    office.assert_exact(job)


@pytest.mark.parametrize("job", [generate_job(SIX_RUNS), generate_job(PLAN)], ids=["six runs", "two runs"])
@pytest.mark.parametrize("runs_ahead", [1, 2, 3, 4])
def test_every_run_of_a_job_is_sent_once(job: Job, runs_ahead: int) -> None:
    office = _office(job, runs_ahead)
    office.send(message())
    delivered: list[Message] = []
    office.deliver_all(delivered.append)
    office.assert_exact(job)
    assert sorted(it.run for it in delivered) == list(range(job.plan.runs))
