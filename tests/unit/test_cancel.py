"""Cancelling a job (contract 1.3, decision 7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.errors import JobNotFound, NotCancellable, PromotionNotFound
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.read import JobCanceller, Jobs
from tests.support.builders import (
    JOB_ID,
    MALFORMED_IDS,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    Clock,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.memory import MemoryJobStore, MemoryQueue, QueueUnavailable, State

EVERY_TYPE = pytest.mark.parametrize(
    "job", [generate_job(), export_job(), delete_job()], ids=["generate", "export", "delete"]
)


class Office:
    def __init__(self, job: Job) -> None:
        holder = promotion(open_job=job.id if job.status.is_open else None)
        self.state = State(promotions={PROMOTION_ID: holder}, jobs={job.id: job})
        self.queue = MemoryQueue(self.state.steps)
        self.clock = Clock()
        self.clock.advance(minutes=5)
        store = MemoryJobStore(self.state)
        self.canceller = JobCanceller(Jobs(store, self.clock), store, self.queue, self.clock)

    def cancel(self) -> Job:
        return self.canceller.cancel(PROMOTION_ID, JOB_ID)

    def set(self, **changes: Any) -> None:
        self.state.jobs[JOB_ID] = replace(self.state.jobs[JOB_ID], **changes)


@EVERY_TYPE
def test_a_pending_job_is_cancelled_at_once_and_lets_go_of_its_promotion(job: Job) -> None:
    office = Office(job)
    cancelled = office.cancel()
    assert cancelled == replace(job, status=JobStatus.CANCELLED, updated_at=NOW + timedelta(minutes=5))
    assert office.state.jobs == {JOB_ID: cancelled}
    assert (office.state.promotions, office.queue.sent) == ({PROMOTION_ID: promotion()}, [])


@EVERY_TYPE
def test_a_job_that_is_processing_is_cancelling_and_its_cleaning_is_queued(job: Job) -> None:
    processing = replace(job, status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(processing)
    cancelling = office.cancel()
    assert cancelling == replace(
        processing, status=JobStatus.CANCELLING, stopped_at=office.clock(), updated_at=office.clock()
    )
    assert office.state.jobs == {JOB_ID: cancelling}
    assert office.state.promotions == {PROMOTION_ID: promotion(open_job=JOB_ID)}
    assert office.queue.sent == [(message(), timedelta())]


@pytest.mark.parametrize("status", [JobStatus.CANCELLING, JobStatus.CANCELLED, JobStatus.COMPLETED, JobStatus.FAILED])
@EVERY_TYPE
def test_a_job_in_any_other_state_is_left_as_it_is(job: Job, status: JobStatus) -> None:
    office = Office(replace(job, status=status))
    before = dict(office.state.jobs), dict(office.state.promotions)
    with pytest.raises(NotCancellable):
        office.cancel()
    assert (office.state.jobs, office.state.promotions) == before
    assert office.queue.sent == []


def test_a_job_that_is_started_meanwhile_is_cancelling() -> None:
    office = Office(generate_job())
    office.state.steps.interruptions[0] = lambda: office.set(status=JobStatus.PROCESSING)
    assert office.cancel().status is JobStatus.CANCELLING
    assert office.queue.sent == [(message(), timedelta())]


def test_a_job_that_is_started_and_completed_meanwhile_is_not_cancelled() -> None:
    office = Office(generate_job())
    office.state.steps.interruptions = {
        0: lambda: office.set(status=JobStatus.PROCESSING),
        2: lambda: office.set(status=JobStatus.COMPLETED),
    }
    with pytest.raises(NotCancellable):
        office.cancel()
    assert office.state.jobs[JOB_ID].status is JobStatus.COMPLETED
    assert office.queue.sent == []


def test_a_job_that_another_client_cancels_meanwhile_is_cancelled_once() -> None:
    office = Office(generate_job(status=JobStatus.PROCESSING))
    office.state.steps.interruptions[0] = lambda: office.set(status=JobStatus.CANCELLING)
    with pytest.raises(NotCancellable):
        office.cancel()


def test_a_job_whose_cleaning_is_done_already_is_answered_as_it_is() -> None:
    office = Office(generate_job(status=JobStatus.PROCESSING))
    done = office.state.steps
    done.interruptions[1] = lambda: office.set(status=JobStatus.CANCELLED, generated=5, deleted=5)
    assert office.cancel().status is JobStatus.CANCELLED
    assert office.queue.sent == []


def test_a_job_whose_cleaning_cannot_be_queued_is_cancelling_all_the_same() -> None:
    office = Office(generate_job(status=JobStatus.PROCESSING))
    office.queue.available = False
    with pytest.raises(QueueUnavailable):
        office.cancel()
    assert office.state.jobs[JOB_ID].status is JobStatus.CANCELLING


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_that_does_not_exist_is_not_found(job_id: str) -> None:
    with pytest.raises(JobNotFound):
        Office(generate_job()).canceller.cancel(PROMOTION_ID, job_id)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_of_a_promotion_that_does_not_exist_is_not_found_for_that(promotion_id: str) -> None:
    with pytest.raises(PromotionNotFound):
        Office(generate_job()).canceller.cancel(promotion_id, JOB_ID)


def test_a_job_of_a_promotion_that_is_deleted_is_not_found_for_that() -> None:
    office = Office(generate_job(status=JobStatus.COMPLETED))
    office.state.deleted[PROMOTION_ID] = NOW
    with pytest.raises(PromotionNotFound):
        office.cancel()
