"""Every operation of the API: its parameters, its answers and its errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from promotion_jobs import errors, limits
from promotion_jobs.api import errors as api_errors
from promotion_jobs.api.routes import Route
from promotion_jobs.api.shapes import (
    Anonymized,
    Code,
    FileLinks,
    Forecast,
    Job,
    Many,
    One,
    Promotion,
    Token,
    Upload,
    Usage,
    Validity,
)
from tools.openapi import samples

Error = errors.PromotionJobsError

INVALID = errors.InvalidRequest(errors.Fault("data.type", "required", "type is required"))
INVALID_PAGE = errors.InvalidRequest(
    errors.Fault("page[limit]", "invalid", f"page[limit] must be a whole number from 1 to {limits.MAX_PAGE_LENGTH}")
)
INVALID_FILTER = errors.InvalidFilter(errors.Fault("filter", "Bad Request", "Could not parse the supplied filter"))
SIGNED_IN: tuple[Error, ...] = (errors.Unauthorized(), errors.Forbidden())
OF_A_PROMOTION: tuple[Error, ...] = (*SIGNED_IN, errors.PromotionNotFound())
NOT_REDEEMED: tuple[Error, ...] = (
    errors.CodeNotUsable("exhausted", 0),
    errors.RedemptionDiffers(),
    errors.RedemptionRolledBack(),
)
WITH_A_BODY: tuple[Error, ...] = (
    INVALID,
    api_errors.PayloadTooLarge(limits.BODY_BYTES),
    api_errors.UnsupportedMediaType("Send the body as application/json"),
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
    "an import": {
        "type": "promotion_job",
        "job_type": "code_import",
        "parameters": {"upload_id": samples.UPLOAD_ID, "max_uses_per_code": 1},
    },
}
CODES_EXAMPLE = {"type": "promotion_codes", "codes": [{"code": "WELCOME-10", "uses": 100}, {"code": "WELCOME-20"}]}


@dataclass(frozen=True)
class Operation:
    """``answer`` is the shape that is answered, None for no content; ``example`` is one. ``body`` is what is sent, by
    the name of its schema, with an example.
    """

    route: Route
    summary: str
    status: int
    answer: Any
    failures: Sequence[Error]
    body: tuple[str, dict[str, Any]] | None = None
    other_bodies: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Further examples of what is sent, by what they are."""
    filter: Mapping[str, str] = field(default_factory=dict)
    """The attributes that the list can be filtered by, each with an example of a value."""
    bounds: Mapping[str, str] = field(default_factory=dict)
    """Likewise the attributes that it can be filtered by as more or less than a date or a time."""
    query: Sequence[str] = field(default_factory=tuple)
    headers: Sequence[str] = field(default_factory=tuple)
    again: tuple[Any, Any, str] | None = None
    """The answer 200 of a request that makes nothing, with an example and what it is."""
    tag: str = "jobs"
    example: Any = None


_EXPIRED = datetime(2026, 6, 8, 12, tzinfo=UTC)

