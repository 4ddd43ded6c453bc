"""Every file of events/ as it stands, through its function's handler: they tell of one client, promotion and job."""

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import ANY

import pytest

from promotion_jobs import wiring
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import SentCodes
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.aws import keys
from promotion_jobs.jobs.job import JobStatus
from promotion_jobs.tokens.token import Grant, Token
from promotion_jobs.tokens.tokens import hash_secret
from tests.support import template
from tests.support.answers import NO_CONTENT, ROUTE_NOT_FOUND, Element, job_meta, shown_promotion
from tests.support.builders import JOB_ID, PROMOTION_ID
from tests.support.cloud import BUCKET, JSON_HEADERS, NOT_KEPT, OF_A_PAGE, Cloud
from tests.support.documents import OPENAPI, page
from tests.support.events import HOST, Context, form, read
from tests.support.matchers import A_HASH, A_TIME, A_TOKEN, AN_ID, Like

END = "9999-01-01T00:00:00Z"
CODES = ["WELCOME-10", "WELCOME-20"]
MESSAGE = json.loads(read("run_job")["Records"][0]["body"])
EXPORT = {"type": "promotion_job", "job_type": "code_export", "name": "nightly export"}


def _sent(function: str) -> Any:
    return json.loads(read(function)["body"])["data"]


# Calls before an event


@pytest.fixture
def shop(cloud: Cloud) -> Cloud:
    """A deployment with the client, its token and the promotion."""
    cloud.tokens.register_client("demo", form("issue_token")["client_secret"], "Demo")
    token = read("get_promotion")["headers"]["authorization"].removeprefix("Bearer ")
    expires_at = datetime(9999, 1, 1, tzinfo=UTC)
    cloud.tokens.store.add_token(hash_secret(token), Token("demo", Grant.CLIENT_CREDENTIALS, expires_at))
    new = validate(SentPromotion, _sent("create_promotion")).to_domain()
    replace(wiring.service().promotions, new_id=lambda _: PROMOTION_ID).create(new, "demo")
    return cloud


def _nothing(_shop: Cloud) -> None:
    pass


def _codes(shop: Cloud) -> None:
    _answer(shop, "add_codes")


def _job(_shop: Cloud, data: Any | None = None) -> None:
    """The job, pending, for 1,000 codes unless its data say otherwise."""
    data = data or _sent("create_job")
    creator = replace(wiring.service().job_creator, new_id=lambda _: JOB_ID)
    creator.create(PROMOTION_ID, validate(job_schema(data), data).to_domain(), "demo")


def _generated(shop: Cloud) -> None:
    _job(shop)
    done = {"status": JobStatus.COMPLETED, "codes": 1_000}
    shop.change_job(shop.job(PROMOTION_ID, JOB_ID), "SET #status = :status, #generated = :codes", **done)


def _export(shop: Cloud) -> None:
    _codes(shop)
    _job(shop, EXPORT)


def _exported(shop: Cloud) -> None:
    _export(shop)
    _answer(shop, "run_job")


def _lost(shop: Cloud) -> None:
    """The export, whose message was lost long ago."""
    _export(shop)
    assert shop.messages() == [MESSAGE]
    then = "2026-01-01T00:00:00.000Z"
    shop.table.transact(shop.table.update(keys.open_job(JOB_ID), "SET #sent_at = :then", "", then=then))


def _usable(_shop: Cloud) -> None:
    """The codes, in a promotion that goes on, and in a chunk whose id the usage's id has."""
    new = validate(SentPromotion, _sent("create_promotion") | {"end": END}).to_domain()
    promotion = wiring.service().promotions.change(PROMOTION_ID, lambda _: new, "demo")
    sent = validate(SentCodes, _sent("add_codes"))
    replace(wiring.service().codes, new_id=lambda _: JOB_ID).add(promotion, sent.to_domain(), "demo")


def _redeemed(shop: Cloud) -> None:
    _usable(shop)
    _answer(shop, "redeem_code")


# Answers


def _promotion(promotion_id: object = PROMOTION_ID, **more: Any) -> Element:
    return shown_promotion(promotion_id, "demo", **more)


def _code(code: str, **more: Any) -> Element:
    meta = {"timestamps": {"created_at": A_TIME}}
    return {"type": "promotion_codes", "id": code, "code": code, **more, "created_by": "demo", "meta": meta}


