"""What the service counts of its own work (docs/operations.md)."""

from collections import Counter
from datetime import timedelta

import pytest

from promotion_jobs.aws.table import ATTEMPTS, Backoff
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import JobStatus, Plan
from promotion_jobs.jobs.sweep import OpenWork, Sweeper
from promotion_jobs.limits import TRIES
from promotion_jobs.measures import Measure
from tests.support.builders import NOW, PROMOTION_ID, SEED, Clock, export_job, generate_job, message
from tests.support.memory import Died, MemoryJobStore, MemoryQueue, State
from tests.support.memory_runs import MemoryRunStore, MemorySweepStore
from tests.support.meter import MemoryMeter
from tests.support.workshop import VISIBILITY, Workshop

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
FIRST = chunk_codes(SEED, 0, 3, CodeFormat())


def test_a_job_that_ends_is_counted_by_its_type_and_outcome_and_its_collisions_are() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.occupy(FIRST[:2])
    workshop.deliver_all()
    ended = (Measure.JOBS_ENDED, "code_generate", "completed")
    assert workshop.meter.counted == Counter({ended: 1, (Measure.CODES_GENERATED,): 7, (Measure.COLLISIONS,): 2})


def test_what_is_committed_is_counted_also_when_the_store_is_busy_then() -> None:
    workshop = Workshop(generate_job(PLAN))

    def be_busy() -> None:
        raise StoreBusy

    workshop.state.steps.at("commit: done", lambda: workshop.state.steps.at("commit", be_busy))
    assert workshop.deliver(message()) == 3
    assert workshop.meter.of(Measure.CODES_GENERATED) == workshop.run(0).generated == 3


def test_what_is_undone_is_counted_as_deleted() -> None:
    workshop = Workshop(generate_job(PLAN))
    workshop.deliver(message())
    assert MemoryJobStore(workshop.state).cancel_processing(workshop.job, NOW)
    workshop.deliver_all()
    ended = (Measure.JOBS_ENDED, "code_generate", "cancelled")
    counted = {ended: 1, (Measure.CODES_GENERATED,): 6, (Measure.CODES_DELETED,): 6}
    assert workshop.meter.counted == Counter(counted)


def test_a_job_that_is_given_up_is_counted_as_that_and_as_failed() -> None:
    workshop = Workshop(export_job(status=JobStatus.PROCESSING, started_at=NOW))
    steps = workshop.state.steps
    for _ in range(TRIES):
        # Whoever has taken the run dies.
        steps.interruptions = {len(steps.taken) + 1: steps.die}
        with pytest.raises(Died):
            workshop.deliver(message())
        workshop.clock.time += VISIBILITY
    workshop.deliver_all()
    assert workshop.stored.status is JobStatus.FAILED
    ended = (Measure.JOBS_ENDED, "code_export", "failed")
    assert workshop.meter.counted == Counter({ended: 1, (Measure.JOBS_GIVEN_UP,): 1})


@pytest.mark.parametrize(("ages", "oldest"), [([], 0), ([0], 0), ([61, 3_600, 5], 3_600)])
def test_the_sweep_measures_how_long_the_oldest_job_has_been_open(ages: list[int], oldest: int) -> None:
    state, meter = State(), MemoryMeter()
    opened = {str(age): NOW - timedelta(seconds=age) for age in ages}
    work = {
        it: OpenWork(PROMOTION_ID, it, purge=True, opened_at=at, sent_at=NOW, sends=0, progress=0)
        for it, at in opened.items()
    }
    store, runs, queue = MemorySweepStore(state, work), MemoryRunStore(state), MemoryQueue(state.steps)
    sweeper = Sweeper(store, runs, queue, Clock(), timedelta(minutes=2), runs_ahead=1, meter=meter)
    sweeper.sweep()
    assert meter.counted == Counter({(Measure.OLDEST_OPEN_JOB_SECONDS,): oldest, (Measure.MESSAGES_SENT_AGAIN,): 0})


def test_each_conflict_and_throttle_of_the_store_is_counted() -> None:
    meter = MemoryMeter()
    backoff = Backoff(sleep=lambda _: None, meter=meter)
    for attempt in range(ATTEMPTS - 1):
        backoff.wait(attempt)
    with pytest.raises(StoreBusy):
        backoff.wait(ATTEMPTS - 1)
    assert meter.counted == Counter({(Measure.STORE_RETRIES,): ATTEMPTS})
