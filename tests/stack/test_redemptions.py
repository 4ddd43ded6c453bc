"""Faults that shops had in public, each with what is right: cases as tables of steps and their whole answers."""

from typing import Any, NamedTuple

import pytest

from local.api import Api
from local.stack import LocalStack
from promotion_jobs.limits import HOLD_GRACE
from tests.stack.checkout import (
    FIRST,
    LAST,
    Expected,
    Shop,
    Step,
    change_promotion,
    counted,
    held,
    hold,
    left,
    list_usages,
    look_up,
    make_anew,
    not_valid,
    orders,
    plainly,
    redeem,
    refused,
    replayed,
    roll_back,
    rolled_back,
    together,
    valid,
    validate,
    wait,
)
from tests.support.answers import CODE_NOT_FOUND, ID_ROLLED_BACK, failure, invalid

PAST = "2020-01-02"
UNTIL_A_HOLD_OF_A_SECOND_IS_OVER = 1.2 + HOLD_GRACE.total_seconds()


class Case(NamedTuple):
    """``terms`` are those of the code. Each step has what it is to be answered."""

    name: str
    terms: dict[str, Any]
    steps: list[tuple[Step, Expected]]


def _unknown(code: str) -> Expected:
    """The answer to a validation of a code that is not there."""
    shown = {"type": "promotion_code_validity", "valid": False, "code": code, "already_redeemed": False}
    return plainly((200, {"data": shown | {"reason": "not_found"}}))


def _hold_refused(rule: str) -> Expected:
    return plainly(failure(400, invalid("data.hold_seconds", rule)))


LIMITS = [
    Case(
        "two checkouts at once do not both use a code for one",
        {"uses": 1},
        [(together(redeem("A"), redeem("B")), plainly({"201 redeemed": 1, "422 exhausted": 1})), (look_up(), left(0))],
    ),
    Case(
        "of fifty checkouts at once one uses a code for one",
        {"uses": 1},
        [(orders(50), plainly({"201 redeemed": 1, "422 exhausted": 49})), (look_up(), left(0))],
    ),
    Case(
        "of five checkouts at once three use a code for three",
        {"uses": 3},
        [(orders(5), plainly({"201 redeemed": 3, "422 exhausted": 2})), (look_up(), left(0))],
    ),
    Case(
        "no checkout succeeds without a use at the limit of a thousand",
        {"uses": 1_000, "consume_unit": "per_item"},
        [(orders(60, quantity=20), plainly({"201 redeemed": 50, "422 exhausted": 10})), (look_up(), left(0))],
    ),
    Case(
        "five orders of one customer at once use a code for one once",
        {"uses": 1},
        [(orders(5, customer_id="U"), plainly({"201 redeemed": 1, "422 exhausted": 4})), (look_up(), left(0))],
    ),
    Case(
        "the last of ten uses is there, and not an eleventh",
        {"uses": 10},
        [
            *((redeem(f"{it}"), counted(f"{it}")) for it in range(10)),
            (validate("the next"), not_valid("exhausted", uses=0)),
            (redeem("the next"), refused("exhausted", uses=0)),
        ],
    ),
    Case(
        "a code by the item counts each of them, and none if they are too many",
        {"uses": 2, "consume_unit": "per_item"},
        [
            (validate(quantity=3), not_valid("exhausted", uses=2, units=3)),
            (redeem("A", quantity=3), refused("exhausted", uses=2)),
            (redeem("A", quantity=2), counted("A", times=2)),
            (look_up(), left(0)),
        ],
    ),
    Case(
        "a code by the cart counts one use however many items there are",
        {"uses": 1, "consume_unit": "per_cart"},
        [(redeem("A", quantity=7), counted("A")), (look_up(), left(0))],
    ),
    Case(
        "what is refused changes nothing, and is not redeemed in part",
        {"uses": 5, "consume_unit": "per_item"},
        [
            (redeem("A", quantity=3), counted("A", times=3)),
            (redeem("B", quantity=3), refused("exhausted", uses=2)),
            (look_up(), left(2)),
            (list_usages(), plainly([("A", "redeemed", 3)])),
            (list_usages(of_code=True), plainly([("A", "redeemed", 3)])),
        ],
    ),
    Case(
        "a promotion has no limit over its codes: such a field is ignored",
        {"uses": 1},
        [
            (change_promotion(max_uses=1), plainly(200)),
            (lambda shop: "max_uses" in shop.shown_promotion(), plainly(False)),  # noqa: FBT003
            (lambda shop: shop.add(code=f"{shop.code}-2")[0], plainly(201)),
            (redeem("A"), counted("A")),
            (lambda shop: redeem("A", code=f"{shop.code}-2")(shop)[0], plainly(201)),
        ],
    ),
]

