"""Every operation of the API: its parameters, its answers and its errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from promotion_jobs import errors, limits
from promotion_jobs.api import errors as api_errors
from tools.openapi import samples
from tools.openapi.schemas import Schema, data, file_link, page_of, reference

Error = errors.PromotionJobsError

INVALID = errors.InvalidRequest(errors.Fault("data.type", "required", "type is required"))
INVALID_PAGE = errors.InvalidRequest(
    errors.Fault("page[limit]", "invalid", "page[limit] must be a whole number from 1 to 100")
)
INVALID_FILTER = errors.InvalidFilter(errors.Fault("filter", "Bad Request", "Could not parse the supplied filter"))
SIGNED_IN: tuple[Error, ...] = (errors.Unauthorized(), errors.Forbidden())
OF_A_PROMOTION: tuple[Error, ...] = (*SIGNED_IN, errors.PromotionNotFound())
WITH_A_BODY: tuple[Error, ...] = (
    INVALID,
    api_errors.PayloadTooLarge(limits.BODY_BYTES),
    api_errors.UnsupportedMediaType(),
)

PROMOTION_EXAMPLE = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "10 dollars off",
    "enabled": True,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
    "max_codes": 500_000,
}
JOB_EXAMPLE = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "name": "summer sale job",
    "parameters": {"number_of_codes": 1000, "max_uses_per_code": 1, "code_prefix": "summer"},
}
OTHER_JOBS: dict[str, dict[str, Any]] = {
    "an export": {"type": "promotion_job", "job_type": "code_export"},
    "a deletion of the codes of one job": {
        "type": "promotion_job",
        "job_type": "code_delete",
        "parameters": {"job_id": samples.GENERATE_ID},
    },
    "a deletion of all codes": {"type": "promotion_job", "job_type": "code_delete", "parameters": {"all": True}},
}
CODES_EXAMPLE = {"type": "promotion_codes", "codes": [{"code": "WELCOME-10", "uses": 100}, {"code": "WELCOME-20"}]}


@dataclass(frozen=True)
class Operation:
    """``body`` is what is sent, by the name of its schema, with an example; ``example`` is an answer."""

    method: str
    path: str
    id: str
    summary: str
    status: int
    answer: Schema | None
    failures: Sequence[Error]
    body: tuple[str, dict[str, Any]] | None = None
    other_bodies: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Further examples of what is sent, by what they are."""
    query: Sequence[str] = field(default_factory=tuple)
    headers: Sequence[str] = field(default_factory=tuple)
    dry_run: tuple[Schema, Any] | None = None
    """The answer 200 of a request that changes nothing, with an example."""
    tag: str = "jobs"
    token: bool = True
    example: Any = None


_PROMOTION = "/v2/promotions/{promotion_id}"
_EXPIRED = datetime(2026, 6, 8, 12, tzinfo=UTC)

