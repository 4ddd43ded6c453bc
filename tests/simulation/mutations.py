"""Mutations, for the test of the tests: a condition that is missing or weaker, or a part that does a step otherwise.

The stand-in takes the condition for what it is weakened to, as if that had been written. How many schedules it takes
until one notices is no promise; the limit is several times what it took when this was written.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from promotion_jobs.codes.code import Place
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.redemptions.redeem import Redeemer
from tests.aws.dynamodb import Weaken
from tests.aws.values import KeyPair
from tests.simulation import import_scenes, scenes, stories
from tests.simulation.faults import Fault, OneFault
from tests.simulation.redemption_stories import Mutate
from tests.simulation.schedules import Story, Violation, meeting, play, random_workshop
from tests.simulation.small_stories import small_workshop
from tests.simulation.workshop import Workshop

_CALLS = 90
"""How many calls of a small story meet the fault before it is told by another seed."""


class Condition(NamedTuple):
    """The kind of item that it protects, and its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """Each of the ``conditions`` is weakened to its value, or a ``mutant`` tells the story; ``what`` then goes wrong.

    A condition that another one hides is missed only ``without`` that one too, as long as the story goes well without
    that one alone. Faults are random, or else ``fault`` is met by one call after the other.
    """

    what: str
    story: Story
    conditions: Mapping[Condition, str] = field(default_factory=dict)
    mutant: Story | None = None
    without: AbstractSet[Condition] = frozenset()
    fault: Fault | None = None
    schedules: int = 60


def missing(*conditions: Condition) -> Mapping[Condition, str]:
    """Nothing in their place."""
    return dict.fromkeys(conditions, "")


def _workshop(mutation: Mutation, number: int) -> Workshop:
    if mutation.story in {stories.meet, stories.rotate}:
        return meeting(f"{mutation.story.__name__} {number}")
    if mutation.story in scenes.SCENES | import_scenes.SCENES:
        return scenes.workshop(number)
    if mutation.fault is None:
        return random_workshop(f"{mutation.story.__name__} {number}")
    seed, call = divmod(number, _CALLS)
    return small_workshop(OneFault(mutation.fault, call), seed)


def _kind(key: KeyPair) -> str:
    return next((sort for sort in ("RUN", "JOB") if key.sk.startswith(f"{sort}#")), key.pk.split("#")[0])


def _weakened(conditions: Mapping[Condition, str], met: set[Condition]) -> Weaken:
    def weaken(key: KeyPair, text: str) -> str:
        condition = Condition(_kind(key), text)
        if condition not in conditions:
            return text
        met.add(condition)
        return conditions[condition]

    return weaken


def _fails(story: Story, workshop: Workshop, weaken: Weaken) -> bool:
    workshop.simulation.dynamodb.weaken = weaken
    try:
        play(story, workshop)
    except Violation as violation:
        if isinstance(violation.__cause__, TypeError | AttributeError):
            # The mutant is not what it is meant to be.
            raise
        return True
    return False


def assert_noticed(mutation: Mutation) -> None:
    """A schedule goes wrong with the mutation, and the same one goes well but for it."""
    met: set[Condition] = set()
    without = missing(*mutation.without)
    weaker = {**mutation.conditions, **without}

    def is_noticed(number: int) -> bool:
        mutated, alike = _workshop(mutation, number), _workshop(mutation, number)
        return _fails(mutation.mutant or mutation.story, mutated, _weakened(weaker, met)) and not _fails(
            mutation.story, alike, _weakened(without, set())
        )

    assert any(map(is_noticed, range(mutation.schedules)))
    # Without this check, a condition that is written otherwise now would go unnoticed.
    assert met == weaker.keys()


@dataclass(frozen=True, slots=True)
class OtherLookup:
    """Finds codes at places of another kind."""

    lookup: Lookup
    kind: type[Place]

    def places(self, codes: Collection[str]) -> Mapping[str, Place]:
        found = self.lookup.places(codes)
        return {code: self.kind(it.promotion_id, it.chunk, it.position) for code, it in found.items()}


def located(kind: type[Place]) -> Mutate:
    """Have a redeemer find codes so."""

    def mutate(redeemer: Redeemer) -> Redeemer:
        lookup: Any = OtherLookup(redeemer.lookup, kind)
        return replace(redeemer, lookup=lookup)

    return mutate
