"""A job and the message that has a worker go on with it, as immutable values."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar

from promotion_jobs import limits
from promotion_jobs.codes.code import ConsumeUnit, Maker, Publisher, Terms
from promotion_jobs.codes.format import CodeFormat, guess_odds
from promotion_jobs.codes.plan import ONE_RUN, Plan
from promotion_jobs.codes.spaces import Allocation

Asked = TypeVar("Asked", bound="Parameters")

_EXAMPLE_BITS = 128
"""Far more than any code has, so that all are as likely."""


class JobType(StrEnum):
    CODE_GENERATE = "code_generate"
    CODE_EXPORT = "code_export"
    CODE_DELETE = "code_delete"
    CODE_IMPORT = "code_import"
    PROMOTION_PURGE = "promotion_purge"
    """No API call can ask for it: it clears a deleted promotion away."""


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
class Parameters:
    """The parameters of a job, in a subclass for each type that takes any; this class is for the types without.

    All else that depends on the type is its :class:`Kind`'s.
    """

    @property
    def codes(self) -> int:
        """How many codes the job makes."""
        return 0

    @property
    def adds_codes(self) -> bool:
        """Whether the job adds codes to its promotion, also where it is not known yet how many."""
        return bool(self.codes)

    @property
    def most_codes(self) -> int | None:
        """How many codes the job can deal with; None if that depends on nothing that the client sent."""
        return None

    @property
    def upload(self) -> str | None:
        """The id of the upload that the job uses."""
        return None

    @property
    def guess_odds(self) -> int | None:
        """One guess in this many hits one of the job's codes; None if it makes none."""
        return None

    def example_codes(self, _number: int, _bits: Callable[[int], int]) -> Sequence[str]:
        """Made-up codes of the form that the job would make; ``_bits`` gives as many random bits as it is asked for."""
        return ()

    def given(self) -> dict[str, Any] | None:
        """The members as the client sent them, in the order of the contract; None where it sent none."""
        return {name: value for name, value in asdict(self).items() if value is not None} or None

    def result(self, _job: "Job") -> dict[str, int] | None:
        """The numbers that a job shows when it is completed or cancelled."""
        return None

    def of(self, kind: type[Asked]) -> Asked:
        """The same, known to be of this kind. Raises TypeError if they are not."""
        if not isinstance(self, kind):
            raise TypeError(f"{type(self).__name__} are not {kind.__name__}")
        return self


@dataclass(frozen=True, slots=True)
class GenerateParameters(Parameters):
    """None means that the client did not send it."""

    number_of_codes: int
    consume_unit: ConsumeUnit | None = None
    max_uses_per_code: int | None = None
    code_length: int | None = None
    code_prefix: str | None = None

    @property
    def codes(self) -> int:
        return self.number_of_codes

    @property
    def guess_odds(self) -> int:
        return guess_odds(self.number_of_codes, self.code_format.length)

    def example_codes(self, number: int, bits: Callable[[int], int]) -> Sequence[str]:
        code_format = self.code_format
        some = [bits(_EXAMPLE_BITS) % code_format.size for _ in range(number)]
        return code_format.write(b"".join(body.to_bytes(code_format.width) for body in some))

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(self.code_length or limits.DEFAULT_CODE_LENGTH, self.code_prefix)

    def result(self, job: "Job") -> dict[str, int]:
        return {"generated": job.generated, **job.gone}


@dataclass(frozen=True, slots=True)
class ExportParameters(Parameters):
    """None means that the client did not send it. ``header`` is False where the files shall have none."""

    job_id: str | None = None
    columns: Sequence[str] | None = None
    header: Mapping[str, str] | Literal[False] | None = None
    rows_per_file: int | None = None
    bom: bool | None = None
    line_ending: str | None = None
    gzip: bool | None = None

    @property
    def most_codes(self) -> int | None:
        return None if self.rows_per_file is None else self.rows_per_file * limits.EXPORT_FILES


@dataclass(frozen=True, slots=True)
class DeleteParameters(Parameters):
    """Which codes to delete: those that the job of this id made; all of the promotion's for None."""

    job_id: str | None = None

    def given(self) -> dict[str, Any]:
        return {"all": True} if self.job_id is None else {"job_id": self.job_id}

    def result(self, job: "Job") -> dict[str, int]:
        return {"deleted": job.deleted}


OnDuplicate = Literal["skip", "fail"]


@dataclass(frozen=True, slots=True)
class ImportParameters(Parameters):
    """None means that the client did not send it. The last two are for rows that have none of their own."""

    upload_id: str
    on_duplicate: OnDuplicate | None = None
    max_uses_per_code: int | None = None
    consume_unit: ConsumeUnit | None = None

    @property
    def adds_codes(self) -> bool:
        return True

    @property
    def upload(self) -> str:
        return self.upload_id

    @property
    def terms(self) -> Terms:
        return Terms(self.consume_unit, self.max_uses_per_code)

    def result(self, job: "Job") -> dict[str, int]:
        return {"imported": job.generated, "duplicates": job.duplicates, "invalid": job.invalid, **job.gone}


