"""What clients may send, as pydantic models. Types are strict: "5" is no number."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from promotion_jobs import limits
from promotion_jobs.api.requests import validate
from promotion_jobs.codes import is_code
from promotion_jobs.creation import NewJob
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.model import GenerateParameters, JobType, Promotion, Terms
from promotion_jobs.promotion_codes import NewCode
from promotion_jobs.promotions import NewPromotion

_PREFIX = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{limits.PREFIX_LENGTH - 1}}}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        msg = f"must be at most {limits.PREFIX_LENGTH} letters, digits, - and _, and start with a letter or digit"
        raise ValueError(msg)
    return text


def _date(text: str) -> str:
    """A date, with or without a time and an offset, as the API gives it back: in UTC (contract 3)."""
    try:
        moment = datetime.fromisoformat(text if _DATE.fullmatch(text) else "")
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = "must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z"
        raise ValueError(msg) from None
    return f"{in_utc:%Y-%m-%dT%H:%M:%S}Z".zfill(len("2000-01-01T00:00:00Z"))


Date = Annotated[str, AfterValidator(_date)]
Lengths = limits.CODE_LENGTHS
ConsumeUnit = Literal["per_cart", "per_item"]


class _Sent(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class SentParameters(_Sent):
    model_config = ConfigDict(extra="forbid")

    number_of_codes: Annotated[int, Field(ge=1)]
    consume_unit: ConsumeUnit | None = None
    max_uses_per_code: Annotated[int, Field(ge=0, le=limits.MAX_USES)] | None = None
    code_length: Annotated[int, Field(ge=Lengths[0], le=Lengths[-1])] | None = None
    code_prefix: Annotated[str, AfterValidator(_prefix)] | None = None


class _SentJob(_Sent):
    type: Literal["promotion_job"]
    name: Annotated[str, Field(max_length=limits.JOB_NAME_LENGTH)] | None = None


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


JOBS: dict[Any, type[SentGenerateJob | SentExportJob]] = {
    "code_generate": SentGenerateJob,
    "code_export": SentExportJob,
}


def job_schema(data: dict[str, Any]) -> type[SentGenerateJob | SentExportJob]:
    """The model of the job type that was sent. Raises InvalidRequest where there is none."""
    job_type = data.get("job_type")
    if not isinstance(job_type, str) or job_type not in JOBS:
        title, rule = (
            ("required", "is required") if job_type is None else ("invalid", "must be one of " + ", ".join(JOBS))
        )
        raise InvalidRequest(Fault("data.job_type", title, f"job_type {rule}"))
    return JOBS[job_type]


class _SentSchedule(_Sent):
    promotion_id: str
    execution_id: Annotated[str, Field(min_length=1, max_length=limits.IDEMPOTENCY_KEY_CHARACTERS)]


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    promotion_id: str
    execution_id: str
    new: NewJob


def scheduled_job(data: Any) -> ScheduledJob:
    """What the input of a schedule asks for; what it does not know, it ignores (docs/schedules.md).

    Raises InvalidRequest.
    """
    if not isinstance(data, dict):
        raise InvalidRequest(Fault("data", "invalid", "data must be an object"))
    sent = validate(_SentSchedule, data)
    new = validate(job_schema(data), {**data, "type": "promotion_job"}).to_domain()
    return ScheduledJob(sent.promotion_id, sent.execution_id, new)


class SentPromotion(_Sent):
    """Members that nobody knows are ignored (docs/decisions.md, "Beyond the contract")."""

    type: Literal["promotion"]
    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str
    enabled: bool = False
    automatic: bool = False
    promotion_type: Literal[
        "fixed_discount",
        "percent_discount",
        "item_fixed_discount",
        "item_percent_discount",
        "x_for_y",
        "x_for_amount",
        "bundle_fixed_discount",
        "bundle_gift",
    ]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    min_cart_value: list[Any] | None = None
    max_discount_value: list[Any] | None = None
    max_applications_per_cart: Annotated[int, Field(ge=0)] | None = None
    start: Date
    end: Date
    max_codes: Annotated[int, Field(ge=1, le=limits.MAX_CODES_PER_PROMOTION)] = limits.CODES_PER_PROMOTION

    def to_domain(self) -> NewPromotion:
        """Raises InvalidRequest where it ends before it starts, and where it is more than an item should hold."""
        if self.end < self.start:
            raise InvalidRequest(Fault("data.end", "invalid", "end must not be before start"))
        fields = self.model_dump(by_alias=True, exclude_none=True, exclude={"type", "automatic", "max_codes"})
        if len(json.dumps(fields)) > limits.PROMOTION_BYTES:
            detail = f"a promotion may have at most {limits.PROMOTION_BYTES:,} bytes"
            raise InvalidRequest(Fault("data", "invalid", detail))
        return NewPromotion(fields, self.automatic, self.max_codes)


def changed(promotion: Promotion, data: dict[str, Any]) -> NewPromotion:
    """What a promotion becomes with the members that were sent; those that were not stay. Raises InvalidRequest."""
    known = {field.alias or name for name, field in SentPromotion.model_fields.items()}
    sent = {name: value for name, value in data.items() if name in known}
    stored = {"type": "promotion", "automatic": promotion.automatic, "max_codes": promotion.max_codes}
    return validate(SentPromotion, {**stored, **promotion.fields, **sent}).to_domain()


def _code(text: str) -> str:
    if not is_code(text):
        characters = limits.CODE_CHARACTERS
        msg = f"must be at most {characters} letters, digits, - and _, and start with a letter or digit"
        raise ValueError(msg)
    return text


class SentCode(_Sent):
    code: Annotated[str, AfterValidator(_code)]
    uses: Annotated[int, Field(ge=0, le=limits.MAX_USES)] | None = None
    user: Annotated[str, Field(max_length=limits.USER_LENGTH)] | None = None
    consume_unit: ConsumeUnit | None = None

    def to_domain(self) -> NewCode:
        return NewCode(self.code, Terms(self.consume_unit, self.uses, self.user))


class SentCodes(_Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[SentCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]


class NamedCode(_Sent):
    """A code to be removed: what else is said of it does not matter, and one that cannot be a code is not there."""

    code: str


class NamedCodes(_Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[NamedCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]
