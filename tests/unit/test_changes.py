"""Changes of a promotion, and of its codes by hand, as clients may send them (decisions 4, 14 and 20)."""

from typing import Any

import pytest

from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import NamedCodes, SentCodes
from promotion_jobs.api.schemas.promotions import changed
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.promotions.promotion import NewPromotion
from tests.support.builders import promotion

FIELDS = {
    "name": "Summer sale",
    "description": "10 % off",
    "enabled": True,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "EUR", "amount": 500}]},
    "start": "2026-06-01T00:00:00Z",
    "end": "2026-08-31T00:00:00Z",
    "min_cart_value": [{"currency": "EUR", "amount": 5}],
    "max_applications_per_cart": 2,
}
STORED = promotion(fields=FIELDS, max_codes=5_000, room=5_000)


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in FIELDS.items() if name not in names}


@pytest.mark.parametrize(
    ("sent", "fields", "more"),
    [
        ({}, FIELDS, {}),
        ({"type": "promotion"}, FIELDS, {}),
        ({"name": "Late sale"}, FIELDS | {"name": "Late sale"}, {}),
        ({"description": ""}, FIELDS | {"description": ""}, {}),
        ({"enabled": False}, FIELDS | {"enabled": False}, {}),
        ({"promotion_type": "x_for_y"}, FIELDS | {"promotion_type": "x_for_y"}, {}),
        ({"schema": {}}, FIELDS | {"schema": {}}, {}),
        ({"start": "2026-07-01"}, FIELDS | {"start": "2026-07-01T00:00:00Z"}, {}),
        ({"end": "2027-01-01 12:00"}, FIELDS | {"end": "2027-01-01T12:00:00Z"}, {}),
        ({"min_cart_value": []}, FIELDS | {"min_cart_value": []}, {}),
        ({"min_cart_value": None}, _without("min_cart_value"), {}),
        ({"max_discount_value": [1]}, FIELDS | {"max_discount_value": [1]}, {}),
        ({"max_discount_value": None}, FIELDS, {}),
        ({"max_applications_per_cart": 0}, FIELDS | {"max_applications_per_cart": 0}, {}),
        ({"max_applications_per_cart": None}, _without("max_applications_per_cart"), {}),
        ({"automatic": True}, FIELDS, {"automatic": True}),
        ({"max_codes": 1}, FIELDS, {"max_codes": 1}),
        ({"id": "another", "room": 0, "version": 9, "schema_": {}, "updated_by": "me"}, FIELDS, {}),
    ],
)
def test_what_was_sent_changes_and_the_rest_stays(
    sent: dict[str, Any], fields: dict[str, Any], more: dict[str, Any]
) -> None:
    assert changed(STORED, sent) == NewPromotion(fields, **{"automatic": False, "max_codes": 5_000, **more})


def test_what_was_automatic_stays_automatic() -> None:
    automatic = promotion(fields=FIELDS, automatic=True)
    assert changed(automatic, {}) == NewPromotion(FIELDS, automatic=True)
    assert changed(automatic, {"automatic": False}) == NewPromotion(FIELDS)


DATES = "must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z"


@pytest.mark.parametrize(
    ("sent", "faults"),
    [
        ({"type": "promotion_job"}, [("type", "must be 'promotion'")]),
        ({"type": None}, [("type", "must be 'promotion'")]),
        ({"name": None}, [("name", "must be text")]),
        ({"name": ""}, [("name", "must have at least 1 characters")]),
        ({"enabled": None}, [("enabled", "must be true or false")]),
        ({"automatic": "yes"}, [("automatic", "must be true or false")]),
        ({"schema": None}, [("schema", "must be an object")]),
        ({"start": "soon", "end": None}, [("start", DATES), ("end", "must be text")]),
        ({"max_codes": None}, [("max_codes", "must be a whole number")]),
        ({"max_codes": 0}, [("max_codes", "must be at least 1")]),
        ({"max_codes": 10_000_001}, [("max_codes", "must be at most 10000000")]),
    ],
)
def test_what_is_wrong_with_what_was_sent_is_a_fault(sent: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed(STORED, sent)
    expected = [Fault(f"data.{name}", "invalid", f"{name} {rule}") for name, rule in faults]
    assert list(refusal.value.faults) == expected


@pytest.mark.parametrize("sent", [{"start": "2026-09-01"}, {"end": "2026-05-31"}])
def test_a_promotion_still_ends_after_it_starts(sent: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed(STORED, sent)
    assert refusal.value.faults == (Fault("data.end", "invalid", "end must not be before start"),)


def test_a_promotion_does_not_grow_over_what_it_may_have() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed(STORED, {"description": "x" * 20_000})
    assert refusal.value.faults == (Fault("data", "invalid", "a promotion may have at most 20,000 bytes"),)


def _codes(*codes: Any) -> dict[str, Any]:
    return {"type": "promotion_codes", "codes": list(codes)}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"code": "A"}, NewCode("A", Terms())),
        ({"code": "Summer_2026-x"}, NewCode("Summer_2026-x", Terms())),
        ({"code": "x" * 64}, NewCode("x" * 64, Terms())),
        ({"code": "0", "uses": 0}, NewCode("0", Terms(max_uses=0))),
        ({"code": "0", "uses": 1_000_000_000}, NewCode("0", Terms(max_uses=1_000_000_000))),
        ({"code": "0", "user": "zoë"}, NewCode("0", Terms(user="zoë"))),
        ({"code": "0", "user": ["zoë"]}, NewCode("0", Terms(user=["zoë"]))),
        ({"code": "0", "user": ["x" * 40] * 25}, NewCode("0", Terms(user=["x" * 40] * 25))),
        ({"code": "SAVE.10"}, NewCode("SAVE.10", Terms())),
        ({"code": "10%OFF"}, NewCode("10%OFF", Terms())),
        ({"code": "R&D-10_BUY2GET1!"}, NewCode("R&D-10_BUY2GET1!", Terms())),
        ({"code": "0", "user": "", "consume_unit": "per_item"}, NewCode("0", Terms("per_item"))),
        ({"code": "0", "user": "", "consume_unit": "", "uses": ""}, NewCode("0", Terms())),
        ({"code": "0", "uses": 1e1}, NewCode("0", Terms(max_uses=10))),
        ({"code": "0", "uses": None, "user": None, "consume_unit": None}, NewCode("0", Terms())),
        ({"code": "0", "max_uses": "many", "id": 1}, NewCode("0", Terms())),
    ],
)
def test_a_code_is_taken_as_it_was_sent(sent: dict[str, Any], taken: NewCode) -> None:
    assert validate(SentCodes, _codes(sent)).to_domain() == [taken]


