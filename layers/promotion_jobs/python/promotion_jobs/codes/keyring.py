"""The keys that codes are encrypted with: 32 random bytes each, of the whole deployment, by version.

A key is put if there is none of its version, and never changed or removed. It tells all codes that were and will be
made under it, so that only functions which make or look up codes may read it (docs/run/security.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import ConditionLost, Table
from promotion_jobs.codes.spaces import FIRST_VERSION
from promotion_jobs.values import from_text, to_text

if TYPE_CHECKING:
    from promotion_jobs.codes.permutation import Permutation


def _permutation(key: bytes, length: int) -> "Permutation":
    # The cipher takes a good part of a cold start to load, and most invocations need none.
    from promotion_jobs.codes.permutation import Permutation  # noqa: PLC0415

    return Permutation(key, length)


class KeyVersion(NamedTuple):
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Keyring:
    """``make`` gives the permutation of a key and a length; each is made once in a container."""

    table: Table
    new_key: Callable[[], bytes]
    now: Callable[[], datetime]
    make: Callable[[bytes, int], "Permutation"] = _permutation
    _keys: dict[int, bytes] = field(default_factory=dict, repr=False)
    _permutations: "dict[tuple[int, int], Permutation]" = field(default_factory=dict, repr=False)

    def permutation(self, length: int, version: int) -> "Permutation":
        """Raises LookupError where a key is missing that was there."""
        if (length, version) not in self._permutations:
            self._permutations[length, version] = self.make(self._key(version), length)
        return self._permutations[length, version]

    def _key(self, version: int) -> bytes:
        if version not in self._keys:
            item = self.table.get(keys.code_key(version))
            if item is None and version == FIRST_VERSION:
                # The first one comes with the first code.
                item = self.add(version)
            if item is None:
                raise LookupError(f"the key of version {version} is gone")
            self._keys[version] = item["key"]
        return self._keys[version]

    def add(self, version: int) -> dict[str, bytes]:
        """The item of the version, put with a new key if there is none."""
        item = {"key": self.new_key()}
        try:
            self.table.transact(self.table.put(keys.code_key(version), {**item, "created_at": to_text(self.now())}))
        except ConditionLost as error:
            return error.lost[0]
        return item

    def versions(self) -> Sequence[KeyVersion]:
        """The versions with their dates, without the keys."""
        items = self.table.query(Range(keys.KEYS), ProjectionExpression="sk, created_at")
        return [KeyVersion(keys.version_of(item), from_text(item["created_at"])) for item in items]
