"""Fifty checkouts at once: of so many uses none is taken twice, and none is refused while it is there."""

import csv
import io
from collections import Counter
from functools import partial
from typing import Any

import pytest

from local.api import Api, send
from local.stack import LocalStack
from tests.stack.checkout import Shop, Step, at_once, list_usages, redeem, tally
from tests.stack.journeys import finished, new_job

CALLERS = 50
ROUNDS = 20
HOT = 2_000
"""Uses of a code that has several counters."""


@pytest.fixture(scope="module")
def shop(stack: LocalStack, api: Api) -> Shop:
    return Shop.opened(api, stack.client.client_id, uses=1)


def _round(shop: Shop, name: str, **more: Any) -> list[Any]:
    """The answers to checkouts at once, each with an id of its own."""
    return at_once(shop, *[redeem(f"{name}-{caller}", **more) for caller in range(CALLERS)])


def _uses(shop: Shop, code: str) -> Any:
    return shop.call("GET", f"/{shop.promotion}/codes/{code}")[1]["data"]["uses"]


@pytest.mark.parametrize("uses", [1, 3])
def test_of_fifty_checkouts_at_once_as_many_succeed_as_there_are_uses_in_every_round(shop: Shop, uses: int) -> None:
    expected = {"201 redeemed": uses, "422 exhausted": CALLERS - uses}
    for number in range(ROUNDS):
        code = f"race-{uses}-{number}"
        assert shop.add(code=code, uses=uses)[0] == 201
        assert (tally(_round(shop, "A", code=code)), _uses(shop, code)) == (expected, 0)


def test_of_a_hot_code_exactly_as_many_uses_are_taken_as_there_are(shop: Shop) -> None:
    assert shop.add(code="hot", uses=HOT, consume_unit="per_item")[0] == 201
    for number in range(ROUNDS):
        assert tally(_round(shop, f"{number}", code="hot")) == {"201 redeemed": CALLERS}
    rest = HOT - ROUNDS * CALLERS
    assert _uses(shop, "hot") == rest
    # No counter has so many, and the last callers find too few of all.
    answers = _round(shop, "heavy", code="hot", quantity=30)
    assert tally(answers) == {"201 redeemed": rest // 30, "422 exhausted": CALLERS - rest // 30}
    assert _told_uses(answers) == Counter({rest % 30: CALLERS - rest // 30})
    assert _uses(shop, "hot") == rest % 30
    answers = _round(shop, "last", code="hot", quantity=1)
    assert tally(answers) == {"201 redeemed": rest % 30, "422 exhausted": CALLERS - rest % 30}
    assert (_told_uses(answers), _uses(shop, "hot")) == (Counter({0: CALLERS - rest % 30}), 0)


def _told_uses(answers: list[Any]) -> Counter[int]:
    """How many uses are left by those that were refused."""
    return Counter(body["errors"][0]["meta"]["uses"] for status, body in answers if status == 422)


def test_of_fifty_requests_of_one_checkout_at_once_one_counts(shop: Shop) -> None:
    assert shop.add(code="repeated", uses=2)[0] == 201
    answers = at_once(shop, *[redeem("A", code="repeated")] * CALLERS)
    assert tally(answers) == {"201 redeemed": 1, "200 redeemed": CALLERS - 1}
    assert len({str(body) for _, body in answers}) == 1
    assert _uses(shop, "repeated") == 1


def test_uses_that_come_and_go_at_once_add_up(shop: Shop) -> None:
    assert shop.add(code="returned", uses=25)[0] == 201

    def come_and_go(shop: Shop, order: str) -> tuple[int, ...]:
        sent = {"code": "returned", "id": order}
        paths = ["/redemptions", "/redemptions/rollback", "/redemptions"]
        return tuple(shop.call("POST", path, sent)[0] for path in paths)

    steps: list[Step] = [partial(come_and_go, order=f"{caller}") for caller in range(CALLERS)]
    # What was rolled back is never redeemed again, whether it had been redeemed or refused.
    assert {status[1:] for status in at_once(shop, *steps)} == {(200, 422)}
    assert _uses(shop, "returned") == 25


def test_a_codes_uses_are_the_same_in_its_look_up_in_the_list_and_in_an_export(stack: LocalStack, api: Api) -> None:
    shop = Shop.opened(api, stack.client.client_id, uses=HOT, consume_unit="per_item")
    for code, uses in (("plain", 5), ("unlimited", None), ("untouched", 7)):
        assert shop.add(code=code, uses=uses)[0] == 201
    answers = at_once(shop, redeem("A", quantity=400), redeem("A", code="plain"), redeem("A", code="unlimited"))
    assert tally(answers) == {"201 redeemed": 3}
    expected = {shop.code: 1_600, "plain": 4, "unlimited": None, "untouched": 7}
    _, listed = shop.call("GET", f"/{shop.promotion}/codes")
    export = finished(api, shop.promotion, new_job(api, shop.promotion, "code_export"))
    _, link = shop.call("GET", f"/{shop.promotion}/jobs/{export['id']}/file")
    rows = csv.DictReader(io.StringIO(send("GET", link["href"]).body.decode(), newline=""))
    looked_up = {code: shop.call("GET", f"/{shop.promotion}/codes/{code}")[1]["data"].get("uses") for code in expected}
    assert looked_up == {it["code"]: it.get("uses") for it in listed["data"]} == expected
    assert {row["code"]: row["uses"] for row in rows} == {it: "" if n is None else str(n) for it, n in expected.items()}
    assert sorted(list_usages()(shop)) == [("A", "redeemed", 1), ("A", "redeemed", 1), ("A", "redeemed", 400)]
