"""The items of codes: chunks, which are the lists of codes in their order, and an item for each code.

No module names their attributes but this one and `inserts`, which writes the items of generated codes. What changes a
chunk or a code together with something else does so by an action: `CodeStore` makes it, and the caller puts it into a
transaction.

- A chunk has up to a thousand codes that were committed together, what is the same for all of them, and the positions
  of those that were removed. Lists and exports read chunks.
- A code's item says whose it is: the job that made it, or the chunk that it was made by hand in, and its slot there.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.code import Chunk, Location, Slot, Terms
from promotion_jobs.codes.format import is_code
from promotion_jobs.values import from_text, to_text


def _to_values(chunk: Chunk) -> Item:
    own_terms = None if chunk.own_terms is None else json.dumps([asdict(terms) for terms in chunk.own_terms])
    return {
        "codes": "\n".join(chunk.codes),
        **asdict(chunk.terms),
        # As text: of up to fifty codes made by hand, which nothing here looks into.
        "own_terms": own_terms,
        "created_by": chunk.created_by,
        "created_at": to_text(chunk.created_at),
    }


def _to_chunk(item: Item) -> Chunk:
    source, number = keys.chunk_of(item)
    return Chunk(
        source=source,
        number=number,
        codes=item["codes"].split("\n"),
        terms=Terms(item.get("consume_unit"), item.get("max_uses")),
        own_terms=[Terms(**terms) for terms in json.loads(item["own_terms"])] if "own_terms" in item else None,
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
        removed=frozenset(item.get("removed", ())),
    )


@dataclass(frozen=True, slots=True)
class CodeStore:
    table: Table

    # Reading

    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterator[Chunk]:
        """The chunks of the promotion, or of one source, in the order they were published, read page by page.

        ``likely`` is how many will probably do.
        """
        return map(_to_chunk, self.table.query(keys.chunks(promotion_id, source), first_page=likely))

    def chunk(self, promotion_id: str, source: str, number: int) -> Chunk | None:
        item = self.table.get(keys.chunk(promotion_id, source, number))
        return _to_chunk(item) if item else None

    def numbers(self, promotion_id: str, source: str, wanted: range) -> frozenset[int]:
        """The numbers of those chunks that are there."""
        ends = [keys.chunk(promotion_id, source, number) for number in (wanted[0], wanted[-1])]
        found = self.table.query(Range.between(*ends), ProjectionExpression="sk")
        return frozenset(keys.chunk_of(item)[1] for item in found)

    def places(self, promotion_id: str, codes: Sequence[str]) -> dict[str, tuple[str, Slot]]:
        """Code in lower case → its source and its slot there, for those of the codes that the promotion has."""
        items = self.table.get_all([keys.code(code) for code in codes])
        return {it["code"].casefold(): (it["job"], it["slot"]) for it in items if it["promotion"] == promotion_id}

    def promotion_of(self, code: str) -> str | None:
        """The id of the promotion that has the code, visible or about to be."""
        item = self.table.get(keys.code(code)) if is_code(code) else None
        return item["promotion"] if item else None

    # Actions for the transactions of others

    def put_chunk(self, promotion_id: str, chunk: Chunk) -> Action:
        """Add a chunk if there is none of its source and number."""
        return self.table.put(keys.chunk(promotion_id, chunk.source, chunk.number), _to_values(chunk))

    def remove_chunk(self, promotion_id: str, source: str, number: int) -> Action:
        """Remove a chunk that is there."""
        return self.table.delete(keys.chunk(promotion_id, source, number), "attribute_exists(pk)")

    def remove_chunk_as_read(self, promotion_id: str, chunk: Chunk) -> Action:
        """Remove a chunk of which nothing was removed since it was read."""
        key = keys.chunk(promotion_id, chunk.source, chunk.number)
        if not chunk.removed:
            return self.table.delete(key, "attribute_exists(pk) AND attribute_not_exists(#removed)")
        # Removed positions are only ever added: as many as there were are the same.
        return self.table.delete(key, "size(#removed) = :removed", removed=len(chunk.removed))

    def mark_removed(self, promotion_id: str, source: str, number: int, positions: Collection[int]) -> Action:
        """Mark codes of a chunk as removed."""
        return self.table.update(
            keys.chunk(promotion_id, source, number),
            "ADD #removed :positions",
            "attribute_exists(pk)",
            positions=set(positions),
        )

    def put_code(self, promotion_id: str, source: str, slot: Slot, code: str) -> Action:
        """Add a code that is not in use."""
        return self.table.put(keys.code(code), {"promotion": promotion_id, "job": source, "slot": slot, "code": code})

    def remove_code(self, code: str, location: Location) -> Action:
        """Remove a code that is still its source's and its slot's."""
        condition = "#job = :source AND #slot = :slot"
        return self.table.delete(keys.code(code), condition, source=location.source, slot=location.slot)

    # Clearing away

    def purge_chunk(self, promotion_id: str, chunk: Chunk) -> None:
        # Without a condition: the promotion is locked for good, and late workers are refused by their job's state.
        self.table.transact(self.table.delete(keys.chunk(promotion_id, chunk.source, chunk.number)))
