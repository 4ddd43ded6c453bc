"""What was redeemed of a promotion and of a code, listed and read (contract 6)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.checkout import LIMITED, PLAIN, UNLIMITED, open_promotion, redeemed_at
from tests.support.answers import (
    CODE_NOT_FOUND,
    FILTER_REFUSED,
    PROMOTION_NOT_FOUND,
    USAGE_NOT_FOUND,
    failure,
    fault,
    invalid,
    shown_usage,
)
from tests.support.builders import MALFORMED_IDS, UNKNOWN_ID
from tests.support.cloud import Answer, Cloud
from tests.support.events import HOST

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EMAIL = "jo@example.com"

USED = [("A", LIMITED, 0), ("B", PLAIN, 1), ("C", LIMITED, 60), ("D", UNLIMITED, 86_400), ("E", PLAIN, 90_000)]
"""Id, code, and how many seconds after noon it was redeemed."""


def _time(seconds: float) -> str:
    moment = NOON + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03}Z"


class Shop:
    """A promotion of which the codes were redeemed in order, and held and rolled back before they came."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.promotion_id = open_promotion(cloud)
        self.ids = {
            id_: redeemed_at(cloud, NOON + timedelta(seconds=seconds), code=code, id=id_).key.usage_id
            for id_, code, seconds in USED
        }
        self.held_id = redeemed_at(cloud, NOON, code=PLAIN, id="held", hold=timedelta(days=1)).key.usage_id
        never = {"data": {"code": PLAIN, "id": "never came"}}
        _, rolled_back = cloud.call("roll_back_redemption", data=never)
        self.unseen_id = rolled_back["data"]["id"]
        other = cloud.create_promotion(start="2020-01-01", end="9999-01-01")
        cloud.add_codes(other, "of-another")
        self.other_id = redeemed_at(cloud, NOON, code="of-another", id="A").key.usage_id

    def shown(self, id: str) -> dict[str, Any]:  # noqa: A002 - as it is called
        ((code, seconds),) = [(code, seconds) for id_, code, seconds in USED if id_ == id]
        at = _time(seconds)
        own = {"id": self.ids[id], "used_on": at, "meta": {"timestamps": {"updated_at": at}}}
        return shown_usage(self.promotion_id, code, id) | own

    def list(self, query: str = "", code: str | None = None) -> Answer:
        # The ids of usages are not known before.
        for id_, usage_id in self.ids.items():
            query = query.replace(f"<{id_}>", usage_id)
        for name, usage_id in {"other": self.other_id, "held": self.held_id, "unseen": self.unseen_id}.items():
            query = query.replace(f"<{name}>", usage_id)
        if code is None:
            return self.cloud.call("list_usages", self.promotion_id, query=query)
        return self.cloud.call("list_code_usages", self.promotion_id, code, query=query)


@pytest.fixture(scope="module")
def shop(standing_cloud: Cloud) -> Shop:
    return Shop(standing_cloud)


def _page(path: str, *usages: dict[str, Any], query: str = "") -> Answer:
    link = f"https://{HOST}{path}?page[offset]=0&page[limit]=25{query}"
    return 200, {
        "data": list(usages),
        "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
        "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": len(usages)}},
    }


def test_a_promotions_usages_are_listed_newest_first(shop: Shop) -> None:
    path = f"/v2/promotions/{shop.promotion_id}/usages"
    assert shop.list() == _page(path, *[shop.shown(id_) for id_ in "EDCBA"])
    query = "&filter=ge(used_on,2026-06-02):eq(code,plain-5000)&sort=used_on"
    assert shop.list(query.strip("&")) == _page(path, shop.shown("E"), query=query)


def test_a_codes_usages_are_listed_oldest_first(shop: Shop) -> None:
    path = f"/v2/promotions/{shop.promotion_id}/codes"
    assert shop.list(code=LIMITED) == _page(f"{path}/{LIMITED}/usages", shop.shown("A"), shop.shown("C"))
    # In any case, and of many counters.
    newest = _page(f"{path}/PLAIN-5000/usages", shop.shown("E"), shop.shown("B"), query="&sort=-used_on")
    assert shop.list("sort=-used_on", code="PLAIN-5000") == newest


