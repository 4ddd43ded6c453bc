"""The items of codes: chunks of jobs, chunks made by hand, and an item for each code made by hand.

No other module names their attributes. What changes a chunk or a code together with something else does so by an
action: `CodeStore` makes it, and the caller puts it into a transaction.

- A chunk of a job has its codes packed, and the positions of those that were removed. What is the same for all of them
  is the job's. Its key is computed, so that no list of chunks is kept.
- A chunk made by hand has the codes of one call, with the terms of each; a chunk of an import has some of its codes.
- The item of a code that was made by hand, or imported, says where that is. A generated code has no item: `spaces` says
  whose it is.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.code import AnyChunk, Chunk, Maker, NewCode, Publisher, Terms, WrittenChunk
from promotion_jobs.values import from_text, to_text


class WrittenPlace(NamedTuple):
    """The place of a code made by hand, or imported, as its item has it.

    ``source`` is the chunk that is made by hand; or the job, and then there is the ``number`` of its chunk.
    """

    promotion_id: str
    source: str
    number: int | None
    position: int


def _to_chunk(maker: Maker, item: Item) -> Chunk:
    return Chunk(maker, keys.chunk_of(item), item["codes"], frozenset(item.get("removed", ())))


def _to_chunk_by_hand(item: Item) -> WrittenChunk:
    return WrittenChunk(
        source=keys.chunk_by_hand_of(item),
        codes=_codes_of(item),
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
        removed=frozenset(item.get("removed", ())),
    )


def _to_imported(maker: Publisher, item: Item) -> WrittenChunk:
    return WrittenChunk(
        source=maker.id,
        codes=_codes_of(item),
        created_by=maker.created_by,
        created_at=maker.created_at,
        removed=frozenset(item.get("removed", ())),
        number=keys.chunk_of(item),
        maker=maker,
    )


def _codes_of(item: Item) -> list[NewCode]:
    return [NewCode(it["code"], Terms(**it["terms"])) for it in json.loads(item["codes"])]


def _to_text(codes: Iterable[NewCode]) -> str:
    """As text: of up to a hundred codes, which no expression looks into."""
    return json.dumps([{"code": it.code, "terms": _plain(it.terms)} for it in codes])


def _plain(terms: Terms) -> dict[str, Any]:
    """In a tenth of the time that asdict takes, which copies what is in it."""
    return {"consume_unit": terms.consume_unit, "max_uses": terms.max_uses, "user": terms.user}


def _key(promotion_id: str, chunk: AnyChunk) -> Key:
    if chunk.maker is None:
        return keys.chunk_by_hand(promotion_id, chunk.source)
    return keys.chunk(chunk.maker.id, chunk.run, chunk.number)


_IMPORT_RUN = 0
"""An import has one run."""


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

    def chunks_by_hand(self, promotion_id: str, likely: int | None = None) -> Iterator[WrittenChunk]:
        """All of the promotion, in the order in which they were made, read page by page."""
        return map(_to_chunk_by_hand, self.table.query(keys.chunks_by_hand(promotion_id), first_page=likely))

    def chunks_by_hand_of(self, wanted: Collection[tuple[str, str]]) -> Mapping[str, WrittenChunk]:
        """Id → chunk, for those of the chunks that are there, each named by its promotion and its id."""
        items = self.table.get_all([keys.chunk_by_hand(*it) for it in wanted])
        return {chunk.source: chunk for chunk in map(_to_chunk_by_hand, items)}

    def imported(self, maker: Publisher, likely: int | None = None) -> Iterator[WrittenChunk]:
        """All that the job has imported, in the order of the file, read page by page."""
        found = self.table.query(keys.all_chunks(maker.id, _IMPORT_RUN), first_page=likely)
        return (_to_imported(maker, item) for item in found)

    def imported_of(self, wanted: Collection[tuple[Publisher, int]]) -> Mapping[tuple[str, int], WrittenChunk]:
        """Job's id and number → chunk, for those chunks of imports that are there."""
        makers = {keys.chunk(maker.id, _IMPORT_RUN, number)["pk"]: maker for maker, number in wanted}
        items = self.table.get_all([keys.chunk(maker.id, _IMPORT_RUN, number) for maker, number in wanted])
        return {chunk.name: chunk for item in items for chunk in [_to_imported(makers[item["pk"]], item)]}

    def written_places(self, codes: Collection[str]) -> Mapping[str, WrittenPlace]:
        """Code in lower case → where it is, for those of the codes that were made by hand or imported."""
        wanted = {code.casefold(): keys.code(code) for code in codes}
        found = {item["pk"]: item for item in self.table.get_all(list(wanted.values()))}
        items = {code: found[key["pk"]] for code, key in wanted.items() if key["pk"] in found}
        return {
            code: WrittenPlace(it["promotion"], it["chunk"], it.get("number"), it["position"])
            for code, it in items.items()
        }

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

    def put_by_hand(self, promotion_id: str, chunk: WrittenChunk) -> list[Action]:
        """Add a chunk made by hand with its codes, none of which was made by hand before, or imported."""
        values = {"created_by": chunk.created_by, "created_at": to_text(chunk.created_at)}
        return self._put_written(promotion_id, chunk, values, {})

    def put_imported(self, chunk: WrittenChunk) -> list[Action]:
        """Likewise a chunk of an import."""
        if chunk.maker is None:
            raise TypeError(f"the chunk {chunk.source} was made by hand")
        return self._put_written(chunk.maker.promotion_id, chunk, {}, {"number": chunk.number})

    def _put_written(self, promotion_id: str, chunk: WrittenChunk, values: Item, place: Item) -> list[Action]:
        place = {"promotion": promotion_id, "chunk": chunk.source, **place}
        return [
            self.table.put(_key(promotion_id, chunk), {"codes": _to_text(chunk.codes), **values}),
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
        return [removal, *self._remove_codes(chunk.there().values() if isinstance(chunk, WrittenChunk) else ())]

    def mark_removed(self, promotion_id: str, chunk: AnyChunk, positions: Collection[int]) -> list[Action]:
        """Mark codes that are there as removed; those that are written out go, and can be made again."""
        places = {f"at_{number}": position for number, position in enumerate(sorted(positions))}
        not_removed = " AND ".join(f"NOT contains(#removed, :{name})" for name in places)
        mark = self.table.update(
            _key(promotion_id, chunk),
            "ADD #removed :positions",
            f"attribute_exists(pk) AND {not_removed}",
            positions=set(positions),
            **places,
        )
        codes = [chunk.codes[at].code for at in positions] if isinstance(chunk, WrittenChunk) else ()
        return [mark, *self._remove_codes(codes)]

    def _remove_codes(self, codes: Iterable[str]) -> list[Action]:
        # Without conditions: a code is this chunk's as long as the chunk has it, on which the transaction depends.
        return [self.table.delete(keys.code(code)) for code in codes]

    # Clearing away

    def purge_chunks(self, maker_id: str, run: int, numbers: range) -> list[Action]:
        # Without a condition: the job has ended, and so have its runs, so that none of them puts a chunk any more.
        return [self.table.delete(keys.chunk(maker_id, run, number)) for number in numbers]
