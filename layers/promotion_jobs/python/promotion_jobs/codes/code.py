"""Codes, the jobs that make them and the chunks that keep them, as immutable values."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from promotion_jobs.aws.table import Action
from promotion_jobs.codes import bodies
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan

ConsumeUnit = Literal["per_cart", "per_item"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a code may be used, and by which customers: one or several. None means that the client did not send it."""

    consume_unit: ConsumeUnit | None = None
    max_uses: int | None = None
    user: str | Sequence[str] | None = None


class CodeId(NamedTuple):
    """A code by what made it and its place there, never by its string: one that is made anew is another one.

    ``source`` is the job, or the chunk made by hand.
    """

    source: str
    chunk: int
    position: int


UNUSED: Mapping[int, int] = MappingProxyType({})
"""Position → how many uses are taken, of a chunk none of whose codes was used."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code as lists and exports show it. ``uses`` is what remains; ``job_id`` is None for one made by hand."""

    code: str
    terms: Terms
    job_id: str | None
    created_by: str
    created_at: datetime
    taken: int = 0

    @property
    def uses(self) -> int | None:
        return None if self.terms.max_uses is None else self.terms.max_uses - self.taken


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that is to be made by hand, or imported."""

    code: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Publisher:
    """A job that adds codes, as its codes know it.

    They are published all at once, when it is completed; ``visible_codes`` is how many of them can be seen.
    """

    id: str
    promotion_id: str
    created_by: str
    created_at: datetime
    is_open: bool
    is_published: bool
    visible_codes: int


@dataclass(frozen=True, slots=True)
class Maker(Publisher):
    """One that generates its codes: with the values that all of them share."""

    code_format: CodeFormat
    plan: Plan
    terms: Terms


@dataclass(frozen=True, slots=True)
class Makers:
    """The questions that codes have to the jobs that add them. The composition hands it in, since jobs import codes.

    ``get`` gives jobs of the promotion by id, and ``list`` all of them, in the order of their ids. ``visible_codes``
    gives run → how many codes of it are left. ``count_removed`` gives the actions that count codes of a run as removed
    from a job that is completed.
    """

    get: Callable[[str, Collection[str]], Mapping[str, Publisher]]
    list: Callable[[str], Sequence[Publisher]]
    visible_codes: Callable[[str], Mapping[int, int]]
    count_removed: Callable[[Publisher, int, int], Sequence[Action]]

    def count_removed_of(self, chunk: "AnyChunk", codes: int) -> Sequence[Action]:
        """The same of a chunk; none of one that was made by hand, which no job counts."""
        return self.count_removed(chunk.maker, chunk.run, codes) if chunk.maker else []


@dataclass(frozen=True, slots=True)
class Chunk:
    """Codes of a job that were put together, packed, and the positions of those that are gone."""

    maker: Maker
    number: int
    packed: bytes
    removed: AbstractSet[int] = frozenset()

    @property
    def name(self) -> tuple[str, int]:
        return self.maker.id, self.number

    @property
    def run(self) -> int:
        return self.maker.plan.run_of(self.number)

    @property
    def is_published(self) -> bool:
        return self.maker.is_published

    @property
    def visible_codes(self) -> int:
        """How many codes are there."""
        return len(self.packed) // self.maker.code_format.width - len(self.removed)

    def positions(self, offset: int = 0, limit: int | None = None) -> Sequence[int]:
        """The positions of the codes that are there, in their order, without the first ``offset`` of them."""
        return _there(len(self.packed) // self.maker.code_format.width, self.removed)[_window(offset, limit)]

    def _packed_there(self, offset: int, limit: int | None) -> bytes:
        packed, width = self.packed, self.maker.code_format.width
        if self.removed:
            packed = bodies.pick(packed, width, _there(len(packed) // width, self.removed))
        return packed[offset * width : None if limit is None else (offset + limit) * width]

    def texts(self, offset: int = 0, limit: int | None = None) -> Sequence[str]:
        """The codes that are there, in their order, without the first ``offset`` of them."""
        return self.maker.code_format.write(self._packed_there(offset, limit))

    def lines(self, before: bytes, behind: bytes, offset: int = 0, limit: int | None = None) -> bytes:
        """The same as ASCII text, each with the same before and behind it."""
        return self.maker.code_format.lines(self._packed_there(offset, limit), before, behind)

    def visible(self, offset: int = 0, limit: int | None = None, taken: Mapping[int, int] = UNUSED) -> Iterable[Code]:
        """Likewise with all that lists show of them. ``taken`` is position → how many uses are taken."""
        texts = self.texts(offset, limit)
        return (
            self._code(text, taken.get(at, 0)) for at, text in zip(self.positions(offset, limit), texts, strict=True)
        )

    def position(self, body: int) -> int | None:
        """The position of a body; None if the chunk does not have it, or it was removed."""
        found = bodies.position(self.packed, self.maker.code_format.width, body)
        return None if found in self.removed else found

    def code_at(self, position: int, taken: int = 0) -> Code:
        (text,) = self.maker.code_format.write(bodies.pick(self.packed, self.maker.code_format.width, [position]))
        return self._code(text, taken)

    def _code(self, text: str, taken: int) -> Code:
        maker = self.maker
        return Code(text, maker.terms, maker.id, maker.created_by, maker.created_at, taken)


@dataclass(frozen=True, slots=True)
class WrittenChunk:
    """Codes that are written out, each with its terms and an item of its own, and the positions of those that are gone.

    One call has made them by hand, or a job has imported them: ``maker``. ``source`` is the id of the call or the job.
    """

    source: str
    codes: Sequence[NewCode]
    created_by: str
    created_at: datetime
    removed: AbstractSet[int] = frozenset()
    number: int = 0
    maker: Publisher | None = None

    @property
    def name(self) -> tuple[str, int]:
        return self.source, self.number

    @property
    def run(self) -> int:
        """The run of its job that has put it."""
        return 0

    @property
    def is_published(self) -> bool:
        return self.maker is None or self.maker.is_published

    @property
    def visible_codes(self) -> int:
        """How many codes are there."""
        return len(self.codes) - len(self.removed)

    def there(self) -> Mapping[int, str]:
        """Position → code, of those that are there."""
        return {at: self.codes[at].code for at in self.positions()}

    def positions(self, offset: int = 0, limit: int | None = None) -> Sequence[int]:
        """The positions of the codes that are there, in their order, without the first ``offset`` of them."""
        return _there(len(self.codes), self.removed)[_window(offset, limit)]

    def visible(self, offset: int = 0, limit: int | None = None, taken: Mapping[int, int] = UNUSED) -> Iterable[Code]:
        """The codes at these positions. ``taken`` is position → how many uses are taken."""
        return (self.code_at(at, taken.get(at, 0)) for at in self.positions(offset, limit))

    def code_at(self, position: int, taken: int = 0) -> Code:
        made, job_id = self.codes[position], self.maker.id if self.maker else None
        return Code(made.code, made.terms, job_id, self.created_by, self.created_at, taken)


AnyChunk = Chunk | WrittenChunk


def _there(codes: int, removed: AbstractSet[int]) -> Sequence[int]:
    """Of so many positions those that are not removed."""
    return [at for at in range(codes) if at not in removed] if removed else range(codes)


def _window(offset: int, limit: int | None) -> slice:
    return slice(offset, None if limit is None else offset + limit)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a code: a position in a chunk, of a job or made by hand."""

    promotion_id: str
    chunk: AnyChunk
    position: int

    @property
    def code(self) -> Code:
        return self.chunk.code_at(self.position)

    @property
    def code_id(self) -> CodeId:
        return CodeId(*self.chunk.name, self.position)

    @property
    def is_published(self) -> bool:
        return self.chunk.is_published
