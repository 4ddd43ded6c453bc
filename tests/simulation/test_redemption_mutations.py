"""A test of the tests: where a condition of redemptions is missing, or a step is done otherwise, it is noticed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, uuid5

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key, Range
from promotion_jobs.aws.table import Item
from promotion_jobs.codes.code import CodeId, Place
from promotion_jobs.codes.uses import UsesStore, allotment, shards, taken
from promotion_jobs.jobs.job import Job, JobType
from promotion_jobs.jobs.kind import Kind
from promotion_jobs.jobs.purge import Purge
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey, Use
from promotion_jobs.redemptions.store import RedemptionStore
from tests.simulation import redemption_stories as stories
from tests.simulation.faults import Fault
from tests.simulation.mutations import Condition, Mutation, assert_noticed, located, missing
from tests.simulation.redemption_stories import Mutate
from tests.simulation.scheduler import START
from tests.simulation.schedules import Story
from tests.simulation.workshop import Workshop

ABSENT = "attribute_not_exists(pk)"
LEFT = Condition("USES", "attribute_not_exists(#taken) OR #taken <= :others")
TAKEN = Condition("USES", "#taken >= :units")
NO_RECORD = Condition("USE", ABSENT)
AS_COUNTED = Condition("USE", "#status = :before AND #kept = :counted")
AS_HELD = Condition("USE", f"{AS_COUNTED.text} AND #until = :until")
THERE = Condition("USE", "attribute_exists(pk)")
STILL_HELD = Condition("USE", "#status = :held AND #until = :until AND #kept = :kept")


def _same(part: Any, mutant: type[Any]) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)})


Counting = TypeVar("Counting", bound=Redeemer)

Left = tuple[Mapping[int, int], Sequence[Item | None]]


def _with_uses(redeemer: Counting, uses: UsesStore) -> Counting:
    return replace(redeemer, uses=uses, store=replace(redeemer.store, uses=uses))


@dataclass(frozen=True, slots=True)
class Forgetful(RedemptionStore):
    """Writes no tombstone."""

    def bury(self, it: Redemption) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Oblivious(RedemptionStore):
    """Forgets a hold that is over, also one of which a part was given back."""

    def take_back(self, held: Redemption, now: datetime) -> None:
        super(Oblivious, self).take_back(replace(held, units=held.kept), now)


@dataclass(frozen=True, slots=True)
class OneByOne(UsesStore):
    """Reads the counters of a code one after the other."""

    def left_beside(self, code: CodeId, max_uses: int, *beside: Key) -> Left:
        found = {shard: self.table.get(keys.uses(code, shard)) for shard in range(shards(max_uses))}
        left = {shard: allotment(max_uses, shard) - taken(item) for shard, item in found.items()}
        return left, [self.table.get(key) for key in beside]


@dataclass(frozen=True, slots=True)
class Eager(UsesStore):
    """Makes a counter where it finds none."""

    def left_beside(self, code: CodeId, max_uses: int, *beside: Key) -> Left:
        left, found = super(Eager, self).left_beside(code, max_uses, *beside)
        self.table.transact(self.table.replace(keys.uses(code, 0), {"taken": allotment(max_uses, 0) - left[0]}))
        return left, found


@dataclass(frozen=True, slots=True)
class Patient(UsesStore):
    """Shows holds as counted for ever."""

    def _taken(self, ranges: Iterable[Range], now: datetime) -> Mapping[int, Mapping[int, int]]:
        del now
        return super(Patient, self)._taken(ranges, START)


@dataclass(frozen=True, slots=True)
class OneShard(UsesStore):
    """Shows what is taken of the first shard."""

    def _taken(self, ranges: Iterable[Range], now: datetime) -> Mapping[int, Mapping[int, int]]:
        return super(OneShard, self)._taken(list(ranges)[:1], now)


@dataclass(frozen=True, slots=True)
class Hasty(Redeemer):
    """Refuses by what the home shard has."""

    def _drawn(self, key: RedemptionKey, max_uses: int, units: int, taken: int) -> Mapping[int, int] | None:
        near = _with_uses(self, _Near(self.uses.table, key.shard))
        return super(Hasty, near)._drawn(key, max_uses, units, taken)


@dataclass(frozen=True, slots=True)
class _Near(UsesStore):
    home: int = 0

    def left_beside(self, code: CodeId, max_uses: int, *beside: Key) -> Left:
        left, found = super(_Near, self).left_beside(code, max_uses, *beside)
        return {self.home: left[self.home]}, found


@dataclass(frozen=True, slots=True)
class Greedy(Redeemer):
    """Refuses without looking for holds that are over."""

    def _take_back_holds(self, key: RedemptionKey, units: int) -> bool:
        del key, units
        return False


@dataclass(frozen=True, slots=True)
class Generous(Redeemer):
    """Finds a code whatever promotion is named."""

    def _locate(self, use: Use) -> Place:
        return super(Generous, self)._locate(replace(use, promotion_id=None))


@dataclass(frozen=True, slots=True)
class Rash(Purge):
    """Does not wait for requests that saw the promotion."""

    def _wait_for_requests(self, purge: Job) -> None:
        pass


@dataclass(frozen=True, slots=True)
class PlaceByString(Place):
    @property
    def code_id(self) -> CodeId:
        return CodeId(str(uuid5(NAMESPACE_OID, self.code.code.casefold())), 0, 0)


@dataclass(frozen=True, slots=True)
class PlaceByChunk(Place):
    @property
    def code_id(self) -> CodeId:
        return CodeId(*self.chunk.name, 0)


def _as(mutant: type[Redeemer]) -> Mutate:
    return lambda redeemer: _same(redeemer, mutant)


def _storing(mutant: type[RedemptionStore]) -> Mutate:
    return lambda redeemer: replace(redeemer, store=_same(redeemer.store, mutant))


def _counting(mutant: type[UsesStore]) -> Mutate:
    return lambda redeemer: _with_uses(redeemer, _same(redeemer.uses, mutant))


def _told(story: Callable[..., None], mutate: Mutate) -> Story:
    return partial(story, mutate=mutate)


def _exported(mutant: type[UsesStore]) -> Story:
    def mutated(workshop: Workshop) -> None:
        workshop.service.export = replace(workshop.service.export, uses=_same(workshop.service.uses, mutant))
        stories.hold_and_leave(workshop)

    return mutated


def _listed(mutant: type[UsesStore]) -> Story:
    def mutated(workshop: Workshop) -> None:
        workshop.service.codes = replace(workshop.service.codes, uses=_same(workshop.service.uses, mutant))
        stories.hold_and_leave(workshop)

    return mutated


def _purged_early(workshop: Workshop) -> None:
    def mutate(worker: Worker) -> Worker:
        def kinds(job_type: JobType) -> Kind:
            kind = worker.kinds(job_type)
            return _same(kind, Rash) if isinstance(kind, Purge) else kind

        return replace(worker, kinds=kinds)

    workshop.mutate = mutate
    stories.purge(workshop)


MUTATIONS = [
    Mutation("more uses are taken than there are", stories.meet, missing(LEFT)),
    Mutation("a redemption is counted twice", stories.redeem_at_once, missing(NO_RECORD)),
    Mutation("a part is given back twice", stories.shrink_at_once, missing(AS_COUNTED), without={TAKEN}),
    Mutation("more is given back than was taken", stories.shrink_at_once, missing(TAKEN), without={AS_COUNTED}),
    Mutation("a hold that is taken back is redeemed", stories.take_back_at_once, missing(AS_HELD)),
    Mutation("a hold that is redeemed is taken back", stories.take_back_at_once, missing(STILL_HELD)),
    Mutation("a hold is redeemed as another one", stories.hold_anew, {AS_HELD: AS_COUNTED.text}, fault=Fault.PAUSE),
    Mutation("a hold that is gone is made anonymous", stories.anonymize_at_once, missing(THERE), fault=Fault.PAUSE),
    Mutation(
        "what was rolled back before it came is redeemed",
        stories.roll_back_unseen,
        mutant=_told(stories.roll_back_unseen, _storing(Forgetful)),
    ),
    Mutation(
        "a hold that was given back in part is held as a whole",
        stories.hold_part_again,
        mutant=_told(stories.hold_part_again, _storing(Oblivious)),
    ),
    Mutation(
        "a refusal adds up counters of different moments",
        stories.move_between_shards,
        mutant=_told(stories.move_between_shards, _counting(OneByOne)),
        schedules=200,
    ),
    Mutation(
        "a refusal knows one shard", stories.redeem_from_several, mutant=_told(stories.redeem_from_several, _as(Hasty))
    ),
    Mutation(
        "a refusal makes a counter", stories.refuse_at_once, mutant=_told(stories.refuse_at_once, _counting(Eager))
    ),
    Mutation("a hold that is over costs a use", stories.take_back, mutant=_told(stories.take_back, _as(Greedy))),
    Mutation(
        "a code that is made again is the old one",
        stories.make_again,
        mutant=_told(stories.make_again, located(PlaceByString)),
    ),
    Mutation(
        "codes that are made together are one",
        stories.redeem_beside,
        mutant=_told(stories.redeem_beside, located(PlaceByChunk)),
    ),
    Mutation(
        "a code is found for another promotion",
        stories.redeem_beside,
        mutant=_told(stories.redeem_beside, _as(Generous)),
    ),
    Mutation(
        "an export counts holds that are over",
        stories.hold_and_leave,
        mutant=_exported(Patient),
    ),
    Mutation("lists count holds that are over", stories.hold_and_leave, mutant=_listed(Patient)),
    Mutation("an export knows one shard", stories.hold_and_leave, mutant=_exported(OneShard)),
    Mutation("lists know one shard", stories.hold_and_leave, mutant=_listed(OneShard)),
    Mutation(
        "a purge waits for nobody", stories.purge, mutant=_purged_early, fault=Fault.CRASH_IN_FLIGHT, schedules=300
    ),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    assert_noticed(mutation)