REPEATED = [
    Case(
        "a payment that completes twice uses a code once",
        {"uses": 2},
        [(redeem("A"), counted("A")), (redeem("A"), replayed("A")), (look_up(), left(1))],
    ),
    Case(
        "two threads of one checkout both succeed, with one use",
        {"uses": 1},
        [
            (together(redeem("A"), redeem("A")), plainly({"201 redeemed": 1, "200 redeemed": 1})),
            (list_usages(), plainly([("A", "redeemed", 1)])),
            (look_up(), left(0)),
        ],
    ),
    Case(
        "a completed order is valid for itself",
        {"uses": 1},
        [
            (redeem("A"), counted("A")),
            (validate("A"), valid(uses=0, already_redeemed=True)),
            (validate("B"), not_valid("exhausted", uses=0)),
        ],
    ),
    Case(
        "an order that is edited keeps its use under its id",
        {"uses": 1},
        [
            (redeem("A"), counted("A")),
            (redeem("A2"), refused("exhausted", uses=0)),
            (redeem("A"), replayed("A")),
        ],
    ),
    Case(
        "an order that is split over sellers is used once and comes back once",
        {"uses": 2},
        [
            (redeem("A"), counted("A")),
            (redeem("A"), replayed("A")),
            (redeem("A"), replayed("A")),
            (look_up(), left(1)),
            (roll_back("A"), rolled_back("A")),
            (roll_back("A"), rolled_back("A")),
            (look_up(), left(2)),
        ],
    ),
]

GIVEN_BACK = [
    Case(
        "a cancelled order gives its use to another",
        {"uses": 1},
        [(redeem("A"), counted("A")), (roll_back("A"), rolled_back("A")), (redeem("B"), counted("B"))],
    ),
    Case(
        "an order whose payment fails leaves the uses as before",
        {"uses": 3},
        [
            (redeem("A"), counted("A")),
            (roll_back("A"), rolled_back("A")),
            (look_up(), left(3)),
            (list_usages(), plainly([("A", "rolled_back", 0)])),
        ],
    ),
    Case(
        "a use that is given back twice comes back once",
        {"uses": 2},
        [
            (redeem("A"), counted("A")),
            (roll_back("A"), rolled_back("A")),
            (roll_back("A"), rolled_back("A")),
            (look_up(), left(2)),
        ],
    ),
    Case(
        "a use is given back while another is taken, and neither is lost",
        {"uses": 5},
        [
            (redeem("A"), counted("A")),
            (together(roll_back("A"), redeem("B")), plainly({"200 rolled_back": 1, "201 redeemed": 1})),
            (look_up(), left(4)),
        ],
    ),
    Case(
        "a cancelled order cannot be revived by its id",
        {"uses": 1},
        [
            (redeem("A"), counted("A")),
            (roll_back("A"), rolled_back("A")),
            (redeem("B"), counted("B")),
            (redeem("A"), plainly(ID_ROLLED_BACK)),
            (look_up(), left(0)),
        ],
    ),
    Case(
        "a code made anew inherits no uses, and the old usages stay",
        {"uses": 1},
        [
            (redeem("A"), counted("A")),
            (make_anew(), plainly((204, 201))),
            (look_up(), left(1)),
            (list_usages(), plainly([("A", "redeemed", 1)])),
            (list_usages(of_code=True), plainly([])),
            (redeem("A"), counted("A")),
            (look_up(), left(0)),
            (list_usages(), plainly([("A", "redeemed", 1)] * 2)),
        ],
    ),
]