LISTED = [
    ("sort=used_on", "ABCDE", 5),
    ("sort=-used_on", "EDCBA", 5),
    ("page[limit]=2", "ED", 5),
    ("page[limit]=2&page[offset]=4", "A", 5),
    ("page[limit]=2&page[offset]=3&sort=used_on", "DE", 5),
    ("page[offset]=5", "", 5),
    ("page[offset]=10000", "", 5),
    ("filter=gt(used_on,2026-06-01)", "EDCBA", 5),
    ("filter=gt(used_on,2026-06-02)", "ED", 2),
    ("filter=lt(used_on,2026-06-02)", "CBA", 3),
    ("filter=gt(used_on,2026-06-01T12:00:00Z)", "EDCB", 4),
    ("filter=ge(used_on,2026-06-01T12:00:00Z)", "EDCBA", 5),
    ("filter=gt(used_on,2026-06-01T12:00:00.999Z)", "EDCB", 4),
    ("filter=lt(used_on,2026-06-01T12:00:01Z)", "A", 1),
    ("filter=le(used_on,2026-06-01T12:00:01Z)", "BA", 2),
    # Between two milliseconds, of which usages have whole ones.
    ("filter=gt(used_on,2026-06-01T12:00:00.000001Z)", "EDCB", 4),
    ("filter=ge(used_on,2026-06-01T12:00:00.000001Z)", "EDCB", 4),
    ("filter=ge(used_on,2026-06-01T11:59:59.999001Z)", "EDCBA", 5),
    ("filter=lt(used_on,2026-06-01T12:00:00.000001Z)", "A", 1),
    ("filter=le(used_on,2026-06-01T12:00:00.000001Z)", "A", 1),
    ("filter=lt(used_on,2026-06-01T12:00:01.000999Z)", "BA", 2),
    ("filter=le(used_on,2026-06-01T12:00:00.999999Z)", "A", 1),
    ('filter=le(used_on,"2026-06-01T14:00:01%2B02:00")', "BA", 2),
    ("filter=ge(used_on,2026-06-01T12:00:01Z):lt(used_on,2026-06-02T12:00:00Z)", "CB", 2),
    ("filter=gt(used_on,2026-06-01):gt(used_on,2026-06-02T12:00:00Z)", "E", 1),
    ("filter=gt(used_on,2026-06-02):lt(used_on,2026-06-01)", "", 0),
    ("filter=eq(code,limited)", "CA", 2),
    ("filter=eq(code,LIMITED):gt(used_on,2026-06-01T12:00:30Z)", "C", 1),
    ("filter=eq(code,plain-5000)&page[limit]=1&page[offset]=1", "B", 2),
    ("filter=eq(code,limited):eq(code,unlimited)", "", 0),
    ("filter=eq(code,absent)", "", 0),
    ("filter=eq(id,<C>)", "C", 1),
    ("filter=eq(id,<C>)&page[offset]=1", "", 1),
    ("filter=eq(id,<C>):eq(code,limited):le(used_on,2026-06-02)", "C", 1),
    ("filter=eq(id,<C>):eq(code,unlimited)", "", 0),
    ("filter=eq(id,<C>):gt(used_on,2026-06-02)", "", 0),
    ("filter=eq(id,<C>):eq(id,<A>)", "", 0),
    ("filter=eq(id,<other>)", "", 0),
    ("filter=eq(id,<held>)", "", 0),
    ("filter=eq(id,<unseen>)", "", 0),
    ("filter=eq(id,none)", "", 0),
]
"""Query, the usages that the promotion's list shows, and how many there are in all."""

LISTED_OF_A_CODE = [
    ("", "AC", 2),
    ("sort=-used_on&page[limit]=1", "C", 2),
    ("page[limit]=1&page[offset]=1", "C", 2),
    ("page[offset]=10000", "", 2),
    ("filter=gt(used_on,2026-06-01T12:00:00Z)", "C", 1),
    ("filter=ge(used_on,2026-06-01T12:00:00Z)", "AC", 2),
    ("filter=lt(used_on,2026-06-01T12:01:00Z)", "A", 1),
    ("filter=le(used_on,2026-06-01T12:01:00Z)", "AC", 2),
    ("filter=gt(used_on,2026-06-02):lt(used_on,2026-06-01)", "", 0),
    ("filter=eq(code,limited)", "AC", 2),
    ("filter=eq(code,unlimited)", "", 0),
    ("filter=eq(id,<A>)", "A", 1),
    ("filter=eq(id,<B>)", "", 0),
]


