"""Codes are counted exactly: a fault at every call of a small story, and random schedules of shops."""

import os
from collections import Counter
from collections.abc import Mapping

import pytest

from promotion_jobs.redemptions.redemption import Use
from tests.simulation import redemption_stories as stories
from tests.simulation.answered import wrong_answers
from tests.simulation.faults import Fault, NoFaults, OneFault
from tests.simulation.redeemed import End, end_of
from tests.simulation.schedules import Story, Tally, play, random_workshop
from tests.simulation.small_stories import ALSO_CONFLICTS, calls_of, played, small_workshop
from tests.simulation.stored import Reader
from tests.simulation.till import Till
from tests.simulation.workshop import Workshop

SCHEDULES = int(os.environ.get("SCHEDULES", "550"))
"""In all, for all stories."""

_AT_ONCE = 50
STORIES = {story.__name__: story for story in stories.RANDOM}


ENDS: Mapping[Story, End] = {
    stories.redeem: End(1, {"a": "redeemed"}),
    stories.redeem_unlimited: End(0, {"a": "redeemed"}),
    stories.redeem_from_several: End(1_950, {"before": "redeemed", "a": "redeemed"}),
    stories.refuse: End(1_999, {"before": "redeemed"}),
    stories.roll_back: End(100, {"a": "redeemed"}),
    stories.roll_back_unseen: End(0, {"a": "rolled_back"}),
    stories.confirm: End(1, {"a": "redeemed"}),
    stories.release: End(0, {"a": "rolled_back"}),
    stories.take_back: End(1_900, {"before": "redeemed", "a": "redeemed"}),
    stories.hold_again: End(1, {"a": "held"}),
    stories.hold_part_again: End(0, {"a": "rolled_back"}),
    stories.purge: End(0, {"gone": "rolled_back"}),
}
SCENES = {story.__name__: story for story in ENDS}


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_fault_a_story_ends_as_it_should(scene: str) -> None:
    assert end_of(played(SCENES[scene], NoFaults())) == ENDS[SCENES[scene]]


@pytest.mark.parametrize("fault", ALSO_CONFLICTS, ids=[fault.name.lower() for fault in ALSO_CONFLICTS])
@pytest.mark.parametrize("scene", SCENES)
def test_whatever_call_it_meets_one_fault_counts_nothing_twice(scene: str, fault: Fault) -> None:
    story = SCENES[scene]
    for number in calls_of(story):
        faults = OneFault(fault, number)
        assert end_of(played(story, faults)) == ENDS[story], faults.call
        assert faults.call, f"there was no call {number}"


def _kinds(workshop: Workshop) -> Counter[str]:
    """How many items there are of each kind."""
    return Counter(item["pk"].partition("#")[0] for item in Reader(workshop.simulation.dynamodb).items())


@pytest.mark.parametrize("max_uses", [0, 1, stories.SHARDED, None])
def test_codes_that_nobody_used_have_no_item_of_their_own(max_uses: int | None) -> None:
    workshop = small_workshop(NoFaults())
    till = Till(workshop, exports=True)
    before = _kinds(workshop)
    codes = till.generate(14, max_uses)
    job = Counter({"PROMOTION": 1, "JOB": 3, "CODES": 5, "ALLOCATIONS": 1, "SPACE": 1, "KEYS": 1})
    assert _kinds(workshop) - before == job
    generated = _kinds(workshop)
    for code in codes:
        workshop.service.redeemer.validate(Use(code, id="a"))
        till.redeem(code, "a", promotion_id=till.other.id)
        if max_uses is not None:
            till.redeem(code, "a", max_uses + 1)
    assert list(wrong_answers(till)) == []
    exported = Counter({"PROMOTION": 1, "JOB": 1})
    assert _kinds(workshop) - generated == exported
    if max_uses != 0:
        till.redeem(codes[0], "a")
        counter = Counter({"USES": 0 if max_uses is None else 1})
        assert _kinds(workshop) - generated - exported == Counter({"USE": 1, "USAGES": 1}) + counter


@pytest.mark.parametrize("first", range(0, SCHEDULES // len(STORIES), _AT_ONCE))
@pytest.mark.parametrize("story", STORIES)
def test_whatever_goes_wrong_every_use_is_counted_once(story: str, first: int, tally: Tally) -> None:
    for number in range(first, min(first + _AT_ONCE, SCHEDULES // len(STORIES))):
        tally.play(STORIES[story], random_workshop(f"{story} {number}"))


# A failed schedule is replayed by hand, by the seed that its report names.
if "SEED" in os.environ:

    def test_a_schedule_is_replayed() -> None:
        seed = os.environ["SEED"]
        play(STORIES[seed.split()[0]], random_workshop(seed))
