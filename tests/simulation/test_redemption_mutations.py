"""A test of the tests: where a condition of redemptions is missing, or a step is done otherwise, it is noticed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.codes.code import CodeId, Place
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.uses import UsesStore, allotment, shards, taken
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey
from promotion_jobs.redemptions.store import RedemptionStore
from tests.simulation import redemption_stories as stories
from tests.simulation.faults import Fault
from tests.simulation.mutations import Condition, Mutation, assert_noticed, missing
from tests.simulation.workshop import Workshop

ABSENT = "attribute_not_exists(pk)"
LEFT = Condition("USES", "attribute_not_exists(#taken) OR #taken <= :others")
TAKEN = Condition("USES", "#taken >= :units")
NO_RECORD = Condition("USE", ABSENT)
AS_COUNTED = Condition("USE", "#status = :before AND #kept = :counted")
AS_HELD = Condition("USE", f"{AS_COUNTED.text} AND #until = :until")
STILL_HELD = Condition("USE", "#status = :held AND #until = :until AND #kept = :kept")


def _same(part: Any, mutant: type[Any]) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)})


@dataclass(frozen=True, slots=True)
class Forgetful(RedemptionStore):
    """Writes no tombstone."""

    def bury(self, it: Redemption) -> None:
        pass


@dataclass(frozen=True, slots=True)
class OneByOne(UsesStore):
    """Reads the counters of a code one after the other."""

    def left(self, code: CodeId, max_uses: int) -> Mapping[int, int]:
        found = {shard: self.table.get(keys.uses(code, shard)) for shard in range(shards(max_uses))}
        return {shard: allotment(max_uses, shard) - taken(item) for shard, item in found.items()}


@dataclass(frozen=True, slots=True)
class Hasty(Redeemer):
    """Refuses by what the home shard has."""

    def _drawn(self, key: RedemptionKey, max_uses: int, units: int, taken: int) -> Mapping[int, int] | None:
        near = replace(self, uses=_Near(self.uses.table, key.shard))
        return super(Hasty, near)._drawn(key, max_uses, units, taken)


@dataclass(frozen=True, slots=True)
class _Near(UsesStore):
    home: int = 0

    def left(self, code: CodeId, max_uses: int) -> Mapping[int, int]:
        found = super(_Near, self).left(code, max_uses)
        return {self.home: found[self.home]}


@dataclass(frozen=True, slots=True)
class Greedy(Redeemer):
    """Refuses without looking for holds that are over."""

    def _take_back_holds(self, key: RedemptionKey, units: int) -> bool:
        del key, units
        return False


@dataclass(frozen=True, slots=True)
class PlaceByString(Place):
    @property
    def code_id(self) -> CodeId:
        return CodeId(str(uuid5(NAMESPACE_OID, self.code.code.casefold())), 0, 0)


@dataclass(frozen=True, slots=True)
class LookupByString:
    lookup: Lookup

    def places(self, codes: Collection[str]) -> Mapping[str, Place]:
        found = self.lookup.places(codes)
        return {code: PlaceByString(it.promotion_id, it.chunk, it.position) for code, it in found.items()}


def _forgetful(redeemer: Redeemer) -> Redeemer:
    return replace(redeemer, store=_same(redeemer.store, Forgetful))


def _one_by_one(redeemer: Redeemer) -> Redeemer:
    return replace(redeemer, uses=_same(redeemer.uses, OneByOne))


def _by_string(redeemer: Redeemer) -> Redeemer:
    lookup: Any = LookupByString(redeemer.lookup)
    return replace(redeemer, lookup=lookup)


def _hasty(redeemer: Redeemer) -> Redeemer:
    hasty: Redeemer = _same(redeemer, Hasty)
    return hasty


def _greedy(redeemer: Redeemer) -> Redeemer:
    greedy: Redeemer = _same(redeemer, Greedy)
    return greedy


def _told(story: Callable[..., None], mutate: Callable[[Redeemer], Redeemer]) -> Callable[[Workshop], None]:
    return partial(story, mutate=mutate)


MUTATIONS = [
    Mutation("more uses are taken than there are", stories.meet, missing(LEFT)),
    Mutation("a redemption is counted twice", stories.redeem_at_once, missing(NO_RECORD)),
    Mutation("a part is given back twice", stories.shrink_at_once, missing(AS_COUNTED), without={TAKEN}),
    Mutation("more is given back than was taken", stories.shrink_at_once, missing(TAKEN), without={AS_COUNTED}),
    Mutation("a hold that is taken back is redeemed", stories.take_back_at_once, missing(AS_HELD)),
    Mutation("a hold that is redeemed is taken back", stories.take_back_at_once, missing(STILL_HELD)),
    Mutation("a hold is redeemed as another one", stories.hold_anew, {AS_HELD: AS_COUNTED.text}, fault=Fault.PAUSE),
    Mutation(
        "what was rolled back before it came is redeemed",
        stories.roll_back_unseen,
        mutant=_told(stories.roll_back_unseen, _forgetful),
    ),
    Mutation(
        "a refusal adds up counters of different moments",
        stories.move_between_shards,
        mutant=_told(stories.move_between_shards, _one_by_one),
        schedules=600,
    ),
    Mutation(
        "a refusal knows one shard", stories.redeem_from_several, mutant=_told(stories.redeem_from_several, _hasty)
    ),
    Mutation("a hold that is over costs a use", stories.take_back, mutant=_told(stories.take_back, _greedy)),
    Mutation(
        "a code that is made again is the old one", stories.make_again, mutant=_told(stories.make_again, _by_string)
    ),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    assert_noticed(mutation)
