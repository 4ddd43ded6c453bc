"""Jobs, as clients and schedules ask for them (contract 1.2)."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import UNSET, WHOLE, Sent, shown_pattern, validate
from promotion_jobs.codes.code import ConsumeUnit
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import DeleteParameters, GenerateParameters, JobType
from promotion_jobs.values import canonical_identifier, is_identifier

_PREFIX_PATTERN = rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{limits.PREFIX_LENGTH - 1}}}"
_PREFIX = re.compile(_PREFIX_PATTERN)
Lengths = limits.CODE_LENGTHS


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        msg = f"must be at most {limits.PREFIX_LENGTH} letters, digits, - and _, and start with a letter or digit"
        raise ValueError(msg)
    return text


Prefix = Annotated[str, AfterValidator(_prefix), shown_pattern(f"({_PREFIX_PATTERN})?")]


class SentParameters(Sent):
    model_config = ConfigDict(extra="forbid")

    number_of_codes: Annotated[int, Field(ge=1), WHOLE]
    consume_unit: Annotated[ConsumeUnit | None, UNSET] = None
    max_uses_per_code: Annotated[Annotated[int, Field(ge=0, le=limits.MAX_USES), WHOLE] | None, UNSET] = None
    code_length: Annotated[Annotated[int, Field(ge=Lengths[0], le=Lengths[-1]), WHOLE] | None, UNSET] = None
    code_prefix: Annotated[Prefix | None, UNSET] = None


def _job_id(text: str) -> str:
    job_id = canonical_identifier(text)
    if not is_identifier(job_id):
        msg = "must be the id of a job"
        raise ValueError(msg)
    return job_id


JobId = Annotated[str, AfterValidator(_job_id), Field(json_schema_extra={"format": "uuid"})]


class SentDeleteParameters(Sent):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"description": "Either job_id, or all as true."})

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
    name: Annotated[Annotated[str, Field(max_length=limits.JOB_NAME_LENGTH)] | None, UNSET] = None


class SentGenerateJob(_SentJob):
    job_type: Literal["code_generate"]
    parameters: SentParameters

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_GENERATE, self.name, GenerateParameters(**self.parameters.model_dump()))


class SentExportJob(_SentJob):
    job_type: Literal["code_export"]
    parameters: Annotated[dict[str, Any], Field(max_length=0)] | None = None

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_EXPORT, self.name)


class SentDeleteJob(_SentJob):
    job_type: Literal["code_delete"]
    parameters: SentDeleteParameters

    def to_domain(self) -> NewJob:
        return NewJob(JobType.CODE_DELETE, self.name, DeleteParameters(self.parameters.job_id))


SentJob = SentGenerateJob | SentExportJob | SentDeleteJob

JOBS: dict[Any, type[SentJob]] = {
    "code_generate": SentGenerateJob,
    "code_export": SentExportJob,
    "code_delete": SentDeleteJob,
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
