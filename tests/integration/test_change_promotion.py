"""PUT /v2/promotions/{promotion_id} (contract 3, decision 20)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from promotion_jobs.errors import PromotionNotFound
from promotion_jobs.promotions.promotion import NewPromotion
from promotion_jobs.values import to_text
from tests.support.answers import failure, fault, invalid, shown_promotion, unprocessable
from tests.support.builders import CLIENT_ID, NOW, UNKNOWN_ID
from tests.support.cloud import CLIENT_SECRET, Answer, Cloud

OPTIONAL = {
    "min_cart_value": [{"currency": "EUR", "amount": 2.5}],
    "max_discount_value": [{"currency": "EUR", "amount": 50}],
    "max_applications_per_cart": 2,
}


@pytest.fixture
def promotion_id(cloud: Cloud) -> str:
    """A promotion that says all there is to say."""
    return cloud.create_promotion(**OPTIONAL)


def _shown(
    promotion_id: str, changes: Mapping[str, Any] | None = None, codes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The promotion as it is shown, with changes; ABSENT is what is left out."""
    whole = {**shown_promotion(promotion_id, codes=codes), **OPTIONAL, **(changes or {})}
    return {name: value for name, value in whole.items() if value is not ABSENT}


ABSENT = object()

CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"type": "promotion"}, {}),
    ({"name": "Late sale"}, {"name": "Late sale"}),
    ({"description": "1€ 😀"}, {"description": "1€ 😀"}),
    ({"enabled": False}, {"enabled": False}),
    (
        {"promotion_type": "x_for_y", "schema": {"x": 3, "y": 2}},
        {"promotion_type": "x_for_y", "schema": {"x": 3, "y": 2}},
    ),
    ({"start": "2026-06-02"}, {"start": "2026-06-02T00:00:00Z"}),
    ({"end": "2026-12-24T18:00:00+01:00"}, {"end": "2026-12-24T17:00:00Z"}),
    ({"min_cart_value": []}, {"min_cart_value": []}),
    ({"min_cart_value": None}, {"min_cart_value": ABSENT}),
    ({"max_discount_value": None}, {"max_discount_value": ABSENT}),
    ({"max_applications_per_cart": 5}, {"max_applications_per_cart": 5}),
    ({"max_applications_per_cart": 0}, {"max_applications_per_cart": ABSENT}),
    ({"max_applications_per_cart": None}, {"max_applications_per_cart": ABSENT}),
    ({"automatic": True}, {"automatic": True}),
    ({"max_codes": 10_000_000}, {"max_codes": 10_000_000}),
    ({"colour": "red", "id": UNKNOWN_ID, "created_by": "me", "room": 5, "meta": 1}, {}),
]


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(("sent", "changes"), CHANGES)
def test_what_is_sent_changes_and_the_rest_stays(
    cloud: Cloud, promotion_id: str, sent: dict[str, Any], changes: dict[str, Any], *, wrapped: bool
) -> None:
    answer = cloud.call("update_promotion", promotion_id, data={"data": sent} if wrapped else sent)
    assert answer == (200, {"data": _shown(promotion_id, changes)})
    assert cloud.call("get_promotion", promotion_id) == answer
    assert cloud.call("list_promotions")[1]["data"] == [answer[1]["data"]]


def test_a_change_says_who_made_it_and_when(cloud: Cloud, promotion_id: str) -> None:
    created = cloud.promotion(promotion_id)
    cloud.tokens.register_client("another", CLIENT_SECRET, "Another")
    token, _ = cloud.tokens.issue("client_credentials", "another", CLIENT_SECRET)
    headers = {"authorization": f"Bearer {token}"}
    status, answer = cloud.call("update_promotion", promotion_id, data={"name": "Late sale"}, headers=headers)
    changed = cloud.promotion(promotion_id)
    assert (status, answer["data"]["created_by"], answer["data"]["updated_by"]) == (200, CLIENT_ID, "another")
    times = {"created_at": to_text(created.created_at), "updated_at": to_text(changed.updated_at)}
    assert answer["data"]["meta"] == {"timestamps": times, "codes": {"in_use": 0, "visible": 0}}
    assert changed.updated_at >= created.updated_at
    assert (changed.version, created.version) == (2, 1)


def _change(cloud: Cloud, promotion_id: str, **sent: Any) -> Answer:
    return cloud.call("update_promotion", promotion_id, data={"data": sent})


def _refused(cloud: Cloud, promotion_id: str, **sent: Any) -> Answer:
    """The answer to a change that must be refused, which changes nothing."""
    before = cloud.items()
    answer = _change(cloud, promotion_id, **sent)
    assert cloud.items() == before
    return answer


def test_the_limit_of_codes_goes_up_and_down_to_what_is_in_use(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "A", "B", "C")
    for max_codes in (2_000, 3, 4):
        assert _change(cloud, promotion_id, max_codes=max_codes) == (
            200,
            {"data": _shown(promotion_id, {"max_codes": max_codes}, {"in_use": 3, "visible": 3})},
        )
        promotion = cloud.promotion(promotion_id)
        assert (promotion.max_codes, promotion.room, promotion.codes) == (max_codes, max_codes - 3, 3)
    assert _refused(cloud, promotion_id, max_codes=2) == unprocessable("max_codes must be at least the 3 codes in use")


