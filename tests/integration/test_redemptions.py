"""Validating, redeeming and rolling back: what is sent, and the whole answers (decision 20)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promotion_jobs.values import to_text
from tests.integration.checkout import FIRST, LAST, LIMITED, PLAIN, UNLIMITED, open_promotion, redeemed_at
from tests.support.answers import (
    CODE_NOT_FOUND,
    ID_ROLLED_BACK,
    ID_USED_OTHERWISE,
    USAGE_NOT_FOUND,
    Element,
    failure,
    invalid,
    not_usable,
    required,
    shown_promotion,
    shown_usage,
)
from tests.support.builders import UNKNOWN_ID
from tests.support.cloud import Answer, Cloud
from tests.support.matchers import A_TIME


@pytest.fixture
def promotion_id(cloud: Cloud) -> str:
    return open_promotion(cloud)


def _redeem(cloud: Cloud, id: str, **more: Any) -> Answer:  # noqa: A002 - as it is called
    return cloud.call("redeem_code", data={"data": {"code": LIMITED, "id": id, **more}})


def _roll_back(cloud: Cloud, **sent: Any) -> Answer:
    return cloud.call("roll_back_redemption", data={"data": sent})


def _validate(cloud: Cloud, **sent: Any) -> Answer:
    return cloud.call("validate_code", data={"data": {"code": LIMITED, **sent}})


def _told(answered: int, promotion_id: str, id: str, times: int, **more: Any) -> Answer:  # noqa: A002
    return answered, {"data": shown_usage(promotion_id, LIMITED, id, times, **more)}


# What is sent

OF_AN_ID = "must be 1 to 64 printable ASCII characters"
WHOLE = "must be a whole number"
BOUND: dict[str, Any] = {"code": LIMITED, "id": "A"}

FAULTS: list[tuple[str, dict[str, Any], list[Element]]] = [
    ("redeem_code", {}, [required("data.code"), required("data.id")]),
    ("redeem_code", {"code": 5, "id": "A"}, [invalid("data.code", "must be text")]),
    ("redeem_code", BOUND | {"id": ""}, [invalid("data.id", OF_AN_ID)]),
    ("redeem_code", BOUND | {"id": "x" * 65}, [invalid("data.id", OF_AN_ID)]),
    ("redeem_code", BOUND | {"id": "café"}, [invalid("data.id", OF_AN_ID)]),
    ("redeem_code", BOUND | {"id": None}, [invalid("data.id", "must be text")]),
    ("redeem_code", BOUND | {"quantity": 0}, [invalid("data.quantity", "must be at least 1")]),
    ("redeem_code", BOUND | {"quantity": 10_001}, [invalid("data.quantity", "must be at most 10000")]),
    ("redeem_code", BOUND | {"quantity": "1"}, [invalid("data.quantity", WHOLE)]),
    ("redeem_code", BOUND | {"quantity": 1.5}, [invalid("data.quantity", WHOLE)]),
    ("redeem_code", BOUND | {"quantity": True}, [invalid("data.quantity", WHOLE)]),
    ("redeem_code", BOUND | {"promotion_id": 5}, [invalid("data.promotion_id", "must be text")]),
    ("redeem_code", BOUND | {"hold_seconds": -1}, [invalid("data.hold_seconds", "must be at least 0")]),
    ("redeem_code", BOUND | {"hold_seconds": 86_401}, [invalid("data.hold_seconds", "must be at most 86400")]),
    ("redeem_code", BOUND | {"hold_seconds": "60"}, [invalid("data.hold_seconds", WHOLE)]),
    *[
        ("redeem_code", BOUND | {name: value}, [invalid(f"data.{name}", rule)])
        for name in ("customer_id", "order_id", "customer_email")
        for value, rule in ((7, "must be text"), ("x" * 256, "must have at most 255 characters"))
    ],
    ("validate_code", {}, [required("data.code")]),
    ("validate_code", {"code": LIMITED, "id": "x" * 65}, [invalid("data.id", OF_AN_ID)]),
    ("validate_code", {"code": LIMITED, "quantity": 0}, [invalid("data.quantity", "must be at least 1")]),
    ("validate_code", {"code": LIMITED, "customer_id": 7}, [invalid("data.customer_id", "must be text")]),
    ("roll_back_redemption", {}, [required("data.code"), required("data.id")]),
    ("roll_back_redemption", {"code": LIMITED}, [required("data.id")]),
    ("roll_back_redemption", BOUND | {"quantity": -1}, [invalid("data.quantity", "must be at least 0")]),
    ("roll_back_redemption", BOUND | {"quantity": 10_001}, [invalid("data.quantity", "must be at most 10000")]),
    ("roll_back_redemption", {"usage_id": 5}, [invalid("data.usage_id", "must be text")]),
    ("roll_back_redemption", {"usage_id": "x", "quantity": "1"}, [invalid("data.quantity", WHOLE)]),
]


def test_each_fault_of_a_body_is_named_and_changes_nothing(cloud: Cloud, promotion_id: str) -> None:
    assert promotion_id
    before = cloud.items()
    for function, sent, faults in FAULTS:
        assert (sent, *cloud.call(function, data={"data": sent})) == (sent, *failure(400, *faults))
    assert cloud.items() == before


def test_what_is_not_set_may_be_null_or_an_empty_text(cloud: Cloud, promotion_id: str) -> None:
    names = ("customer_id", "order_id", "customer_email", "promotion_id", "hold_seconds")
    for number, unset in enumerate((None, "")):
        answer = _redeem(cloud, f"{number}", **dict.fromkeys(names, unset))
        assert answer == _told(201, promotion_id, f"{number}", 1)


# Validating


def _validity(promotion_id: str, code: str = LIMITED, **more: Any) -> Answer:
    # All the codes are in one promotion.
    shown = shown_promotion(
        promotion_id,
        start="2020-01-01T00:00:00Z",
        end="9999-01-01T00:00:00Z",
        codes={"in_use": 3, "visible": 3},
    )
    return 200, {
        "data": {
            "type": "promotion_code_validity",
            "valid": True,
            "code": code,
            "already_redeemed": False,
            "promotion": shown,
            "consume_unit": "per_item",
            "units": 1,
            "ends_at": "9999-01-01T00:00:00Z",
            **more,
        }
    }


def test_a_validation_says_what_a_redemption_would_be_judged_by(cloud: Cloud, promotion_id: str) -> None:
    limits: dict[str, Any] = {"max_uses": 5, "uses": 5}
    assert _validate(cloud, quantity=3) == _validity(promotion_id, units=3, **limits)
    assert _validate(cloud, code=LIMITED.upper(), promotion_id=promotion_id) == _validity(promotion_id, **limits)
    refused: dict[str, Any] = {"valid": False, "reason": "exhausted"}
    assert _validate(cloud, quantity=6) == _validity(promotion_id, units=6, **limits, **refused)
    unlimited = _validity(promotion_id, UNLIMITED, consume_unit="per_cart")
    assert _validate(cloud, code=UNLIMITED, quantity=10_000) == unlimited


def test_a_validation_with_an_id_knows_what_was_done_under_it(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A", quantity=2)[0] == 201
    limits: dict[str, Any] = {"max_uses": 5, "uses": 3}
    again = _validity(promotion_id, units=2, already_redeemed=True, **limits)
    assert _validate(cloud, id="A", quantity=2) == again
    otherwise: dict[str, Any] = {"valid": False, "reason": "id_used_otherwise", "already_redeemed": True}
    assert _validate(cloud, id="A") == _validity(promotion_id, **limits, **otherwise)
    assert _roll_back(cloud, code=LIMITED, id="A")[0] == 200
    back: dict[str, Any] = {"valid": False, "reason": "rolled_back", "max_uses": 5, "uses": 5}
    assert _validate(cloud, id="A", quantity=2) == _validity(promotion_id, units=2, **back)


def test_a_validation_changes_nothing(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A")[0] == 201
    before, writes = cloud.items(), cloud.account.writes
    for sent in ({}, {"id": "A"}, {"quantity": 9}, {"code": "absent"}, {"promotion_id": UNKNOWN_ID}):
        assert _validate(cloud, **sent)[0] == 200
    assert (cloud.items(), cloud.account.writes) == (before, writes)
    assert promotion_id


# Redeeming

OF_AN_ORDER = {"customer_id": "4711", "order_id": "order-1", "customer_email": "jo@example.com"}


def test_a_redemption_shows_what_was_sent_and_is_repeated_word_for_word(cloud: Cloud, promotion_id: str) -> None:
    first = _redeem(cloud, "A", quantity=2, **OF_AN_ORDER)
    assert first == _told(201, promotion_id, "A", 2, **OF_AN_ORDER)
    assert _redeem(cloud, "A", quantity=2, **OF_AN_ORDER) == (200, first[1])
    # The customer and the quantity make it the same, and nothing else.
    again = {"code": LIMITED.upper(), "customer_id": "4711", "order_id": "order-2", "promotion_id": promotion_id}
    assert _redeem(cloud, "A", quantity=2, **again) == (200, first[1])


def test_an_id_that_redeemed_for_something_else_is_refused(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A", quantity=2, customer_id="4711")[0] == 201
    before = cloud.items()
    assert _redeem(cloud, "A", quantity=3, customer_id="4711") == ID_USED_OTHERWISE
    assert _redeem(cloud, "A", quantity=2) == ID_USED_OTHERWISE
    assert _redeem(cloud, "A", quantity=2, customer_id="4711", hold_seconds=60)[0] == 200
    assert cloud.items() == before
    assert promotion_id


def test_a_code_that_is_not_there_is_not_found_in_any_way(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    for sent in ({"code": "absent"}, {"code": ""}, {"code": "x" * 999}, {"promotion_id": UNKNOWN_ID}):
        assert _redeem(cloud, "A", **sent) == CODE_NOT_FOUND
    for code in ("absent", ""):
        assert _roll_back(cloud, code=code, id="A") == CODE_NOT_FOUND
    assert cloud.items() == before
    assert promotion_id


REFUSALS: list[tuple[dict[str, Any], dict[str, Any], Answer]] = [
    ({"enabled": False}, {}, not_usable("promotion_disabled", 5)),
    ({"start": "9998-01-01"}, {}, not_usable("not_started", 5)),
    ({"end": "2020-01-01"}, {}, not_usable("ended", 5)),
    ({"end": "2020-01-01"}, {"code": UNLIMITED}, not_usable("ended")),
    ({}, {"code": "of-no-use"}, not_usable("unusable", 0)),
    ({}, {"code": "of-one"}, not_usable("other_customer")),
    ({}, {"code": "of-two", "customer_id": "c"}, not_usable("other_customer", 1)),
    ({}, {"quantity": 6}, not_usable("exhausted", 5)),
    # The promotion is asked before the code, and the customer before the uses.
    ({"enabled": False, "end": "2020-01-01"}, {"code": "of-no-use"}, not_usable("promotion_disabled", 0)),
    ({}, {"code": "of-two", "quantity": 2}, not_usable("other_customer", 1)),
]
"""What the promotion is changed to, what is sent, and the answer."""


def test_each_refusal_has_its_reason_and_changes_nothing(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, {"code": "of-no-use", "uses": 0}, {"code": "of-one", "user": "a"})
    cloud.add_codes(promotion_id, {"code": "of-two", "uses": 1, "user": ["a", "b"], "consume_unit": "per_item"})
    for fields, sent, expected in REFUSALS:
        whole = {"enabled": True, "start": FIRST, "end": LAST} | fields
        assert cloud.call("update_promotion", promotion_id, data={"data": whole})[0] == 200
        before = cloud.items()
        assert _redeem(cloud, "A", **sent) == expected
        status, validity = _validate(cloud, **sent)
        reason = expected[1]["errors"][0]["meta"]["reason"]
        assert (status, validity["data"]["valid"], validity["data"]["reason"]) == (200, False, reason)
        assert cloud.items() == before


# Rolling back


def test_a_redemption_is_rolled_back_to_what_remains_and_never_grows(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A", quantity=5)[0] == 201
    for quantity, kept in ((7, 5), (5, 5), (3, 3), (4, 3), (1, 1)):
        assert _roll_back(cloud, code=LIMITED, id="A", quantity=quantity) == _told(200, promotion_id, "A", kept)
        assert _validate(cloud)[1]["data"]["uses"] == 5 - kept
    back = _told(200, promotion_id, "A", 0, status="rolled_back")
    assert _roll_back(cloud, code=LIMITED, id="A") == back
    assert _roll_back(cloud, code=LIMITED, id="A", quantity=5) == back
    assert _validate(cloud)[1]["data"]["uses"] == 5


def test_a_redemption_that_never_came_is_rolled_back_for_good(cloud: Cloud, promotion_id: str) -> None:
    never = _told(200, promotion_id, "A", 0, status="rolled_back")
    assert _roll_back(cloud, code=LIMITED, id="A") == never
    assert _roll_back(cloud, code=LIMITED, id="A", quantity=3) == never
    assert _redeem(cloud, "A") == ID_ROLLED_BACK
    assert _redeem(cloud, "A", hold_seconds=60) == ID_ROLLED_BACK
    assert _validate(cloud)[1]["data"]["uses"] == 5
    assert cloud.call("list_usages", promotion_id)[1]["data"] == []


def test_a_usage_is_rolled_back_by_its_id_also_when_its_code_is_deleted(cloud: Cloud, promotion_id: str) -> None:
    usage = _redeem(cloud, "A", quantity=2)[1]["data"]
    assert cloud.call("delete_code", promotion_id, LIMITED)[0] == 204
    assert _roll_back(cloud, code=LIMITED, id="A") == CODE_NOT_FOUND
    assert _roll_back(cloud, usage_id=usage["id"], quantity=1) == _told(200, promotion_id, "A", 1)
    assert _roll_back(cloud, usage_id=usage["id"]) == _told(200, promotion_id, "A", 0, status="rolled_back")
    assert _roll_back(cloud, usage_id=f"{usage['id'][:-1]}!") == USAGE_NOT_FOUND
    assert cloud.call("delete_promotion", promotion_id)[0] == 204
    assert _roll_back(cloud, usage_id=usage["id"]) == USAGE_NOT_FOUND


def test_usages_that_never_were_are_not_found(cloud: Cloud, promotion_id: str) -> None:
    id_ = _redeem(cloud, "A")[1]["data"]["id"]
    for usage_id in ("", "x", id_[:-1], f"{id_}=", "A" * 47, "é" * 47):
        assert _roll_back(cloud, usage_id=usage_id) == USAGE_NOT_FOUND
    assert promotion_id


# Holding


def test_a_hold_is_confirmed_by_its_id_and_keeps_its_uses(cloud: Cloud, promotion_id: str) -> None:
    earliest = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60)
    status, answer = _redeem(cloud, "A", quantity=2, hold_seconds=60, **OF_AN_ORDER)
    assert (status, answer) == _told(201, promotion_id, "A", 2, status="held", expires_at=A_TIME, **OF_AN_ORDER)
    assert to_text(earliest) <= answer["data"]["expires_at"] <= to_text(earliest + timedelta(seconds=5))
    assert _redeem(cloud, "A", quantity=2, hold_seconds=90, **OF_AN_ORDER) == (200, answer)
    assert _validate(cloud, id="A", quantity=2, customer_id="4711")[1]["data"]["already_redeemed"] is False
    confirmed = _redeem(cloud, "A", quantity=2, customer_id="4711")
    assert confirmed == _told(201, promotion_id, "A", 2, **OF_AN_ORDER)
    assert _redeem(cloud, "A", quantity=2, customer_id="4711") == (200, confirmed[1])
    assert _validate(cloud)[1]["data"]["uses"] == 3


def test_a_confirmation_names_the_order_that_the_hold_did_not_know(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A", hold_seconds=60)[1]["data"]["order_id"] == "A"
    confirmed = _redeem(cloud, "A", order_id="order-1")
    assert confirmed == _told(201, promotion_id, "A", 1, order_id="order-1")
    assert _redeem(cloud, "A", order_id="order-2") == (200, confirmed[1])


def test_a_hold_that_is_over_counts_nowhere_and_can_be_confirmed_until_it_is_taken(
    cloud: Cloud, promotion_id: str
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    for id_ in ("A", "B"):
        redeemed_at(cloud, long_ago, code=LIMITED, id=id_, quantity=2, hold=timedelta(minutes=1))
    shown = [cloud.call("get_code", promotion_id, LIMITED)[1]["data"]]
    shown += [it for it in cloud.call("list_codes", promotion_id)[1]["data"] if it["code"] == LIMITED]
    assert [it["uses"] for it in [*shown, _validate(cloud)[1]["data"]]] == [5, 5, 5]
    assert _redeem(cloud, "A", quantity=2) == _told(201, promotion_id, "A", 2)
    # The next one finds one use, and takes back the hold that nobody confirmed.
    assert _redeem(cloud, "C", quantity=3) == _told(201, promotion_id, "C", 3)
    assert _redeem(cloud, "B", quantity=2) == not_usable("exhausted", 0)
    assert _validate(cloud)[1]["data"]["uses"] == 0


def test_a_hold_is_rolled_back_in_part_and_whole(cloud: Cloud, promotion_id: str) -> None:
    assert _redeem(cloud, "A", quantity=4, hold_seconds=60)[0] == 201
    held = {"status": "held", "expires_at": A_TIME}
    assert _roll_back(cloud, code=LIMITED, id="A", quantity=1) == _told(200, promotion_id, "A", 1, **held)
    assert _validate(cloud)[1]["data"]["uses"] == 4
    assert _roll_back(cloud, code=LIMITED, id="A") == _told(200, promotion_id, "A", 0, status="rolled_back")
    assert _redeem(cloud, "A", quantity=4) == ID_ROLLED_BACK
    assert _validate(cloud)[1]["data"]["uses"] == 5


@pytest.mark.parametrize("code", [LIMITED, PLAIN, UNLIMITED])
def test_a_hold_of_any_code_ends_as_a_redemption_of_it(cloud: Cloud, promotion_id: str, code: str) -> None:
    assert _redeem(cloud, "A", code=code, hold_seconds=60)[0] == 201
    assert _redeem(cloud, "A", code=code) == (201, {"data": shown_usage(promotion_id, code, "A")})
    assert _roll_back(cloud, code=code, id="A")[1]["data"]["status"] == "rolled_back"
