"""A test of the tests: where a protective condition is missing, a schedule notices.

What is protected by the order of two steps, a mutant does in another one.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.open_work import Announcer
from promotion_jobs.jobs.runs import RunStatus, RunStore, sums
from promotion_jobs.jobs.store import Outcome
from tests.simulation import scenes, small_stories, stories
from tests.simulation.faults import Fault
from tests.simulation.mutations import Condition, Mutation, assert_noticed, missing
from tests.simulation.workshop import Workshop

ABSENT = "attribute_not_exists(pk)"
FREE = Condition("PROMOTION", "attribute_exists(pk) AND attribute_not_exists(#open_job)")
FREE_FOR_CODES = Condition("PROMOTION", f"{FREE.text} AND #automatic = :false AND #max_codes >= :codes")
HELD = Condition("PROMOTION", "#open_job = :job")
ROOM = Condition("PROMOTION", "#room >= :codes AND #open_job = :job")
ROOM_BY_HAND = Condition("PROMOTION", "#automatic = :false AND #room >= :codes AND attribute_not_exists(#deleted_at)")
BEFORE = Condition("JOB", "#status = :before")
PROCESSING = Condition("JOB", "#status = :processing AND attribute_not_exists(#failure)")
ALL_DONE = Condition("JOB", "#status = :before AND #runs_done = :runs AND attribute_not_exists(#failure)")
LEASE = Condition("RUN", "#status = :processing AND #lease_until < :now")
GOES_ON = Condition("RUN", "#status = :processing")
NOT_STOPPED = Condition("RUN", "#status = :processing OR #status = :completed")
RUN_BEFORE = Condition("RUN", "#status = :before")
NO_CHUNK = Condition("CODES", ABSENT)
CHUNK = Condition("CODES", "attribute_exists(pk)")
WHOLE = Condition("CODES", "attribute_exists(pk) AND attribute_not_exists(#removed)")
AS_READ = Condition("CODES", "size(#removed) = :removed")
THERE = Condition("CODES", "attribute_exists(pk) AND NOT contains(#removed, :at_0)")
NO_CODE = Condition("CODE", ABSENT)
SPACE = Condition("SPACE", "#next = :next AND #version = :version")
NO_ALLOCATION = Condition("ALLOCATIONS", ABSENT)
NO_SPACE = Condition("SPACE", ABSENT)
VERSION = Condition("SPACE", "#version = :before")
NO_KEY = Condition("KEYS", ABSENT)
REQUEST = Condition("REQUEST", "attribute_not_exists(pk) OR #expires_at <= :now")


@dataclass(frozen=True, slots=True)
class EarlyOutcomes(RunStore):
    """Adds up the runs whatever state they are in."""

    def outcome(self, job: Job, status: RunStatus) -> Outcome | None:
        del status
        return sums(self.all(job.id).values())


class ClosingAnnouncer(Announcer):
    """Takes a job off the list of open work, and then announces its end."""

    def announce(self, job: Job) -> None:
        if not job.status.is_open and self.store.is_listed(job.id):
            self.close(job.id)
            self.bus.publish("Promotion Job", self.render(job), job.updated_at)


def _same(part: Any, mutant: type[Any]) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)})


def _read_early(workshop: Workshop) -> None:
    workshop.service.runs = _same(workshop.service.runs, EarlyOutcomes)
    stories.generate(workshop)


def _closed_first(workshop: Workshop) -> None:
    workshop.mutate = lambda worker: replace(worker, announcer=_same(worker.announcer, ClosingAnnouncer))
    small_stories.generate(workshop)


MUTATIONS = [
    # The lock: taken only if no job has it,
    Mutation("a generate job ignores the lock", stories.generate, missing(FREE_FOR_CODES)),
    Mutation("a deletion ignores the lock", stories.delete, missing(FREE)),
    # and released only by the job that has it. That a job ends but once hides this.
    Mutation(
        "a job releases another one's lock",
        small_stories.cancel_pending,
        missing(HELD),
        without={BEFORE},
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=600,
    ),
    # Codes only if there is room for them, and only while the promotion is there.
    Mutation("a job takes room that is not there", stories.generate, missing(ROOM)),
    Mutation("codes made by hand take room that is not there", stories.generate, missing(ROOM_BY_HAND)),
    # A request with a key only once.
    Mutation("a request makes a second job", small_stories.repeat, missing(REQUEST), fault=Fault.PAUSE),
    # A run is put only if there is none, and changed only as its status allows.
    Mutation("a run that exists is started anew", stories.generate, missing(Condition("RUN", ABSENT))),
    Mutation(
        "a run of a job that is gone begins",
        small_stories.cancel_and_delete,
        missing(PROCESSING),
        fault=Fault.PAUSE,
        schedules=600,
    ),
    Mutation("a run is counted as done twice", stories.overtime, missing(RUN_BEFORE), schedules=400),
    Mutation("a run is counted as clean twice", stories.cancel, missing(RUN_BEFORE), schedules=300),
    Mutation("a clean run is stopped again", small_stories.cancel_deletion, missing(NOT_STOPPED), fault=Fault.PAUSE),
    # A job ends when its runs are at their end, and with what they have come to. The reading hides the conditions.
    Mutation("a job with unfinished runs completes", _read_early, missing(ALL_DONE)),
    Mutation("a job counts what its runs have not done yet", stories.generate, mutant=_read_early, schedules=2_000),
    # The announcement before the job is closed.
    Mutation(
        "a job is closed before its end is announced",
        small_stories.generate,
        mutant=_closed_first,
        fault=Fault.CRASH_AFTER,
        schedules=200,
    ),
    # Indices are given once, under the version in force, and so is the key of each version.
    # The allocation, of which there is one of each index, hides the first of these.
    Mutation(
        "indices are given twice",
        scenes.claimed_at_once,
        {SPACE: "#version = :version"},
        without={NO_ALLOCATION},
    ),
    Mutation("indices are given under a past version", scenes.rotated_before_claim, {SPACE: "#next = :next"}),
    Mutation("a version begins twice", scenes.rotated_at_once, missing(VERSION)),
    Mutation("a space begins anew", stories.meet, missing(NO_SPACE), schedules=600),
    Mutation("a key is replaced", stories.meet, missing(NO_KEY), schedules=1_000),
    # A chunk only if there is none, and only while its run goes on.
    # The lease, which keeps workers of one run apart, hides the first of these.
    Mutation("a chunk is put twice", stories.overtime, missing(NO_CHUNK), without={LEASE}, schedules=200),
    Mutation(
        "a chunk of a stopped run is put",
        small_stories.cancel_half_way,
        missing(GOES_ON),
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=300,
    ),
    # It goes once, by who counts it.
    Mutation(
        "a chunk that is gone is undone once more",
        small_stories.cancel_half_way,
        missing(CHUNK),
        fault=Fault.PAUSE,
        schedules=200,
    ),
    Mutation("a chunk of which codes were removed goes as a whole", stories.delete_codes, missing(WHOLE)),
    Mutation(
        "a chunk of which more codes were removed goes",
        small_stories.delete_codes_while_removing,
        missing(AS_READ),
        fault=Fault.PAUSE,
    ),
    Mutation(
        "a code is removed twice",
        small_stories.remove_twice,
        {THERE: "attribute_exists(pk)"},
        fault=Fault.PAUSE,
        schedules=200,
    ),
    Mutation("a code is removed of a chunk that is gone", stories.delete_codes, {THERE: ""}, schedules=600),
    # Codes made by hand: one at a time has a code, and gives up its own.
    Mutation("a code made by hand replaces another", stories.generate, missing(NO_CODE)),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    assert_noticed(mutation)
