"""Promotions over HTTP (contract 3)."""

from typing import Any

import pytest

from tests.support.answers import shown_promotion
from tests.support.cloud import PROMOTION, Cloud
from tests.support.events import HOST

LIST = f"https://{HOST}/v2/promotions"


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_promotion_is_created_and_read(cloud: Cloud, *, wrapped: bool) -> None:
    status, created = cloud.call("create_promotion", data={"data": PROMOTION} if wrapped else PROMOTION)
    assert (status, created) == (201, {"data": shown_promotion()})
    assert cloud.call("get_promotion", created["data"]["id"]) == (200, created)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"automatic": True}, {"automatic": True}),
        ({"automatic": False, "max_applications_per_cart": 0}, {}),
        ({"max_applications_per_cart": 1}, {"max_applications_per_cart": 1}),
        ({"max_codes": 100_000}, {"max_codes": 100_000}),
        ({"description": "1€ 😀"}, {"description": "1€ 😀"}),
        ({"schema": {"a": [1, 2.5, None, True, 10**17]}}, {"schema": {"a": [1, 2.5, None, True, 10**17]}}),
        ({"max_codes": 5.0}, {"max_codes": 5}),
        ({"colour": "red"}, {}),
    ],
)
def test_what_was_said_of_a_promotion_is_shown(cloud: Cloud, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    promotion_id = cloud.create_promotion(**sent)
    assert cloud.call("get_promotion", promotion_id) == (200, {"data": shown_promotion(promotion_id, **shown)})


@pytest.mark.parametrize(
    ("data", "status", "errors"),
    [
        (
            {"data": {**PROMOTION, "type": "promo", "end": "soon"}},
            400,
            [
                {"status": 400, "source": "data.type", "title": "invalid", "detail": "type must be 'promotion'"},
                {
                    "status": 400,
                    "source": "data.end",
                    "title": "invalid",
                    "detail": "end must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z",
                },
            ],
        ),
        (
            {"data": {**PROMOTION, "description": "😀" * 60_000}},
            400,
            [
                {
                    "status": 400,
                    "source": "data",
                    "title": "invalid",
                    "detail": "a promotion may have at most 20,000 bytes",
                }
            ],
        ),
        (
            {"data": {**PROMOTION, "description": "x" * 1_000_000}},
            413,
            [{"status": 413, "title": "Payload Too Large", "detail": "A body may have at most 1,000,000 bytes"}],
        ),
    ],
)
def test_a_promotion_that_is_not_right_is_refused(
    cloud: Cloud, data: Any, status: int, errors: list[dict[str, Any]]
) -> None:
    before = cloud.items()
    assert cloud.call("create_promotion", data=data) == (status, {"errors": errors})
    assert cloud.items() == before


def _links(current: int, prev: int, next_: int, last: int) -> dict[str, str]:
    offsets = {"current": current, "first": 0, "last": last, "prev": prev, "next": next_}
    return {name: f"{LIST}?page[offset]={offset}&page[limit]=2" for name, offset in offsets.items()}


def test_promotions_are_listed_newest_first_page_by_page(cloud: Cloud) -> None:
    ids = sorted((cloud.create_promotion() for _ in range(5)), reverse=True)
    pages = {
        offset: cloud.call("list_promotions", query=f"page[limit]=2&page[offset]={offset}") for offset in (0, 2, 4)
    }
    links = {0: _links(0, 0, 2, 4), 2: _links(2, 0, 4, 4), 4: _links(4, 2, 4, 4)}
    for offset, answer in pages.items():
        assert answer == (
            200,
            {
                "data": [shown_promotion(id_) for id_ in ids[offset : offset + 2]],
                "links": links[offset],
                "meta": {
                    "page": {"limit": 2, "offset": offset, "current": offset // 2 + 1, "total": 3},
                    "results": {"total": 5},
                },
            },
        )


def test_a_list_of_no_promotions_is_empty(cloud: Cloud) -> None:
    link = f"{LIST}?page[offset]=0&page[limit]=25"
    assert cloud.call("list_promotions") == (
        200,
        {
            "data": [],
            "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
            "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 0}, "results": {"total": 0}},
        },
    )


@pytest.mark.parametrize("function", ["list_promotions", "list_codes", "list_jobs"])
def test_a_page_out_of_bounds_is_refused(cloud: Cloud, promotion_id: str, function: str) -> None:
    beyond = "; to see every code, create a code_export job" if function == "list_codes" else ""
    ids = [] if function == "list_promotions" else [promotion_id]
    assert cloud.call(function, *ids, query="page[limit]=101&page[offset]=10001") == (
        400,
        {
            "errors": [
                {
                    "status": 400,
                    "source": "page[limit]",
                    "title": "invalid",
                    "detail": "page[limit] must be a whole number from 1 to 100",
                },
                {
                    "status": 400,
                    "source": "page[offset]",
                    "title": "invalid",
                    "detail": f"page[offset] must be a whole number from 0 to 10000{beyond}",
                },
            ]
        },
    )
