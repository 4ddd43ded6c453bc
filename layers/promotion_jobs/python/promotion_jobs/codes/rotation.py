"""Rotation: from now on, codes are made under a new key.

Every space goes over by itself. First the new version is announced to it: from then on, a code made by hand reserves
its index under both. So when all that is reserved under the version in force is reserved under the new one too, nothing
is missing there, and the new one is put in force; its window begins with the next index. Each step may be repeated,
also beside another rotation. Jobs that are open finish under the version of their claim, and no code changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from promotion_jobs.codes.format import Notation
from promotion_jobs.codes.keyring import Keyring
from promotion_jobs.codes.spaces import Reservation, Space, SpaceStore


@dataclass(frozen=True, slots=True)
class Rotation:
    spaces: SpaceStore
    keyring: Keyring
    notation: Notation

    def rotate(self) -> int:
        """The version that is in force then: the next one, or that of a rotation which has not come to its end."""
        spaces = [self.spaces.stored(length) for length in self.notation.lengths]
        version = self._next_version(spaces)
        self.keyring.add(version)
        for space in spaces:
            if space.version < version:
                self._rotate(space, version)
        return version

    def _next_version(self, spaces: list[Space]) -> int:
        begun = max(space.announced or space.version for space in spaces)
        return begun if any(space.version < begun for space in spaces) else begun + 1

    def _rotate(self, space: Space, version: int) -> None:
        if not self.spaces.announce(space.length, version):
            # Another rotation was faster.
            return
        self.spaces.reserve(self._reserved_again(space.length, version))
        self.spaces.bring(space.length, version)

    def _reserved_again(self, length: int, version: int) -> Iterator[Reservation]:
        """For each reservation under the version before, the one under this version that has the same code."""
        reserved = self.spaces.reserved(length, version - 1)
        if not reserved:
            return
        before, after = (self.keyring.permutation(length, it) for it in (version - 1, version))
        for index in after.decrypt(before.encrypt(reserved)):
            yield Reservation(length, version, index)