def _found(answer: Answer) -> tuple[int, str, int]:
    status, body = answer
    return status, "".join(it["redemption_id"] for it in body["data"]), body["meta"]["results"]["total"]


def test_a_page_or_a_filter_leaves_some_of_a_promotions_usages(shop: Shop) -> None:
    expected = {query: (200, ids, total) for query, ids, total in LISTED}
    assert {query: _found(shop.list(query)) for query in expected} == expected


def test_a_page_or_a_filter_leaves_some_of_a_codes_usages(shop: Shop) -> None:
    expected = {query: (200, ids, total) for query, ids, total in LISTED_OF_A_CODE}
    assert {query: _found(shop.list(query, LIMITED)) for query in expected} == expected


REFUSED_FILTERS = [
    "eq(used_on,2026-06-01)",
    "gt(used_on,yesterday)",
    "gt(used_on,2026-13-01)",
    "gt(used_on,)",
    "gt(code,limited)",
    "gt(id,x)",
    "eq(customer_id,4711)",
    "eq(customer_email,jo)",
    "like(code,lim)",
    "eq(code,limited",
    "eq(code,limited);eq(code,limited)",
    "",
]

REFUSED_QUERIES = {
    "sort=id": invalid("sort", "must be used_on or -used_on"),
    "sort=": invalid("sort", "must be used_on or -used_on"),
    "sort=used_on&sort=-used_on": invalid("sort", "must be given once"),
    "page[limit]=0": fault("page[limit]", "page[limit] must be a whole number from 1 to 100"),
    "page[limit]=101": fault("page[limit]", "page[limit] must be a whole number from 1 to 100"),
    "page[offset]=-1": fault("page[offset]", "page[offset] must be a whole number from 0 to 10000"),
}


@pytest.mark.parametrize("code", [None, LIMITED])
def test_a_filter_that_the_list_does_not_have_is_refused(shop: Shop, code: str | None) -> None:
    queries = [f"filter={quote(it)}" for it in REFUSED_FILTERS]
    assert {it: shop.list(it, code) for it in queries} == dict.fromkeys(queries, FILTER_REFUSED)


@pytest.mark.parametrize("code", [None, LIMITED])
def test_an_order_or_a_page_that_cannot_be_is_refused(shop: Shop, code: str | None) -> None:
    beyond = "" if code else "; to see earlier ones, filter by used_on"
    for query, expected in REFUSED_QUERIES.items():
        more = beyond if "offset" in query else ""
        shown = expected | {"detail": f"{expected['detail']}{more}"}
        assert (query, *shop.list(query, code)) == (query, *failure(400, shown))


def test_a_list_of_what_is_not_there_is_not_found(shop: Shop) -> None:
    for promotion_id in (UNKNOWN_ID, *MALFORMED_IDS):
        assert shop.cloud.call("list_usages", promotion_id) == PROMOTION_NOT_FOUND
        assert shop.cloud.call("list_code_usages", promotion_id, LIMITED) == PROMOTION_NOT_FOUND
        assert shop.cloud.call("get_usage", promotion_id, shop.ids["A"]) == PROMOTION_NOT_FOUND
    for code in ("absent", "of-another"):
        assert shop.list(code=code) == CODE_NOT_FOUND


def test_a_usage_is_read_by_its_id_in_its_promotion_alone(shop: Shop) -> None:
    get = shop.cloud.call
    assert get("get_usage", shop.promotion_id, shop.ids["A"]) == (200, {"data": shop.shown("A")})
    for usage_id in (shop.other_id, "none", shop.ids["A"][:-1], f"{shop.ids['A']}=", "A" * 47):
        assert get("get_usage", shop.promotion_id, usage_id) == USAGE_NOT_FOUND
