"""Codes and the chunks that they are kept in, as immutable values."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

Slot = int
"""The position of a code in its job, counted from 0."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a code may be used; None is what was not said."""

    consume_unit: str | None = None
    max_uses: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One code as lists and exports show it. ``uses`` is what remains; ``job_id`` is None for one made by hand."""

    code: str
    terms: Terms
    job_id: str | None
    created_by: str
    created_at: datetime

    @property
    def uses(self) -> int | None:
        return self.terms.max_uses


@dataclass(frozen=True, slots=True)
class Chunk:
    """Codes that were committed together, with what is the same for all of them.

    ``source`` is the id of the job that made them; where people made them by hand, an id of the chunk's own, and then
    each code has terms of its own. ``removed`` has the positions of those that are gone.
    """

    source: str
    number: int
    codes: Sequence[str]
    created_by: str
    created_at: datetime
    terms: Terms = Terms()
    own_terms: Sequence[Terms] | None = None
    removed: AbstractSet[int] = frozenset()

    @property
    def job_id(self) -> str | None:
        return None if self.own_terms is not None else self.source

    @property
    def visible_codes(self) -> int:
        """How many codes are there."""
        return len(self.codes) - len(self.removed)

    def visible(self, offset: int = 0) -> Iterator[Code]:
        """The codes that are there, in their order, without the first ``offset`` of them."""
        there = (it for it in enumerate(self.codes) if it[0] not in self.removed)
        return (self.code_at(position, code) for position, code in islice(there, offset, None))

    def code_at(self, position: int, code: str) -> Code:
        terms = self.terms if self.own_terms is None else self.own_terms[position]
        return Code(code, terms, self.job_id, self.created_by, self.created_at)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a code is listed: in the chunk of that number of its source, at that position."""

    source: str
    slot: Slot
    chunk: int
    position: int
    by_hand: bool


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that is to be made by hand."""

    code: str
    terms: Terms
