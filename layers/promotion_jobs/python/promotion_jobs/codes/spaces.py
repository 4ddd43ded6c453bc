"""Which indices are given: to each code of a length its own, once and for ever.

A code is the encryption of its index by a key of the deployment, so that two codes of one length and key are never the
same. The indices of a length are its space. A claim raises ``next`` and leaves an allocation, which says whose the
indices are; neither is ever taken back. Since keys can change, a version of the key has a window: the indices that are
given under it. A code made by hand that could be read as a generated one reserves the index that this would have.

No other module names the attributes of these items. All of them are read strongly consistent; but a reading that does
not go through a transaction may show the items of one transaction one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import TRANSACTION_ACTIONS, Action, ConditionLost, Item, Table
from promotion_jobs.codes.plan import Plan

FIRST_VERSION = 1


class ClaimUnseen(Exception):
    """An index is given, and its allocation cannot be seen yet: their transaction shows item by item."""


@dataclass(frozen=True, slots=True)
class Space:
    """``firsts`` has the first index of every version of the key, the last of which is in force.

    ``announced`` is the version that a rotation is about to bring. A space that is not stored yet is as new.
    """

    length: int
    next: int = 0
    firsts: Sequence[int] = (0,)
    announced: int | None = None
    is_stored: bool = False

    @property
    def version(self) -> int:
        return len(self.firsts)

    def windows(self) -> Mapping[int, range]:
        """The indices that are given under each version; versions that have none are left out."""
        ends = [*self.firsts[1:], self.next]
        windows = {
            version: range(*ends) for version, ends in enumerate(zip(self.firsts, ends, strict=True), FIRST_VERSION)
        }
        return {version: window for version, window in windows.items() if window}

    def coming_versions(self) -> set[int]:
        """Under which indices are given from now on."""
        return {self.version} | ({self.announced} if self.announced else set())


@dataclass(frozen=True, slots=True)
class Allocation:
    """The job that the indices from ``first`` on belong to, and their division into chunks."""

    length: int
    first: int
    version: int
    promotion_id: str
    job_id: str
    prefix: str | None
    plan: Plan

    @property
    def end(self) -> int:
        """The first index behind them."""
        return self.first + self.plan.indices

    def chunk_at(self, index: int) -> int:
        """The chunk that the block with this index became."""
        return self.plan.chunk_at(index - self.first)


@dataclass(frozen=True, slots=True)
class Reservation:
    """An index under a version that no code is generated from."""

    length: int
    version: int
    index: int


def _to_space(length: int, item: Item | None) -> Space:
    if not item:
        return Space(length)
    firsts = [item[_first(version)] for version in range(FIRST_VERSION, item["version"] + 1)]
    return Space(length, item["next"], tuple(firsts), item.get("announced"), is_stored=True)


def _first(version: int) -> str:
    return f"first_{version}"


@dataclass(frozen=True, slots=True)
class SpaceStore:
    table: Table

    # Spaces

    def get(self, length: int) -> Space:
        return _to_space(length, self.table.get(keys.space(length)))

    def all(self, lengths: Iterable[int]) -> Mapping[int, Space]:
        """The spaces of these lengths, each as of a moment of its own."""
        wanted = {length: keys.space(length) for length in lengths}
        found = {item["pk"]: item for item in self.table.get_all(list(wanted.values()))}
        return {length: _to_space(length, found.get(key["pk"])) for length, key in wanted.items()}

    def stored(self, length: int) -> Space:
        """The space, put if it is not there yet."""
        space = self.get(length)
        if space.is_stored:
            return space
        try:
            values = {"next": 0, "version": FIRST_VERSION, _first(FIRST_VERSION): 0}
            self.table.transact(self.table.put(keys.space(length), values))
        except ConditionLost as error:
            return _to_space(length, error.lost[0])
        return Space(length, is_stored=True)

    def give(self, space: Space, indices: int) -> Action:
        """Give so many indices of a space that is as it was read."""
        return self.table.update(
            keys.space(space.length),
            "SET #next = #next + :indices",
            "#next = :next AND #version = :version",
            indices=indices,
            next=space.next,
            version=space.version,
        )

    def announce(self, length: int, version: int) -> bool:
        """Announce the version that follows the one in force; False if another is in force."""
        return self._change(length, version, "SET #announced = :version")

    def bring(self, length: int, version: int) -> bool:
        """Likewise put it in force: its window begins with the next index."""
        return self._change(length, version, f"SET #version = :version, #{_first(version)} = #next REMOVE #announced")

    def _change(self, length: int, version: int, change: str) -> bool:
        values = {"version": version, "before": version - 1}
        try:
            self.table.transact(self.table.update(keys.space(length), change, "#version = :before", **values))
        except ConditionLost:
            return False
        return True

    # Allocations

    def put_allocation(self, allocation: Allocation) -> Action:
        """Say whose indices are, for good."""
        return self.table.put(
            keys.allocation(allocation.length, allocation.first),
            {
                "version": allocation.version,
                "promotion": allocation.promotion_id,
                "job": allocation.job_id,
                "prefix": allocation.prefix,
                "plan": asdict(allocation.plan),
            },
        )

    def allocation(self, length: int, index: int) -> Allocation:
        """The allocation of an index that is given. Raises ClaimUnseen if it cannot be seen yet."""
        before = self.table.query(keys.allocations(length, index), first_page=1, ScanIndexForward=False)
        for item in before:
            found = Allocation(
                length=length,
                first=keys.index_of(item),
                version=item["version"],
                promotion_id=item["promotion"],
                job_id=item["job"],
                prefix=item.get("prefix"),
                plan=Plan(**item["plan"]),
            )
            if index < found.end:
                return found
            break
        raise ClaimUnseen

    # Reservations

    def reserve(self, reservations: Iterable[Reservation]) -> None:
        """Reserve indices for good."""
        # Without a condition: a reservation holds nothing, so that putting it again changes nothing.
        puts = [self.table.replace(keys.reservation(it.length, it.version, it.index), {}) for it in reservations]
        for first in range(0, len(puts), TRANSACTION_ACTIONS):
            self.table.transact(*puts[first : first + TRANSACTION_ACTIONS])

    def reserved(self, length: int, version: int, indices: range | None = None) -> Sequence[int]:
        """The indices that are reserved under a version; of some indices, or all."""
        return [keys.index_of(item) for item in self.table.query(keys.reservations(length, version, indices))]
