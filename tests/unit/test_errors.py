"""The answer to each error (contract 5)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from promotion_jobs import errors
from promotion_jobs.api import errors as api_errors
from promotion_jobs.api.errors import answer_to, headers_of, internal_error
from promotion_jobs.errors import Fault, PromotionJobsError


def _not_found(what: str) -> dict[str, Any]:
    return {"status": 404, "title": "Not Found", "detail": f"{what} not found"}


def _unprocessable(detail: str) -> dict[str, Any]:
    return {"status": "422", "title": "Unprocessable Entity", "detail": detail}


def _no_file(detail: str) -> dict[str, Any]:
    return _unprocessable(f"Job has no file to download. {detail}")


def _too_many_codes(source: str) -> dict[str, Any]:
    return {
        "status": 400,
        "source": source,
        "title": "Too many promotion codes",
        "detail": "Only 1000 promotion codes are allowed per promotion",
    }


def _too_small(remedy: str) -> dict[str, Any]:
    return {
        "status": 400,
        "source": "data.parameters.code_length",
        "title": "Code space too small",
        "detail": f"One guess in 28,242 would hit one of these codes, and at most one in 100,000 may: {remedy}",
    }


ANSWERS: list[tuple[PromotionJobsError, int, dict[str, Any]]] = [
    (
        errors.InvalidRequest(Fault("data.name", "required", "name is required")),
        400,
        {"status": 400, "source": "data.name", "title": "required", "detail": "name is required"},
    ),
    (
        errors.InvalidFilter(Fault("filter", "Bad Request", "Could not parse the supplied filter")),
        400,
        {"title": "Bad Request", "detail": "Could not parse the supplied filter"},
    ),
    (errors.NotFound(), 404, _not_found("resource")),
    (errors.PromotionNotFound(), 404, _not_found("promotion")),
    (errors.JobNotFound(), 404, _not_found("job")),
    (errors.CodeNotFound(), 404, _not_found("code")),
    (
        errors.TokenRequestInvalid("The field 'client_id' is required"),
        400,
        {"status": "400", "title": "Bad Request", "detail": "The field 'client_id' is required"},
    ),
    (errors.UnknownClient(), 401, {"status": "401", "title": "Unauthorized", "detail": "Unauthorized"}),
    (
        errors.TooManyTokens(7),
        429,
        {"status": "429", "title": "Too Many Requests", "detail": "A client gets at most 60 tokens a minute"},
    ),
    (errors.Unauthorized(), 401, {"status": 401, "title": "Unauthorized"}),
    (errors.Forbidden(), 403, {"status": 403, "title": "Forbidden"}),
    (errors.CodesLimitExceeded(1_000), 400, _too_many_codes("data.parameters.number_of_codes")),
    (errors.PromotionFull(1_000), 400, _too_many_codes("data.codes")),
    (
        errors.DuplicateCode(),
        422,
        {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"},
    ),
    (errors.IdempotencyKeyReused(), 422, _unprocessable("This Idempotency-Key came with another request")),
    (
        errors.UploadNotUsable("Nothing was sent to the upload's link"),
        422,
        {**_unprocessable("Nothing was sent to the upload's link"), "source": "data.parameters.upload_id"},
    ),
    (errors.NotCancellable(), 422, _unprocessable("Only pending or processing jobs can be cancelled")),
    (errors.CodesInUse(500), 422, _unprocessable("max_codes must be at least the 500 codes in use")),
    (errors.PromotionInUse("It cannot be deleted"), 422, _unprocessable("It cannot be deleted")),
    (errors.WriteConflict(), 409, {"status": 409, "title": "Conflict", "detail": "Write conflict detected"}),
    (
        errors.StoreBusy(),
        503,
        {"status": 503, "title": "Service Unavailable", "detail": "Try again later"},
    ),
    (
        errors.CodeSpaceTooSmall(odds=28_242, least_odds=100_000, enough=9),
        400,
        _too_small("use a code_length of at least 9"),
    ),
    (errors.CodeSpaceTooSmall(odds=28_242, least_odds=100_000, enough=None), 400, _too_small("ask for fewer codes")),
    (
        errors.TooManyFiles(5_000),
        400,
        {
            "status": 400,
            "source": "data.parameters.rows_per_file",
            "title": "invalid",
            "detail": "rows_per_file must be at least 5,000, since an export has at most 200 files",
        },
    ),
    (
        errors.AutomaticPromotion(),
        422,
        {"status": "422", "title": "No codes allowed", "detail": "Cannot add codes to an automatic promotion"},
    ),
    (
        errors.TooManyJobs("a job"),
        400,
        {
            "status": "400",
            "title": "Too many jobs",
            "detail": "Only 1 pending or processing job is allowed per promotion.",
        },
    ),
    (errors.UsageNotFound(), 404, _not_found("usage")),
    (
        errors.UsagesNotFound(["a usage"]),
        404,
        {
            "status": "404",
            "title": "Could not anonymize some usages",
            "detail": "Usages not found.",
            "meta": {"usage_ids": ["a usage"]},
        },
    ),
    (
        errors.TooManyUsages(),
        400,
        {
            "status": 400,
            "title": "Too many usages",
            "detail": "The code has more than 10,000 usages: list those of its promotion with a filter such as "
            "eq(code,…):gt(used_on,…)",
        },
    ),
    *(
        (
            errors.CodeNotUsable(reason, uses),
            422,
            {
                "status": "422",
                "title": "Code not usable",
                "detail": detail,
                "meta": {"reason": reason} if uses is None else {"reason": reason, "uses": uses},
            },
        )
        for reason, uses, detail in (
            ("promotion_disabled", 5, "The promotion is disabled"),
            ("not_started", None, "The promotion has not started"),
            ("ended", 5, "The promotion has ended"),
            ("unusable", 0, "The code can be used by no one"),
            ("other_customer", None, "The code is for another customer"),
            ("exhausted", 0, "The code has too few uses left"),
        )
    ),
    (
        errors.RedemptionDiffers(),
        422,
        _unprocessable("This id redeemed the code with another quantity or customer"),
    ),
    (
        errors.RedemptionRolledBack(),
        422,
        _unprocessable("The redemption of this id was rolled back: use another id"),
    ),
    (errors.NoFile("processing"), 422, _no_file("Job status: processing")),
    (
        errors.FileExpired("completed", datetime(2026, 6, 8, 12, tzinfo=UTC)),
        422,
        _no_file("The file expired at 2026-06-08T12:00:00.000Z"),
    ),
    (api_errors.RouteNotFound(), 404, _not_found("route")),
    (api_errors.MethodNotAllowed({"GET"}), 405, {"status": 405, "title": "Method Not Allowed"}),
    (
        api_errors.UnsupportedMediaType("Send the body as application/json"),
        415,
        {"status": 415, "title": "Unsupported Media Type", "detail": "Send the body as application/json"},
    ),
    (
        api_errors.PayloadTooLarge(1_000_000),
        413,
        {"status": 413, "title": "Payload Too Large", "detail": "A body may have at most 1,000,000 bytes"},
    ),
]


@pytest.mark.parametrize(("error", "status", "element"), ANSWERS, ids=lambda it: type(it).__name__)
def test_each_error_has_the_answer_that_clients_know(
    error: PromotionJobsError, status: int, element: dict[str, Any]
) -> None:
    assert answer_to(error) == (status, {"errors": [element]})


def test_an_answer_says_when_to_ask_again_and_what_to_authenticate_with() -> None:
    headers = {type(error): headers_of(error) for error, _, _ in ANSWERS if headers_of(error)}
    assert headers == {
        errors.TooManyTokens: {"Retry-After": "7"},
        errors.Unauthorized: {"WWW-Authenticate": "Bearer"},
        errors.UnknownClient: {"WWW-Authenticate": 'Bearer error="invalid_client"'},
    }


def _kinds(kind: type[PromotionJobsError]) -> Iterator[type[PromotionJobsError]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _kinds(derived)


def test_no_error_is_without_an_answer() -> None:
    assert set(_kinds(PromotionJobsError)) == {type(error) for error, _, _ in ANSWERS}


def test_each_fault_of_a_request_is_an_error_of_its_own() -> None:
    faults = [Fault("data.name", "required", "name is required"), Fault("data.end", "invalid", "end must be a date")]
    assert answer_to(errors.InvalidRequest(*faults)) == (
        400,
        {
            "errors": [
                {"status": 400, "source": "data.name", "title": "required", "detail": "name is required"},
                {"status": 400, "source": "data.end", "title": "invalid", "detail": "end must be a date"},
            ]
        },
    )


def test_an_error_that_nobody_expected_says_only_which_request_it_was() -> None:
    assert internal_error("LxYzAbCdDoEEMqw=") == (
        500,
        {
            "errors": [
                {
                    "status": 500,
                    "title": "Internal Server Error",
                    "detail": "There was an internal server error, you can report with your request id.",
                    "request_id": "LxYzAbCdDoEEMqw=",
                }
            ]
        },
    )
