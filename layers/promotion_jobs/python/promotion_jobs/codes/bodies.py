"""The bodies of codes as numbers, many at once: packed as chunks keep them, and taken apart into digits."""

from collections.abc import Iterable, Sequence

from promotion_jobs.codes.lanes import LANE_BITS, LANE_BYTES, divisor


def width(size: int) -> int:
    """The bytes that a number below ``size`` takes."""
    return ((size - 1).bit_length() + 7) // 8


def pack(lanes: int, count: int, width: int) -> bytes:
    """The numbers of so many lanes in their order, in as many bytes each."""
    wide, packed = lanes.to_bytes(LANE_BYTES * count), bytearray(width * count)
    for byte in range(width):
        packed[byte::width] = wide[LANE_BYTES - width + byte :: LANE_BYTES]
    return bytes(packed)


def unpack(packed: bytes, width: int) -> tuple[int, int]:
    """The lanes of packed numbers, and how many there are."""
    count = len(packed) // width
    wide = bytearray(LANE_BYTES * count)
    for byte in range(width):
        wide[LANE_BYTES - width + byte :: LANE_BYTES] = packed[byte::width]
    return int.from_bytes(wide), count


def pick(packed: bytes, width: int, positions: Iterable[int]) -> bytes:
    """The packed numbers at these positions alone."""
    return b"".join(packed[at * width : (at + 1) * width] for at in positions)


def position(packed: bytes, width: int, body: int) -> int | None:
    """The position of the number; None if it is not there."""
    wanted, found = body.to_bytes(width), packed.find(body.to_bytes(width))
    while found >= 0 and found % width:
        # Bytes of two neighbours that happen to read so.
        found = packed.find(wanted, found + 1)
    return found // width if found >= 0 else None


def digits(lanes: int, count: int, length: int, radix: int) -> Sequence[bytes]:
    """The digits of numbers of so many digits, at most 16: the first digits of all before the second ones.

    Each number is cut into two halves, which share its lane; these are cut likewise, all at once, until they are
    digits. Their number is rounded up to a power of two, and the leading zeros are left out.
    """
    most = places = 1 << (length - 1).bit_length()
    lane_bits = LANE_BITS
    while places > 1:
        places //= 2
        halves = divisor(radix**places, radix ** (2 * places), lane_bits)
        upper, lower = halves.divided(lanes, count * (LANE_BITS // lane_bits))
        lane_bits //= 2
        lanes = upper << lane_bits | lower
    wide, each = lanes.to_bytes(LANE_BYTES * count), LANE_BYTES // most
    return [wide[(place + 1) * each - 1 :: LANE_BYTES] for place in range(most - length, most)]