def _generate_job(status: str, job_id: object = JOB_ID, **more: Any) -> Element:
    return {
        **_sent("create_job"),
        "id": job_id,
        "promotion_id": PROMOTION_ID,
        "status": status,
        "created_by": "demo",
        "meta": job_meta(1_000, length=10),
        **more,
    }


def _list(path: str, query: str, *elements: Element) -> Element:
    link = f"https://{HOST}/v2/promotions{path}?page[offset]=0&page[limit]=25{query}"
    return {
        "data": list(elements),
        "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
        "meta": {
            "page": {"limit": 25, "offset": 0, "current": 1, "total": 1},
            "results": {"total": len(elements)},
        },
    }


AN_USAGE_ID = Like(r"[\w-]{47}")


def _usage(usage_id: object = AN_USAGE_ID, **more: Any) -> Element:
    return {
        "id": usage_id,
        "promotion_id": PROMOTION_ID,
        "redemption_id": "order-4711",
        "status": "redeemed",
        "order_id": "order-4711",
        "code_id": "WELCOME-10",
        "code": "WELCOME-10",
        "times_used": 1,
        "used_on": A_TIME,
        "customer_id": "4711",
        "meta": {"timestamps": {"updated_at": A_TIME}},
        "anonymized": False,
        **more,
    }


TOKEN = {
    "access_token": A_TOKEN,
    "expires": ANY,
    "expires_in": 3600,
    "identifier": "client_credentials",
    "token_type": "Bearer",
}
WELCOME_10 = _code("WELCOME-10", uses=100, max_uses=100)
USAGE_ID = _sent("anonymize_usages")["usage_ids"][0]
VALIDITY = {
    "type": "promotion_code_validity",
    "valid": True,
    "code": "WELCOME-10",
    "already_redeemed": False,
    "promotion": _promotion(end=END, codes={"in_use": 2, "visible": 2}),
    "consume_unit": "per_cart",
    "units": 1,
    "ends_at": END,
    "max_uses": 100,
    "uses": 100,
}
FILTER = "&filter=eq(job_type,code_generate):eq(status,completed)"
LINK = Like(rf"https://{BUCKET}\.s3\.eu-west-1\.amazonaws\.com/{PROMOTION_ID}/{JOB_ID}/[^/]+\.csv\?.+")


FILE = {"href": LINK, "name": ANY, "rows": len(CODES), "bytes": ANY, "sha256": A_HASH}


UPLOAD = {
    "upload_id": AN_ID,
    "href": Like(rf"https://{BUCKET}\.s3\.eu-west-1\.amazonaws\.com/uploads/{PROMOTION_ID}/[0-9a-f-]{{36}}\?.+"),
    "headers": {"Content-Type": "text/csv; charset=utf-8"},
    "expires_at": A_TIME,
}


class Told(NamedTuple):
    """The calls that come before an event, and the answer to it."""

    given: Callable[[Cloud], None]
    answer: Any


def _json(status: int, body: Any, more: Mapping[str, str] = MappingProxyType({})) -> tuple[int, Any, Any]:
    return status, {**JSON_HEADERS, **more}, body


def _no_content() -> tuple[int, Any, Any]:
    status, body = NO_CONTENT
    return status, {}, body


