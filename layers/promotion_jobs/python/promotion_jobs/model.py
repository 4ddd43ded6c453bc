"""The nouns of the service, as immutable values. Times are aware datetimes in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any

from promotion_jobs import limits
from promotion_jobs.codes import CodeFormat


class JobType(StrEnum):
    CODE_GENERATE = "code_generate"
    CODE_EXPORT = "code_export"


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether a job in this state holds its promotion (decision 6)."""
        return self in {JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.CANCELLING}


@dataclass(frozen=True, slots=True)
class Promotion:
    """``fields`` is what its owner says of it; the rest is what jobs need to know.

    ``room`` is what is left of ``max_codes``; ``codes`` is how many codes are visible; ``open_job`` is the id of the
    job that holds the promotion.
    """

    id: str
    fields: Mapping[str, Any]
    automatic: bool
    max_codes: int
    room: int
    codes: int
    created_by: str
    updated_by: str
    created_at: datetime
    updated_at: datetime
    open_job: str | None = None


@dataclass(frozen=True, slots=True)
class GenerateParameters:
    """What a code_generate job was asked for; None is what was not said."""

    number_of_codes: int
    consume_unit: str | None = None
    max_uses_per_code: int | None = None
    code_length: int | None = None
    code_prefix: str | None = None

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(self.code_length or limits.DEFAULT_CODE_LENGTH, self.code_prefix)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a job's codes are divided: slots into chunks, chunks into runs.

    Kept with the job, so that a deployment which divides otherwise finishes the jobs that it finds.
    """

    number_of_codes: int
    chunk_codes: int = limits.CHUNK_CODES
    run_chunks: int = limits.RUN_CHUNKS

    @property
    def chunks(self) -> int:
        return ceil(self.number_of_codes / self.chunk_codes)

    @property
    def runs(self) -> int:
        return ceil(self.chunks / self.run_chunks)

    def chunks_of(self, run: int) -> range:
        return range(run * self.run_chunks, min((run + 1) * self.run_chunks, self.chunks))

    def codes_in(self, chunk: int) -> int:
        return min(self.chunk_codes, self.number_of_codes - chunk * self.chunk_codes)

    def codes_of(self, run: int) -> int:
        return sum(map(self.codes_in, self.chunks_of(run)))


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A finished export: where it is and what is in it. ``sha256`` is hexadecimal, ``size`` is in bytes."""

    key: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as stored. ``seed`` and ``plan`` are a code_generate job's and never leave the service."""

    id: str
    promotion_id: str
    job_type: JobType
    status: JobStatus
    created_by: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    parameters: GenerateParameters | None = None
    plan: Plan | None = None
    seed: bytes = field(default=b"", repr=False)
    runs_done: int = 0
    generated: int = 0
    deleted: int = 0
    error: str | None = None
    file: ExportFile | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Up to a thousand codes that were committed together, with what is the same for all of them."""

    job_id: str
    number: int
    codes: Sequence[str]
    consume_unit: str | None
    max_uses: int | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """One code as lists and exports show it. ``uses`` is what remains; None is unlimited."""

    code: str
    job_id: str
    consume_unit: str | None
    max_uses: int | None
    uses: int | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What the queue carries: run number ``run`` of a job is to be worked on. Delivered at least once."""

    promotion_id: str
    job_id: str
    run: int = 0
