"""A test of the tests: where a protective condition is missing, the random schedules notice.

The stand-in takes the condition for true, as if nobody had written it. How many schedules that takes is no promise; the
limit is several times what it took when this was written.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.simulation import stories
from tests.simulation.schedules import Story, Violation, run_schedule
from tests.simulation.values import KeyPair
from tests.simulation.workshop import Workshop


class Mutation(NamedTuple):
    """``removed`` are conditions with the kind of item that they protect."""

    what: str
    story: Story
    removed: set[tuple[str, str]]
    schedules: int = 60


LEASE = ("RUN", "#status = :processing AND #lease_until < :now")
NOT_STOPPED = "attribute_not_exists(pk) OR #status = :processing OR #status = :completed"
LOCK = "attribute_exists(pk) AND attribute_not_exists(#open_job)"

MUTATIONS = [
    Mutation("a code is inserted over another", stories.generate, {("CODE", "INSERT")}),
    Mutation("a code made by hand replaces another", stories.generate, {("CODE", "attribute_not_exists(pk)")}),
    Mutation("a clean-up deletes another job's code", stories.generate, {("CODE", "job")}),
    Mutation("a clean-up deletes another slot's code", stories.generate, {("CODE", "slot")}),
    Mutation("a generate job ignores the lock", stories.generate, {("PROMOTION", f"{LOCK} AND #automatic = :false")}),
    Mutation("a deletion ignores the lock", stories.delete, {("PROMOTION", LOCK)}),
    Mutation("a run that exists is started anew", stories.generate, {("RUN", "attribute_not_exists(pk)")}),
    Mutation("a run is counted twice", stories.cancel, {("RUN", "#status = :before")}),
    Mutation("a clean run is stopped once more", stories.cancel, {("RUN", NOT_STOPPED)}),
    Mutation("a chunk that is gone is uncommitted", stories.cancel, {("CODES", "attribute_exists(pk)")}),
    Mutation(
        "a job with unfinished runs completes",
        stories.generate,
        {("JOB", "#status = :before AND #runs_done = :runs AND attribute_not_exists(#failure)")},
    ),
    # The lease keeps workers of one run apart; that the chunk's own condition holds shows only without it.
    Mutation(
        "a chunk is committed twice", stories.overtime, {LEASE, ("CODES", "attribute_not_exists(pk)")}, schedules=150
    ),
]


def _without(mutation: Mutation, called: set[str]) -> Callable[[Workshop], None]:
    def ignore(key: KeyPair, condition: str) -> bool:
        kind = next((sort for sort in ("RUN", "JOB") if key.sk.startswith(f"{sort}#")), key.pk.split("#")[0])
        removed = (kind, condition) in mutation.removed
        called.update({condition} if removed else ())
        return removed

    def story(workshop: Workshop) -> None:
        workshop.simulation.dynamodb.ignore = ignore
        mutation.story(workshop)

    return story


def _fails(story: Story, seed: str) -> bool:
    try:
        run_schedule(story, seed)
    except Violation:
        return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    removed: set[str] = set()
    story = _without(mutation, removed)
    seeds = (f"{mutation.story.__name__} {number}" for number in range(mutation.schedules))
    assert any(_fails(story, seed) and not _fails(mutation.story, seed) for seed in seeds)
    # Or the condition is written otherwise now, and something else was noticed.
    assert removed == {condition for _, condition in mutation.removed}
