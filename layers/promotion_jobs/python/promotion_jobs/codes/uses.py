"""The counters of codes' uses: how many are taken. A code has none before its first use, and an unlimited one never.

A code that may be used often has several, each with its allotment, so that many redeem it at the same time. How many is
a pure function of its ``max_uses``, which never changes; so nothing is moved, and no state says how it is counted.

A hold takes uses as a redemption does, and has an item beside the counters for as long: by that its end is seen.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key, Range
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.code import UNUSED, AnyChunk, CodeId, WrittenChunk
from promotion_jobs.limits import HOLD_GRACE, LEAST_SHARDED_USES, SHARDS

_EPOCH = datetime.fromtimestamp(0, UTC)

_PURGED_AT_ONCE = 90
"""With what else a purge does, they fit a transaction of 100."""


def shards(max_uses: int | None) -> int:
    """How many counters the code has, and partitions for its redemptions."""
    return 1 if max_uses is not None and max_uses < LEAST_SHARDED_USES else SHARDS


def allotment(max_uses: int, shard: int) -> int:
    """The uses of a shard: together they are all."""
    number = shards(max_uses)
    return max_uses // number + (shard < max_uses % number)


def to_milliseconds(moment: datetime) -> int:
    """A moment as the keys of holds have it; exact, since a hold is found by it again."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def over_since(now: datetime) -> int:
    """The holds that ended before are over."""
    return to_milliseconds(now - HOLD_GRACE)


@dataclass(frozen=True, slots=True)
class UsesStore:
    table: Table

    # Reading

    def left(self, code: CodeId, max_uses: int) -> Mapping[int, int]:
        """Shard → how many of its uses are left, all as they were at one moment; holds count, ended or not."""
        return self.left_beside(code, max_uses)[0]

    def left_beside(self, code: CodeId, max_uses: int, *beside: Key) -> tuple[Mapping[int, int], Sequence[Item | None]]:
        """The same, and the items of other keys as they were at that moment."""
        counters = [keys.uses(code, shard) for shard in range(shards(max_uses))]
        items = self.table.get_at_once(*counters, *beside)
        left = {shard: allotment(max_uses, shard) - taken(items[shard]) for shard in range(len(counters))}
        return left, items[len(counters) :]

    def taken_of(self, chunk: AnyChunk, offset: int, limit: int, now: datetime) -> Mapping[int, int]:
        """Position → how many uses are taken, of so many codes that are there, without the first ``offset`` of them."""
        positions = chunk.positions(offset, limit)
        return self.taken_in(chunk, range(positions[0], positions[-1] + 1), now) if positions else {}

    def taken_in(self, chunk: AnyChunk, positions: range, now: datetime) -> Mapping[int, int]:
        """Likewise of the codes at these positions, which follow each other; holds that are over do not count."""
        ranges = [keys.uses_of(*chunk.name, shard, positions) for shard in range(_shards_of(chunk, positions))]
        return self._taken(ranges, now).get(chunk.name[1], UNUSED)

    def taken_beside(self, chunk: AnyChunk, now: datetime) -> Mapping[int, Mapping[int, int]]:
        """Number of a chunk → the same of all its codes, of this chunk and of those that are counted together with it.

        None of a chunk without uses.
        """
        return self._taken([keys.uses_beside(*chunk.name, shard) for shard in range(_shards_of(chunk))], now)

    def _taken(self, ranges: Iterable[Range], now: datetime) -> Mapping[int, Mapping[int, int]]:
        found: defaultdict[int, dict[int, int]] = defaultdict(dict)
        over = over_since(now)
        for range_ in ranges:
            for item in self.table.query(range_, attributes=("sk", "taken", "units")):
                chunk, position, end = keys.counted_of(item)
                units = item["taken"] if end is None else -item["units"] if end < over else 0
                counted = found[chunk]
                counted[position] = counted.get(position, 0) + units
        return {chunk: {at: units for at, units in counted.items() if units > 0} for chunk, counted in found.items()}

    def over(self, code: CodeId, now: datetime) -> Mapping[str, int]:
        """Digest of the redemption's id → units, of the holds that are over."""
        return {keys.digest_of(it): it["units"] for it in self.table.query(keys.holds(code, over_since(now)))}

    # Actions for the transactions of others

    def take(self, code: CodeId, max_uses: int, shard: int, units: int) -> Action:
        """Take uses of a shard that has so many left."""
        return self.table.update(
            keys.uses(code, shard),
            "ADD #taken :units",
            "attribute_not_exists(#taken) OR #taken <= :others",
            units=units,
            others=allotment(max_uses, shard) - units,
        )

    def give_back(self, code: CodeId, shard: int, units: int) -> Action:
        """Give back uses of a shard of which so many are taken."""
        return self.table.update(
            keys.uses(code, shard), "ADD #taken :change", "#taken >= :units", change=-units, units=units
        )

    def put_hold(self, code: CodeId, until: datetime, digest: str, units: int) -> Action:
        # Without a condition: it stands and falls with the redemption, on which the transaction depends.
        return self.table.replace(keys.hold(code, to_milliseconds(until), digest), {"units": units})

    def remove_hold(self, code: CodeId, until: datetime, digest: str) -> Action:
        # Likewise without a condition.
        return self.table.delete(keys.hold(code, to_milliseconds(until), digest))

    def purge(self, source: str, chunk: int, shard: int) -> Iterator[Sequence[Action]]:
        """What removes the counters of all codes that are counted with a chunk's, and in the first shard their holds.

        It comes in transactions. The promotion is gone, and nothing uses them.
        """
        found = self.table.query(keys.uses_beside(source, chunk, shard))
        while batch := list(islice(found, _PURGED_AT_ONCE)):
            yield [self.table.delete({"pk": item["pk"], "sk": item["sk"]}) for item in batch]


@dataclass(slots=True)
class UsesInOrder:
    """What is taken of the codes of chunks that come in the order of their numbers: a Query is for many of them."""

    store: UsesStore
    now: Callable[[], datetime]
    _partition: str = ""
    _taken: Mapping[int, Mapping[int, int]] = field(default_factory=dict)

    def of(self, chunk: AnyChunk) -> Mapping[int, int]:
        """Position → how many uses are taken."""
        if isinstance(chunk, WrittenChunk):
            # Each of its codes has a number of counters of its own.
            return self.store.taken_of(chunk, 0, chunk.visible_codes, self.now())
        partition = keys.uses_beside(*chunk.name, 0).pk
        if partition != self._partition:
            self._partition, self._taken = partition, self.store.taken_beside(chunk, self.now())
        return self._taken.get(chunk.name[1], UNUSED)


def taken(counter: Item | None) -> int:
    """The uses that are taken of it; none of one that is not there, or that is a hold."""
    return int((counter or {}).get("taken", 0))


def _shards_of(chunk: AnyChunk, positions: range | None = None) -> int:
    """The greatest number of shards of a limited code at these positions, or of all; none if there is no such code."""
    if isinstance(chunk, WrittenChunk):
        asked = slice(positions[0], positions[-1] + 1) if positions else slice(None)
        every = [it.terms.max_uses for it in chunk.codes[asked]]
    else:
        every = [chunk.maker.terms.max_uses]
    return max((shards(it) for it in every if it), default=0)
