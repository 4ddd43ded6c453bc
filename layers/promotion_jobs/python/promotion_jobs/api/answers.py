"""Render answers in the shapes of contract 1 to 3. A value that was never set is left out."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from promotion_jobs.api.errors import answer_to
from promotion_jobs.errors import UsagesNotFound, shortened
from promotion_jobs.jobs.job import JobStatus
from promotion_jobs.limits import MAX_PAGE_OFFSET
from promotion_jobs.pages import Listing, Page
from promotion_jobs.values import to_text

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from promotion_jobs.api import shapes
    from promotion_jobs.codes.code import Code
    from promotion_jobs.jobs.create import Forecast, NewJob
    from promotion_jobs.jobs.job import Announced, ExportFile, Job, Parameters
    from promotion_jobs.jobs.read import Download, Progress
    from promotion_jobs.promotions.promotion import Promotion
    from promotion_jobs.redemptions.redeem import Validity
    from promotion_jobs.redemptions.redemption import Redemption
    from promotion_jobs.tokens.token import Token

T = TypeVar("T")
Shape = TypeVar("Shape")

_SHOW_A_RESULT = {JobStatus.COMPLETED, JobStatus.CANCELLED}


def token(access_token: str, issued: "Token", life_seconds: int) -> "shapes.Token":
    """At the top level, without ``data``: contract 4."""
    return {
        "access_token": access_token,
        "expires": int(issued.expires_at.timestamp()),
        "expires_in": life_seconds,
        "identifier": issued.grant,
        "token_type": "Bearer",
    }


def promotion(it: "Promotion") -> "shapes.Promotion":
    # As the client sent them: the schema of requests has checked them.
    fields = cast("shapes.PromotionFields", dict(it.fields))
    if not fields.get("max_applications_per_cart"):
        fields.pop("max_applications_per_cart", None)
    if it.automatic:
        fields["automatic"] = True
    return {
        "type": "promotion",
        "id": it.id,
        "parent_id": it.id,
        "current": True,
        **fields,
        "max_codes": it.max_codes,
        "created_by": it.created_by,
        "updated_by": it.updated_by,
        "meta": {
            "timestamps": {"created_at": to_text(it.created_at), "updated_at": to_text(it.updated_at)},
            "codes": _codes(it),
        },
    }


def _codes(it: "Promotion") -> "shapes.CodesInUse":
    # It is never a purge: that holds a promotion that no call shows any more.
    shown: shapes.CodesInUse = {"in_use": it.max_codes - it.room, "visible": it.codes}
    if it.open_job is not None:
        shown["open_job"] = it.open_job
    return shown


def job(it: "Job", progress: "Progress | None" = None) -> "shapes.Job":
    """The job object of contract 1.1, in its order.

    ``created_by``, ``meta.progress``, ``meta.file`` and ``meta.files`` go beyond it.
    """
    return {
        "type": "promotion_job",
        "id": it.id,
        "promotion_id": it.promotion_id,
        "job_type": _type(it),
        **_asked(it),
        "status": it.status,
        **_failure(it),
        "created_by": it.created_by,
        "meta": _meta(it, progress),
        **_outcome(it),
    }


def _type(it: "Job | NewJob") -> "shapes.ShownJobType":
    # No route shows a purge.
    return cast("shapes.ShownJobType", it.job_type)


def _asked(it: "Job | NewJob") -> "shapes.Asked":
    shown: shapes.Asked = {} if it.name is None else {"name": it.name}
    if parameters := it.parameters.given():
        # Each job type says what it was given; samples of all types are held against the shape.
        shown["parameters"] = cast("shapes.Parameters", parameters)
    return shown


def _failure(it: "Job") -> "shapes.Failure":
    return {} if it.error is None else {"error": it.error}


def _meta(it: "Job", progress: "Progress | None") -> "shapes.JobMeta":
    shown: shapes.JobMeta = {"timestamps": {"created_at": to_text(it.created_at), "updated_at": to_text(it.updated_at)}}
    if progress:
        shown["progress"] = _progress(progress)
    if odds := _odds(it.parameters):
        shown["guess_odds"] = odds
    files = list(map(_file, it.files))
    if len(files) == 1:
        shown["file"] = files[0]
    elif files:
        shown["files"] = files
    return shown


def _file(it: "ExportFile") -> "shapes.File":
    return {"rows": it.rows, "bytes": it.size, "sha256": it.sha256}


def links(downloads: "Sequence[Download]") -> "shapes.FileLinks":
    """The link of contract 1.5 to the first file, and beyond it the links to all."""
    files: list[shapes.LinkedFile] = [{"href": it.href, "name": it.name, **_file(it.file)} for it in downloads]
    return {"href": downloads[0].href, "files": files}


def upload(it: "Announced") -> "shapes.Upload":
    return {
        "upload_id": it.id,
        "href": it.href,
        "headers": dict(it.headers),
        "expires_at": to_text(it.expires_at),
    }


def _outcome(it: "Job") -> "shapes.Outcome":
    result = it.parameters.result(it) if it.status in _SHOW_A_RESULT else None
    return {"result": cast("shapes.Result", result)} if result else {}


def forecast(promotion_id: str, new: "NewJob", it: "Forecast") -> "shapes.Forecast":
    """The job that a dry run was about, without what only a job has that exists (decisions, "Beyond the contract")."""
    meta: shapes.ForecastMeta = {
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
        }
    }
    if odds := _odds(new.parameters):
        meta["guess_odds"] = odds
    if it.example_codes:
        meta["example_codes"] = list(it.example_codes)
    return {"type": "promotion_job", "promotion_id": promotion_id, "job_type": _type(new), **_asked(new), "meta": meta}


def _odds(parameters: "Parameters") -> str | None:
    return None if parameters.guess_odds is None else f"1 in {parameters.guess_odds:,}"


def _progress(it: "Progress") -> "shapes.Progress":
    shown: shapes.Progress = {"done": it.done, "total": it.total, "percent": it.percent}
    if it.updated_at is not None:
        shown["updated_at"] = to_text(it.updated_at)
    if it.codes_per_second is not None:
        shown["codes_per_second"] = round(it.codes_per_second)
    if it.recent_codes_per_second is not None:
        shown["recent_codes_per_second"] = round(it.recent_codes_per_second)
    if it.ready_at is not None:
        shown["eta"] = to_text(it.ready_at)
    return shown


def code(it: "Code") -> "shapes.Code":
    """A code's id is the code itself (decision 14)."""
    return {
        "type": "promotion_codes",
        "id": it.code,
        "code": it.code,
        **_terms(it),
        "created_by": it.created_by,
        **_origin(it),
        "meta": {"timestamps": {"created_at": to_text(it.created_at)}},
    }


