"""Imports take each row in once, and their codes count each use once: a fault at every call of a small story, and
random schedules.
"""

import os
from collections.abc import Mapping, Sequence

import pytest

from tests.simulation import import_stories as stories
from tests.simulation import import_use_stories as uses
from tests.simulation.faults import Fault, NoFaults, OneFault
from tests.simulation.redeemed import End, end_of
from tests.simulation.schedules import Story, Tally, play, random_workshop
from tests.simulation.small_stories import ALSO_CONFLICTS, calls_of, played
from tests.simulation.stored import Stored
from tests.simulation.workshop import Workshop

SCHEDULES = int(os.environ.get("SCHEDULES", "550")) // 4
"""In all, for all stories."""

_AT_ONCE = 50
STORIES = {story.__name__: story for story in (*stories.RANDOM, *uses.RANDOM)}


REDEEMED = "completed: 5 imported, 1 duplicates, 1 invalid"

ENDS: Mapping[Story, Sequence[str]] = {
    stories.take_in: ["completed: 5 imported, 3 duplicates, 2 invalid"],
    stories.cancel: ["cancelled"],
    stories.must_not_fail: ["completed: 7 imported, 0 duplicates, 0 invalid"],
    stories.fail: ["failed: line 6: duplicate in the file"],
    stories.delete_and_import_again: ["completed: 4 imported, 1 duplicates, 0 invalid"] * 2,
    stories.purge: [],
    stories.repeat: ["completed: 1 imported, 0 duplicates, 0 invalid"],
    stories.remove_by_hand: ["completed: 5 imported, 3 duplicates, 2 invalid"],
    uses.redeem_from_the_start: [REDEEMED],
    uses.cancel_redeemed: ["cancelled"],
    uses.delete_redeemed: [REDEEMED] * 2,
    uses.purge_redeemed: [],
}
"""How the imports end that there are then."""

USES: Mapping[Story, End] = {
    uses.redeem_from_the_start: End(1_502, dict.fromkeys(("first order", "last order", "part", "free"), "redeemed")),
    uses.cancel_redeemed: End(0),
    uses.delete_redeemed: End(2_700, {"before": "redeemed", "after": "redeemed"}),
    uses.purge_redeemed: End(0, {"gone": "rolled_back"}),
}
"""What shops have used of their codes then."""

NO_USES = End(0)

SCENES = {story.__name__: story for story in ENDS}


def _ends(workshop: Workshop) -> Sequence[str]:
    ends = []
    for job in Stored.read(workshop.simulation.dynamodb).jobs.values():
        if job["job_type"] == "code_import":
            counts = "{generated} imported, {duplicates} duplicates, {invalid} invalid"
            told = {"completed": f": {counts}", "failed": ": {error}"}.get(job["status"], "")
            ends.append(job["status"] + told.format(**job))
    return ends


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_fault_a_story_ends_as_it_should(scene: str) -> None:
    story = SCENES[scene]
    workshop = played(story, NoFaults())
    assert (_ends(workshop), end_of(workshop)) == (ENDS[story], USES.get(story, NO_USES))


@pytest.mark.parametrize("story", [stories.cancel, uses.cancel_redeemed])
def test_the_cancel_comes_half_way(story: Story) -> None:
    (job,) = Stored.read(played(story, NoFaults()).simulation.dynamodb).jobs.values()
    assert 0 < job["deleted"] < 5


@pytest.mark.parametrize("fault", ALSO_CONFLICTS, ids=[fault.name.lower() for fault in ALSO_CONFLICTS])
@pytest.mark.parametrize("scene", SCENES)
def test_whatever_call_it_meets_one_fault_loses_no_row_and_no_use(scene: str, fault: Fault) -> None:
    story = SCENES[scene]
    for number in calls_of(story):
        faults = OneFault(fault, number)
        workshop = played(story, faults)
        assert (_ends(workshop), end_of(workshop)) == (ENDS[story], USES.get(story, NO_USES)), faults.call
        assert faults.call, f"there was no call {number}"


@pytest.mark.parametrize("first", range(0, SCHEDULES // len(STORIES), _AT_ONCE))
@pytest.mark.parametrize("story", STORIES)
def test_whatever_goes_wrong_each_row_is_taken_in_once(story: str, first: int, tally: Tally) -> None:
    for number in range(first, min(first + _AT_ONCE, SCHEDULES // len(STORIES))):
        tally.play(STORIES[story], random_workshop(f"{story} {number}"))


# A failed schedule is replayed by hand, by the seed that its report names.
if "SEED" in os.environ:

    def test_a_schedule_is_replayed() -> None:
        seed = os.environ["SEED"]
        play(STORIES[seed.split()[0]], random_workshop(seed))
