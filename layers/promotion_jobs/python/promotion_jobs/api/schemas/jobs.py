"""Jobs, as clients and schedules ask for them (contract 1.2)."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import SOUND, SOUND_PATTERN, UNSET, WHOLE, Sent, shown_pattern, validate
from promotion_jobs.codes.code import ConsumeUnit
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import (
    DeleteParameters,
    ExportParameters,
    GenerateParameters,
    ImportParameters,
    JobType,
    OnDuplicate,
)
from promotion_jobs.jobs.rows import COLUMNS, Column
from promotion_jobs.values import canonical_identifier, is_identifier

_PREFIX_PATTERN = rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{limits.PREFIX_LENGTH - 1}}}"
_PREFIX = re.compile(_PREFIX_PATTERN)
Lengths = limits.CODE_LENGTHS
_MOST_CODES: Any = {"maximum": limits.MAX_CODES_PER_PROMOTION}
"""Shown alone: what is over the promotion's own limit has an answer of its own (contract 5)."""


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        msg = f"must be at most {limits.PREFIX_LENGTH} letters, digits, - and _, and start with a letter or digit"
        raise ValueError(msg)
    return text


Prefix = Annotated[str, AfterValidator(_prefix), shown_pattern(f"({_PREFIX_PATTERN})?")]


class SentParameters(Sent):
    model_config = ConfigDict(extra="forbid")

    number_of_codes: Annotated[int, Field(ge=1, json_schema_extra=_MOST_CODES), WHOLE]
    consume_unit: Annotated[ConsumeUnit | None, UNSET] = None
    max_uses_per_code: Annotated[Annotated[int, Field(ge=0, le=limits.MAX_USES), WHOLE] | None, UNSET] = None
    code_length: Annotated[Annotated[int, Field(ge=Lengths[0], le=Lengths[-1]), WHOLE] | None, UNSET] = None
    code_prefix: Annotated[Prefix | None, UNSET] = None


def _id_of(what: str) -> AfterValidator:
    def check(text: str) -> str:
        found = canonical_identifier(text)
        if not is_identifier(found):
            msg = f"must be the id of {what}"
            raise ValueError(msg)
        return found

    return AfterValidator(check)


JobId = Annotated[str, _id_of("a job"), Field(json_schema_extra={"format": "uuid"})]


_EITHER: Any = {
    "description": "Either job_id, or all as true.",
    "oneOf": [
        {
            "properties": {"job_id": {"type": "string", "format": "uuid"}, "all": {"enum": [False, None]}},
            "required": ["job_id"],
        },
        {"properties": {"job_id": {"enum": [None, ""]}, "all": {"const": True}}, "required": ["all"]},
    ],
}


class SentDeleteParameters(Sent):
    model_config = ConfigDict(extra="forbid", json_schema_extra=_EITHER)

    job_id: Annotated[JobId | None, UNSET] = None
    all: bool | None = None

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        if (self.job_id is None) != (self.all is True):
            msg = "must have either job_id, or all as true"
            raise ValueError(msg)
        return self


class _SentJob(Sent):
    type: Literal["promotion_job"]
    name: Annotated[Annotated[str, Field(max_length=limits.JOB_NAME_LENGTH), SOUND] | None, UNSET] = None


class SentGenerateJob(_SentJob):
    job_type: Literal["code_generate"]
    parameters: SentParameters

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_GENERATE, self.name, GenerateParameters(**self.parameters.model_dump()))


def _columns(columns: list[Column]) -> list[Column]:
    if len(set(columns)) < len(columns):
        msg = "must name each column once"
        raise ValueError(msg)
    return columns


def _header(header: Any) -> Any:
    """Columns and their names, or no header."""
    if header is None or header is False:
        return header
    is_clear = isinstance(header, dict) and all(
        column in COLUMNS and isinstance(name, str) and 0 < len(name) <= limits.COLUMN_NAME_LENGTH
        for column, name in header.items()
    )
    if not is_clear:
        msg = f"must be false, or name columns in at most {limits.COLUMN_NAME_LENGTH} characters each"
        raise ValueError(msg)
    return header


_SHOWN_HEADER = {
    "description": "Column and its name in the header; false leaves the header out.",
    "anyOf": [
        {
            "type": "object",
            "propertyNames": {"enum": list(COLUMNS)},
            "additionalProperties": {
                "type": "string",
                "minLength": 1,
                "maxLength": limits.COLUMN_NAME_LENGTH,
                "pattern": SOUND_PATTERN,
            },
        },
        {"const": False},
        {"type": "null"},
    ],
}


