"""Identifiers and times as text, the same in the table, in answers and in files."""

import re
from datetime import UTC, datetime
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7(now: datetime, entropy: int) -> str:
    """The UUID of version 7 made at ``now`` with the lowest 74 bits of ``entropy``.

    Its text sorts by the time that it was made (RFC 9562, 5.7).
    """
    milliseconds = int(now.timestamp() * 1000) & (1 << 48) - 1
    high, low = entropy >> 62 & (1 << 12) - 1, entropy & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def is_identifier(text: str) -> bool:
    """Whether a promotion or a job could have this id: if not, there is nothing to look up."""
    return _UUID.fullmatch(text) is not None


def to_text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond (contract 1.1)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)
