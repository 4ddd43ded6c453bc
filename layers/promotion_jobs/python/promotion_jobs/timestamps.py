"""Times as text, the same in the table, in answers and in files: RFC 3339 in UTC, to the millisecond (contract 1.1)."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)