def test_the_limit_of_codes_does_not_go_below_what_an_open_job_makes(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "A")
    job_id = cloud.create_job(promotion_id, "code_generate", number_of_codes=100)
    cloud.claim(cloud.job(promotion_id, job_id), NOW)
    assert _refused(cloud, promotion_id, max_codes=100) == unprocessable(
        "max_codes must be at least the 101 codes in use"
    )
    in_use = {"in_use": 101, "visible": 1, "open_job": job_id}
    assert _change(cloud, promotion_id, max_codes=101) == (
        200,
        {"data": _shown(promotion_id, {"max_codes": 101}, in_use)},
    )
    assert cloud.promotion(promotion_id).room == 0


CANNOT_BE_AUTOMATIC = unprocessable("A promotion with codes or an open job cannot be made automatic")


def test_a_promotion_with_codes_does_not_become_automatic_until_they_are_gone(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "A")
    assert _refused(cloud, promotion_id, automatic=True, name="x") == CANNOT_BE_AUTOMATIC
    cloud.call("delete_code", promotion_id, "A")
    assert _change(cloud, promotion_id, automatic=True) == (200, {"data": _shown(promotion_id, {"automatic": True})})
    assert _change(cloud, promotion_id, automatic=False) == (200, {"data": _shown(promotion_id)})


@pytest.mark.parametrize("job_type", ["code_generate", "code_export", "code_delete"])
def test_a_promotion_with_an_open_job_does_not_become_automatic(cloud: Cloud, promotion_id: str, job_type: str) -> None:
    codes = {"in_use": 0, "visible": 0, "open_job": cloud.create_job(promotion_id, job_type)}
    assert _refused(cloud, promotion_id, automatic=True) == CANNOT_BE_AUTOMATIC
    assert _change(cloud, promotion_id, name="x") == (200, {"data": _shown(promotion_id, {"name": "x"}, codes)})


def test_an_automatic_promotion_with_an_open_export_can_be_changed(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(automatic=True)
    cloud.create_job(promotion_id)
    assert _change(cloud, promotion_id, automatic=True, name="x")[0] == 200


def test_a_promotion_that_became_automatic_takes_no_codes(cloud: Cloud, promotion_id: str) -> None:
    _change(cloud, promotion_id, automatic=True)
    data = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 1}}
    assert cloud.call("create_job", promotion_id, data=data)[0] == 422


@pytest.mark.parametrize(
    ("sent", "elements"),
    [
        ({"end": "2026-05-31"}, [fault("data.end", "end must not be before start")]),
        ({"start": "2026-09-01"}, [fault("data.end", "end must not be before start")]),
        ({"name": None}, [invalid("data.name", "must be text")]),
        (
            {"type": "promo", "max_codes": 0},
            [invalid("data.type", "must be 'promotion'"), invalid("data.max_codes", "must be at least 1")],
        ),
        ({"description": "x" * 20_000}, [fault("data", "a promotion may have at most 20,000 bytes")]),
    ],
)
def test_a_change_that_is_not_right_is_refused(
    cloud: Cloud, promotion_id: str, sent: dict[str, Any], elements: list[dict[str, Any]]
) -> None:
    assert _refused(cloud, promotion_id, **sent) == failure(400, *elements)


def test_only_the_promotion_that_was_seen_is_changed(cloud: Cloud, promotion_id: str) -> None:
    store, seen = cloud.service.promotion_store, cloud.promotion(promotion_id)
    assert store.change(seen, NewPromotion({"name": "first"}, max_codes=500), "first", NOW) is True
    before = cloud.items()
    assert store.change(seen, NewPromotion({"name": "second"}, max_codes=700), "second", NOW) is False
    assert cloud.items() == before
    changed = cloud.promotion(promotion_id)
    assert changed == replace(
        seen, fields={"name": "first"}, max_codes=500, room=500, updated_by="first", updated_at=NOW, version=2
    )
    assert store.change(changed, NewPromotion({"name": "second"}, max_codes=700), "second", NOW) is True
    assert cloud.promotion(promotion_id).room == 700


def test_room_that_is_taken_meanwhile_does_not_disturb_a_change(cloud: Cloud, promotion_id: str) -> None:
    store, seen = cloud.service.promotion_store, cloud.promotion(promotion_id)
    cloud.add_codes(promotion_id, "A", "B")
    assert store.change(seen, NewPromotion({}, max_codes=10), CLIENT_ID, NOW) is True
    changed = cloud.promotion(promotion_id)
    assert (changed.codes, changed.room, changed.max_codes) == (2, 8, 10)


def test_a_promotion_that_is_deleted_meanwhile_is_not_changed(cloud: Cloud, promotion_id: str) -> None:
    store, seen = cloud.service.promotion_store, cloud.promotion(promotion_id)
    cloud.call("delete_promotion", promotion_id)
    before = cloud.items()
    with pytest.raises(PromotionNotFound):
        store.change(seen, NewPromotion({}), CLIENT_ID, NOW)
    assert cloud.items() == before
