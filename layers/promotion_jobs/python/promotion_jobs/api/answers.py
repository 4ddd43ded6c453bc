"""Render answers in the shapes of contract 1 to 3. A value that was never set is left out."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from promotion_jobs.codes.code import Code
from promotion_jobs.jobs.job import Job, JobStatus, Parameters
from promotion_jobs.limits import MAX_PAGE_OFFSET
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import to_text

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from promotion_jobs.jobs.create import Forecast, NewJob
    from promotion_jobs.jobs.read import Progress
    from promotion_jobs.tokens.token import Token

T = TypeVar("T")
Document = dict[str, Any]

_SHOW_A_RESULT = {JobStatus.COMPLETED, JobStatus.CANCELLED}


def _set(values: Mapping[str, Any]) -> Document:
    return {name: value for name, value in values.items() if value is not None}


def token(access_token: str, issued: "Token", life_seconds: int) -> Document:
    """At the top level, without ``data``: contract 4."""
    return {
        "access_token": access_token,
        "expires": int(issued.expires_at.timestamp()),
        "expires_in": life_seconds,
        "identifier": issued.grant,
        "token_type": "Bearer",
    }


def promotion(it: Promotion) -> Document:
    return _set(
        {
            "type": "promotion",
            "id": it.id,
            "parent_id": it.id,
            "current": True,
            **it.fields,
            "automatic": it.automatic or None,
            "max_applications_per_cart": it.fields.get("max_applications_per_cart") or None,
            "max_codes": it.max_codes,
            "created_by": it.created_by,
            "updated_by": it.updated_by,
            "meta": {"timestamps": {"created_at": to_text(it.created_at), "updated_at": to_text(it.updated_at)}},
        }
    )


def job(it: Job, progress: "Progress | None" = None) -> Document:
    """The job object of contract 1.1. ``meta.progress`` and ``meta.file`` go beyond it."""
    return _set(
        {
            "type": "promotion_job",
            "id": it.id,
            "promotion_id": it.promotion_id,
            "job_type": it.job_type,
            "name": it.name,
            "parameters": it.parameters.given(),
            "status": it.status,
            "error": it.error,
            "meta": _set(
                {
                    "timestamps": {"created_at": to_text(it.created_at), "updated_at": to_text(it.updated_at)},
                    "progress": _progress(progress) if progress else None,
                    "guess_odds": _odds(it.parameters),
                    "file": {"rows": it.file.rows, "bytes": it.file.size, "sha256": it.file.sha256}
                    if it.file
                    else None,
                }
            ),
            "result": it.parameters.result(it) if it.status in _SHOW_A_RESULT else None,
        }
    )


def forecast(promotion_id: str, new: "NewJob", it: "Forecast") -> Document:
    """The job that a dry run was about, without what only a job has that exists (decisions, "Beyond the contract")."""
    return _set(
        {
            "type": "promotion_job",
            "promotion_id": promotion_id,
            "job_type": new.job_type,
            "name": new.name,
            "parameters": new.parameters.given(),
            "meta": _set(
                {
                    "guess_odds": _odds(new.parameters),
                    "dry_run": {
                        "lock_is_free": it.lock_is_free,
                        "room_is_enough": it.room_is_enough,
                        "room": it.room,
                        "codes": it.estimate.codes,
                        "estimated_seconds": it.estimate.seconds,
                        "estimated_cost": {
                            "amount": f"{it.estimate.dollars:.6f}",
                            "currency": "USD",
                            "region": it.estimate.region,
                            "prices_of": it.estimate.prices_of,
                        },
                    },
                }
            ),
        }
    )


def _odds(parameters: Parameters) -> str | None:
    return None if parameters.guess_odds is None else f"1 in {parameters.guess_odds:,}"


def _progress(it: "Progress") -> Document:
    return _set(
        {
            "done": it.done,
            "total": it.total,
            "percent": it.percent,
            "codes_per_second": None if it.codes_per_second is None else round(it.codes_per_second),
            "eta": None if it.ready_at is None else to_text(it.ready_at),
        }
    )


def code(it: Code) -> Document:
    """A code's id is the code itself (decision 14)."""
    return _set(
        {
            "type": "promotion_codes",
            "id": it.code,
            "code": it.code,
            "consume_unit": it.terms.consume_unit,
            "user": it.terms.user,
            "max_uses": it.terms.max_uses,
            "uses": it.uses,
            "created_by": it.created_by,
            "job_id": it.job_id,
            "meta": {"timestamps": {"created_at": to_text(it.created_at)}},
        }
    )


def listing(
    it: Listing[T], render: Callable[[T], Document], event: "APIGatewayProxyEventV2", filter_: str | None
) -> Document:
    """A page with its links and numbers (contract 1.4, decision 12)."""
    page = it.page
    last_page = min(max(ceil(it.total / page.limit) - 1, 0), MAX_PAGE_OFFSET // page.limit)
    last = last_page * page.limit
    offsets = {
        "current": page.offset,
        "first": 0,
        "last": last,
        "prev": min(max(page.offset - page.limit, 0), last),
        "next": min(page.offset + page.limit, last),
    }
    return {
        "data": [render(item) for item in it.items],
        "links": {name: _link(event, Page(page.limit, offset), filter_) for name, offset in offsets.items()},
        "meta": {
            "page": {
                "limit": page.limit,
                "offset": page.offset,
                "current": page.offset // page.limit + 1,
                "total": ceil(it.total / page.limit),
            },
            "results": {"total": it.total},
        },
    }


def _link(event: "APIGatewayProxyEventV2", page: Page, filter_: str | None) -> str:
    scheme = event.headers.get("x-forwarded-proto", "https")
    host = event.headers.get("host") or event.request_context.domain_name
    filtered = f"&filter={quote(filter_, safe='(),:')}" if filter_ else ""
    return f"{scheme}://{host}{event.raw_path}?page[offset]={page.offset}&page[limit]={page.limit}{filtered}"
