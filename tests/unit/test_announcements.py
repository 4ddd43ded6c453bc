"""Every end of a job is announced, at least once, whatever dies (docs/events.md)."""

import pytest

from promotion_jobs.jobs.job import Job, JobStatus, Message, Plan
from tests.support.builders import JOB_ID, NOW, PROMOTION_ID, export_job, generate_job, message
from tests.support.memory import MemoryJobStore
from tests.support.workshop import Workshop

PLAN = Plan(3, chunk_codes=2, run_chunks=1)


def _announced(workshop: Workshop) -> list[tuple[str, JobStatus]]:
    return [(job.id, job.status) for job in workshop.events.published]


@pytest.mark.parametrize("job", [generate_job(PLAN), export_job()], ids=["generate", "export"])
def test_a_job_that_completes_is_announced_once_as_it_is_then(job: Job) -> None:
    workshop = Workshop(job)
    workshop.deliver_all()
    workshop.deliver(message())
    assert workshop.stored.status is JobStatus.COMPLETED
    assert workshop.events.published == [workshop.stored]


def test_a_job_that_is_refused_is_announced() -> None:
    workshop = Workshop(generate_job(PLAN), room=2)
    workshop.deliver_all()
    assert _announced(workshop) == [(JOB_ID, JobStatus.FAILED)]


def test_a_job_that_is_cancelled_while_it_runs_is_announced_when_it_is_clean() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    assert MemoryJobStore(workshop.state).cancel_processing(workshop.job, NOW)
    assert workshop.events.published == []
    workshop.deliver_all()
    assert _announced(workshop) == [(JOB_ID, JobStatus.CANCELLED)]


def test_a_job_that_is_cancelled_before_it_runs_is_announced_by_its_first_message() -> None:
    workshop = Workshop(generate_job(PLAN))
    assert MemoryJobStore(workshop.state).cancel_pending(workshop.job, NOW)
    workshop.deliver_all()
    assert _announced(workshop) == [(JOB_ID, JobStatus.CANCELLED)]


def test_an_open_job_is_not_announced() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    assert (workshop.stored.status, workshop.events.published) == (JobStatus.PROCESSING, [])


@pytest.mark.parametrize("job", [generate_job(PLAN), export_job()], ids=["generate", "export"])
def test_whatever_dies_after_its_end_a_job_is_announced(job: Job) -> None:
    whole = Workshop(job)
    whole.deliver_all()
    steps = len(whole.state.steps.taken)
    for step in range(steps):
        workshop = Workshop(job)
        workshop.state.steps.interruptions[step] = workshop.state.steps.die
        workshop.deliver_all()
        assert set(_announced(workshop)) == {(JOB_ID, JobStatus.COMPLETED)}
        assert len(workshop.events.published) <= 2
        assert workshop.state.announced == {JOB_ID}


def test_a_bus_that_refuses_fails_the_delivery_and_neither_the_job_nor_its_lock() -> None:
    workshop = Workshop(export_job())
    workshop.events.available = False
    with pytest.raises(RuntimeError):
        workshop.deliver(message())
    assert (workshop.stored.status, workshop.promotion.open_job) == (JobStatus.COMPLETED, None)
    workshop.events.available = True
    workshop.deliver(message())
    assert _announced(workshop) == [(JOB_ID, JobStatus.COMPLETED)]


def test_a_job_is_announced_before_it_is_purged() -> None:
    workshop = Workshop(export_job(status=JobStatus.COMPLETED))
    workshop.deliver(Message(PROMOTION_ID, "purge", purge=True))
    assert _announced(workshop) == [(JOB_ID, JobStatus.COMPLETED)]
    assert workshop.state.jobs == {}
