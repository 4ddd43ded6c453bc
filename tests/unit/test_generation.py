"""Exactly N codes, whatever dies, however often messages come, whoever has taken a code before."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import CodeFormat, chunk_codes, replacement_code
from promotion_jobs.jobs.generate import GenerateWork, Generator
from promotion_jobs.jobs.job import Job, JobStatus, Plan
from promotion_jobs.jobs.runs import Commit, Run, RunStatus
from promotion_jobs.limits import TRIES
from tests.support.builders import SEED, generate_job, message
from tests.support.memory_codes import MemoryCodeStore
from tests.support.workshop import VISIBILITY, FewCodes, Workshop

PLAN = Plan(7, chunk_codes=3, run_chunks=2)
"""Three chunks, the last one of a single code, in two runs."""

FIRST = chunk_codes(SEED, 0, 3, CodeFormat())
LAST = chunk_codes(SEED, 2, 1, CodeFormat())


def _choice(chunk: int, slot: int, attempt: int) -> str:
    return replacement_code(SEED, chunk, slot, attempt, CodeFormat())


FOREIGN = [FIRST[0], FIRST[2].upper(), _choice(0, 2, 1), LAST[0]]
"""Codes that another job has: the first choice of three slots, and the second of one of them."""


def _workshop_with_foreign_codes() -> Workshop:
    workshop = Workshop(generate_job(PLAN))
    workshop.occupy(FOREIGN)
    return workshop


def _foreign_codes(workshop: Workshop) -> list[str]:
    return [owned.code for owned in workshop.state.codes.values() if owned.source != workshop.job.id]


def test_a_slot_whose_choices_are_taken_goes_on_to_the_next() -> None:
    workshop = _workshop_with_foreign_codes()
    workshop.deliver_all()
    workshop.assert_exact()
    chunk_0, chunk_1 = [_choice(0, 0, 1), FIRST[1], _choice(0, 2, 2)], chunk_codes(SEED, 1, 3, CodeFormat())
    assert workshop.state.listed_codes(workshop.job) == [*chunk_0, *chunk_1, _choice(2, 6, 1)]
    assert _foreign_codes(workshop) == FOREIGN


def test_each_attempt_is_noted_before_it_is_inserted() -> None:
    workshop = _workshop_with_foreign_codes()
    workshop.deliver_all()
    job_id = workshop.job.id
    assert workshop.state.notes == {(job_id, 0): [(0, 1), (2, 1), (2, 2)], (job_id, 2): [(6, 1)]}
    taken = [step for step in workshop.state.steps.taken if step in {"insert", "note: done", "commit"}]
    chunk_0, chunk_1 = [*["insert"] * 3, "note: done", *["insert"] * 2, "note: done", "insert"], ["insert"] * 3
    chunk_2 = ["insert", "note: done", "insert"]
    assert taken == [*chunk_0, "commit", *chunk_1, "commit", *chunk_2, "commit"]


def test_slots_that_choose_the_same_code_get_one_each() -> None:
    plan = Plan(100, chunk_codes=30, run_chunks=2)
    workshop = Workshop(generate_job(plan, parameters=FewCodes(100)))
    workshop.deliver_all()
    workshop.assert_exact()
    assert {chunk for _, chunk in workshop.state.notes} == {0, 1, 2, 3}


def test_every_code_of_the_space_can_be_used() -> None:
    workshop = Workshop(generate_job(Plan(256, chunk_codes=100), parameters=FewCodes(256)))
    workshop.deliver_all()
    workshop.assert_exact()


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_messages_may_be_delivered_any_number_of_times_in_any_order(choices: list[int]) -> None:
    workshop = Workshop(generate_job(Plan(20, chunk_codes=4, run_chunks=2), parameters=FewCodes(20)))
    workshop.occupy(["BCBC-BCBC", "cccc-cccc"])
    for choice in choices:
        sent = [message(), *(message for message, _ in workshop.queue.sent)]
        workshop.deliver(sent[choice % len(sent)], seconds_left=choice % 20)
    workshop.deliver_all()
    workshop.assert_exact()
    for run in range(3):
        assert workshop.deliver(message(run)) == 0
    workshop.assert_exact()


Interruption = Callable[[Workshop], None]


def _dies(workshop: Workshop) -> None:
    workshop.state.steps.die()


def _dies_at_its_next_step(workshop: Workshop) -> None:
    steps = workshop.state.steps
    steps.interruptions[len(steps.taken)] = lambda: _dies(workshop)


def _another_delivery_comes(workshop: Workshop) -> None:
    """While the run is held it is left to its holder."""
    workshop.deliver(workshop.queue.waiting[0])


def _another_delivery_is_faster(workshop: Workshop) -> None:
    """The lease is past, though its holder does not know."""
    workshop.clock.time += VISIBILITY
    _another_delivery_comes(workshop)


def _foreign_codes_come_free(workshop: Workshop) -> None:
    workshop.free_foreign_codes()


INTERRUPTIONS: Mapping[str, list[Interruption]] = {
    "it dies": [_dies],
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


def _steps_of_a_job() -> int:
    workshop = _workshop_with_foreign_codes()
    workshop.deliver_all()
    return len(workshop.state.steps.taken)


@pytest.mark.parametrize("interruptions", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_whatever_happens_at_any_step_the_job_ends_with_its_codes_and_no_other(
    interruptions: list[Interruption],
) -> None:
    for position in range(_steps_of_a_job()):
        workshop = _workshop_with_foreign_codes()

        def interrupt(workshop: Workshop = workshop) -> None:
            for interruption in interruptions:
                interruption(workshop)

        workshop.state.steps.interruptions[position] = interrupt
        workshop.deliver_all()
        assert position not in workshop.state.steps.interruptions
        workshop.assert_exact()
        assert _foreign_codes(workshop) in (FOREIGN, [])


def test_a_worker_that_dies_again_and_again_gets_there_in_the_end() -> None:
    # Between two deaths there is time for a chunk, but not for all three.
    workshop = _workshop_with_foreign_codes()
    workshop.state.steps.interruptions = dict.fromkeys(range(0, 400, 25), workshop.state.steps.die)
    workshop.deliver_all()
    workshop.assert_exact()


def test_a_job_whose_workers_die_before_anything_commits_is_given_up_and_leaves_nothing() -> None:
    workshop = _workshop_with_foreign_codes()
    steps, deaths = workshop.state.steps, list[str]()

    def die_at_the_commit() -> None:
        # Each step says where the next interruption is, until the one that is waited for.
        if steps.taken[-1] == "commit":
            deaths.append("commit")
            steps.interruptions[len(steps.taken)] = die_at_the_commit
            steps.die()
        steps.interruptions[len(steps.taken)] = die_at_the_commit

    steps.interruptions[0] = die_at_the_commit
    workshop.deliver_all()
    assert len(deaths) == TRIES
    workshop.assert_undone(JobStatus.FAILED, "given up after repeated errors")
    assert _foreign_codes(workshop) == FOREIGN


def _started(job: Job) -> tuple[Workshop, GenerateWork]:
    workshop = Workshop(job)
    workshop.state.runs[job.id, 0] = Run(RunStatus.PROCESSING)
    return workshop, GenerateWork.of(job)


def test_the_loser_of_a_commit_removes_what_it_inserted_and_the_list_does_not_name() -> None:
    workshop, work = _started(generate_job(Plan(3)))
    workshop.occupy([FIRST[1]])
    generator = Generator(MemoryCodeStore(workshop.state))
    assert generator.generate(work, 0, 0) is Commit.COMMITTED
    listed = workshop.state.listed_codes(workshop.job)
    workshop.free_foreign_codes()
    assert generator.generate(work, 0, 0) is Commit.ALREADY_COMMITTED
    assert listed == [FIRST[0], _choice(0, 1, 1), FIRST[2]]
    assert workshop.state.listed_codes(workshop.job) == listed
    assert workshop.state.codes_of(workshop.job) == list(enumerate(listed))


def test_strays_are_removed_by_the_attempts_that_were_noted() -> None:
    workshop, work = _started(generate_job(Plan(3)))
    workshop.occupy([FIRST[1], _choice(0, 1, 1)])
    generator = Generator(MemoryCodeStore(workshop.state))
    generator.generate(work, 0, 0)
    listed = workshop.state.listed_codes(workshop.job)
    workshop.free_foreign_codes()
    store = MemoryCodeStore(workshop.state)
    store.insert(work.job, {1: FIRST[1]})
    store.insert(work.job, {1: _choice(0, 1, 1)})
    generator.remove_strays(work, 0)
    assert workshop.state.codes_of(workshop.job) == list(enumerate(listed))


def test_a_code_that_was_removed_by_hand_stays_removed_and_its_next_owner_keeps_it() -> None:
    workshop, work = _started(generate_job(Plan(3)))
    generator = Generator(MemoryCodeStore(workshop.state))
    generator.generate(work, 0, 0)
    [key] = workshop.state.chunks
    workshop.state.chunks[key] = replace(workshop.state.chunks[key], removed=frozenset({1}))
    workshop.state.occupy([FIRST[1]])
    assert generator.generate(work, 0, 0) is Commit.ALREADY_COMMITTED
    generator.remove_strays(work, 0)
    assert workshop.state.codes_of(workshop.job) == [(0, FIRST[0]), (2, FIRST[2])]
    assert _foreign_codes(workshop) == [FIRST[1]]


def test_a_late_delivery_takes_back_the_code_that_it_makes_where_one_was_removed_by_hand() -> None:
    workshop, work = _started(generate_job(Plan(3)))
    generator = Generator(MemoryCodeStore(workshop.state))
    generator.generate(work, 0, 0)
    [key] = workshop.state.chunks
    workshop.state.chunks[key] = replace(workshop.state.chunks[key], removed=frozenset({1}))
    del workshop.state.codes[FIRST[1]]
    assert generator.generate(work, 0, 0) is Commit.ALREADY_COMMITTED
    assert workshop.state.codes_of(workshop.job) == [(0, FIRST[0]), (2, FIRST[2])]


def test_a_code_of_somebody_else_is_never_removed() -> None:
    workshop, work = _started(generate_job(Plan(3)))
    workshop.occupy(FOREIGN)
    generator = Generator(MemoryCodeStore(workshop.state))
    generator.generate(work, 0, 0)
    generator.remove_strays(work, 0)
    generator.generate(replace(work, job=replace(work.job)), 0, 0)
    assert _foreign_codes(workshop) == FOREIGN