OPERATIONS = (
    Operation(
        "post",
        "/v2/promotions",
        "create_promotion",
        "Create a promotion",
        201,
        data("Promotion"),
        (*SIGNED_IN, *WITH_A_BODY),
        ("SentPromotion", PROMOTION_EXAMPLE),
        tag="promotions",
        example=samples.promotion,
    ),
    Operation(
        "get",
        "/v2/promotions",
        "list_promotions",
        "List the promotions, newest first",
        200,
        page_of("Promotion"),
        (*SIGNED_IN, INVALID_PAGE, INVALID_FILTER),
        query=("filter", "page[limit]", "page[offset]"),
        tag="promotions",
        example=samples.promotions,
    ),
    Operation(
        "get",
        _PROMOTION,
        "get_promotion",
        "Read a promotion",
        200,
        data("Promotion"),
        OF_A_PROMOTION,
        tag="promotions",
        example=samples.promotion,
    ),
    Operation(
        "put",
        _PROMOTION,
        "update_promotion",
        "Change what is sent of a promotion",
        200,
        data("Promotion"),
        (
            *OF_A_PROMOTION,
            *WITH_A_BODY,
            errors.CodesInUse(500),
            errors.PromotionInUse("A promotion with codes or an open job cannot be made automatic"),
            errors.WriteConflict(),
        ),
        ("SentPromotionChange", {"type": "promotion", "max_codes": 1_000_000}),
        tag="promotions",
        example=samples.changed_promotion,
    ),
    Operation(
        "delete",
        _PROMOTION,
        "delete_promotion",
        "Delete a promotion, with its codes, jobs and files",
        204,
        None,
        (*OF_A_PROMOTION, errors.PromotionInUse("A promotion with an open job cannot be deleted")),
        tag="promotions",
    ),
    Operation(
        "post",
        f"{_PROMOTION}/codes",
        "add_codes",
        "Add up to 50 codes made by hand, all or nothing",
        201,
        data("Promotion"),
        (
            *OF_A_PROMOTION,
            *WITH_A_BODY,
            errors.PromotionFull(1000),
            errors.AutomaticPromotion(),
            errors.DuplicateCode(),
        ),
        ("SentCodes", CODES_EXAMPLE),
        tag="codes",
        example=samples.promotion,
    ),
    Operation(
        "get",
        f"{_PROMOTION}/codes",
        "list_codes",
        "List the codes in the order of their publication",
        200,
        page_of("Code"),
        (*OF_A_PROMOTION, INVALID_PAGE, INVALID_FILTER),
        query=("filter", "page[limit]", "page[offset]"),
        tag="codes",
        example=samples.codes,
    ),
    Operation(
        "delete",
        f"{_PROMOTION}/codes",
        "delete_codes",
        "Delete up to 50 codes; those that are not there do not matter",
        204,
        None,
        (*OF_A_PROMOTION, *WITH_A_BODY, errors.WriteConflict()),
        ("NamedCodes", {"type": "promotion_codes", "codes": [{"code": "WELCOME-10"}]}),
        tag="codes",
    ),
    Operation(
        "get",
        f"{_PROMOTION}/codes/{{code}}",
        "get_code",
        "Read a code",
        200,
        data("Code"),
        (*OF_A_PROMOTION, errors.CodeNotFound()),
        tag="codes",
        example=samples.code_by_hand,
    ),
    Operation(
        "delete",
        f"{_PROMOTION}/codes/{{code}}",
        "delete_code",
        "Delete a code; one that is not there does not matter",
        204,
        None,
        (*OF_A_PROMOTION, errors.WriteConflict()),
        tag="codes",
    ),
    Operation(
        "post",
        f"{_PROMOTION}/jobs",
        "create_job",
        "Start a job: generate codes, export all there are, or delete those of one job or all",
        201,
        data("Job"),
        (
            *OF_A_PROMOTION,
            *WITH_A_BODY,
            errors.CodesLimitExceeded(1000),
            errors.CodeSpaceTooSmall(odds=28_242, least_odds=100_000, enough=9),
            errors.TooManyJobs(""),
            errors.AutomaticPromotion(),
            errors.IdempotencyKeyReused(),
        ),
        ("SentJob", JOB_EXAMPLE),
        OTHER_JOBS,
        query=("dry_run",),
        headers=("Idempotency-Key",),
        dry_run=(data("Forecast"), samples.forecast),
        example=samples.pending,
    ),
    Operation(
        "get",
        f"{_PROMOTION}/jobs",
        "list_jobs",
        "List the jobs, newest first",
        200,
        page_of("Job"),
        (*OF_A_PROMOTION, INVALID_PAGE, INVALID_FILTER),
        query=("filter", "page[limit]", "page[offset]"),
        example=samples.jobs,
    ),
    Operation(
        "get",
        f"{_PROMOTION}/jobs/{{job_id}}",
        "get_job",
        "Read a job, with its progress while it runs",
        200,
        data("Job"),
        (*OF_A_PROMOTION, errors.JobNotFound()),
        example=samples.processing,
    ),
    Operation(
        "post",
        f"{_PROMOTION}/jobs/{{job_id}}/cancel",
        "cancel_job",
        "Cancel a job: the codes that it made are deleted, and those that it deleted stay so",
        200,
        data("Job"),
        (*OF_A_PROMOTION, errors.JobNotFound(), errors.NotCancellable()),
        example=samples.cancelling,
    ),
    Operation(
        "get",
        f"{_PROMOTION}/jobs/{{job_id}}/file",
        "get_job_file",
        "A signed link to an export's file",
        200,
        file_link(),
        (*OF_A_PROMOTION, errors.JobNotFound(), errors.NoFile("processing"), errors.FileExpired("completed", _EXPIRED)),
        example=samples.file,
    ),
)
TOKEN = Operation(
    "post",
    "/oauth/access_token",
    "issue_token",
    "An access token for an hour",
    200,
    reference("Token"),
    (
        errors.TokenRequestInvalid("The field 'client_id' is required"),
        errors.UnknownClient(),
        errors.TooManyTokens(30),
    ),
    tag="tokens",
    token=False,
    example=samples.token,
)
