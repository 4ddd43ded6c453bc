"""Identifiers, codes and times as text, the same in the table, in answers and in files."""

import re
from datetime import UTC, datetime
from uuid import UUID

from promotion_jobs.limits import CODE_CHARACTERS

CODE_PUNCTUATION = "-_.%!&"
"""Of codes made by hand, beside letters and digits (decision 14); the dash first, as a pattern has to have it."""

CODE_PATTERN = rf"[A-Za-z0-9][{CODE_PUNCTUATION}A-Za-z0-9]{{0,{CODE_CHARACTERS - 1}}}"
_CODE = re.compile(CODE_PATTERN)
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


def canonical_identifier(text: str) -> str:
    """An id as it is stored: its digits may be sent as capitals (RFC 9562, 4). Any other text stays as it is."""
    lower = text.lower()
    return lower if text.isascii() and is_identifier(lower) else text


def is_code(text: str) -> bool:
    """Whether there could be such a code, generated or made by hand (decisions 4 and 14)."""
    return _CODE.fullmatch(text) is not None


def canonical_code(text: str) -> str:
    """A code as it is compared, whatever its case. A text that can be no code stays as it is: no code equals it."""
    return text.lower() if is_code(text) else text


def to_text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond (contract 1.1)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_printable(text: str) -> bool:
    """Whether it is of printable ASCII characters alone."""
    return text.isascii() and text.isprintable()
