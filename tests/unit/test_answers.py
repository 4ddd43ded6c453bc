"""The API's renderings (contract 1 to 4, decisions 12 to 14)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.api import answers
from promotion_jobs.codes.code import Terms
from promotion_jobs.jobs.job import ExportParameters, GenerateParameters, Job, JobStatus
from promotion_jobs.jobs.read import Download, Progress
from promotion_jobs.pages import Listing, Page
from promotion_jobs.tokens.token import Grant, Token
from tests.support.builders import (
    EXPORT_FILE,
    JOB_ID,
    NOW,
    NOW_TEXT,
    PROMOTION_ID,
    UNKNOWN_ID,
    code,
    delete_job,
    export_job,
    generate_job,
    generated_job,
    promotion,
)
from tests.support.events import HOST, request

TIMESTAMPS = {"created_at": NOW_TEXT, "updated_at": NOW_TEXT}
EXPORT = {
    "type": "promotion_job",
    "id": JOB_ID,
    "promotion_id": PROMOTION_ID,
    "job_type": "code_export",
    "status": "pending",
    "created_by": "shop",
    "meta": {"timestamps": TIMESTAMPS},
}
GENERATE = EXPORT | {
    "job_type": "code_generate",
    "parameters": {"number_of_codes": 100},
    "meta": {"timestamps": TIMESTAMPS, "guess_odds": "1 in 2,824,295,364"},
}
DELETE = EXPORT | {"job_type": "code_delete", "parameters": {"all": True}}


def test_a_token_stands_at_the_top_level() -> None:
    token = Token("shop", Grant.CLIENT_CREDENTIALS, NOW)
    assert answers.token("a1" * 20, token, life_seconds=3_600) == {
        "access_token": "a1" * 20,
        "expires": 1_780_315_200,
        "expires_in": 3_600,
        "identifier": "client_credentials",
        "token_type": "Bearer",
    }


PROMOTION = {
    "type": "promotion",
    "id": PROMOTION_ID,
    "parent_id": PROMOTION_ID,
    "current": True,
    "name": "Summer sale",
    "max_codes": 1_000,
    "created_by": "shop",
    "updated_by": "shop",
    "meta": {"timestamps": TIMESTAMPS, "codes": {"in_use": 0, "visible": 0}},
}


def _in_use(**codes: Any) -> dict[str, Any]:
    return {"meta": {"timestamps": TIMESTAMPS, "codes": codes}}


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, {}),
        ({"automatic": True}, {"automatic": True}),
        ({"room": 5, "codes": 995}, _in_use(in_use=995, visible=995)),
        ({"room": 5, "codes": 900, "open_job": JOB_ID}, _in_use(in_use=995, visible=900, open_job=JOB_ID)),
        ({"fields": {"name": "Summer sale", "max_applications_per_cart": 0}}, {}),
        (
            {"fields": {"name": "Summer sale", "max_applications_per_cart": 1}},
            {"max_applications_per_cart": 1},
        ),
        ({"fields": {"name": "Summer sale", "enabled": False}}, {"enabled": False}),
    ],
)
def test_a_promotion_is_shown_with_its_fields_and_how_many_codes_it_has(
    changes: dict[str, Any], more: dict[str, Any]
) -> None:
    assert answers.promotion(promotion(**changes)) == PROMOTION | more


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        (export_job(), EXPORT),
        (
            export_job(parameters=ExportParameters(header=False, rows_per_file=5, gzip=True)),
            EXPORT | {"parameters": {"header": False, "rows_per_file": 5, "gzip": True}},
        ),
        (export_job(name=" nightly "), EXPORT | {"name": " nightly "}),
        (generate_job(), GENERATE),
        (generate_job(status=JobStatus.PROCESSING), GENERATE | {"status": "processing"}),
        (
            generate_job(status=JobStatus.FAILED, error="codes limit exceeded"),
            GENERATE | {"status": "failed", "error": "codes limit exceeded"},
        ),
        (
            generate_job(status=JobStatus.COMPLETED, generated=100),
            GENERATE | {"status": "completed", "result": {"generated": 100}},
        ),
        (
            generate_job(status=JobStatus.COMPLETED, generated=100, deleted=40),
            GENERATE | {"status": "completed", "result": {"generated": 100, "deleted": 40}},
        ),
        (
            generate_job(status=JobStatus.CANCELLED, generated=50, deleted=50),
            GENERATE | {"status": "cancelled", "result": {"generated": 50, "deleted": 50}},
        ),
        (
            generate_job(status=JobStatus.CANCELLED),
            GENERATE | {"status": "cancelled", "result": {"generated": 0, "deleted": 0}},
        ),
        (export_job(status=JobStatus.CANCELLED), EXPORT | {"status": "cancelled"}),
        (delete_job(), DELETE),
        (delete_job(UNKNOWN_ID, name="job"), DELETE | {"name": "job", "parameters": {"job_id": UNKNOWN_ID}}),
        (delete_job(status=JobStatus.PROCESSING), DELETE | {"status": "processing"}),
        (delete_job(status=JobStatus.CANCELLING), DELETE | {"status": "cancelling"}),
        (delete_job(status=JobStatus.COMPLETED, deleted=7), DELETE | {"status": "completed", "result": {"deleted": 7}}),
        (delete_job(status=JobStatus.COMPLETED), DELETE | {"status": "completed", "result": {"deleted": 0}}),
        (delete_job(status=JobStatus.CANCELLED, deleted=3), DELETE | {"status": "cancelled", "result": {"deleted": 3}}),
        (
            delete_job(status=JobStatus.FAILED, deleted=3, error="given up after repeated errors"),
            DELETE | {"status": "failed", "error": "given up after repeated errors"},
        ),
    ],
)
def test_a_job_is_shown_with_what_it_has(job: Job, shown: dict[str, Any]) -> None:
    assert answers.job(job) == shown


def test_the_members_of_a_job_come_in_the_order_of_the_contract() -> None:
    whole = generate_job(name="job", error="an error", status=JobStatus.COMPLETED)
    assert list(answers.job(whole)) == [
        "type",
        "id",
        "promotion_id",
        "job_type",
        "name",
        "parameters",
        "status",
        "error",
        "created_by",
        "meta",
        "result",
    ]


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        (GenerateParameters(1), {"number_of_codes": 1}),
        (GenerateParameters(1, max_uses_per_code=0), {"number_of_codes": 1, "max_uses_per_code": 0}),
        (
            GenerateParameters(1, "per_cart", 5, 10, "Summer-"),
            {
                "number_of_codes": 1,
                "consume_unit": "per_cart",
                "max_uses_per_code": 5,
                "code_length": 10,
                "code_prefix": "Summer-",
            },
        ),
    ],
)
def test_the_parameters_that_were_sent_are_shown_in_the_order_of_the_contract(
    parameters: GenerateParameters, shown: dict[str, Any]
) -> None:
    answer = answers.job(generate_job(parameters=parameters))
    assert list(answer["parameters"].items()) == list(shown.items())


def test_an_export_shows_what_is_in_its_file_but_not_where_it_is() -> None:
    job = export_job(status=JobStatus.COMPLETED, files=(EXPORT_FILE,))
    file = {"rows": 2, "bytes": 120, "sha256": "0" * 64}
    assert answers.job(job) == EXPORT | {"status": "completed", "meta": {"timestamps": TIMESTAMPS, "file": file}}


def test_an_export_of_several_files_shows_what_is_in_each() -> None:
    files = [EXPORT_FILE, replace(EXPORT_FILE, key="2.csv", rows=1, size=80)]
    job = export_job(status=JobStatus.COMPLETED, files=files)
    shown = [{"rows": 2, "bytes": 120, "sha256": "0" * 64}, {"rows": 1, "bytes": 80, "sha256": "0" * 64}]
    assert answers.job(job)["meta"] == {"timestamps": TIMESTAMPS, "files": shown}


def test_each_file_is_linked_and_the_first_as_the_contract_has_it() -> None:
    downloads = [Download(f"https://{name}", name, EXPORT_FILE) for name in ("1.csv", "2.csv")]
    file = {"rows": 2, "bytes": 120, "sha256": "0" * 64}
    assert answers.links(downloads) == {
        "href": "https://1.csv",
        "files": [{"href": f"https://{name}", "name": name, **file} for name in ("1.csv", "2.csv")],
    }


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(0, 1_000), {"done": 0, "total": 1_000, "percent": 0}),
        (
            Progress(400, 1_000, 40.4, NOW + timedelta(seconds=15), 0.4, NOW),
            {
                "done": 400,
                "total": 1_000,
                "percent": 40,
                "updated_at": NOW_TEXT,
                "codes_per_second": 40,
                "recent_codes_per_second": 0,
                "eta": "2026-06-01T12:00:15.000Z",
            },
        ),
    ],
)
def test_an_open_job_shows_how_far_it_is(progress: Progress, shown: dict[str, Any]) -> None:
    answer = answers.job(generate_job(status=JobStatus.PROCESSING), progress)
    odds = {"guess_odds": "1 in 2,824,295,364"}
    assert answer["meta"] == {"timestamps": TIMESTAMPS, "progress": shown, **odds}


CODE = {
    "type": "promotion_codes",
    "id": "bcdf-ghjk",
    "code": "bcdf-ghjk",
    "created_by": "shop",
    "job_id": JOB_ID,
    "meta": {"timestamps": {"created_at": NOW_TEXT}},
}


def test_a_code_is_its_own_id_and_shows_what_was_set() -> None:
    assert answers.code(code()) == CODE
    own = code(terms=Terms("per_item", 3, "zoë@example.com"), job_id=None)
    by_hand = {name: value for name, value in CODE.items() if name != "job_id"}
    terms = {"consume_unit": "per_item", "max_uses": 3, "uses": 3, "user": "zoë@example.com"}
    assert answers.code(own) == by_hand | terms
    assert answers.code(code(terms=Terms(max_uses=0))) == CODE | {"max_uses": 0, "uses": 0}


LIST = f"https://{HOST}/v2/promotions/{PROMOTION_ID}/jobs"


def _listing(total: int, page: Page) -> Any:
    items = [str(number) for number in range(total)][page.offset : page.offset + page.limit]
    listing = Listing(items, total, page)
    return answers.listing(listing, lambda it: {"id": it}, request("list_jobs"), filter_=None)


@pytest.mark.parametrize("total", [0, 1, 25])
def test_all_links_of_a_single_page_are_the_same(total: int) -> None:
    answer = _listing(total, Page())
    link = f"{LIST}?page[offset]=0&page[limit]=25"
    assert answer == {
        "data": [{"id": str(number)} for number in range(total)],
        "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
        "meta": {
            "page": {"limit": 25, "offset": 0, "current": 1, "total": 1 if total else 0},
            "results": {"total": total},
        },
    }


@pytest.mark.parametrize(
    ("total", "page", "offsets", "number", "pages"),
    [
        (60, Page(25, 0), (0, 0, 50, 0, 25), 1, 3),
        (60, Page(25, 25), (25, 0, 50, 0, 50), 2, 3),
        (60, Page(25, 50), (50, 0, 50, 25, 50), 3, 3),
        (60, Page(20, 40), (40, 0, 40, 20, 40), 3, 3),
        (60, Page(25, 10), (10, 0, 50, 0, 35), 1, 3),
        (20_000, Page(25, 5_000), (5_000, 0, 10_000, 4_975, 5_025), 201, 800),
        (20_000, Page(25, 10_000), (10_000, 0, 10_000, 9_975, 10_000), 401, 800),
        (10_000, Page(100, 9_900), (9_900, 0, 9_900, 9_800, 9_900), 100, 100),
    ],
)
def test_links_lead_to_pages_that_there_are(
    total: int, page: Page, offsets: tuple[int, ...], number: int, pages: int
) -> None:
    answer = _listing(total, page)
    names = ("current", "first", "last", "prev", "next")
    assert answer["links"] == {
        name: f"{LIST}?page[offset]={offset}&page[limit]={page.limit}"
        for name, offset in zip(names, offsets, strict=True)
    }
    assert answer["meta"] == {
        "page": {"limit": page.limit, "offset": page.offset, "current": number, "total": pages},
        "results": {"total": total},
    }


def test_before_a_page_beyond_the_end_comes_the_last_one() -> None:
    links = _listing(60, Page(25, 1_000))["links"]
    assert links == {
        "current": f"{LIST}?page[offset]=1000&page[limit]=25",
        "first": f"{LIST}?page[offset]=0&page[limit]=25",
        "last": f"{LIST}?page[offset]=50&page[limit]=25",
        "prev": f"{LIST}?page[offset]=50&page[limit]=25",
        "next": f"{LIST}?page[offset]=50&page[limit]=25",
    }


@pytest.mark.parametrize(
    ("filter_", "kept"),
    [
        ("eq(job_type, code_export):eq(status,complete)", "eq(job_type,%20code_export):eq(status,complete)"),
        ("eq(status,a&b=c#d)", "eq(status,a%26b%3Dc%23d)"),
        ("eq(status,é)", "eq(status,%C3%A9)"),
    ],
)
def test_links_keep_the_filter(filter_: str, kept: str) -> None:
    page = Listing(["1"], 1, Page())
    links = answers.listing(page, lambda it: {"id": it}, request("list_jobs"), filter_)["links"]
    assert set(links.values()) == {f"{LIST}?page[offset]=0&page[limit]=25&filter={kept}"}


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"host": "codes.example.com"}, "https://codes.example.com"),
        ({"host": "127.0.0.1:8080", "x-forwarded-proto": "http"}, "http://127.0.0.1:8080"),
        ({"host": None, "x-forwarded-proto": None}, f"https://{HOST}"),
    ],
)
def test_links_lead_to_where_the_request_came_to(headers: dict[str, str | None], origin: str) -> None:
    event = request("list_promotions", headers=headers)
    links = answers.listing(Listing(["1"], 1, Page()), lambda it: {"id": it}, event, None)["links"]
    assert set(links.values()) == {f"{origin}/v2/promotions?page[offset]=0&page[limit]=25"}


def test_neither_the_plan_of_a_job_nor_what_its_claim_gave_it_is_shown() -> None:
    shown = str(answers.job(generated_job(5, first_index=1_234_567, key_version=89)))
    assert not [hidden for hidden in ("plan", "index", "1234567", "version", "89") if hidden in shown]
