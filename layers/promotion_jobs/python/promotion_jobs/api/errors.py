"""Which answer each error gives: the only place where the two meet.

Bodies are those of contract 5, where ``status`` is a number beside a ``source`` and mostly a string elsewhere; each
is kept as it is documented, since clients compare them.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from promotion_jobs import errors
from promotion_jobs.limits import EXPORT_FILES, MAX_PAGE_OFFSET, TOKENS_PER_MINUTE
from promotion_jobs.values import to_text

if TYPE_CHECKING:
    from promotion_jobs.api import shapes
    from promotion_jobs.redemptions.redemption import Reason


class RouteNotFound(errors.PromotionJobsError):
    pass


class MethodNotAllowed(errors.PromotionJobsError):
    def __init__(self, allowed: AbstractSet[str]) -> None:
        super().__init__(allowed)
        self.allowed = allowed


class UnsupportedMediaType(errors.PromotionJobsError):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class PayloadTooLarge(errors.PromotionJobsError):
    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def _element(
    status: HTTPStatus, detail: str | None = None, *, title: str | None = None, text: bool = False
) -> "shapes.Error":
    """One element of ``errors``; ``text`` makes its status a string."""
    element: shapes.Error = {"status": str(status.value) if text else status.value, "title": title or status.phrase}
    if detail is not None:
        element["detail"] = detail
    return element


def _faults(error: errors.InvalidRequest) -> list["shapes.Error"]:
    return [
        {"status": HTTPStatus.BAD_REQUEST.value, "source": fault.source, "title": fault.title, "detail": fault.detail}
        for fault in error.faults
    ]


def _invalid_filter(error: errors.InvalidFilter) -> list["shapes.Error"]:
    return [{"title": fault.title, "detail": fault.detail} for fault in error.faults]


def _too_many_codes(limit: int, source: str) -> list["shapes.Error"]:
    detail = f"Only {limit} promotion codes are allowed per promotion"
    return [{**_element(HTTPStatus.BAD_REQUEST, detail, title="Too many promotion codes"), "source": source}]


def _code_space(error: errors.CodeSpaceTooSmall) -> list["shapes.Error"]:
    remedy = f"use a code_length of at least {error.enough}" if error.enough else "ask for fewer codes"
    detail = (
        f"One guess in {error.odds:,} would hit one of these codes, "
        f"and at most one in {error.least_odds:,} may: {remedy}"
    )
    too_small = _element(HTTPStatus.BAD_REQUEST, detail, title="Code space too small")
    return [{**too_small, "source": "data.parameters.code_length"}]


def _too_many_files(error: errors.TooManyFiles) -> list["shapes.Error"]:
    rule = f"must be at least {error.enough:,}, since an export has at most {EXPORT_FILES} files"
    return _faults(
        errors.InvalidRequest(errors.Fault("data.parameters.rows_per_file", "invalid", f"rows_per_file {rule}"))
    )


def _unprocessable(detail: str) -> list["shapes.Error"]:
    return [_element(HTTPStatus.UNPROCESSABLE_ENTITY, detail, title="Unprocessable Entity", text=True)]


_NOT_USABLE = {
    "promotion_disabled": "The promotion is disabled",
    "not_started": "The promotion has not started",
    "ended": "The promotion has ended",
    "unusable": "The code can be used by no one",
    "other_customer": "The code is for another customer",
    "exhausted": "The code has too few uses left",
}
"""Reason → its sentence."""


def _not_usable(error: errors.CodeNotUsable) -> list["shapes.Error"]:
    element = _element(HTTPStatus.UNPROCESSABLE_ENTITY, _NOT_USABLE[error.reason], title="Code not usable", text=True)
    # Each of them is a Reason, whose sentence is there.
    meta: shapes.ErrorMeta = {"reason": cast("Reason", error.reason)}
    if error.uses is not None:
        meta["uses"] = error.uses
    return [{**element, "meta": meta}]


def _usages_not_found(error: errors.UsagesNotFound) -> list["shapes.Error"]:
    title = "Could not anonymize some usages"
    element = _element(HTTPStatus.NOT_FOUND, "Usages not found.", title=title, text=True)
    return [{**element, "meta": {"usage_ids": list(map(errors.shortened, error.usage_ids))}}]


def _always(
    status: HTTPStatus, detail: str | None = None, **more: Any
) -> tuple[HTTPStatus, Callable[[Any], list["shapes.Error"]]]:
    return status, lambda _: [_element(status, detail, **more)]


ANSWERS: Mapping[type[errors.PromotionJobsError], tuple[HTTPStatus, Callable[[Any], list["shapes.Error"]]]] = {
    errors.InvalidRequest: (HTTPStatus.BAD_REQUEST, _faults),
    errors.InvalidFilter: (HTTPStatus.BAD_REQUEST, _invalid_filter),
    errors.CodesLimitExceeded: (
        HTTPStatus.BAD_REQUEST,
        lambda error: _too_many_codes(error.limit, "data.parameters.number_of_codes"),
    ),
    errors.PromotionFull: (HTTPStatus.BAD_REQUEST, lambda error: _too_many_codes(error.limit, "data.codes")),
    errors.CodeSpaceTooSmall: (HTTPStatus.BAD_REQUEST, _code_space),
    errors.TooManyFiles: (HTTPStatus.BAD_REQUEST, _too_many_files),
    errors.TooManyJobs: _always(
        HTTPStatus.BAD_REQUEST,
        "Only 1 pending or processing job is allowed per promotion.",
        title="Too many jobs",
        text=True,
    ),
    errors.TokenRequestInvalid: (
        HTTPStatus.BAD_REQUEST,
        lambda error: [_element(HTTPStatus.BAD_REQUEST, error.detail, text=True)],
    ),
    errors.UnknownClient: _always(HTTPStatus.UNAUTHORIZED, "Unauthorized", text=True),
    errors.TooManyTokens: _always(
        HTTPStatus.TOO_MANY_REQUESTS, f"A client gets at most {TOKENS_PER_MINUTE} tokens a minute", text=True
    ),
    errors.Unauthorized: _always(HTTPStatus.UNAUTHORIZED),
    errors.Forbidden: _always(HTTPStatus.FORBIDDEN),
    errors.NotFound: (
        HTTPStatus.NOT_FOUND,
        lambda error: [_element(HTTPStatus.NOT_FOUND, f"{error.what} not found")],
    ),
    errors.UsagesNotFound: (HTTPStatus.NOT_FOUND, _usages_not_found),
    errors.TooManyUsages: _always(
        HTTPStatus.BAD_REQUEST,
        f"The code has more than {MAX_PAGE_OFFSET:,} usages: list those of its promotion with a filter such as "
        "eq(code,…):gt(used_on,…)",
        title="Too many usages",
    ),
    errors.CodeNotUsable: (HTTPStatus.UNPROCESSABLE_ENTITY, _not_usable),
    errors.RedemptionDiffers: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda _: _unprocessable("This id redeemed the code with another quantity or customer"),
    ),
    errors.RedemptionRolledBack: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda _: _unprocessable("The redemption of this id was rolled back: use another id"),
    ),
    errors.AutomaticPromotion: _always(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Cannot add codes to an automatic promotion",
        title="No codes allowed",
        text=True,
    ),
    errors.DuplicateCode: _always(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Promotion code already in use", title="Duplicate code", text=True
    ),
    errors.IdempotencyKeyReused: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda _: _unprocessable("This Idempotency-Key came with another request"),
    ),
    errors.UploadNotUsable: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda error: [{**_unprocessable(error.detail)[0], "source": "data.parameters.upload_id"}],
    ),
    errors.NotCancellable: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda _: _unprocessable("Only pending or processing jobs can be cancelled"),
    ),
    errors.NoFile: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda error: _unprocessable(f"Job has no file to download. Job status: {error.status}"),
    ),
    errors.FileExpired: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda error: _unprocessable(f"Job has no file to download. The file expired at {to_text(error.expired_at)}"),
    ),
    errors.CodesInUse: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda error: _unprocessable(f"max_codes must be at least the {error.codes} codes in use"),
    ),
    errors.PromotionInUse: (HTTPStatus.UNPROCESSABLE_ENTITY, lambda error: _unprocessable(error.detail)),
    errors.StoreBusy: _always(HTTPStatus.SERVICE_UNAVAILABLE, "Try again later"),
    errors.WriteConflict: _always(HTTPStatus.CONFLICT, "Write conflict detected"),
    RouteNotFound: _always(HTTPStatus.NOT_FOUND, "route not found"),
    MethodNotAllowed: _always(HTTPStatus.METHOD_NOT_ALLOWED),
    UnsupportedMediaType: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        lambda error: [_element(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, error.detail)],
    ),
    PayloadTooLarge: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        lambda error: [
            _element(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"A body may have at most {error.limit:,} bytes",
                title="Payload Too Large",
            )
        ],
    ),
}


def answer_to(error: errors.PromotionJobsError) -> tuple[int, "shapes.Errors"]:
    """Status and body. Errors not listed are answered as the nearest of their bases that is."""
    status, elements = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    return status.value, {"errors": elements(error)}


def headers_of(error: errors.PromotionJobsError) -> dict[str, str]:
    """The headers of its answer."""
    match error:
        case errors.TooManyTokens():
            return {"Retry-After": str(error.wait)}
        case errors.Unauthorized():
            return {"WWW-Authenticate": "Bearer"}
        case errors.UnknownClient():
            # Not Basic, for which a browser would ask its user.
            return {"WWW-Authenticate": 'Bearer error="invalid_client"'}
    return {}


def internal_error(request_id: str) -> tuple[int, "shapes.Errors"]:
    """Status and body (contract 5). The cause stays in the log, under this request id."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "There was an internal server error, you can report with your request id."
    return status.value, {"errors": [{**_element(status, detail), "request_id": request_id}]}
