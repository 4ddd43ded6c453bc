"""What the API answers, as immutable values. Each has the whole object in ``raw``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promotion:
    """``codes`` is how many can be seen, ``in_use`` how many of ``max_codes`` are taken; ``open_job`` is a job's id."""

    id: str
    name: str
    enabled: bool
    start: str
    end: str
    max_codes: int
    codes: int
    in_use: int
    open_job: str | None
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Promotion":
        codes = raw.get("meta", {}).get("codes", {})
        return cls(
            id=raw["id"],
            name=raw["name"],
            enabled=raw["enabled"],
            start=raw["start"],
            end=raw["end"],
            max_codes=raw["max_codes"],
            codes=codes.get("visible", 0),
            in_use=codes.get("in_use", 0),
            open_job=codes.get("open_job"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class File:
    """Of an export: its rows without the header, its bytes, and its SHA-256 in hexadecimal."""

    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, raw: Raw) -> "File":
        return cls(raw["rows"], raw["bytes"], raw["sha256"])


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int


OPEN = frozenset({"pending", "processing", "cancelling"})
KINDS = {"generate": "code_generate", "export": "code_export", "delete": "code_delete", "import": "code_import"}
"""A kind of job in one word → its ``job_type``."""


@dataclass(frozen=True, slots=True)
class Job:
    """``result`` has the numbers of a job that has ended, ``error`` why it failed, ``file`` what an export wrote."""

    id: str
    promotion_id: str
    job_type: str
    status: str
    name: str | None
    progress: Progress | None
    result: Mapping[str, int]
    error: str | None
    files: tuple[File, ...]
    created_at: str
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Job":
        meta = raw["meta"]
        progress = meta.get("progress")
        files = [meta["file"]] if "file" in meta else meta.get("files", [])
        return cls(
            id=raw["id"],
            promotion_id=raw["promotion_id"],
            job_type=raw["job_type"],
            status=raw["status"],
            name=raw.get("name"),
            progress=Progress(progress["done"], progress["total"]) if progress else None,
            result=raw.get("result", {}),
            error=raw.get("error"),
            files=tuple(map(File.of, files)),
            created_at=meta["timestamps"]["created_at"],
            raw=raw,
        )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def kind(self) -> str:
        """Its type in one word."""
        return next((kind for kind, job_type in KINDS.items() if job_type == self.job_type), self.job_type)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take. ``dollars`` is a number as text; ``odds`` says how likely a guess hits."""

    codes: int
    seconds: int
    dollars: str
    room: int
    fits: bool
    is_free: bool
    odds: str | None
    examples: tuple[str, ...]
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Estimate":
        meta, run = raw["meta"], raw["meta"]["dry_run"]
        return cls(
            codes=run["codes"],
            seconds=run["estimated_seconds"],
            dollars=run["estimated_cost"]["amount"],
            room=run["room"],
            fits=run["room_is_enough"],
            is_free=run["lock_is_free"],
            odds=meta.get("guess_odds"),
            examples=tuple(meta.get("example_codes", ())),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Code:
    """``uses`` is how many are left of ``max_uses``; both are None for a code without a limit."""

    code: str
    uses: int | None
    max_uses: int | None
    job_id: str | None
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Code":
        return cls(raw["code"], raw.get("uses"), raw.get("max_uses"), raw.get("job_id"), raw)


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a code can be used now, and why not."""

    valid: bool
    code: str
    reason: str | None
    uses: int | None
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Validity":
        return cls(raw["valid"], raw["code"], raw.get("reason"), raw.get("uses"), raw)


@dataclass(frozen=True, slots=True)
class Usage:
    """A use of a code that was counted, or is held."""

    id: str
    code: str
    redemption_id: str
    status: str
    times_used: int
    used_on: str
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> "Usage":
        names = ("id", "code", "redemption_id", "status", "times_used", "used_on")
        return cls(**{name: raw[name] for name in names}, raw=raw)