OPERATIONS = (
    Operation(
        Route.CREATE_PROMOTION,
        "Create a promotion",
        201,
        One[Promotion],
        (*SIGNED_IN, *WITH_A_BODY),
        ("SentPromotion", PROMOTION_EXAMPLE),
        tag="promotions",
        example=samples.promotion,
    ),
    Operation(
        Route.LIST_PROMOTIONS,
        "List the promotions, newest first",
        200,
        Many[Promotion],
        (*SIGNED_IN, INVALID_PAGE, INVALID_FILTER),
        filter={"code": "WELCOME-10"},
        query=("page[limit]", "page[offset]"),
        tag="promotions",
        example=samples.promotions,
    ),
    Operation(
        Route.GET_PROMOTION,
        "Read a promotion",
        200,
        One[Promotion],
        OF_A_PROMOTION,
        tag="promotions",
        example=samples.promotion,
    ),
    Operation(
        Route.UPDATE_PROMOTION,
        "Change what is sent of a promotion",
        200,
        One[Promotion],
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
        Route.DELETE_PROMOTION,
        "Delete a promotion, with its codes, jobs and files",
        204,
        None,
        (*OF_A_PROMOTION, errors.PromotionInUse("A promotion with an open job cannot be deleted")),
        tag="promotions",
    ),
    Operation(
        Route.ADD_CODES,
        f"Add up to {limits.HAND_MADE_CODES} codes made by hand, all or nothing",
        201,
        One[Promotion],
        (
            *OF_A_PROMOTION,
            *WITH_A_BODY,
            errors.PromotionFull(limits.CODES_PER_PROMOTION),
            errors.AutomaticPromotion(),
            errors.DuplicateCode(),
        ),
        ("SentCodes", CODES_EXAMPLE),
        tag="codes",
        example=samples.promotion,
    ),
    Operation(
        Route.LIST_CODES,
        "List the codes in the order of their publication",
        200,
        Many[Code],
        (*OF_A_PROMOTION, INVALID_PAGE, INVALID_FILTER),
        filter={
            "code": "WELCOME-10",
            "job_id": samples.GENERATE_ID,
            "job_type": "code_generate",
            "status": "completed",
        },
        query=("page[limit]", "page[offset]"),
        tag="codes",
        example=samples.codes,
    ),
    Operation(
        Route.DELETE_CODES,
        f"Delete up to {limits.HAND_MADE_CODES} codes; those that are not there do not matter",
        204,
        None,
        (*OF_A_PROMOTION, *WITH_A_BODY, errors.WriteConflict()),
        ("NamedCodes", {"type": "promotion_codes", "codes": [{"code": "WELCOME-10"}]}),
        tag="codes",
    ),
    Operation(
        Route.GET_CODE,
        "Read a code",
        200,
        One[Code],
        (*OF_A_PROMOTION, errors.CodeNotFound()),
        tag="codes",
        example=samples.code_by_hand,
    ),
    Operation(
        Route.DELETE_CODE,
        "Delete a code; one that is not there does not matter",
        204,
        None,
        (*OF_A_PROMOTION, errors.WriteConflict()),
        tag="codes",
    ),
    Operation(
        Route.VALIDATE_CODE,
        "Ask whether a code can be used now, without using it",
        200,
        One[Validity],
        (*SIGNED_IN, *WITH_A_BODY),
        ("SentValidation", {"code": "WELCOME-10", "customer_id": "4711"}),
        tag="redemptions",
        example=samples.validity,
    ),
    Operation(
        Route.REDEEM_CODE,
        "Use a code, once for each id, or hold it",
        201,
        One[Usage],
        (*SIGNED_IN, *WITH_A_BODY, errors.CodeNotFound(), *NOT_REDEEMED),
        ("SentRedemption", {"code": "WELCOME-10", "id": "order-4711", "customer_id": "4711"}),
        {"a hold": {"code": "WELCOME-10", "id": "order-4711", "customer_id": "4711", "hold_seconds": 900}},
        tag="redemptions",
        example=samples.usage,
        again=(One[Usage], samples.usage, "The same id again"),
    ),
    Operation(
        Route.ROLL_BACK_REDEMPTION,
        "Give back the uses of an id, all but those that remain",
        200,
        One[Usage],
        (*SIGNED_IN, *WITH_A_BODY, errors.CodeNotFound(), errors.UsageNotFound()),
        ("SentAnyRollback", {"code": "WELCOME-10", "id": "order-4711", "quantity": 0}),
        {"by the usage": {"usage_id": samples.USAGE.key.usage_id}},
        tag="redemptions",
        example=samples.rolled_back,
    ),
    Operation(
        Route.LIST_USAGES,
        "List what was redeemed of a promotion",
        200,
        Many[Usage],
        (*OF_A_PROMOTION, INVALID_PAGE, INVALID_FILTER),
        filter={"id": samples.USAGE.key.usage_id, "code": "WELCOME-10"},
        bounds={"used_on": "2026-06-01"},
        query=("page[limit]", "page[offset]", "sort"),
        tag="redemptions",
        example=samples.usages,
    ),
    Operation(
        Route.GET_USAGE,
        "Read a usage, or a hold",
        200,
        One[Usage],
        (*OF_A_PROMOTION, errors.UsageNotFound()),
        tag="redemptions",
        example=samples.usage,
    ),
    Operation(
        Route.LIST_CODE_USAGES,
        "List what was redeemed of a code",
        200,
        Many[Usage],
        (*OF_A_PROMOTION, errors.CodeNotFound(), INVALID_PAGE, INVALID_FILTER, errors.TooManyUsages()),
        filter={"id": samples.USAGE.key.usage_id, "code": "WELCOME-10"},
        bounds={"used_on": "2026-06-01"},
        query=("page[limit]", "page[offset]", "sort"),
        tag="redemptions",
        example=samples.code_usages,
    ),
    Operation(
        Route.ANONYMIZE_USAGES,
        "Blank the customers' addresses of usages",
        200,
        Anonymized,
        (*SIGNED_IN, *WITH_A_BODY, errors.UsagesNotFound(["…"])),
        ("SentUsages", {"usage_ids": [samples.USAGE.key.usage_id]}),
        tag="redemptions",
        example=samples.anonymized,
    ),
    Operation(
        Route.CREATE_UPLOAD,
        "Announce a file with codes, and get a link to send it to",
        201,
        One[Upload],
        (*OF_A_PROMOTION, *WITH_A_BODY),
        ("SentUpload", {"bytes": 70_020}),
        example=samples.upload,
    ),
    Operation(
        Route.CREATE_JOB,
        "Start a job: generate codes, import them, export all there are, or delete those of one job or all",
        201,
        One[Job],
        (
            *OF_A_PROMOTION,
            *WITH_A_BODY,
            errors.CodesLimitExceeded(limits.CODES_PER_PROMOTION),
            errors.CodeSpaceTooSmall(odds=28_242, least_odds=100_000, enough=9),
            errors.TooManyFiles(5_000),
            errors.TooManyJobs(""),
            errors.AutomaticPromotion(),
            errors.UploadNotUsable("Nothing was sent to the upload's link"),
            errors.IdempotencyKeyReused(),
        ),
        ("SentJob", JOB_EXAMPLE),
        OTHER_JOBS,
        query=("dry_run",),
        headers=("Idempotency-Key",),
        again=(One[Forecast], samples.forecast, "What a dry run would have done"),
        example=samples.pending,
    ),
    Operation(
        Route.LIST_JOBS,
        "List the jobs, newest first",
        200,
        Many[Job],
        (*OF_A_PROMOTION, INVALID_PAGE, INVALID_FILTER),
        filter={"status": "completed", "job_type": "code_generate"},
        query=("page[limit]", "page[offset]"),
        example=samples.jobs,
    ),
    Operation(
        Route.GET_JOB,
        "Read a job, with its progress while it runs",
        200,
        One[Job],
        (*OF_A_PROMOTION, errors.JobNotFound()),
        example=samples.processing,
    ),
    Operation(
        Route.CANCEL_JOB,
        "Cancel a job: the codes that it made are deleted, and those that it deleted stay so",
        200,
        One[Job],
        (*OF_A_PROMOTION, errors.JobNotFound(), errors.NotCancellable()),
        example=samples.cancelling,
    ),
    Operation(
        Route.GET_JOB_FILE,
        "Signed links to an export's files",
        200,
        FileLinks,
        (*OF_A_PROMOTION, errors.JobNotFound(), errors.NoFile("processing"), errors.FileExpired("completed", _EXPIRED)),
        example=samples.files,
    ),
)
TOKEN = Operation(
    Route.ISSUE_TOKEN,
    "An access token for an hour",
    200,
    Token,
    (
        errors.TokenRequestInvalid("The field 'client_id' is required"),
        errors.UnknownClient(),
        errors.TooManyTokens(30),
    ),
    tag="tokens",
    example=samples.token,
)
