"""GET …/codes (contract 2, decisions 12 to 14)."""

from itertools import chain
from typing import Any

import pytest

from tests.support import generated
from tests.support.builders import NOW_TEXT, UNKNOWN_ID
from tests.support.cloud import Cloud
from tests.support.events import HOST

FIRST = "019e82fb-4a00-7000-8000-000000000001"
SECOND = "019e82fb-4a00-7000-8000-000000000002"

CODES = {FIRST: generated.texts(2, 1), SECOND: generated.texts(2, first=generated.plan_of(2, 1).indices)}
"""Two jobs with their chunks."""

[FIRST_CODE, SECOND_CODE], [THIRD_CODE] = CODES[FIRST]
[[FOURTH_CODE, FIFTH_CODE]] = CODES[SECOND]


@pytest.fixture
def holder(cloud: Cloud, promotion_id: str) -> str:
    """A promotion with the codes of both jobs."""
    for job_id, chunks in CODES.items():
        generated.generate(cloud, promotion_id, chunks, job_id)
    return promotion_id


def _shown(code: str) -> dict[str, Any]:
    [job_id] = [job_id for job_id, chunks in CODES.items() if code in chain.from_iterable(chunks)]
    return {
        "type": "promotion_codes",
        "id": code,
        "code": code,
        "consume_unit": "per_cart",
        "max_uses": 1,
        "uses": 1,
        "created_by": "shop",
        "job_id": job_id,
        "meta": {"timestamps": {"created_at": NOW_TEXT}},
    }


def test_codes_are_listed_by_job_and_in_its_order(cloud: Cloud, holder: str) -> None:
    link = f"https://{HOST}/v2/promotions/{holder}/codes?page[offset]=0&page[limit]=25"
    assert cloud.call("list_codes", holder) == (
        200,
        {
            "data": [_shown(code) for code in [FIRST_CODE, SECOND_CODE, THIRD_CODE, FOURTH_CODE, FIFTH_CODE]],
            "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
            "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 5}},
        },
    )
    promotion = cloud.promotion(holder)
    assert (promotion.codes, promotion.room, promotion.open_job) == (5, 995, None)


PAGES = [
    ("page[limit]=2", [FIRST_CODE, SECOND_CODE], 5),
    ("page[limit]=2&page[offset]=2", [THIRD_CODE, FOURTH_CODE], 5),
    ("page[limit]=2&page[offset]=4", [FIFTH_CODE], 5),
    ("page[offset]=10000", [], 5),
    (f"filter=eq(code,{SECOND_CODE})", [SECOND_CODE], 1),
    (f"filter=eq(code, {FOURTH_CODE.upper()})", [FOURTH_CODE], 1),
    ("filter=eq(code,dddd-0)", [], 0),
    ("filter=eq(code,)", [], 0),
    (f"filter=eq(code,{FIRST_CODE}):eq(code,{SECOND_CODE})", [], 0),
    (f"filter=eq(code,{SECOND_CODE})&page[offset]=1", [], 1),
    (f"filter=eq(code,{'x' * 3_000})", [], 0),
    (f"filter=eq(job_id,{SECOND})", [FOURTH_CODE, FIFTH_CODE], 2),
    (f"filter=eq(job_id,{FIRST})&page[limit]=2&page[offset]=1", [SECOND_CODE, THIRD_CODE], 3),
    (f"filter=eq(job_id,{FIRST}):eq(code,{SECOND_CODE})", [SECOND_CODE], 1),
    (f"filter=eq(job_id,{SECOND}):eq(code,{SECOND_CODE})", [], 0),
    (f"filter=eq(job_id,{FIRST}):eq(job_id,{SECOND})", [], 0),
    (f"filter=eq(job_id,{UNKNOWN_ID})", [], 0),
    (f"filter=eq(job_id,{UNKNOWN_ID})&page[offset]=3", [], 0),
    ("filter=eq(job_id,)", [], 0),
    ("filter=eq(job_type,code_export):eq(status,failed)&page[limit]=1", [FIRST_CODE], 5),
    (f"filter=eq(status,complete):eq(code,{THIRD_CODE})", [THIRD_CODE], 1),
]
"""Query, the codes that it finds, and how many there are in all."""


def test_a_page_or_a_filter_leaves_some_of_the_codes(cloud: Cloud, holder: str) -> None:
    def found(query: str) -> Any:
        status, answer = cloud.call("list_codes", holder, query=query)
        return status, answer["data"], answer["meta"]["results"]["total"]

    expected = {query: (200, [_shown(code) for code in codes], total) for query, codes, total in PAGES}
    assert {query: found(query) for query, _, _ in PAGES} == expected


def test_the_codes_of_an_open_job_are_seen_when_it_is_completed(cloud: Cloud, promotion_id: str) -> None:
    generated.generate(cloud, promotion_id, CODES[FIRST], FIRST)
    job = generated.start(cloud, promotion_id, CODES[SECOND], SECOND)
    queries = ("", "page[offset]=3", f"filter=eq(code,{FOURTH_CODE})", f"filter=eq(job_id,{SECOND})")

    def found() -> list[list[str]]:
        answers = [cloud.call("list_codes", promotion_id, query=query)[1] for query in queries]
        return [[code["code"] for code in answer["data"]] for answer in answers]

    first = [FIRST_CODE, SECOND_CODE, THIRD_CODE]
    assert found() == [first, [], [], []]
    generated.complete(cloud, job)
    second = [FOURTH_CODE, FIFTH_CODE]
    assert found() == [[*first, *second], second, [FOURTH_CODE], second]


def test_the_codes_of_another_promotion_are_not_seen(cloud: Cloud, holder: str) -> None:
    assert holder
    other = cloud.create_promotion()
    for query in ("", f"filter=eq(code,{FIRST_CODE})", f"filter=eq(job_id,{FIRST})"):
        status, answer = cloud.call("list_codes", other, query=query)
        assert (status, answer["data"], answer["meta"]["results"]) == (200, [], {"total": 0})