HELD = [
    Case(
        "a hold does not refuse its own order",
        {"uses": 1},
        [
            (hold("A"), held("A")),
            (validate("A"), valid(uses=0)),
            (validate("B"), not_valid("exhausted", uses=0)),
            (redeem("A"), counted("A")),
            (look_up(), left(0)),
        ],
    ),
    Case(
        "a hold and nothing more leaves the uses as before when it is over",
        {"uses": 1},
        [
            (hold("A", 1), held("A")),
            (look_up(), left(0)),
            (wait(UNTIL_A_HOLD_OF_A_SECOND_IS_OVER), plainly(None)),
            (look_up(), left(1)),
            (validate("B"), valid(uses=1)),
            (list_usages(), plainly([])),
        ],
    ),
    Case(
        "a hold that became an order is not released at its end",
        {"uses": 1},
        [
            (hold("A", 1), held("A")),
            (redeem("A"), counted("A")),
            (wait(UNTIL_A_HOLD_OF_A_SECOND_IS_OVER), plainly(None)),
            (redeem("B"), refused("exhausted", uses=0)),
            (look_up(), left(0)),
        ],
    ),
    Case(
        "abandoned carts do not fill the limit for ever",
        {"uses": 1},
        [
            (hold("A", 1), held("A")),
            (redeem("B"), refused("exhausted", uses=0)),
            (wait(UNTIL_A_HOLD_OF_A_SECOND_IS_OVER), plainly(None)),
            (redeem("B"), counted("B")),
            (redeem("A"), refused("exhausted", uses=0)),
        ],
    ),
    Case(
        "each retry of a payment holds the same use",
        {"uses": 2},
        [
            (hold("A"), held("A")),
            (hold("A"), held("A", 200)),
            (hold("A"), held("A", 200)),
            (look_up(), left(1)),
            (redeem("A"), counted("A")),
            (look_up(), left(1)),
        ],
    ),
    Case(
        "a hold for no time is an order, and the limit holds",
        {"uses": 1},
        [
            (redeem("A", hold_seconds=-1), _hold_refused("must be at least 0")),
            (redeem("A", hold_seconds=86_401), _hold_refused("must be at most 86400")),
            (redeem("A", hold_seconds=0), counted("A")),
            (redeem("B", hold_seconds=None), refused("exhausted", uses=0)),
            (redeem("C", hold_seconds=""), refused("exhausted", uses=0)),
        ],
    ),
    Case(
        "a hold is confirmed after the end of the promotion",
        {"uses": 2},
        [
            (validate("A"), valid(uses=2)),
            (hold("A"), held("A")),
            (change_promotion(end=PAST), plainly(200)),
            (redeem("B"), refused("ended", uses=1)),
            (redeem("A"), counted("A")),
            (look_up(), left(1)),
        ],
    ),
]

JUDGED = [
    Case(
        "a promotion ends at the instant that its answer shows",
        {"uses": 1},
        [
            (change_promotion(end="9998-08-31"), plainly(200)),
            (validate(), valid(uses=1, ends_at="9998-08-31T00:00:00Z")),
            (change_promotion(end="9998-08-31T00:00:00+02:00"), plainly(200)),
            (validate(), valid(uses=1, ends_at="9998-08-30T22:00:00Z")),
            (change_promotion(end=PAST), plainly(200)),
            (validate(), not_valid("ended", uses=1, ends_at="2020-01-02T00:00:00Z")),
            (redeem("A"), refused("ended", uses=1)),
            (change_promotion(start="9998-01-01", end=LAST), plainly(200)),
            (redeem("A"), refused("not_started", uses=1)),
            (change_promotion(start=FIRST, enabled=False), plainly(200)),
            (redeem("A"), refused("promotion_disabled", uses=1)),
        ],
    ),
    Case(
        "a replay beats a refusal: what was redeemed stays so",
        {"uses": 1},
        [
            (redeem("A"), counted("A")),
            (change_promotion(end=PAST), plainly(200)),
            (validate("A"), valid(uses=0, already_redeemed=True)),
            (redeem("A"), replayed("A")),
            (roll_back("A"), rolled_back("A")),
        ],
    ),
    Case(
        "codes that were never issued, are malformed or of another promotion are answered alike",
        {"uses": 1},
        [
            (redeem("A", code="never-issued"), plainly(CODE_NOT_FOUND)),
            (redeem("A", code="no code, by any means"), plainly(CODE_NOT_FOUND)),
            (redeem("A", promotion_id="another"), plainly(CODE_NOT_FOUND)),
            (validate(code="never-issued"), _unknown("never-issued")),
            (validate(code="no code, by any means"), _unknown("no code, by any means")),
            (validate(promotion_id="another"), lambda shop: _unknown(shop.code)(shop)),
            (look_up(), left(1)),
        ],
    ),
    Case(
        "a guest does not pass for the customer of a code",
        {"uses": 2, "user": "U"},
        [
            (validate(), not_valid("other_customer", uses=2)),
            (redeem("A"), refused("other_customer", uses=2)),
            (redeem("A", customer_id="V"), refused("other_customer", uses=2)),
            (redeem("A", customer_id="U"), counted("A", customer_id="U")),
            (look_up(), left(1)),
        ],
    ),
]

CASES = [*LIMITS, *REPEATED, *GIVEN_BACK, *HELD, *JUDGED]


@pytest.mark.parametrize("case", CASES, ids=[it.name for it in CASES])
def test_a_shop_is_answered_what_is_right(stack: LocalStack, api: Api, case: Case) -> None:
    shop = Shop.opened(api, stack.client.client_id, **case.terms)
    for number, (step, expected) in enumerate(case.steps):
        assert (number, step(shop)) == (number, expected(shop))
