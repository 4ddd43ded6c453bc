"""The counters of codes' uses: how many are taken. A code has none before its first use, and an unlimited one never.

A code that may be used often has several, each with its allotment, so that many redeem it at the same time. How many is
a pure function of its ``max_uses``, which never changes; so nothing is moved, and no state says how it is counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Action, Table
from promotion_jobs.codes.code import AnyChunk, ChunkByHand, CodeId
from promotion_jobs.limits import LEAST_SHARDED_USES, SHARDS


def shards(max_uses: int | None) -> int:
    """How many counters the code has, and partitions for its redemptions."""
    return 1 if max_uses is not None and max_uses < LEAST_SHARDED_USES else SHARDS


def allotment(max_uses: int, shard: int) -> int:
    """The uses of a shard: together they are all."""
    number = shards(max_uses)
    return max_uses // number + (shard < max_uses % number)


@dataclass(frozen=True, slots=True)
class UsesStore:
    table: Table

    def left(self, code: CodeId, max_uses: int) -> Mapping[int, int]:
        """Shard → how many of its uses are left, all as they were at one moment."""
        items = self.table.get_at_once(*(keys.uses(code, shard) for shard in range(shards(max_uses))))
        return {shard: allotment(max_uses, shard) - (item["taken"] if item else 0) for shard, item in enumerate(items)}

    def taken_in(self, chunk: AnyChunk) -> Mapping[int, int]:
        """Position → how many uses are taken, of the codes of a chunk that were used."""
        source, number = chunk.name
        taken: Counter[int] = Counter()
        for shard in range(_shards_of(chunk)):
            for item in self.table.query(keys.uses_of_chunk(source, number, shard)):
                position = keys.position_of(item)
                if position is not None:
                    taken[position] += item["taken"]
        return taken

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


def _shards_of(chunk: AnyChunk) -> int:
    """The greatest number of shards of a limited code of the chunk; none if it has no such code."""
    every = [it.terms for it in chunk.codes] if isinstance(chunk, ChunkByHand) else [chunk.maker.terms]
    return max((shards(it.max_uses) for it in every if it.max_uses), default=0)
