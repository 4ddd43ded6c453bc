"""Random schedules of whole jobs: crashes, duplicates, conflicts, throttles, the same strings wanted by others.

A failure names its seed, as does its test: ``SEED='cancel 90' pytest tests/simulation/test_schedules.py -k replayed``
plays it once more.
"""

import os
import threading

import pytest

from promotion_jobs.jobs.job import Message
from tests.simulation import stories
from tests.simulation.invariants import MOST_COPIES
from tests.simulation.schedules import Tally, Violation, play, random_workshop
from tests.simulation.workshop import Workshop

STORIES = {story.__name__: story for story in stories.EVERY}
SCHEDULES = int(os.environ.get("SCHEDULES", "550"))
"""In all, for all stories."""

_AT_ONCE = 50


@pytest.mark.parametrize("first", range(0, SCHEDULES // len(STORIES), _AT_ONCE))
@pytest.mark.parametrize("story", STORIES)
def test_whatever_goes_wrong_the_items_are_right_in_the_end(story: str, first: int, tally: Tally) -> None:
    for number in range(first, min(first + _AT_ONCE, SCHEDULES // len(STORIES))):
        tally.play(STORIES[story], random_workshop(f"{story} {number}"))


# A failed schedule is replayed by hand, by the seed that its report names.
if "SEED" in os.environ:

    def test_a_schedule_is_replayed() -> None:
        seed = os.environ["SEED"]
        play(STORIES[seed.split()[0]], random_workshop(seed))


@pytest.mark.parametrize("story", STORIES)
def test_the_same_seed_gives_the_same_schedule(story: str) -> None:
    first, second = (random_workshop(f"{story} again") for _ in range(2))
    play(STORIES[story], first)
    play(STORIES[story], second)
    assert first.simulation.trace == second.simulation.trace
    assert list(first.simulation.dynamodb.table) == list(second.simulation.dynamodb.table)


def test_a_message_that_multiplies_would_be_noticed() -> None:
    def flood(workshop: Workshop) -> None:
        job = workshop.add_job(workshop.add_promotion(), 5)
        for _ in range(MOST_COPIES):
            workshop.service.queue.send(Message(job.promotion_id, job.id))

    with pytest.raises(Violation, match="16 copies of"):
        play(flood, random_workshop("flood"))


def test_a_schedule_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    play(stories.generate, random_workshop("threads"))
    assert threading.active_count() == before
