"""The metrics that the service counts (docs/run/operations.md)."""

from collections import Counter
from datetime import timedelta

import pytest

from promotion_jobs.aws.table import Backoff
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.limits import STORE_ATTEMPTS, TRIES
from promotion_jobs.measures import Measure
from tests.support.builders import JOB_ID, NOW, export_job, generate_job, message, promotion
from tests.support.meter import MemoryMeter
from tests.support.office import VISIBILITY, Died, Office

GENERATE = generate_job(Plan(7, chunk_codes=3, run_chunks=2))


def _office(job: Job = GENERATE) -> Office:
    """With the job's first message in the queue."""
    office = Office(promotion(open_job=job.id), job)
    office.send(message())
    return office


def test_a_job_that_ends_is_counted_by_its_type_and_outcome() -> None:
    office = _office()
    office.deliver_all()
    ended = (Measure.JOBS_ENDED, "code_generate", "completed")
    assert office.meter.counted == Counter({ended: 1, (Measure.CODES_GENERATED,): 7})


def test_what_is_put_is_counted_also_when_the_store_is_busy_then() -> None:
    office = _office()

    def be_busy() -> None:
        raise StoreBusy

    office.calls.before("Put CODES, Update RUN", lambda: None, be_busy)
    office.deliver(message())
    run = office.run(JOB_ID, 0)
    assert run
    assert office.meter.of(Measure.CODES_GENERATED) == run.generated == 3


def test_what_is_undone_is_counted_as_deleted() -> None:
    office = _office()
    office.deliver(message())
    assert office.service.job_store.cancel_processing(GENERATE, NOW)
    office.deliver_all()
    ended = (Measure.JOBS_ENDED, "code_generate", "cancelled")
    counted = {ended: 1, (Measure.CODES_GENERATED,): 6, (Measure.CODES_DELETED,): 6}
    assert office.meter.counted == Counter(counted)


def test_a_job_that_is_given_up_is_counted_as_that_and_as_failed() -> None:
    export = export_job(status=JobStatus.PROCESSING, started_at=NOW)
    office = _office(export)
    for _ in range(TRIES):
        # The worker that has taken the run dies.
        office.calls.before("create_multipart_upload", office.calls.die)
        with pytest.raises(Died):
            office.deliver(message())
        office.clock.time += VISIBILITY
    office.deliver_all()
    assert office.job(export).status is JobStatus.FAILED
    ended = (Measure.JOBS_ENDED, "code_export", "failed")
    assert office.meter.counted == Counter({ended: 1, (Measure.JOBS_GIVEN_UP,): 1})


@pytest.mark.parametrize(("ages", "oldest"), [([], 0), ([0], 0), ([61, 3_600, 5], 3_600)])
def test_the_sweep_measures_how_long_the_oldest_job_has_been_open(ages: list[int], oldest: int) -> None:
    office = Office(*(generate_job(id=str(age), created_at=NOW - timedelta(seconds=age)) for age in ages))
    open_work = office.service.job_store.open_work
    for work in open_work.list():
        assert open_work.note(work, sent_at=NOW, sends=0, progress=0)
    office.service.sweeper.sweep()
    counted = {(Measure.OLDEST_OPEN_JOB_SECONDS,): oldest, (Measure.MESSAGES_SENT_AGAIN,): 0}
    assert office.meter.counted == Counter(counted)


def test_each_conflict_and_throttle_of_the_store_is_counted() -> None:
    meter = MemoryMeter()
    backoff = Backoff(sleep=lambda _: None, meter=meter)
    for attempt in range(STORE_ATTEMPTS - 1):
        backoff.wait(attempt)
    with pytest.raises(StoreBusy):
        backoff.wait(STORE_ATTEMPTS - 1)
    assert meter.counted == Counter({(Measure.STORE_RETRIES,): STORE_ATTEMPTS})
