"""Every end of a job is announced, at least once (docs/use/events.md); for crashes see tests/simulation."""

import pytest

from promotion_jobs.api import answers
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.worker import Worker
from tests.support.builders import CLIENT_ID, JOB_ID, PROMOTION_ID, export_job, generate_job, message, promotion
from tests.support.office import Office, Unavailable

PLAN = Plan(3, chunk_codes=2, run_chunks=1)


class Workshop(Office):
    """An office with one job, whose first message waits. It announces jobs as the API shows them."""

    def __init__(self, job: Job, room: int = 1_000) -> None:
        super().__init__(promotion(open_job=job.id, max_codes=room, room=room), job)
        self.send(message())

    def worker(self) -> Worker:
        return self.service.worker(answers.job)

    def ends(self) -> list[tuple[str, str, str]]:
        """The type of each event, with the job that it is about and its status."""
        return [(kind, job["id"], job["status"]) for kind, job in self.bus.published]


@pytest.mark.parametrize("job", [generate_job(PLAN), export_job()], ids=["generate", "export"])
def test_a_job_that_completes_is_announced_once_as_it_is_then(job: Job) -> None:
    workshop = Workshop(job)
    workshop.deliver_all()
    workshop.deliver(message())
    stored = workshop.job(job)
    assert stored.status is JobStatus.COMPLETED
    assert workshop.bus.published == [("Promotion Job Completed", answers.job(stored))]
    assert workshop.is_announced(JOB_ID)


def test_a_job_that_is_refused_is_announced() -> None:
    workshop = Workshop(generate_job(PLAN), room=2)
    workshop.deliver_all()
    assert workshop.ends() == [("Promotion Job Failed", JOB_ID, "failed")]


def test_a_job_that_is_cancelled_while_it_runs_is_announced_when_it_is_clean() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    workshop.service.job_canceller.cancel(PROMOTION_ID, JOB_ID)
    assert workshop.ends() == []
    workshop.deliver_all()
    assert workshop.ends() == [("Promotion Job Cancelled", JOB_ID, "cancelled")]


def test_a_job_that_is_cancelled_before_it_runs_is_announced_by_its_first_message() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.service.job_canceller.cancel(PROMOTION_ID, JOB_ID)
    assert workshop.messages() == [message()]
    workshop.deliver_all()
    assert workshop.ends() == [("Promotion Job Cancelled", JOB_ID, "cancelled")]


def test_an_open_job_is_not_announced() -> None:
    job = generate_job(PLAN)
    workshop = Workshop(job)
    workshop.deliver(message())
    assert (workshop.job(job).status, workshop.bus.published) == (JobStatus.PROCESSING, [])
    assert not workshop.is_announced(JOB_ID)


def test_a_bus_that_refuses_fails_the_delivery_and_neither_the_job_nor_its_lock() -> None:
    job = export_job()
    workshop = Workshop(job)
    workshop.calls.before("put_events", workshop.calls.refuse)
    with pytest.raises(Unavailable):
        workshop.deliver(message())
    assert (workshop.job(job).status, workshop.promotion()) == (JobStatus.COMPLETED, promotion())
    assert workshop.ends() == []
    workshop.deliver(message())
    assert workshop.ends() == [("Promotion Job Completed", JOB_ID, "completed")]


def test_a_job_is_announced_before_it_is_purged() -> None:
    office = Office(promotion(), export_job(status=JobStatus.COMPLETED))
    office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    office.deliver_all()
    assert office.bus.published == [("Promotion Job Completed", {"id": JOB_ID, "status": "completed"})]
    assert office.items() == []
