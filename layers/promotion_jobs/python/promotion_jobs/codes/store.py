"""The items of codes: chunks of jobs, chunks made by hand, and an item for each code made by hand.

No other module names their attributes. What changes a chunk or a code together with something else does so by an
action: `CodeStore` makes it, and the caller puts it into a transaction.

- A chunk of a job has its codes packed, and the positions of those that were removed. What is the same for all of them
  is the job's. Its key is computed, so that no list of chunks is kept.
- A chunk made by hand has the codes of one call, with the terms of each.
- The item of a code made by hand says where that is. A generated code has no item (`spaces` says whose it is).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.code import AnyChunk, Chunk, ChunkByHand, Maker, NewCode, Terms
from promotion_jobs.values import from_text, to_text


class PlaceByHand(NamedTuple):
    """The place of a code made by hand, as its item has it."""

    promotion_id: str
    chunk_id: str
    position: int


def _to_chunk(maker: Maker, item: Item) -> Chunk:
    return Chunk(maker, keys.chunk_of(item), item["codes"], frozenset(item.get("removed", ())))


def _to_chunk_by_hand(item: Item) -> ChunkByHand:
    return ChunkByHand(
        id=keys.chunk_by_hand_of(item),
        codes=[NewCode(it["code"], Terms(**it["terms"])) for it in json.loads(item["codes"])],
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
        removed=frozenset(item.get("removed", ())),
    )


def _key(promotion_id: str, chunk: AnyChunk) -> Key:
    if isinstance(chunk, ChunkByHand):
        return keys.chunk_by_hand(promotion_id, chunk.id)
    return keys.chunk(chunk.maker.id, chunk.run, chunk.number)


@dataclass(frozen=True, slots=True)
class CodeStore:
    table: Table

    # Reading

    def chunks(self, maker: Maker, numbers: range, likely: int | None = None) -> Iterator[Chunk]:
        """Those of one run's chunks that are there, in their order. ``likely`` is how many will probably do."""
        run = maker.plan.run_of(numbers[0])
        found = self.table.query(keys.chunks(maker.id, run, numbers), first_page=likely)
        return (_to_chunk(maker, item) for item in found)

    def chunks_of(self, wanted: Collection[tuple[Maker, int]]) -> Mapping[tuple[str, int], Chunk]:
        """Job's id and number → chunk, for those chunks of makers that are there."""
        makers = {self._chunk_key(maker, number)["pk"]: maker for maker, number in wanted}
        items = self.table.get_all([self._chunk_key(maker, number) for maker, number in wanted])
        chunks = [_to_chunk(makers[item["pk"]], item) for item in items]
        return {(chunk.maker.id, chunk.number): chunk for chunk in chunks}

    def _chunk_key(self, maker: Maker, number: int) -> Key:
        return keys.chunk(maker.id, maker.plan.run_of(number), number)

    def chunks_by_hand(self, promotion_id: str, likely: int | None = None) -> Iterator[ChunkByHand]:
        """All of the promotion, in the order in which they were made, read page by page."""
        return map(_to_chunk_by_hand, self.table.query(keys.chunks_by_hand(promotion_id), first_page=likely))

    def chunks_by_hand_of(self, wanted: Collection[tuple[str, str]]) -> Mapping[str, ChunkByHand]:
        """Id → chunk, for those of the chunks that are there, each named by its promotion and its id."""
        items = self.table.get_all([keys.chunk_by_hand(*it) for it in wanted])
        return {chunk.id: chunk for chunk in map(_to_chunk_by_hand, items)}

    def places_by_hand(self, codes: Collection[str]) -> Mapping[str, PlaceByHand]:
        """Code in lower case → where it is, for those of the codes that were made by hand."""
        wanted = {code.casefold(): keys.code(code) for code in codes}
        found = {item["pk"]: item for item in self.table.get_all(list(wanted.values()))}
        items = {code: found[key["pk"]] for code, key in wanted.items() if key["pk"] in found}
        return {code: PlaceByHand(it["promotion"], it["chunk"], it["position"]) for code, it in items.items()}

    # Actions for the transactions of others

    def put_chunk(self, maker_id: str, run: int, number: int, packed: bytes) -> Action:
        """Add a chunk of a job if there is none of its number."""
        return self.table.put(keys.chunk(maker_id, run, number), {"codes": packed})

    def check_no_chunk(self, maker_id: str, run: int, number: int) -> Action:
        """Let no other action of its transaction be made if there is a chunk of that number."""
        return self.table.check(keys.chunk(maker_id, run, number), "attribute_not_exists(pk)")

    def remove_chunk(self, maker_id: str, run: int, number: int) -> Action:
        """Remove a chunk of a job that is there."""
        return self.table.delete(keys.chunk(maker_id, run, number), "attribute_exists(pk)")

    def put_by_hand(self, promotion_id: str, chunk: ChunkByHand) -> list[Action]:
        """Add a chunk made by hand with its codes, none of which was made by hand before."""
        codes = [{"code": it.code, "terms": asdict(it.terms)} for it in chunk.codes]
        # As text: of up to fifty codes, which no expression looks into.
        values = {"codes": json.dumps(codes), "created_by": chunk.created_by, "created_at": to_text(chunk.created_at)}
        place = {"promotion": promotion_id, "chunk": chunk.id}
        return [
            self.table.put(keys.chunk_by_hand(promotion_id, chunk.id), values),
            *(self.table.put(keys.code(it.code), {**place, "position": at}) for at, it in enumerate(chunk.codes)),
        ]

    def remove_as_read(self, promotion_id: str, chunk: AnyChunk) -> list[Action]:
        """Remove a chunk of which nothing was removed since it was read, with its codes."""
        key = _key(promotion_id, chunk)
        if chunk.removed:
            # Removed positions are only ever added: as many as there were are the same.
            removal = self.table.delete(key, "size(#removed) = :removed", removed=len(chunk.removed))
        else:
            removal = self.table.delete(key, "attribute_exists(pk) AND attribute_not_exists(#removed)")
        return [removal, *self._remove_codes(chunk.there().values() if isinstance(chunk, ChunkByHand) else ())]

    def mark_removed(self, promotion_id: str, chunk: AnyChunk, positions: Collection[int]) -> list[Action]:
        """Mark codes that are there as removed; those made by hand go, and can be made again."""
        places = {f"at_{number}": position for number, position in enumerate(sorted(positions))}
        not_removed = " AND ".join(f"NOT contains(#removed, :{name})" for name in places)
        mark = self.table.update(
            _key(promotion_id, chunk),
            "ADD #removed :positions",
            f"attribute_exists(pk) AND {not_removed}",
            positions=set(positions),
            **places,
        )
        codes = [chunk.codes[at].code for at in positions] if isinstance(chunk, ChunkByHand) else ()
        return [mark, *self._remove_codes(codes)]

    def _remove_codes(self, codes: Iterable[str]) -> list[Action]:
        # Without conditions: a code is this chunk's as long as the chunk has it, on which the transaction depends.
        return [self.table.delete(keys.code(code)) for code in codes]

    # Clearing away

    def purge_chunks(self, maker_id: str, run: int, numbers: range) -> list[Action]:
        # Without a condition: the job has ended, and so have its runs, so that none of them puts a chunk any more.
        return [self.table.delete(keys.chunk(maker_id, run, number)) for number in numbers]
