"""Drawing the codes of blocks: encrypt the indices, and drop each code that may be in use under another reading.

No string is ever in use under two readings. Where one job can read a code in one way and another job in another, the
one that claimed later finds the reading of the other given, whatever has become of that job, and drops the code. So
a draw looks at the other spaces, and at what is reserved, after its own claim, and never before that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotion_jobs.codes import bodies
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.keyring import Keyring
from promotion_jobs.codes.lanes import at_least, divisor, split, spread
from promotion_jobs.codes.spaces import Allocation, SpaceStore

if TYPE_CHECKING:
    from promotion_jobs.codes.permutation import Permutation


@dataclass(frozen=True, slots=True)
class OtherReading:
    """Another way to read codes: as a longer body, which is more by ``offset``, or as a shorter one.

    ``window`` has the indices that are given there.
    """

    permutation: "Permutation"
    offset: int
    is_shorter: bool
    window: range

    def positions(self, lanes: int, count: int, bits: int) -> Collection[int]:
        """Those of the bodies, of so many bits, whose other reading is given."""
        if self.is_shorter:
            _, lanes = divisor(self.permutation.size, 1 << bits).divided(lanes, count)
        else:
            lanes += spread(self.offset, count)
        indices = self.permutation.whole(self.permutation.decrypted(self.permutation.halved(lanes, count)))
        bits = self.permutation.size.bit_length()
        first, end = (at_least(indices, bound, bits, count) for bound in (self.window.start, self.window.stop))
        given = first - end
        return [at for at, it in enumerate(split(given, count)) if it] if given else []


@dataclass(frozen=True, slots=True)
class Draw:
    """The codes of one run, with the reservations and the other readings that they must avoid."""

    permutation: "Permutation"
    width: int
    reserved: Sequence[int]
    others: Sequence[OtherReading]

    def codes(self, block: range, wanted: int) -> bytes:
        """The first bodies of a block that have no other reading in use, packed: so many, or all that there are."""
        count, bits = len(block), (self.permutation.size - 1).bit_length()
        lanes = self.permutation.whole(self.permutation.encrypted(self.permutation.run(block.start, count)))
        dropped = {index - block.start for index in self.reserved if index in block}
        dropped.update(*(other.positions(lanes, count, bits) for other in self.others))
        packed = bodies.pack(lanes, count, self.width)
        if dropped:
            packed = bodies.pick(packed, self.width, (at for at in range(count) if at not in dropped))
        return packed[: wanted * self.width]


@dataclass(frozen=True, slots=True)
class Drawer:
    spaces: SpaceStore
    keyring: Keyring

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        """A draw of these indices of an allocation. What it has looked at holds from now on.

        Raises StoreBusy if the claim does not show in its space.
        """
        length, version = allocation.length, allocation.version
        attempt = 0
        # A code made by hand, or another job, has seen the claim before this shows it, or is seen after that.
        while (own := self.spaces.get(length)).next < allocation.end:
            self.spaces.table.backoff.wait(attempt)
            attempt += 1
        others = code_format.other_lengths()
        spaces = {**(self.spaces.all(others) if others else {}), length: own}
        readings = [
            OtherReading(self.keyring.permutation(at, under), others.get(at, 0), at < length, window)
            for at, space in spaces.items()
            for under, window in space.windows().items()
            if (at, under) != (length, version)
        ]
        reserved = self.spaces.reserved(length, version, indices)
        return Draw(self.keyring.permutation(length, version), code_format.width, reserved, readings)
