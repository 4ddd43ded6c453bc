"""Random schedules of whole jobs: crashes, duplicates, conflicts, throttles, foreign codes taken and freed.

A failure names its seed, as does its test: ``SEED='cancel 90' pytest tests/simulation/test_schedules.py -k replayed``
plays it once more.
"""

import os
import threading
from collections.abc import Iterator

import pytest

from tests.simulation import stories
from tests.simulation.schedules import Tally, run_schedule

STORIES = {
    story.__name__: story
    for story in (stories.generate, stories.overtime, stories.export, stories.cancel, stories.delete)
}
SCHEDULES = int(os.environ.get("SCHEDULES", "2000"))
"""In all, for all stories."""

_AT_ONCE = 50


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    tally = Tally()
    yield tally
    if tally.schedules:
        print(f"\n{tally}")  # noqa: T201 - what was tried, for whoever runs the simulation by hand


@pytest.mark.parametrize("first", range(0, SCHEDULES // len(STORIES), _AT_ONCE))
@pytest.mark.parametrize("story", STORIES)
def test_whatever_goes_wrong_the_items_are_right_in_the_end(story: str, first: int, tally: Tally) -> None:
    for number in range(first, min(first + _AT_ONCE, SCHEDULES // len(STORIES))):
        tally.add(run_schedule(STORIES[story], f"{story} {number}"))


# A failed schedule is replayed by hand, by the seed that its report names.
if "SEED" in os.environ:

    def test_a_schedule_is_replayed() -> None:
        seed = os.environ["SEED"]
        run_schedule(STORIES[seed.split()[0]], seed)


@pytest.mark.parametrize("story", STORIES)
def test_the_same_seed_gives_the_same_schedule(story: str) -> None:
    first, second = (run_schedule(STORIES[story], f"{story} again").simulation for _ in range(2))
    assert first.trace == second.trace
    assert list(first.dynamodb.table) == list(second.dynamodb.table)


def test_a_schedule_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    run_schedule(stories.generate, "threads")
    assert threading.active_count() == before
