"""Exactly N codes, however often messages come, whatever others have made before.

That nothing is lost wherever a worker dies, tests/simulation shows.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.aws import keys
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.codes.spaces import Reservation
from promotion_jobs.jobs.job import GenerateParameters, JobStatus
from promotion_jobs.limits import CODE_LENGTHS, LEASE, TRIES
from promotion_jobs.measures import Measure
from tests.support.builders import JOB_ID, NOW, generate_job, message
from tests.support.desk import COMMIT, Desk
from tests.support.office import Died
from tests.support.small_notation import SMALL, SmallParameters

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

SMALL_PLAN = Plan(20, chunk_codes=4, run_chunks=2, spares=4)


def _nothing() -> None:
    pass


def _desk(length: int | None = None, prefix: str | None = None, plan: Plan = PLAN) -> Desk:
    parameters = GenerateParameters(plan.number_of_codes, code_length=length, code_prefix=prefix)
    return Desk(generate_job(plan, parameters=parameters))


def _small_desk(plan: Plan = SMALL_PLAN) -> Desk:
    return Desk(generate_job(plan, parameters=SmallParameters(plan.number_of_codes)), small=True)


@pytest.mark.parametrize("prefix", [None, "bfcm", "BFCM", "bfcm-2526", "x_y-"])
@pytest.mark.parametrize("length", CODE_LENGTHS)
def test_codes_have_the_length_and_the_prefix_that_were_asked_for(length: int, prefix: str | None) -> None:
    desk = _desk(length, prefix)
    desk.work()
    desk.assert_exact(desk.given)
    head = CodeFormat(length, prefix).head
    bodies = [code.removeprefix(head).replace("-", "") for code in desk.generated_codes]
    assert all(code.startswith(head) for code in desk.generated_codes)
    assert {(len(body), set(body) <= set("bcdfghjkmnpqrstvwxz23456789")) for body in bodies} == {(length, True)}


def test_a_job_of_several_runs_makes_its_codes() -> None:
    desk = Desk(generate_job(Plan(100_001)), room=200_000)
    desk.work()
    desk.assert_exact(desk.given)
    assert {number: run.generated for number, run in desk.runs.items()} == {0: 100_000, 1: 1}


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_messages_may_be_delivered_any_number_of_times_in_any_order(choices: list[int]) -> None:
    desk = _small_desk()
    desk.send(message())
    for choice in choices:
        sent = desk.messages()
        desk.deliver(sent[choice % len(sent)], seconds_left=choice % 20)
    desk.deliver_all()
    desk.assert_exact(desk.given)
    for run in range(3):
        assert desk.make(message(run)) == 0
    desk.assert_exact(desk.given)


def _another_delivery_comes(desk: Desk) -> None:
    """While the run is held it is left to its holder."""
    desk.deliver(desk.messages()[0])


def _another_delivery_is_faster(desk: Desk) -> None:
    """The lease is past, though its holder does not know."""
    desk.clock.time += LEASE + timedelta(seconds=1)
    _another_delivery_comes(desk)


def _calls_of_a_job() -> int:
    desk = _desk()
    desk.work()
    return len(desk.calls.made)


@pytest.mark.parametrize("interruption", [_another_delivery_comes, _another_delivery_is_faster])
def test_whatever_comes_at_any_step_the_job_ends_with_its_codes_and_no_other(
    interruption: Callable[[Desk], None],
) -> None:
    for position in range(_calls_of_a_job()):
        desk = _desk()
        desk.calls.before("*", *[_nothing] * position, partial(interruption, desk))
        desk.work()
        assert len(desk.calls.made) > position
        desk.assert_exact(desk.given)


def test_a_job_whose_workers_die_before_anything_is_put_is_given_up_and_leaves_nothing() -> None:
    desk = _desk()
    deaths: list[datetime] = []

    def die() -> None:
        deaths.append(desk.clock())
        desk.calls.die()

    desk.calls.before(COMMIT, *[die] * 2 * TRIES)
    desk.work()
    assert len(deaths) == TRIES
    desk.assert_undone(desk.given, JobStatus.FAILED, "given up after repeated errors")


def test_a_chunk_that_is_there_stays_as_it_is() -> None:
    desk = _desk()
    desk.calls.after(COMMIT, desk.calls.die)
    with pytest.raises(Died):
        desk.deliver(message())
    before = desk.generated_codes
    desk.clock.time += LEASE + timedelta(seconds=1)
    desk.work()
    assert desk.generated_codes[:3] == before
    desk.assert_exact(desk.given)


def test_a_run_goes_on_behind_the_chunks_that_it_has_counted() -> None:
    desk = _desk()
    desk.calls.after(COMMIT, desk.calls.die)
    with pytest.raises(Died):
        desk.deliver(message())
    before = desk.writes.count(COMMIT)
    desk.clock.time += LEASE + timedelta(seconds=1)
    assert desk.make(message()) == 3
    assert desk.writes.count(COMMIT) == before + 1


def test_each_chunk_renews_the_lease_of_its_run() -> None:
    desk = _desk()
    ends: list[timedelta] = []

    def note() -> None:
        lease = desk.runs[0].lease
        assert lease
        ends.append(lease.until - desk.clock())
        desk.clock.advance(seconds=20)

    desk.calls.after(COMMIT, note, note)
    desk.deliver(message())
    assert ends == [LEASE, LEASE]


def test_two_workers_that_put_a_chunk_at_the_same_time_count_it_once() -> None:
    desk = _desk()
    desk.calls.before(COMMIT, lambda: _another_delivery_is_faster(desk))
    desk.send(message())
    desk.deliver_all()
    desk.assert_exact(desk.given)
    assert desk.meter.of(Measure.CODES_GENERATED) == 7


def _reserve(desk: Desk, indices: range) -> None:
    desk.service.spaces.reserve(Reservation(8, 1, index) for index in indices)


def test_indices_that_are_reserved_make_no_code() -> None:
    free, desk = _small_desk(), _small_desk()
    _reserve(desk, range(1, 4))
    free.work()
    desk.work()
    desk.assert_exact(desk.given)
    # The spare ones of the block take their places.
    first, *others = free.generated_codes[:4]
    assert desk.generated_codes[0] == first
    assert not set(others) & set(desk.generated_codes)
    assert desk.generated_codes[4:] == free.generated_codes[4:]


def test_a_job_of_whose_codes_too_many_are_taken_fails_and_leaves_nothing() -> None:
    desk = _small_desk()
    _reserve(desk, range(16, 21))
    desk.work()
    desk.assert_undone(desk.given, JobStatus.FAILED, "too many of its codes are in use")


def test_a_chunk_that_another_worker_has_put_does_not_fail_for_want_of_codes() -> None:
    plan = Plan(4, chunk_codes=4, spares=4)
    other, desk = _small_desk(plan), _small_desk(plan)
    other.work()
    (chunk,) = other.chunks(other.given)

    def put() -> None:
        """By a worker that has looked before anything was reserved."""
        service = desk.service
        service.table.transact(
            service.code_store.put_chunk(JOB_ID, 0, 0, chunk.packed), service.runs.count_generated(JOB_ID, 0, 4, NOW)
        )

    _reserve(desk, range(5))
    desk.calls.before("ConditionCheck CODES*", put)
    desk.work()
    desk.assert_exact(desk.given)
    assert desk.generated_codes == other.generated_codes


def test_the_whole_space_can_be_given() -> None:
    desk = _small_desk(Plan(256, chunk_codes=100, spares=0))
    desk.work()
    desk.assert_exact(desk.given)
    assert len({code.replace("-", "") for code in desk.generated_codes}) == SMALL.size(8)


def test_nothing_is_stored_of_a_generated_code_but_its_body() -> None:
    desk = _desk(prefix="summer")
    desk.work()
    kinds = {item["pk"].partition("#")[0] for item in desk.items()}
    assert kinds == {"ALLOCATIONS", "CODES", "JOB", "KEYS", "PROMOTION", "PROMOTIONS", "SPACE"}
    (first,) = (item for item in desk.items() if item["pk"] == keys.chunk(JOB_ID, 0, 0)["pk"] and item["sk"] == "0" * 8)
    assert (set(first), len(first["codes"])) == ({"pk", "sk", "codes"}, 3 * 5)