def _terms(it: "Code") -> "shapes.Terms":
    shown: shapes.Terms = {}
    if it.terms.consume_unit is not None:
        shown["consume_unit"] = it.terms.consume_unit
    if it.terms.user is not None:
        shown["user"] = it.terms.user if isinstance(it.terms.user, str) else list(it.terms.user)
    if it.terms.max_uses is not None:
        shown["max_uses"] = it.terms.max_uses
    if it.uses is not None:
        shown["uses"] = it.uses
    return shown


def _origin(it: "Code") -> "shapes.Origin":
    return {} if it.job_id is None else {"job_id": it.job_id}


def validity(sent_code: str, it: "Validity") -> "shapes.Validity":
    shown: shapes.Validity = {
        "type": "promotion_code_validity",
        "valid": it.reason is None,
        "code": shortened(sent_code),
        "already_redeemed": it.already_redeemed,
    }
    if it.reason is not None:
        shown["reason"] = it.reason
    if it.place and it.promotion:
        terms = it.place.code.terms
        shown["code"] = it.place.code.code
        shown["promotion"] = promotion(it.promotion)
        shown["consume_unit"] = terms.consume_unit or "per_cart"
        shown["units"] = it.units
        shown["ends_at"] = it.promotion.fields["end"]
        if terms.max_uses is not None:
            shown["max_uses"] = terms.max_uses
        if it.uses is not None:
            shown["uses"] = it.uses
    return shown


def usage(it: "Redemption") -> "shapes.Usage":
    """The usage of contract 6; ``promotion_id``, ``redemption_id``, ``status`` and ``expires_at`` go beyond it."""
    shown: shapes.Usage = {
        "id": it.key.usage_id,
        "promotion_id": it.promotion_id,
        "redemption_id": it.id,
        "status": it.status,
        "order_id": it.order_id,
        "code_id": it.code,
        "code": it.code,
        "times_used": it.kept,
        "used_on": to_text(it.used_on),
        "meta": {"timestamps": {"updated_at": to_text(it.updated_at)}},
        "anonymized": it.anonymized_by is not None,
    }
    if it.until and it.status == "held":
        shown["expires_at"] = to_text(it.until)
    if it.customer_id is not None:
        shown["customer_id"] = it.customer_id
    if it.customer_email is not None:
        shown["customer_email"] = it.customer_email
    if it.anonymized_by is not None:
        shown["updated_by"] = it.anonymized_by
    return shown


def anonymized(usages: "Sequence[Redemption]", missing: "Sequence[str]") -> "shapes.Anonymized":
    """Contract 6: those that are not there stand in ``errors`` beside the others."""
    shown: shapes.Anonymized = {"data": list(map(usage, usages))}
    if missing:
        _, beside = answer_to(UsagesNotFound(missing))
        shown["errors"] = beside["errors"]
    return shown


def listing(
    it: Listing[T],
    render: Callable[[T], Shape],
    event: "APIGatewayProxyEventV2",
    filter_: str | None,
    sort: str | None = None,
) -> "shapes.Many[Shape]":
    """A page with its links and numbers (contract 1.4, decision 12)."""
    page = it.page
    last_page = min(max(ceil(it.total / page.limit) - 1, 0), MAX_PAGE_OFFSET // page.limit)
    last = last_page * page.limit

    def link(offset: int) -> str:
        return _link(event, Page(page.limit, offset), filter_, sort)

    return {
        "data": [render(item) for item in it.items],
        "links": {
            "current": link(page.offset),
            "first": link(0),
            "last": link(last),
            "prev": link(min(max(page.offset - page.limit, 0), last)),
            "next": link(min(page.offset + page.limit, last)),
        },
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


def _link(event: "APIGatewayProxyEventV2", page: Page, filter_: str | None, sort: str | None) -> str:
    scheme = event.headers.get("x-forwarded-proto", "https")
    host = event.headers.get("host") or event.request_context.domain_name
    filtered = f"&filter={quote(filter_, safe='(),:')}" if filter_ else ""
    sorted_ = f"&sort={quote(sort)}" if sort else ""
    return f"{scheme}://{host}{event.raw_path}?page[offset]={page.offset}&page[limit]={page.limit}{filtered}{sorted_}"