class SentExportParameters(Sent):
    model_config = ConfigDict(extra="forbid")

    job_id: Annotated[JobId | None, UNSET, Field(description="of the job whose codes alone are exported")] = None
    columns: Annotated[
        Annotated[list[Column], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_columns)]
        | None,
        Field(description="in the order of the file"),
    ] = None
    header: Annotated[Any, AfterValidator(_header), WithJsonSchema(_SHOWN_HEADER)] = None
    rows_per_file: Annotated[
        Annotated[int, Field(ge=1, le=limits.MAX_CODES_PER_PROMOTION), WHOLE] | None,
        UNSET,
        Field(description=f"without the header; an export has at most {limits.EXPORT_FILES} files"),
    ] = None
    bom: Annotated[bool | None, Field(description="whether a byte order mark is in front")] = None
    line_ending: Annotated[Literal["crlf", "lf"] | None, UNSET] = None
    gzip: bool | None = None

    @model_validator(mode="after")
    def _names_what_it_has(self) -> Self:
        if isinstance(self.header, dict) and self.columns and not set(self.header) <= set(self.columns):
            msg = "may name in header only columns that are exported"
            raise ValueError(msg)
        return self


class SentExportJob(_SentJob):
    job_type: Literal["code_export"]
    parameters: SentExportParameters | None = None

    def to_domain(self) -> NewJob:
        given = self.parameters.model_dump() if self.parameters else {}
        return NewJob(JobType.CODE_EXPORT, self.name, ExportParameters(**given))


class SentDeleteJob(_SentJob):
    job_type: Literal["code_delete"]
    parameters: SentDeleteParameters

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_DELETE, self.name, DeleteParameters(self.parameters.job_id))


class SentImportParameters(Sent):
    model_config = ConfigDict(extra="forbid")

    upload_id: Annotated[str, _id_of("an upload"), Field(json_schema_extra={"format": "uuid"})]
    on_duplicate: Annotated[OnDuplicate | None, UNSET, Field(description="where a code is in use; skip unless set")] = (
        None
    )
    max_uses_per_code: Annotated[
        Annotated[int, Field(ge=0, le=limits.MAX_USES), WHOLE] | None,
        UNSET,
        Field(description="of rows without max_uses"),
    ] = None
    consume_unit: Annotated[ConsumeUnit | None, UNSET, Field(description="of rows without one")] = None


class SentImportJob(_SentJob):
    job_type: Literal["code_import"]
    parameters: SentImportParameters

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_IMPORT, self.name, ImportParameters(**self.parameters.model_dump()))


SentJob = SentGenerateJob | SentExportJob | SentDeleteJob | SentImportJob

JOBS: dict[Any, type[SentJob]] = {
    "code_generate": SentGenerateJob,
    "code_export": SentExportJob,
    "code_delete": SentDeleteJob,
    "code_import": SentImportJob,
}


def job_schema(data: dict[str, Any]) -> type[SentJob]:
    """The model of the job type that was sent. Raises InvalidRequest where there is none."""
    job_type = data.get("job_type")
    if not isinstance(job_type, str) or job_type not in JOBS:
        title, rule = (
            ("required", "is required") if job_type is None else ("invalid", "must be one of " + ", ".join(JOBS))
        )
        raise InvalidRequest(Fault("data.job_type", title, f"job_type {rule}"))
    return JOBS[job_type]


class _SentSchedule(Sent):
    promotion_id: str
    execution_id: Annotated[str, Field(min_length=1, max_length=limits.IDEMPOTENCY_KEY_CHARACTERS)]


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    promotion_id: str
    execution_id: str
    new: NewJob


def scheduled_job(data: Any) -> ScheduledJob:
    """The job that the input of a schedule asks for. Unknown members are ignored (docs/use/schedules.md).

    Raises InvalidRequest.
    """
    if not isinstance(data, dict):
        raise InvalidRequest(Fault("data", "invalid", "data must be an object"))
    sent = validate(_SentSchedule, data)
    new = validate(job_schema(data), {**data, "type": "promotion_job"}).to_domain()
    return ScheduledJob(sent.promotion_id, sent.execution_id, new)
