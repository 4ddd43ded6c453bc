"""Identifiers: UUIDs of version 7, whose text sorts by the time they were made (RFC 9562, 5.7)."""

import re
from datetime import datetime
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7(now: datetime, entropy: int) -> str:
    """The identifier made at ``now`` with the lowest 74 bits of ``entropy``."""
    milliseconds = int(now.timestamp() * 1000) & (1 << 48) - 1
    high, low = entropy >> 62 & (1 << 12) - 1, entropy & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def is_identifier(text: str) -> bool:
    """Whether a promotion or a job could have this id: if not, there is nothing to look up."""
    return _UUID.fullmatch(text) is not None
