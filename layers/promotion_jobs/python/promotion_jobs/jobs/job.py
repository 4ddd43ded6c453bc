"""The nouns of the service, as immutable values. Times are aware datetimes in UTC."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any

from promotion_jobs import limits
from promotion_jobs.codes.format import CodeFormat, guess_odds


class JobType(StrEnum):
    CODE_GENERATE = "code_generate"
    CODE_EXPORT = "code_export"
    CODE_DELETE = "code_delete"


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
class GenerateParameters:
    """What a code_generate job was asked for; None is what was not said."""

    number_of_codes: int
    consume_unit: str | None = None
    max_uses_per_code: int | None = None
    code_length: int | None = None
    code_prefix: str | None = None

    def given(self) -> dict[str, Any]:
        """What was said, in the order of the contract."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def guess_odds(self) -> int:
        """One guess in this many hits one of these codes."""
        return guess_odds(self.number_of_codes, self.code_format.length)

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(self.code_length or limits.DEFAULT_CODE_LENGTH, self.code_prefix)


@dataclass(frozen=True, slots=True)
class DeleteParameters:
    """Which codes a code_delete job removes: those that the job of this id made; all of the promotion's for None."""

    job_id: str | None = None

    def given(self) -> dict[str, Any]:
        return {"all": True} if self.job_id is None else {"job_id": self.job_id}


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
    """A job as stored. ``parameters``, ``plan`` and ``seed`` are a code_generate job's, and the last two never leave
    the service; ``deletion`` is what a code_delete job was asked for. ``deleted`` counts the codes that it removed, or
    that were removed of its own.

    ``failure`` is why it is being rolled back, while its status is still processing (decision 21); ``stopped_at`` is
    when it was cancelled while it was worked on.
    """

    id: str
    promotion_id: str
    job_type: JobType
    status: JobStatus
    created_by: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    parameters: GenerateParameters | None = None
    deletion: DeleteParameters | None = None
    plan: Plan | None = None
    seed: bytes = field(default=b"", repr=False)
    runs_done: int = 0
    generated: int = 0
    deleted: int = 0
    error: str | None = None
    failure: str | None = None
    file: ExportFile | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def chunk_codes(self) -> int:
        """How many slots a chunk of this job has; it has none that makes no codes."""
        return self.plan.chunk_codes if self.plan else 0

    @property
    def runs(self) -> int:
        """How many slices workers take it in: an export and a deletion are one."""
        return self.plan.runs if self.plan else 1

    @property
    def visible_codes(self) -> int:
        """How many codes of its own are there for all to see; none while it is open."""
        return self.generated - self.deleted if self.plan and self.status is JobStatus.COMPLETED else 0

    @property
    def is_undone(self) -> bool:
        """Whether all that it made is to go: it was cancelled, or cannot be finished."""
        return self.status is JobStatus.CANCELLING or (self.status is JobStatus.PROCESSING and self.failure is not None)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that may come twice: the client's key makes it one, and it must ask for the same both times."""

    client_id: str
    promotion_id: str
    key: str
    fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What the queue carries, delivered at least once: run number ``run`` of a job is to be worked on.

    Or a deleted promotion is to be cleared away: then ``job_id`` is the purge's own.
    """

    promotion_id: str
    job_id: str
    run: int = 0
    purge: bool = False
