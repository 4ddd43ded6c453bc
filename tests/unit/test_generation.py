"""Exactly N codes, whatever dies, however often messages come, whichever job has taken a code before."""

from collections.abc import Callable, Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import CodeFormat, chunk_codes, replacement_code
from promotion_jobs.jobs.job import JobStatus, Plan
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.limits import TRIES
from promotion_jobs.measures import Measure
from tests.support.builders import JOB_ID, PROMOTION_ID, SEED, generate_job, message
from tests.support.desk import COMMIT, Desk
from tests.support.office import VISIBILITY, Died

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

FIRST = chunk_codes(SEED, 0, 3, CodeFormat())
LAST = chunk_codes(SEED, 2, 1, CodeFormat())


def _choice(chunk: int, slot: int, attempt: int) -> str:
    return replacement_code(SEED, chunk, slot, attempt, CodeFormat())


FOREIGN = [FIRST[0], FIRST[2].upper(), _choice(0, 2, 1), LAST[0]]
"""Codes that another job has: the first choice of three slots, and the second of one of them."""


def _nothing() -> None:
    pass


def _desk_with_foreign_codes() -> Desk:
    desk = Desk(generate_job(PLAN))
    desk.occupy(FOREIGN)
    return desk


def test_a_slot_whose_choices_are_taken_goes_on_to_the_next() -> None:
    desk = _desk_with_foreign_codes()
    desk.work()
    desk.assert_exact(desk.given)
    chunk_0, chunk_1 = [_choice(0, 0, 1), FIRST[1], _choice(0, 2, 2)], chunk_codes(SEED, 1, 3, CodeFormat())
    assert desk.listed_codes == [*chunk_0, *chunk_1, _choice(2, 6, 1)]
    assert desk.foreign_codes == set(FOREIGN)


def test_each_attempt_is_noted_before_it_is_inserted() -> None:
    desk = _desk_with_foreign_codes()
    desk.work()
    assert desk.notes == {0: {"0:1", "2:1", "2:2"}, 2: {"6:1"}}
    note, insert = "Update COLLISIONS", "INSERT CODE"
    chunk_0, chunk_1 = [*[insert] * 3, note, *[insert] * 2, note, insert], [insert] * 3
    chunk_2 = [insert, note, insert]
    made = [step for step in desk.writes if step in {insert, note, COMMIT}]
    assert made == [*chunk_0, COMMIT, *chunk_1, COMMIT, *chunk_2, COMMIT]


def test_slots_that_choose_the_same_code_get_one_each() -> None:
    desk = Desk(generate_job(Plan(100, chunk_codes=30, run_chunks=2)), small_alphabet=True)
    desk.work()
    desk.assert_exact(desk.given)
    assert desk.notes.keys() == {0, 1, 2, 3}


def test_every_code_of_the_space_can_be_used() -> None:
    desk = Desk(generate_job(Plan(256, chunk_codes=100)), small_alphabet=True)
    desk.work()
    desk.assert_exact(desk.given)


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_messages_may_be_delivered_any_number_of_times_in_any_order(choices: list[int]) -> None:
    desk = Desk(generate_job(Plan(20, chunk_codes=4, run_chunks=2)), small_alphabet=True)
    desk.occupy(["BCBC-BCBC", "cccc-cccc"])
    desk.send(message())
    for choice in choices:
        sent = desk.messages()
        desk.deliver(sent[choice % len(sent)], seconds_left=choice % 20)
    desk.deliver_all()
    desk.assert_exact(desk.given)
    for run in range(3):
        assert desk.make(message(run)) == 0
    desk.assert_exact(desk.given)


Interruption = Callable[[Desk], None]


def _dies(desk: Desk) -> None:
    desk.calls.die()


def _dies_at_its_next_step(desk: Desk) -> None:
    desk.calls.before("*", desk.calls.die)


def _another_delivery_comes(desk: Desk) -> None:
    """While the run is held it is left to its holder."""
    desk.deliver(desk.messages()[0])


def _another_delivery_is_faster(desk: Desk) -> None:
    """The lease is past, though its holder does not know."""
    desk.clock.time += VISIBILITY
    _another_delivery_comes(desk)


def _foreign_codes_come_free(desk: Desk) -> None:
    desk.free(*FOREIGN)


INTERRUPTIONS: Mapping[str, list[Interruption]] = {
    "another delivery comes": [_another_delivery_comes],
    "another delivery comes, then it dies": [_another_delivery_comes, _dies],
    "another delivery is faster": [_another_delivery_is_faster],
    "another delivery is faster, then it dies": [_another_delivery_is_faster, _dies],
    "another delivery is faster, then it dies a step later": [_another_delivery_is_faster, _dies_at_its_next_step],
    "codes come free": [_foreign_codes_come_free],
    "codes come free, then it dies": [_foreign_codes_come_free, _dies],
    "codes come free, then another delivery is faster": [_foreign_codes_come_free, _another_delivery_is_faster],
    "codes come free, another delivery is faster, then it dies a step later": [
        _foreign_codes_come_free,
        _another_delivery_is_faster,
        _dies_at_its_next_step,
    ],
    "another delivery is faster, then codes come free": [_another_delivery_is_faster, _foreign_codes_come_free],
}


def _calls_of_a_job() -> int:
    desk = _desk_with_foreign_codes()
    desk.work()
    return len(desk.calls.made)


