"""What seems to have got lost is sent again, and nothing else happens (docs/reliability.md)."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from promotion_jobs.jobs.job import Job, JobStatus, Message, Plan
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.jobs.sweep import OpenWork, Sweeper
from tests.support.builders import JOB_ID, NOW, PROMOTION_ID, Clock, delete_job, export_job, generate_job, message
from tests.support.memory import MemoryQueue, State
from tests.support.memory_runs import MemoryRunStore, MemorySweepStore

PLAN = Plan(6, chunk_codes=1, run_chunks=1)
"""Six runs of a code each."""

PATIENCE = timedelta(minutes=2)
MOMENT = timedelta(milliseconds=1)
PROCESSING = generate_job(PLAN, status=JobStatus.PROCESSING, started_at=NOW)
CANCELLING = generate_job(PLAN, status=JobStatus.CANCELLING, started_at=NOW)
HELD = Lease("holder", NOW + timedelta(days=1))
PAST = Lease("holder", NOW - MOMENT)

DONE = Run(RunStatus.COMPLETED, generated=1, started=True)
CLEAN = Run(RunStatus.CLEAN, generated=1, deleted=1, started=True)


def _working(lease: Lease | None) -> Run:
    return Run(RunStatus.PROCESSING, tries=1, started=True, lease=lease)


class Office:
    """A sweep of one job, or of a purge where there is none, which was sent now."""

    def __init__(self, job: Job | None, *runs: Run, progress: int | None = None) -> None:
        self.clock = Clock()
        self.state = State(jobs={job.id: job} if job else {}, runs={(JOB_ID, it): run for it, run in enumerate(runs)})
        self.queue = MemoryQueue(self.state.steps)
        seen = sum(run.generated + run.deleted + 1 for run in runs) if progress is None else progress
        work = OpenWork(PROMOTION_ID, JOB_ID, purge=job is None, opened_at=NOW, sent_at=NOW, sends=0, progress=seen)
        self.store = MemorySweepStore(self.state, {JOB_ID: work})
        self.sweeper = Sweeper(
            self.store, MemoryRunStore(self.state), self.queue, self.clock, patience=PATIENCE, runs_ahead=3
        )

    def sweep(self) -> list[Message]:
        """What is sent."""
        before = len(self.queue.sent)
        assert self.sweeper.sweep() == len(self.queue.sent) - before
        assert all(not delay for _, delay in self.queue.sent)
        return [it for it, _ in self.queue.sent[before:]]

    def sweep_when_due(self) -> list[Message]:
        self.clock.time += PATIENCE
        return self.sweep()


@pytest.mark.parametrize(
    ("job", "messages"),
    [(generate_job(PLAN), [message()]), (export_job(), [message()]), (delete_job(), [message()])],
    ids=["generate", "export", "delete"],
)
def test_a_pending_job_is_sent_again_more_and_more_rarely_and_never_failed_by_its_age(
    job: Job, messages: list[Message]
) -> None:
    office = Office(job)
    sent_at = []
    for minute in range(60 * 24):
        office.clock.time = NOW + timedelta(minutes=minute)
        if sent := office.sweep():
            assert sent == messages
            sent_at.append(minute)
    assert sent_at[:7] == [2, 6, 14, 30, 62, 122, 182]
    assert {later - earlier for earlier, later in pairwise(sent_at[5:])} == {60}
    assert office.state.jobs == {JOB_ID: job}


@pytest.mark.parametrize("job", [generate_job(PLAN), PROCESSING, CANCELLING, None])
def test_what_was_just_sent_is_left_alone(job: Job | None) -> None:
    office = Office(job)
    before = dict(office.store.work)
    office.clock.time += PATIENCE - MOMENT
    assert office.sweep() == []
    assert office.store.work == before


def test_a_job_that_goes_on_is_left_alone_and_its_progress_noted() -> None:
    office = Office(PROCESSING, DONE, _working(HELD), _working(None), progress=1)
    office.clock.time += timedelta(hours=5)
    assert office.sweep() == []
    expected = OpenWork(PROMOTION_ID, JOB_ID, purge=False, opened_at=NOW, sent_at=office.clock(), sends=0, progress=4)
    assert office.store.work == {JOB_ID: expected}


def test_a_run_whose_worker_is_gone_is_sent_again_though_the_job_goes_on() -> None:
    office = Office(PROCESSING, DONE, _working(PAST), _working(HELD), _working(None), _working(PAST), progress=1)
    assert office.sweep() == [message(run=1), message(run=4)]


def test_of_a_job_that_is_undone_no_run_is_sent_while_it_goes_on() -> None:
    office = Office(CANCELLING, CLEAN, Run(RunStatus.CANCELLING, started=True, lease=PAST), progress=1)
    assert office.sweep() == []


@pytest.mark.parametrize(
    ("runs", "numbers"),
    [
        ([], [0, 1, 2]),
        ([DONE], [1, 2, 3]),
        ([DONE, _working(PAST), _working(HELD)], [1, 3]),
        ([_working(HELD)] * 3, []),
        ([DONE] * 5, [5]),
        ([DONE] * 6, [0]),
    ],
    ids=["none", "one done", "one held", "all held", "all but one done", "all done"],
)
def test_of_a_job_that_stands_still_the_next_runs_that_nobody_holds_are_sent(
    runs: list[Run], numbers: list[int]
) -> None:
    assert Office(PROCESSING, *runs).sweep_when_due() == [message(number) for number in numbers]


def test_a_run_is_sent_as_soon_as_its_lease_is_past_however_often_it_was_looked_at() -> None:
    job = generate_job(Plan(1, chunk_codes=1, run_chunks=1), status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(job, _working(Lease("holder", NOW + 3 * PATIENCE)))
    assert [office.sweep_when_due() for _ in range(4)] == [[], [], [], [message()]]


@pytest.mark.parametrize(
    "job", [CANCELLING, generate_job(PLAN, status=JobStatus.PROCESSING, failure="broken")], ids=["cancelled", "failed"]
)
def test_of_a_job_that_is_undone_the_next_runs_that_are_not_clean_are_sent(job: Job) -> None:
    assert Office(job, CLEAN, DONE, CLEAN).sweep_when_due() == [message(number) for number in (1, 3, 4)]
    assert Office(job, *[CLEAN] * 6).sweep_when_due() == [message()]


@pytest.mark.parametrize("status", [JobStatus.PROCESSING, JobStatus.CANCELLING])
@pytest.mark.parametrize("job", [export_job(), delete_job()], ids=["export", "delete"])
def test_a_job_of_one_run_that_stands_still_is_sent_again(job: Job, status: JobStatus) -> None:
    assert Office(replace(job, status=status, started_at=NOW)).sweep_when_due() == [message()]


def test_a_purge_is_sent_again() -> None:
    office = Office(None)
    assert office.sweep_when_due() == [Message(PROMOTION_ID, JOB_ID, purge=True)]
    assert office.sweep() == []


def test_two_sweeps_at_once_send_once() -> None:
    office = Office(export_job())
    office.clock.time += PATIENCE
    other: list[int] = []
    noting = 1
    office.state.steps.interruptions[noting] = lambda: other.append(office.sweeper.sweep())
    assert office.sweeper.sweep() == 0
    assert other == [1]
    assert [it for it, _ in office.queue.sent] == [message()]


def test_what_ended_meanwhile_is_not_sent() -> None:
    office = Office(PROCESSING)
    office.clock.time += PATIENCE
    noting = 1
    office.state.steps.interruptions[noting] = office.store.work.clear
    assert office.sweep() == []


def test_nothing_open_is_nothing_to_do() -> None:
    office = Office(None)
    office.store.work.clear()
    assert office.sweep_when_due() == []
