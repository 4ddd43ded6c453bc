"""A fault at every single call to AWS in the life of a job: one schedule for each of them.

A failure names the call, by its number in the story. ``STORY=cancel_half_way`` plays that one alone.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from promotion_jobs.codes.plan import Plan
from tests.simulation import small_stories
from tests.simulation.faults import Fault, NoFaults, OneFault
from tests.simulation.schedules import Story, Tally
from tests.simulation.small_stories import AT_ANY_CALL, CODES, played, small_workshop
from tests.simulation.stored import Stored
from tests.simulation.workshop import Workshop

GENERATED, DELETED = "code_generate completed", "code_delete completed"


class Scene(NamedTuple):
    """``ends`` is how its jobs end where nothing goes wrong. The calls are ``whose``, or everybody's.

    ``there`` is how many codes there are before some are deleted: each of them is left or counted as deleted, once.
    """

    story: Story
    ends: Sequence[str]
    whose: str = ""
    there: int | None = None


SCENES = {
    scene.story.__name__: scene
    for scene in (
        Scene(small_stories.generate, [GENERATED]),
        Scene(small_stories.cancel_pending, ["code_generate cancelled", GENERATED]),
        Scene(small_stories.cancel_half_way, ["code_generate cancelled"]),
        Scene(small_stories.export, ["code_export completed", GENERATED]),
        Scene(small_stories.delete, []),
        Scene(small_stories.delete_after_cancel, []),
        Scene(small_stories.delete_codes, [DELETED, GENERATED], there=CODES + 2),
        Scene(small_stories.delete_codes_of_a_job, [DELETED, GENERATED, GENERATED], there=2 * CODES + 2),
        Scene(small_stories.cancel_deletion, ["code_delete cancelled", GENERATED], there=CODES + 2),
        Scene(small_stories.sweep, [*["code_generate cancelled"] * 2, *[GENERATED] * 2], whose="sweep"),
    )
}


PLAYED = [os.environ["STORY"]] if "STORY" in os.environ else list(SCENES)


def _undisturbed(scene: str) -> Workshop:
    return played(SCENES[scene].story, NoFaults())


def _calls(scene: str) -> Sequence[int]:
    whose, trace = SCENES[scene].whose, _undisturbed(scene).simulation.trace
    return [number for number, (_, actor, *_) in enumerate(trace) if whose in {"", actor}]


def _ends(workshop: Workshop) -> Sequence[str]:
    return sorted(f"{job['job_type']} {job['status']}" for job in _stored(workshop).jobs.values())


def _stored(workshop: Workshop) -> Stored:
    return Stored.read(workshop.simulation.dynamodb)


def _left_and_deleted(workshop: Workshop) -> int:
    """Of the one promotion that has jobs."""
    stored = _stored(workshop)
    (promotion,) = {job["promotion"] for job in stored.jobs.values()}
    deleted: int = sum(job.get("deleted", 0) for job in stored.jobs.values() if job["job_type"] == "code_delete")
    return len(stored.visible(promotion)) + deleted


@pytest.mark.parametrize("fault", AT_ANY_CALL, ids=[fault.name.lower() for fault in AT_ANY_CALL])
@pytest.mark.parametrize("scene", PLAYED)
def test_whatever_call_it_meets_one_fault_does_no_harm(scene: str, fault: Fault, tally: Tally) -> None:
    for number in _calls(scene):
        faults = OneFault(fault, number)
        workshop = small_workshop(faults)
        tally.play(SCENES[scene].story, workshop)
        assert faults.call, f"there was no call {number}"
        assert not any("failed" in end for end in _ends(workshop)), faults.call
        if there := SCENES[scene].there:
            assert _left_and_deleted(workshop) == there, faults.call


@pytest.mark.parametrize("scene", PLAYED)
def test_without_a_fault_a_story_ends_as_it_should(scene: str) -> None:
    assert _ends(_undisturbed(scene)) == SCENES[scene].ends
    assert _calls(scene)


def test_the_job_drops_codes_that_are_reserved() -> None:
    workshop = _undisturbed("generate")
    (job,) = _stored(workshop).jobs.values()
    indices = range(job["first_index"], job["first_index"] + Plan(**job["plan"]).indices)
    assert workshop.own.spaces.reserved(8, job["key_version"], indices)


def test_the_cancel_comes_half_way() -> None:
    (job,) = _stored(_undisturbed("cancel_half_way")).jobs.values()
    assert 0 < job["generated"] < CODES


def test_the_deletion_of_a_job_leaves_the_codes_of_others() -> None:
    stored = _stored(_undisturbed("delete_codes_of_a_job"))
    (deletion,) = (job for job in stored.jobs.values() if job["job_type"] == "code_delete")
    assert (deletion["deleted"], len(stored.visible(deletion["promotion"]))) == (CODES, CODES + 2)


def test_the_cancel_of_a_deletion_comes_half_way() -> None:
    stored = _stored(_undisturbed("cancel_deletion"))
    (deletion,) = (job for job in stored.jobs.values() if job["job_type"] == "code_delete")
    assert 0 < deletion["deleted"] < CODES + 2
