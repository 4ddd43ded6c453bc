"""The answers of the API that many tests expect, whole."""

from collections.abc import Mapping
from typing import Any

from tests.support.builders import CLIENT_ID
from tests.support.cloud import PROMOTION, Answer
from tests.support.matchers import A_TIME, A_USAGE_ID, AN_ID

Element = dict[str, Any]


def shown_promotion(
    promotion_id: object = AN_ID, created_by: str = CLIENT_ID, codes: Mapping[str, Any] | None = None, **more: Any
) -> Element:
    """The promotion that tests create, as it is shown, with what one said of it besides; without codes, unless told."""
    return {
        **PROMOTION,
        "id": promotion_id,
        "parent_id": promotion_id,
        "current": True,
        "start": "2026-06-01T00:00:00Z",
        "end": "2026-08-31T00:00:00Z",
        "max_codes": 1_000,
        "created_by": created_by,
        "updated_by": created_by,
        "meta": {
            "timestamps": {"created_at": A_TIME, "updated_at": A_TIME},
            "codes": codes or {"in_use": 0, "visible": 0},
        },
        **more,
    }


def job_meta(number_of_codes: int | None = None, length: int = 8, **more: Any) -> Element:
    """The ``meta`` of a job; a job that makes no codes has no odds."""
    odds = {"guess_odds": f"1 in {27**length // number_of_codes:,}"} if number_of_codes else {}
    return {"timestamps": {"created_at": A_TIME, "updated_at": A_TIME}, **odds, **more}


def shown_usage(promotion_id: str, code: str, redemption_id: str, times_used: int = 1, **more: Any) -> Element:
    """A usage that was redeemed just now, without a customer, unless told."""
    return {
        "id": A_USAGE_ID,
        "promotion_id": promotion_id,
        "redemption_id": redemption_id,
        "status": "redeemed",
        "order_id": redemption_id,
        "code_id": code,
        "code": code,
        "times_used": times_used,
        "used_on": A_TIME,
        "meta": {"timestamps": {"updated_at": A_TIME}},
        "anonymized": False,
        **more,
    }


def failure(status: int, *elements: Element) -> Answer:
    return status, {"errors": list(elements)}


def not_found(what: str) -> Answer:
    return failure(404, {"status": 404, "title": "Not Found", "detail": f"{what} not found"})


def unprocessable(detail: str) -> Answer:
    return failure(422, {"status": "422", "title": "Unprocessable Entity", "detail": detail})


def fault(source: str, detail: str, title: str = "invalid") -> Element:
    return {"status": 400, "source": source, "title": title, "detail": detail}


def required(source: str) -> Element:
    return fault(source, f"{source.rpartition('.')[2]} is required", "required")


def invalid(source: str, rule: str) -> Element:
    """A member of the body that breaks a rule."""
    return fault(source, f"{source.rpartition('.')[2]} {rule}")


def bad_body(detail: str) -> Answer:
    return failure(400, fault("data", detail, "Bad Request"))


_REASONS = {
    "promotion_disabled": "The promotion is disabled",
    "not_started": "The promotion has not started",
    "ended": "The promotion has ended",
    "unusable": "The code can be used by no one",
    "other_customer": "The code is for another customer",
    "exhausted": "The code has too few uses left",
}


def not_usable(reason: str, uses: int | None = None) -> Answer:
    meta = {"reason": reason} | ({} if uses is None else {"uses": uses})
    error = {"status": "422", "title": "Code not usable", "detail": _REASONS[reason], "meta": meta}
    return failure(422, error)


def usages_not_found(*usage_ids: str) -> Element:
    return {
        "status": "404",
        "title": "Could not anonymize some usages",
        "detail": "Usages not found.",
        "meta": {"usage_ids": list(usage_ids)},
    }


PROMOTION_NOT_FOUND = not_found("promotion")
JOB_NOT_FOUND = not_found("job")
CODE_NOT_FOUND = not_found("code")
USAGE_NOT_FOUND = not_found("usage")
ROUTE_NOT_FOUND = not_found("route")

NO_CONTENT: Answer = (204, None)

UNAUTHORIZED = failure(401, {"status": 401, "title": "Unauthorized"})
FORBIDDEN = failure(403, {"status": 403, "title": "Forbidden"})
UNKNOWN_CLIENT = failure(401, {"status": "401", "title": "Unauthorized", "detail": "Unauthorized"})

NOT_JSON = bad_body("The body is not valid JSON")
TOO_DEEP = bad_body("The body may be nested at most 50 levels deep")
NO_OBJECT = failure(400, fault("data", "data must be an object"))
NOT_DECLARED_AS_JSON = failure(
    415, {"status": 415, "title": "Unsupported Media Type", "detail": "Send the body as application/json"}
)
TOO_LARGE = failure(
    413, {"status": 413, "title": "Payload Too Large", "detail": "A body may have at most 1,000,000 bytes"}
)
FILTER_REFUSED = failure(400, {"title": "Bad Request", "detail": "Could not parse the supplied filter"})

TOO_MANY_JOBS = failure(
    400,
    {
        "status": "400",
        "title": "Too many jobs",
        "detail": "Only 1 pending or processing job is allowed per promotion.",
    },
)
DUPLICATE_CODE = failure(422, {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"})
AUTOMATIC = failure(
    422, {"status": "422", "title": "No codes allowed", "detail": "Cannot add codes to an automatic promotion"}
)
ID_ROLLED_BACK = unprocessable("The redemption of this id was rolled back: use another id")
ID_USED_OTHERWISE = unprocessable("This id redeemed the code with another quantity or customer")
NOT_CANCELLABLE = unprocessable("Only pending or processing jobs can be cancelled")


def too_many_codes(limit: int, source: str) -> Answer:
    detail = f"Only {limit} promotion codes are allowed per promotion"
    return failure(400, fault(source, detail, "Too many promotion codes"))


JOB_TYPES = "must be one of code_generate, code_export, code_delete, code_import"
"""The rule that a job type breaks which no call can ask for."""
