"""The sweep sends again the work that seems lost, and changes nothing else (docs/understand/reliability.md)."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job, JobStatus, JobType, Message
from promotion_jobs.jobs.open_work import OpenWork
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.limits import LEASE
from tests.support.builders import JOB_ID, NOW, PROMOTION_ID, delete_job, export_job, generate_job, message
from tests.support.office import Office

PLAN = Plan(6, chunk_codes=1, run_chunks=1)
"""Six runs of a code each."""

PATIENCE = timedelta(minutes=2)
MOMENT = timedelta(milliseconds=1)
PROCESSING = generate_job(PLAN, status=JobStatus.PROCESSING, started_at=NOW)
CANCELLING = generate_job(PLAN, status=JobStatus.CANCELLING, started_at=NOW)
PURGE = replace(export_job(), job_type=JobType.PROMOTION_PURGE, status=JobStatus.PROCESSING)
HELD = Lease("holder", NOW + timedelta(days=1))
PAST = Lease("holder", NOW - MOMENT)

DONE = Run(RunStatus.COMPLETED, generated=1)
CLEAN = Run(RunStatus.CLEAN, generated=1, deleted=1)


def _working(lease: Lease | None) -> Run:
    return Run(RunStatus.PROCESSING, tries=1, lease=lease)


class Watch(Office):
    """An office with one job on the list of open work, which was sent now."""

    def __init__(self, job: Job, *runs: Run, progress: int | None = None) -> None:
        super().__init__(job, runs_ahead=3)
        for number, run in enumerate(runs):
            self.put_run(JOB_ID, number, run)
        seen = sum(run.generated + run.deleted + 1 for run in runs) if progress is None else progress
        [work] = self.open_work()
        assert self.service.job_store.open_work.note(work, sent_at=NOW, sends=0, progress=seen)

    def open_work(self) -> list[OpenWork]:
        return list(self.service.job_store.open_work.list())

    def close(self) -> None:
        """Take the job off the list, as when it has ended and its end is announced."""
        self.service.table.transact(self.service.job_store.open_work.remove(JOB_ID))

    def sweep(self) -> list[Message]:
        """The messages that are sent."""
        before = len(self.messages())
        assert self.service.sweeper.sweep() == len(self.messages()) - before
        sent = self.delays()[before:]
        assert all(not delay for _, delay in sent)
        return [it for it, _ in sent]

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
    watch = Watch(job)
    sent_at = []
    for minute in range(60 * 24):
        watch.clock.time = NOW + timedelta(minutes=minute)
        if sent := watch.sweep():
            assert sent == messages
            sent_at.append(minute)
    assert sent_at[:7] == [2, 6, 14, 30, 62, 122, 182]
    assert {later - earlier for earlier, later in pairwise(sent_at[5:])} == {60}
    assert watch.jobs() == [job]


@pytest.mark.parametrize(
    ("job", "patience"),
    [(generate_job(PLAN), PATIENCE), (PROCESSING, PATIENCE), (PURGE, PATIENCE), (CANCELLING, LEASE)],
)
def test_what_was_just_sent_is_left_alone(job: Job, patience: timedelta) -> None:
    watch = Watch(job)
    before = watch.items()
    watch.clock.time += patience - MOMENT
    assert watch.sweep() == []
    assert watch.items() == before


def test_a_job_that_goes_on_is_left_alone_and_its_progress_noted() -> None:
    watch = Watch(PROCESSING, DONE, _working(HELD), _working(None), progress=1)
    watch.clock.time += timedelta(hours=5)
    assert watch.sweep() == []
    expected = OpenWork(PROMOTION_ID, JOB_ID, opened_at=NOW, sent_at=watch.clock(), sends=0, progress=4)
    assert watch.open_work() == [expected]


def test_a_run_whose_worker_is_gone_is_sent_again_though_the_job_goes_on() -> None:
    watch = Watch(PROCESSING, DONE, _working(PAST), _working(HELD), _working(None), _working(PAST), progress=1)
    assert watch.sweep() == [message(run=1), message(run=4)]


def test_a_run_whose_worker_is_gone_is_sent_as_soon_as_its_lease_is_past_though_nothing_goes_on() -> None:
    watch = Watch(PROCESSING, DONE, _working(Lease("holder", NOW + LEASE)), _working(None))
    watch.clock.time += LEASE
    assert watch.sweep() == []
    watch.clock.time += MOMENT
    assert watch.sweep() == [message(run=1)]
    # While its message waits, it is sent more and more rarely.
    watch.clock.time += 2 * LEASE - MOMENT
    assert watch.sweep() == []
    watch.clock.time += MOMENT
    assert watch.sweep() == [message(run=1)]


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
def test_of_a_job_that_stands_still_the_next_runs_that_no_worker_holds_are_sent(
    runs: list[Run], numbers: list[int]
) -> None:
    assert Watch(PROCESSING, *runs).sweep_when_due() == [message(number) for number in numbers]


def test_a_run_is_sent_as_soon_as_its_lease_is_past_however_often_it_was_looked_at() -> None:
    job = generate_job(Plan(1, chunk_codes=1, run_chunks=1), status=JobStatus.PROCESSING, started_at=NOW)
    watch = Watch(job, _working(Lease("holder", NOW + 3 * PATIENCE)))
    assert [watch.sweep_when_due() for _ in range(4)] == [[], [], [], [message()]]


@pytest.mark.parametrize(
    "job", [CANCELLING, generate_job(PLAN, status=JobStatus.PROCESSING, failure="broken")], ids=["cancelled", "failed"]
)
def test_of_a_job_that_is_undone_the_next_runs_that_were_begun_and_are_not_clean_are_sent(job: Job) -> None:
    assert Watch(job, CLEAN, DONE, CLEAN, DONE).sweep_when_due() == [message(number) for number in (1, 3)]
    assert Watch(job, CLEAN, *[DONE] * 5).sweep_when_due() == [message(number) for number in (1, 2, 3)]
    assert Watch(job, *[CLEAN] * 6).sweep_when_due() == [message()]


@pytest.mark.parametrize("status", [JobStatus.PROCESSING, JobStatus.CANCELLING])
@pytest.mark.parametrize("job", [export_job(), delete_job()], ids=["export", "delete"])
def test_a_job_of_one_run_that_stands_still_is_sent_again(job: Job, status: JobStatus) -> None:
    assert Watch(replace(job, status=status, started_at=NOW)).sweep_when_due() == [message()]


def test_a_purge_is_sent_again() -> None:
    watch = Watch(PURGE)
    assert watch.sweep_when_due() == [message()]
    assert watch.sweep() == []


def test_a_job_that_is_gone_is_sent_again_until_a_delivery_takes_it_off_the_list() -> None:
    watch = Watch(PROCESSING)
    watch.service.table.transact(watch.service.job_store.remove(PROMOTION_ID, JOB_ID))
    assert watch.sweep_when_due() == [message()]
    watch.deliver(message())
    assert watch.open_work() == []


def test_two_sweeps_at_once_send_once() -> None:
    watch = Watch(export_job())
    watch.clock.time += PATIENCE
    other: list[int] = []
    watch.calls.before("transact_write_items", lambda: other.append(watch.service.sweeper.sweep()))
    assert watch.service.sweeper.sweep() == 0
    assert other == [1]
    assert watch.messages() == [message()]


def test_what_ended_meanwhile_is_not_sent() -> None:
    watch = Watch(PROCESSING)
    watch.clock.time += PATIENCE
    watch.calls.before("transact_write_items", watch.close)
    assert watch.sweep() == []
    assert watch.open_work() == []


def test_nothing_open_is_nothing_to_do() -> None:
    watch = Watch(PROCESSING)
    watch.close()
    assert watch.sweep_when_due() == []