def test_what_stands_beside_the_codes_is_for_those_that_have_none_of_their_own() -> None:
    sent = _codes({"code": "A"}, {"code": "B", "consume_unit": "per_item"}, {"code": "C", "consume_unit": ""})
    codes = validate(SentCodes, sent | {"consume_unit": "per_cart"}).to_domain()
    assert [it.terms.consume_unit for it in codes] == ["per_cart", "per_item", "per_cart"]


def test_fifty_codes_are_taken_in_their_order() -> None:
    texts = [f"code-{number}" for number in range(50)]
    sent = validate(SentCodes, _codes(*({"code": text} for text in texts)))
    assert [code.code for code in sent.to_domain()] == texts


CODE_RULE = "code must be at most 64 letters, digits, - _ . % ! and &, and start with a letter or digit"
TYPE = Fault("data.type", "invalid", "type must be 'promotion_codes'")
CODES_REQUIRED = Fault("data.codes", "required", "codes is required")
TOO_MANY = Fault("data.codes", "invalid", "codes must have at most 50 entries")
TOO_FEW = Fault("data.codes", "invalid", "codes must have at least 1 entries")
CODE_REQUIRED = Fault("data.codes.0.code", "required", "code is required")
CODE_TEXT = Fault("data.codes.0.code", "invalid", "code must be text")
MODELS = pytest.mark.parametrize("model", [SentCodes, NamedCodes])


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, [Fault("data.type", "required", "type is required"), CODES_REQUIRED]),
        ({"type": "promotion_code", "codes": [{"code": "A"}]}, [TYPE]),
        ({"type": "promotion_codes"}, [CODES_REQUIRED]),
        ({"type": "promotion_codes", "codes": None}, [Fault("data.codes", "invalid", "codes must be a list")]),
        ({"type": "promotion_codes", "codes": {"code": "A"}}, [Fault("data.codes", "invalid", "codes must be a list")]),
        (_codes(), [TOO_FEW]),
        (_codes(*[{"code": "A"}] * 51), [TOO_MANY]),
        (_codes("A"), [Fault("data.codes.0", "invalid", "0 must be an object")]),
        (_codes({}), [CODE_REQUIRED]),
        (_codes({"code": None}), [CODE_TEXT]),
        (_codes({"code": 5}), [CODE_TEXT]),
    ],
)
@MODELS
def test_what_names_no_codes_is_refused(
    model: type[SentCodes | NamedCodes], data: dict[str, Any], faults: list[Fault]
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate(model, data)
    assert list(refusal.value.faults) == faults


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-A",
        "_A",
        "x" * 65,
        "a b",
        "a/b",
        "a+b",
        "é",
        "A\n",
        " A",
        "\N{FULLWIDTH DIGIT TWO}",
        "=1+1",
        "\0",
        "\ud800",
    ],
)
def test_a_code_that_cannot_be_one_is_not_added_but_may_be_named(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate(SentCodes, _codes({"code": "A"}, {"code": text}))
    assert refusal.value.faults == (Fault("data.codes.1.code", "invalid", CODE_RULE),)
    assert [code.code for code in validate(NamedCodes, _codes({"code": text, "uses": "any"})).codes] == [text]


@pytest.mark.parametrize(
    ("member", "value", "rule"),
    [
        ("uses", -1, "must be at least 0"),
        ("uses", 1_000_000_001, "must be at most 1000000000"),
        ("uses", "5", "must be a whole number"),
        ("uses", 1.5, "must be a whole number"),
        ("uses", True, "must be a whole number"),
        ("consume_unit", "per_checkout", "must be 'per_cart' or 'per_item'"),
    ],
)
def test_an_attribute_of_a_code_out_of_bounds_is_refused_with_the_bounds(member: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate(SentCodes, _codes({"code": "A", member: value}))
    assert refusal.value.faults == (Fault(f"data.codes.0.{member}", "invalid", f"{member} {rule}"),)


def test_of_many_faults_twenty_are_named() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate(SentCodes, _codes(*[{"code": "no code!"}] * 50))
    assert [fault.source for fault in refusal.value.faults] == [f"data.codes.{number}.code" for number in range(20)]
