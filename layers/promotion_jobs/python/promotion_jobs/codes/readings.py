"""The readings of a code, and those of them that a job may have generated: the ones whose index is given."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promotion_jobs.codes.format import CodeFormat, Notation, Reading
from promotion_jobs.codes.keyring import Keyring
from promotion_jobs.codes.spaces import Allocation, Reservation, Space, SpaceStore

_MOST_KNOWN = 1_000
"""Allocations of a length that a container remembers, before it begins anew."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A reading whose index the allocation gives: its job may have generated the code."""

    reading: Reading
    index: int
    allocation: Allocation

    @property
    def job_id(self) -> str:
        return self.allocation.job_id

    @property
    def chunk(self) -> int:
        """The number of the chunk that it would be in."""
        return self.allocation.chunk_at(self.index)

    @property
    def is_as_written(self) -> bool:
        """Whether what stands before the body is what the job's codes have there."""
        head = CodeFormat(self.allocation.length, self.allocation.prefix).head
        return head.casefold() == self.reading.head


@dataclass(frozen=True, slots=True)
class Readings:
    """Remembers allocations, which never change."""

    spaces: SpaceStore
    keyring: Keyring
    notation: Notation
    _known: dict[int, list[Allocation]] = field(default_factory=dict)

    def of(self, code: str) -> Sequence[Reading]:
        """Every way to read a code that is given in lower case."""
        return self.notation.readings(code)

    def spaces_of(self, readings: Iterable[Reading]) -> Mapping[int, Space]:
        """The spaces of their lengths."""
        lengths = {reading.length for reading in readings}
        return self.spaces.all(sorted(lengths)) if lengths else {}

    def issues(self, reading: Reading, space: Space) -> Iterator[Issue]:
        """The issues of a reading: at most one for each version of the key. Raises ClaimUnseen."""
        for version, window in space.windows().items():
            index = self._index(reading, version)
            if index in window:
                issue = Issue(reading, index, self._allocation(reading.length, index))
                if issue.is_as_written:
                    yield issue

    def to_reserve(self, reading: Reading, space: Space) -> Iterator[Reservation]:
        """The reservations that keep a reading from ever being given, under the versions where it is not."""
        windows = space.windows()
        for version in space.coming_versions():
            index = self._index(reading, version)
            if index not in windows.get(version, ()):
                yield Reservation(reading.length, version, index)

    def _index(self, reading: Reading, version: int) -> int:
        (index,) = self.keyring.permutation(reading.length, version).decrypt([reading.body])
        return index

    def _allocation(self, length: int, index: int) -> Allocation:
        known = self._known.setdefault(length, [])
        at = bisect(known, index, key=lambda it: it.first)
        if at and index < known[at - 1].end:
            return known[at - 1]
        found = self.spaces.allocation(length, index)
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known.insert(bisect(known, index, key=lambda it: it.first), found)
        return found
