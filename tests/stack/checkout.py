"""A shop's steps with one code over HTTP, and the whole answers that they get: the words of tables of cases."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from typing import Any

from local.api import Api
from tests.stack.journeys import new_promotion
from tests.support.answers import not_usable, shown_usage
from tests.support.matchers import A_TIME

FIRST, LAST = "2020-01-01", "9999-01-01"
"""Start and end of a promotion that is going on."""

_numbers = count(1)

Reply = tuple[int, Any]
"""Status and body."""


@dataclass(frozen=True)
class Shop:
    """A promotion that is going on, and its code."""

    api: Api
    client_id: str
    promotion: str
    code: str
    terms: Mapping[str, Any]

    @classmethod
    def opened(cls, api: Api, client_id: str, **terms: Any) -> "Shop":
        promotion = new_promotion(api, enabled=True, start=FIRST, end=LAST)
        shop = cls(api, client_id, promotion, f"checkout-{next(_numbers)}", terms)
        assert shop.add()[0] == 201
        return shop

    def call(self, method: str, path: str, data: Any = None) -> Reply:
        answer = self.api.call(method, f"/v2/promotions{path}", None if data is None else {"data": data})
        return answer.status, answer.json if answer.body else None

    def add(self, **more: Any) -> Reply:
        """Make the code, or another one by another name."""
        made = {"code": self.code, **self.terms, **more}
        return self.call("POST", f"/{self.promotion}/codes", {"type": "promotion_codes", "codes": [made]})

    def shown_promotion(self) -> Any:
        return self.call("GET", f"/{self.promotion}")[1]["data"]


Step = Callable[[Shop], Any]
Expected = Callable[[Shop], Any]


def at_once(shop: Shop, *steps: Step) -> list[Any]:
    """The answers to steps that start at the same moment."""
    start = Barrier(len(steps))

    def run(step: Step) -> Any:
        start.wait()
        return step(shop)

    with ThreadPoolExecutor(len(steps)) as threads:
        return list(threads.map(run, steps))


def tally(answers: list[Reply]) -> dict[str, int]:
    """How often each kind of answer is there, such as ``422 exhausted``."""
    return dict(Counter(f"{status} {_kind(body)}" for status, body in answers))


def _kind(body: Any) -> str:
    if "data" in body:
        return str(body["data"]["status"])
    (error,) = body["errors"]
    return str(error.get("meta", {}).get("reason", error["detail"]))


# Steps


def redeem(id: str, **more: Any) -> Step:  # noqa: A002 - as it is called
    return lambda shop: shop.call("POST", "/redemptions", {"code": shop.code, "id": id, **more})


def orders(number: int, **more: Any) -> Step:
    """So many redemptions at once, each with an id of its own."""
    return together(*[redeem(f"order-{it}", **more) for it in range(number)])


def hold(id: str, seconds: int = 900) -> Step:  # noqa: A002
    return redeem(id, hold_seconds=seconds)


def validate(id: str | None = None, **more: Any) -> Step:  # noqa: A002
    sent = {"id": id, **more}
    return lambda shop: shop.call("POST", "/codes/validate", {"code": shop.code, **sent})


def roll_back(id: str, quantity: int = 0) -> Step:  # noqa: A002
    sent = {"id": id, "quantity": quantity}
    return lambda shop: shop.call("POST", "/redemptions/rollback", {"code": shop.code, **sent})


def together(*steps: Step) -> Step:
    return lambda shop: tally(at_once(shop, *steps))


def look_up() -> Step:
    return lambda shop: shop.call("GET", f"/{shop.promotion}/codes/{shop.code}")


def list_usages(of_code: bool = False) -> Step:  # noqa: FBT001, FBT002 - of the promotion or of the code
    path = "/{0.promotion}/codes/{0.code}/usages" if of_code else "/{0.promotion}/usages?sort=used_on"
    return lambda shop: _usages(shop.call("GET", path.format(shop)))


def _usages(reply: Reply) -> Any:
    status, body = reply
    assert status == 200
    assert body["meta"]["results"]["total"] == len(body["data"])
    return [(it["redemption_id"], it["status"], it["times_used"]) for it in body["data"]]


def change_promotion(**fields: Any) -> Step:
    return lambda shop: shop.call("PUT", f"/{shop.promotion}", fields)[0]


def make_anew() -> Step:
    def step(shop: Shop) -> tuple[int, int]:
        return shop.call("DELETE", f"/{shop.promotion}/codes/{shop.code}")[0], shop.add()[0]

    return step


def wait(seconds: float) -> Step:
    return lambda _: time.sleep(seconds)


# What is expected


def plainly(value: Any) -> Expected:
    return lambda _: value


def counted(id: str, times: int = 1, **more: Any) -> Expected:  # noqa: A002
    return _told(201, id, times, more)


def replayed(id: str, times: int = 1, **more: Any) -> Expected:  # noqa: A002
    return _told(200, id, times, more)


def held(id: str, answered: int = 201) -> Expected:  # noqa: A002
    return _told(answered, id, 1, {"status": "held", "expires_at": A_TIME})


def rolled_back(id: str) -> Expected:  # noqa: A002
    return _told(200, id, 0, {"status": "rolled_back"})


def _told(answered: int, id: str, times: int, more: Mapping[str, Any]) -> Expected:  # noqa: A002
    return lambda shop: (answered, {"data": shown_usage(shop.promotion, shop.code, id, times, **more)})


def refused(reason: str, uses: int | None = None) -> Expected:
    return plainly(not_usable(reason, uses))


def valid(uses: int | None = None, **more: Any) -> Expected:
    return lambda shop: (200, {"data": _validity(shop, uses, {"valid": True, **more})})


def not_valid(reason: str, uses: int | None = None, **more: Any) -> Expected:
    return lambda shop: (200, {"data": _validity(shop, uses, {"valid": False, "reason": reason, **more})})


def _validity(shop: Shop, uses: int | None, more: Mapping[str, Any]) -> dict[str, Any]:
    promotion = shop.shown_promotion()
    limit = {} if uses is None else {"max_uses": shop.terms["uses"], "uses": uses}
    return {
        "type": "promotion_code_validity",
        "code": shop.code,
        "already_redeemed": False,
        "promotion": promotion,
        "consume_unit": shop.terms.get("consume_unit", "per_cart"),
        "units": 1,
        "ends_at": promotion["end"],
        **limit,
        **more,
    }


def left(uses: int) -> Expected:
    """The code, whole, with so many uses left."""
    return lambda shop: (200, {"data": _code(shop, uses)})


def _code(shop: Shop, uses: int) -> dict[str, Any]:
    terms = {name: value for name, value in shop.terms.items() if name != "uses"}
    return {
        "type": "promotion_codes",
        "id": shop.code,
        "code": shop.code,
        **terms,
        "max_uses": shop.terms["uses"],
        "uses": uses,
        "created_by": shop.client_id,
        "meta": {"timestamps": {"created_at": A_TIME}},
    }