@pytest.mark.parametrize("interruptions", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_whatever_happens_at_any_step_the_job_ends_with_its_codes_and_no_other(
    interruptions: list[Interruption],
) -> None:
    for position in range(_calls_of_a_job()):
        desk = _desk_with_foreign_codes()

        def interrupt(desk: Desk = desk) -> None:
            for interruption in interruptions:
                interruption(desk)

        desk.calls.before("*", *[_nothing] * position, interrupt)
        desk.work()
        assert len(desk.calls.made) > position
        desk.assert_exact(desk.given)
        assert desk.foreign_codes in (set(FOREIGN), set())


def test_what_a_late_worker_leaves_is_removed_by_the_next_delivery_while_its_job_goes_on() -> None:
    desk = _desk_with_foreign_codes()

    def another_is_faster() -> None:
        desk.free(*FOREIGN)
        desk.clock.time += VISIBILITY
        desk.deliver(message())
        desk.calls.after("INSERT CODE", desk.calls.die)

    # The worker has noted which replacements it is about to insert.
    desk.calls.before("INSERT CODE", _nothing, another_is_faster)
    with pytest.raises(Died):
        desk.deliver(message())
    assert {code for _, code in desk.owned(JOB_ID)} - set(desk.listed_codes) == {_choice(0, 0, 1), _choice(0, 2, 1)}
    desk.deliver(message())
    assert desk.stored.status is JobStatus.PROCESSING
    assert desk.owned(JOB_ID) == list(enumerate(desk.listed_codes))


def test_a_worker_that_dies_again_and_again_gets_there_in_the_end() -> None:
    # Between two deaths there is time for a chunk, but not for all three.
    desk = _desk_with_foreign_codes()
    desk.calls.before("*", *[*[_nothing] * 12, desk.calls.die] * 16)
    desk.work()
    desk.assert_exact(desk.given)


def test_a_job_whose_workers_die_before_anything_commits_is_given_up_and_leaves_nothing() -> None:
    desk = _desk_with_foreign_codes()
    deaths: list[datetime] = []

    def die() -> None:
        deaths.append(desk.clock())
        desk.calls.die()

    desk.calls.before(COMMIT, *[die] * 2 * TRIES)
    desk.work()
    assert len(deaths) == TRIES
    desk.assert_undone(desk.given, JobStatus.FAILED, "given up after repeated errors")
    assert desk.foreign_codes == set(FOREIGN)


def _started() -> Desk:
    """A job of three codes, which a worker has begun."""
    desk = Desk(generate_job(Plan(3)))
    desk.put_run(JOB_ID, 0, Run(RunStatus.PROCESSING))
    return desk


def _generate(desk: Desk) -> int:
    """Work on the one chunk, and return how many codes were committed with that."""
    before = desk.meter.of(Measure.CODES_GENERATED)
    assert desk.service.generate.generate(desk.stored, 0, 0)
    return desk.meter.of(Measure.CODES_GENERATED) - before


def _remove_by_hand(desk: Desk, position: int) -> None:
    store = desk.service.code_store
    store.table.transact(store.mark_removed(PROMOTION_ID, JOB_ID, 0, {position}))
    desk.free(FIRST[position])


def test_the_loser_of_a_commit_removes_what_it_inserted_and_the_list_does_not_name() -> None:
    desk = _started()
    desk.occupy([FIRST[1]])
    assert _generate(desk) == 3
    listed = desk.listed_codes
    desk.free(FIRST[1])
    assert _generate(desk) == 0
    assert listed == [FIRST[0], _choice(0, 1, 1), FIRST[2]]
    assert desk.listed_codes == listed
    assert desk.owned(JOB_ID) == list(enumerate(listed))


def test_strays_are_removed_by_the_attempts_that_were_noted() -> None:
    desk = _started()
    desk.occupy([FIRST[1], _choice(0, 1, 1)])
    _generate(desk)
    listed = desk.listed_codes
    desk.free(FIRST[1], _choice(0, 1, 1))
    for stray in (FIRST[1], _choice(0, 1, 1)):
        assert desk.service.code_items.insert(PROMOTION_ID, JOB_ID, {1: stray}) == set()
    desk.service.generate.revisit(desk.stored, 0)
    assert desk.owned(JOB_ID) == list(enumerate(listed))


def test_a_code_that_was_removed_by_hand_stays_removed_and_its_next_owner_keeps_it() -> None:
    desk = _started()
    _generate(desk)
    _remove_by_hand(desk, 1)
    desk.occupy([FIRST[1]])
    assert _generate(desk) == 0
    desk.service.generate.revisit(desk.stored, 0)
    assert desk.owned(JOB_ID) == [(0, FIRST[0]), (2, FIRST[2])]
    assert desk.foreign_codes == {FIRST[1]}


def test_a_late_delivery_takes_back_the_code_that_it_makes_where_one_was_removed_by_hand() -> None:
    desk = _started()
    _generate(desk)
    _remove_by_hand(desk, 1)
    assert _generate(desk) == 0
    assert desk.owned(JOB_ID) == [(0, FIRST[0]), (2, FIRST[2])]


def test_a_code_of_another_job_is_never_removed() -> None:
    desk = _started()
    desk.occupy(FOREIGN)
    assert _generate(desk) == 3
    desk.service.generate.revisit(desk.stored, 0)
    assert _generate(desk) == 0
    assert desk.foreign_codes == set(FOREIGN)
