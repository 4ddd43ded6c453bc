"""The readings of a code, and those of them that a job may have generated: the ones whose index is given."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat

from promotion_jobs.codes.format import CodeFormat, Notation, Reading
from promotion_jobs.codes.keyring import Keyring
from promotion_jobs.codes.spaces import Allocation, ClaimUnseen, Reservation, Space, SpaceStore

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

    def issues(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> list[Issue]:
        """The issues of readings: of each at most one for a version of the key. Raises ClaimUnseen."""
        given = self._given(readings, spaces)
        return [issue for reading, index in given if (issue := self._issue(reading, index)).is_as_written]

    def seen_issues(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> list[Issue]:
        """Likewise, without those of a claim that cannot be seen yet, which has made no code yet."""
        found: list[Issue] = []
        for reading, index in self._given(readings, spaces):
            with suppress(ClaimUnseen):
                found.append(self._issue(reading, index))
        return [issue for issue in found if issue.is_as_written]

    def to_reserve(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> set[Reservation]:
        """The reservations that keep readings from ever being given, under the versions where they are not."""
        windows = {length: space.windows() for length, space in spaces.items()}
        coming = {length: space.coming_versions() for length, space in spaces.items()}
        return {
            Reservation(reading.length, version, index)
            for reading, version, index in self._indices(readings, coming)
            if index not in windows[reading.length].get(version, ())
        }

    def _given(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> Iterator[tuple[Reading, int]]:
        """The readings whose index is given under a version, with that index."""
        windows = {length: space.windows() for length, space in spaces.items()}
        for reading, version, index in self._indices(readings, windows):
            if index in windows[reading.length][version]:
                yield reading, index

    def _indices(
        self, readings: Iterable[Reading], versions: Mapping[int, Iterable[int]]
    ) -> Iterator[tuple[Reading, int, int]]:
        """Each reading with its index under each of the versions of its length, which decrypt all readings at once."""
        of_length: defaultdict[int, list[Reading]] = defaultdict(list)
        for reading in readings:
            of_length[reading.length].append(reading)
        for length, some in of_length.items():
            for version in versions[length]:
                indices = self.keyring.permutation(length, version).decrypt([it.body for it in some])
                yield from zip(some, repeat(version), indices)

    def _issue(self, reading: Reading, index: int) -> Issue:
        return Issue(reading, index, self._allocation(reading.length, index))

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