TOLD = {
    "issue_token": Told(_nothing, _json(200, TOKEN, NOT_KEPT)),
    "create_promotion": Told(_nothing, _json(201, {"data": _promotion(AN_ID)})),
    "list_promotions": Told(_nothing, _json(200, _list("", "", _promotion()))),
    "get_promotion": Told(_nothing, _json(200, {"data": _promotion()})),
    "update_promotion": Told(_nothing, _json(200, {"data": _promotion(name="Late summer sale", max_codes=5_000)})),
    "delete_promotion": Told(_codes, _no_content()),
    "add_codes": Told(_nothing, _json(201, {"data": _promotion(codes={"in_use": 2, "visible": 2})})),
    "list_codes": Told(_codes, _json(200, _list(f"/{PROMOTION_ID}/codes", "", WELCOME_10, _code("WELCOME-20")))),
    "get_code": Told(_codes, _json(200, {"data": WELCOME_10})),
    "delete_code": Told(_codes, _no_content()),
    "delete_codes": Told(_codes, _no_content()),
    "validate_code": Told(_usable, _json(200, {"data": VALIDITY})),
    "redeem_code": Told(_usable, _json(201, {"data": _usage()})),
    "roll_back_redemption": Told(_redeemed, _json(200, {"data": _usage(status="rolled_back", times_used=0)})),
    "list_usages": Told(_redeemed, _json(200, _list(f"/{PROMOTION_ID}/usages", "", _usage(USAGE_ID)))),
    "get_usage": Told(_redeemed, _json(200, {"data": _usage(USAGE_ID)})),
    "list_code_usages": Told(
        _redeemed, _json(200, _list(f"/{PROMOTION_ID}/codes/WELCOME-10/usages", "", _usage(USAGE_ID)))
    ),
    "anonymize_usages": Told(
        _redeemed, _json(200, {"data": [_usage(USAGE_ID, customer_email="**", updated_by="demo", anonymized=True)]})
    ),
    "create_upload": Told(_nothing, _json(201, {"data": UPLOAD})),
    "create_job": Told(_nothing, _json(201, {"data": _generate_job("pending", AN_ID)})),
    "get_job": Told(_job, _json(200, {"data": _generate_job("pending")})),
    "list_jobs": Told(
        _generated,
        _json(200, _list(f"/{PROMOTION_ID}/jobs", FILTER, _generate_job("completed", result={"generated": 1_000}))),
    ),
    "cancel_job": Told(_job, _json(200, {"data": _generate_job("cancelled", result={"generated": 0, "deleted": 0})})),
    "get_job_file": Told(_exported, _json(200, {"href": LINK, "files": [FILE]}, NOT_KEPT)),
    "get_openapi": Told(_nothing, _json(200, json.loads(OPENAPI), OF_A_PAGE)),
    "show_docs": Told(_nothing, page("show_docs", "docs")),
    "show_console": Told(_nothing, page("show_console", "console")),
    "reject_unknown_route": Told(_nothing, _json(*ROUTE_NOT_FOUND)),
    "run_job": Told(_export, None),
    "sweep_jobs": Told(_lost, None),
    "start_scheduled_job": Told(_codes, {"job_id": AN_ID}),
}


def _answer(shop: Cloud, function: str) -> Any:
    """Status, headers and content of what comes over HTTP, or what the handler returns."""
    if template.routes(function):
        return shop.reply(function, read(function))
    handler = importlib.import_module(f"functions.{function}.app").handler
    with shop.account.acting_as(function):
        return handler(read(function), Context(function))


@pytest.mark.parametrize("function", template.functions())
def test_an_event_is_answered_by_its_function(shop: Cloud, function: str) -> None:
    told = TOLD[function]
    told.given(shop)
    assert _answer(shop, function) == told.answer


@pytest.mark.parametrize(("function", "left"), [("delete_code", ["WELCOME-20"]), ("delete_codes", [])])
def test_the_events_that_delete_codes_name_codes_that_are_there(shop: Cloud, function: str, left: list[str]) -> None:
    _codes(shop)
    _answer(shop, function)
    _, listed = shop.call("list_codes", PROMOTION_ID)
    assert [code["code"] for code in listed["data"]] == left


def test_the_event_of_the_worker_is_the_message_of_the_job(shop: Cloud) -> None:
    _job(shop)
    assert shop.messages() == [MESSAGE]


def test_the_event_of_the_sweep_sends_that_message_again(shop: Cloud) -> None:
    _lost(shop)
    _answer(shop, "sweep_jobs")
    assert shop.messages() == [MESSAGE]


def test_the_event_of_the_worker_exports_the_codes_that_were_added(shop: Cloud) -> None:
    _exported(shop)
    _, shown = shop.call("get_job", PROMOTION_ID, JOB_ID)
    file = {"rows": len(CODES), "bytes": ANY, "sha256": A_HASH}
    job = {
        **EXPORT,
        "id": JOB_ID,
        "promotion_id": PROMOTION_ID,
        "status": "completed",
        "created_by": "demo",
        "meta": job_meta(file=file),
    }
    assert shown == {"data": job}
    assert shop.account.published == [("Promotion Job Completed", job)]
    [stored] = shop.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    _, *rows = shop.s3.get_object(Bucket=BUCKET, Key=stored["Key"])["Body"].read().decode().splitlines()
    assert [row.split(",")[0] for row in rows] == CODES


def test_the_event_of_the_schedule_has_the_members_that_the_template_sends() -> None:
    [schedule] = template.events("start_scheduled_job", "ScheduleV2")
    assert read("start_scheduled_job").keys() == json.loads(schedule["Input"]["Fn::Sub"]).keys()
