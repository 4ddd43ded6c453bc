"""Cancelling a job (contract 1.3, decision 7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.errors import JobNotFound, NotCancellable, PromotionNotFound
from promotion_jobs.jobs.job import Job, JobStatus
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    MALFORMED_IDS,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.office import Office, Unavailable

EVERY_TYPE = pytest.mark.parametrize(
    "job", [generate_job(), export_job(), delete_job()], ids=["generate", "export", "delete"]
)


def _office(job: Job) -> Office:
    """Five minutes after the job was last changed."""
    office = Office(promotion(open_job=job.id if job.status.is_open else None), job)
    office.clock.advance(minutes=5)
    return office


def _cancel(office: Office, promotion_id: str = PROMOTION_ID, job_id: str = JOB_ID) -> Job:
    return office.service.job_canceller.cancel(promotion_id, job_id)


def _change(office: Office, **changes: Any) -> Callable[[], None]:
    """A call that changes the stored job."""
    return lambda: office.put(replace(office.jobs()[0], **changes))


@EVERY_TYPE
def test_a_pending_job_is_cancelled_at_once_and_lets_go_of_its_promotion(job: Job) -> None:
    office = _office(job)
    cancelled = _cancel(office)
    assert cancelled == replace(job, status=JobStatus.CANCELLED, updated_at=NOW + timedelta(minutes=5))
    assert office.jobs() == [cancelled]
    assert (office.promotion(), office.messages()) == (promotion(), [])


@EVERY_TYPE
def test_a_job_that_is_processing_is_cancelling_and_its_cleaning_is_queued(job: Job) -> None:
    processing = replace(job, status=JobStatus.PROCESSING, started_at=NOW)
    office = _office(processing)
    cancelling = _cancel(office)
    assert cancelling == replace(
        processing, status=JobStatus.CANCELLING, stopped_at=office.clock(), updated_at=office.clock()
    )
    assert office.jobs() == [cancelling]
    assert office.promotion() == promotion(open_job=JOB_ID)
    assert office.delays() == [(message(), timedelta())]


@pytest.mark.parametrize("status", [JobStatus.CANCELLING, JobStatus.CANCELLED, JobStatus.COMPLETED, JobStatus.FAILED])
@EVERY_TYPE
def test_a_job_in_any_other_state_is_left_as_it_is(job: Job, status: JobStatus) -> None:
    office = _office(replace(job, status=status))
    before = office.items()
    with pytest.raises(NotCancellable):
        _cancel(office)
    assert (office.items(), office.messages()) == (before, [])


def test_a_job_that_is_started_meanwhile_is_cancelling() -> None:
    office = _office(generate_job())
    office.calls.before("transact_write_items", _change(office, status=JobStatus.PROCESSING))
    assert _cancel(office).status is JobStatus.CANCELLING
    assert office.delays() == [(message(), timedelta())]


def test_a_job_that_is_started_and_completed_meanwhile_is_not_cancelled() -> None:
    office = _office(generate_job())
    started, completed = _change(office, status=JobStatus.PROCESSING), _change(office, status=JobStatus.COMPLETED)
    office.calls.before("transact_write_items", started, completed)
    with pytest.raises(NotCancellable):
        _cancel(office)
    assert office.jobs()[0].status is JobStatus.COMPLETED
    assert office.messages() == []


def test_a_job_that_another_client_cancels_meanwhile_is_cancelled_once() -> None:
    office = _office(generate_job(status=JobStatus.PROCESSING))
    office.calls.before("transact_write_items", _change(office, status=JobStatus.CANCELLING))
    with pytest.raises(NotCancellable):
        _cancel(office)


def test_a_job_whose_cleaning_is_done_already_is_answered_as_it_is() -> None:
    office = _office(generate_job(status=JobStatus.PROCESSING))
    cleaned = _change(office, status=JobStatus.CANCELLED, generated=5, deleted=5)
    office.calls.after("transact_write_items", cleaned)
    assert _cancel(office).status is JobStatus.CANCELLED
    assert office.messages() == []


def test_a_job_whose_cleaning_cannot_be_queued_is_cancelling_all_the_same() -> None:
    office = _office(generate_job(status=JobStatus.PROCESSING))
    office.calls.before("send_message", office.calls.refuse)
    with pytest.raises(Unavailable):
        _cancel(office)
    assert office.jobs()[0].status is JobStatus.CANCELLING


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_that_does_not_exist_is_not_found(job_id: str) -> None:
    with pytest.raises(JobNotFound):
        _cancel(_office(generate_job()), job_id=job_id)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_of_a_promotion_that_does_not_exist_is_not_found_for_that(promotion_id: str) -> None:
    with pytest.raises(PromotionNotFound):
        _cancel(_office(generate_job()), promotion_id)


def test_a_job_of_a_promotion_that_is_deleted_is_not_found_for_that() -> None:
    office = _office(generate_job(status=JobStatus.COMPLETED))
    office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    with pytest.raises(PromotionNotFound):
        _cancel(office)