NO_PARAMETERS = Parameters()

PARAMETERS: Mapping[JobType, Callable[[Mapping[str, Any]], Parameters]] = {
    JobType.CODE_GENERATE: lambda given: GenerateParameters(**given),
    JobType.CODE_EXPORT: lambda given: ExportParameters(**given),
    JobType.CODE_DELETE: lambda given: DeleteParameters(given.get("job_id")),
    JobType.CODE_IMPORT: lambda given: ImportParameters(**given),
    JobType.PROMOTION_PURGE: lambda _: NO_PARAMETERS,
}
"""How the parameters of each type are read from what was given."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of a finished job: where it is and what is in it. ``sha256`` is hexadecimal, ``size`` is in bytes."""

    key: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Announced:
    """An upload that may be sent now: to ``href`` by PUT, with these headers beside the one of its length."""

    id: str
    href: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent by a client: ``size`` in bytes, and ``tag`` as the bucket gave it."""

    key: str
    size: int
    tag: str


@dataclass(frozen=True, slots=True)
class Scan:
    """How far the file of an import is read before it is taken in.

    ``layout`` are the values of its :class:`Layout`; its rows begin at ``start``, behind ``header_lines``. The reading
    is at ``offset``, behind ``lines``: the first one counts ``rows``, and ``codes`` in them; the second one those of
    them that are ``in_use``, None before it, and the rows that are ``looked_up``.
    """

    layout: Mapping[str, Any]
    start: int
    header_lines: int
    offset: int
    lines: int
    rows: int = 0
    codes: int = 0
    in_use: int | None = None
    looked_up: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """How far the file of an import is taken in. ``room`` was taken for its codes, and ``rows`` are all that it has.

    ``layout`` are the values of its :class:`Layout`. The others are up to ``offset``: ``lines`` of text with ``read``
    rows, of which ``imported`` became codes, in ``chunks``, and the others are in parts of the report.
    """

    room: int
    rows: int
    layout: Mapping[str, Any]
    offset: int
    lines: int
    read: int = 0
    imported: int = 0
    chunks: int = 0
    reports: int = 0
    duplicates: int = 0
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job as stored. ``plan``, ``first_index`` and ``key_version`` never leave the service.

    The last two are what its claim gave it for its codes. ``generated`` counts the codes that it made or imported,
    ``deleted`` those that it deleted, or that were deleted of its own; ``duplicates`` and ``invalid`` the rows of
    ``upload`` that it did not take. ``failure`` is why it is being rolled back, while its status
    is still processing (decision 21); ``stopped_at`` is when it was cancelled while it was worked on.
    """

    id: str
    promotion_id: str
    job_type: JobType
    status: JobStatus
    created_by: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    parameters: Parameters = NO_PARAMETERS
    plan: Plan = ONE_RUN
    first_index: int | None = None
    key_version: int | None = None
    generated: int = 0
    deleted: int = 0
    duplicates: int = 0
    invalid: int = 0
    upload: Upload | None = None
    error: str | None = None
    failure: str | None = None
    files: Sequence[ExportFile] = ()
    started_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def visible_codes(self) -> int:
        """How many codes of its own are there for all to see; none while it is open."""
        is_published = self.status is JobStatus.COMPLETED and self.parameters.adds_codes
        return self.generated - self.deleted if is_published else 0

    @property
    def gone(self) -> dict[str, int]:
        """How many of its codes are deleted, as its result shows it: none are told of one that keeps all its codes."""
        return {"deleted": self.deleted} if self.deleted or self.status is JobStatus.CANCELLED else {}

    @property
    def publisher(self) -> Publisher:
        """The job as codes know it that it adds."""
        return Publisher(**self._published())

    @property
    def maker(self) -> Maker:
        """The job as its codes know it. Raises TypeError if it is none that generates codes."""
        parameters = self.parameters.of(GenerateParameters)
        return Maker(
            **self._published(),
            code_format=parameters.code_format,
            plan=self.plan,
            terms=Terms(parameters.consume_unit, parameters.max_uses_per_code),
        )

    def _published(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "promotion_id": self.promotion_id,
            "created_by": self.created_by,
            "created_at": self.created_at,
            "is_open": self.status.is_open,
            "is_published": self.status is JobStatus.COMPLETED,
            "visible_codes": self.visible_codes,
        }

    @property
    def allocation(self) -> Allocation:
        """The allocation of its indices. Raises TypeError before its claim, and if it makes no codes."""
        if self.first_index is None or self.key_version is None:
            raise TypeError(f"no indices are given to {self.job_type} {self.status}")
        code_format = self.parameters.of(GenerateParameters).code_format
        return Allocation(
            length=code_format.length,
            first=self.first_index,
            version=self.key_version,
            promotion_id=self.promotion_id,
            job_id=self.id,
            prefix=code_format.prefix,
            plan=self.plan,
        )

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
    """A message of the queue, delivered at least once: work on run number ``run`` of a job."""

    promotion_id: str
    job_id: str
    run: int = 0

    @classmethod
    def of(cls, body: str) -> "Message":
        return cls(**json.loads(body))
