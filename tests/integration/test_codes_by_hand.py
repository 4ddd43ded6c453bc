"""POST …/codes and GET …/codes/{code} (contract 2, decision 14)."""

from typing import Any
from urllib.parse import quote

import pytest

from promotion_jobs.jobs.job import Message
from promotion_jobs.values import to_text
from tests.support import generated
from tests.support.answers import (
    AUTOMATIC,
    CODE_NOT_FOUND,
    DUPLICATE_CODE,
    PROMOTION_NOT_FOUND,
    Element,
    failure,
    invalid,
    required,
    too_many_codes,
)
from tests.support.builders import CLIENT_ID, JOB_ID, NOW_TEXT, UNKNOWN_ID
from tests.support.cloud import Answer, Cloud
from tests.support.events import HOST
from tests.support.matchers import A_TIME


def _body(*codes: Any) -> dict[str, Any]:
    return {"type": "promotion_codes", "codes": [{"code": code} if isinstance(code, str) else code for code in codes]}


def _add(cloud: Cloud, promotion_id: str, *codes: Any) -> Answer:
    return cloud.call("add_codes", promotion_id, data={"data": _body(*codes)})


def _refused(cloud: Cloud, promotion_id: str, *codes: Any) -> Answer:
    """The answer to codes that must be refused, which changes nothing."""
    before = cloud.items()
    answer = _add(cloud, promotion_id, *codes)
    assert cloud.items() == before
    return answer


def _shown(code: str, **terms: Any) -> dict[str, Any]:
    """A code made by hand."""
    return {
        "type": "promotion_codes",
        "id": code,
        "code": code,
        **terms,
        "created_by": CLIENT_ID,
        "meta": {"timestamps": {"created_at": A_TIME}},
    }


def _listed(cloud: Cloud, promotion_id: str) -> list[str]:
    _, answer = cloud.call("list_codes", promotion_id)
    assert answer["meta"]["results"]["total"] == len(answer["data"])
    return [code["code"] for code in answer["data"]]


@pytest.mark.parametrize("wrapped", [True, False])
def test_added_codes_are_answered_with_their_promotion(cloud: Cloud, promotion_id: str, *, wrapped: bool) -> None:
    _, promotion = cloud.call("get_promotion", promotion_id)
    sent = _body("Summer-1", {"code": "summer_2", "uses": 5})
    answer = cloud.call("add_codes", promotion_id, data={"data": sent} if wrapped else sent)
    promotion["data"]["meta"]["codes"] = {"in_use": 2, "visible": 2}
    assert answer == (201, promotion) == (201, cloud.call("get_promotion", promotion_id)[1])
    link = f"https://{HOST}/v2/promotions/{promotion_id}/codes?page[offset]=0&page[limit]=25"
    assert cloud.call("list_codes", promotion_id) == (
        200,
        {
            "data": [_shown("Summer-1"), _shown("summer_2", max_uses=5, uses=5)],
            "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
            "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 2}},
        },
    )
    stored = cloud.promotion(promotion_id)
    assert (stored.codes, stored.room, stored.version) == (2, 998, 1)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({}, {}),
        ({"uses": 5}, {"max_uses": 5, "uses": 5}),
        ({"uses": 0}, {"max_uses": 0, "uses": 0}),
        ({"uses": 1_000_000_000}, {"max_uses": 1_000_000_000, "uses": 1_000_000_000}),
        ({"user": "zoë@example.com 😀"}, {"user": "zoë@example.com 😀"}),
        ({"user": ["id-a", "id-b"]}, {"user": ["id-a", "id-b"]}),
        ({"user": ""}, {}),
        ({"consume_unit": "per_item"}, {"consume_unit": "per_item"}),
        ({"uses": None, "user": None, "consume_unit": None}, {}),
        (
            {"uses": 1, "user": "me", "consume_unit": "per_cart", "max_uses": 9, "id": "x", "created_by": "y"},
            {"max_uses": 1, "uses": 1, "user": "me", "consume_unit": "per_cart"},
        ),
    ],
)
def test_what_was_said_of_a_code_is_shown(
    cloud: Cloud, promotion_id: str, sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    cloud.add_codes(promotion_id, {"code": "A", **sent}, "B")
    assert cloud.call("get_code", promotion_id, "A") == (200, {"data": _shown("A", **shown)})
    assert cloud.call("get_code", promotion_id, "B") == (200, {"data": _shown("B")})
    _, answer = cloud.call("list_codes", promotion_id)
    assert answer["data"] == [_shown("A", **shown), _shown("B")]


def test_fifty_codes_are_added_and_not_one_more(cloud: Cloud, promotion_id: str) -> None:
    codes = [f"{'x' * 60}-{number:03}" for number in range(51)]
    too_many = failure(400, invalid("data.codes", "must have at most 50 entries"))
    assert _refused(cloud, promotion_id, *codes) == too_many
    cloud.add_codes(promotion_id, *codes[:50])
    _, answer = cloud.call("list_codes", promotion_id, query="page[limit]=100")
    assert [code["code"] for code in answer["data"]] == codes[:50]


@pytest.mark.parametrize("codes", [["A", "A"], ["Summer-1", "B", "sUMMER-1"]])
def test_a_code_that_is_named_twice_is_a_duplicate(cloud: Cloud, promotion_id: str, codes: list[str]) -> None:
    assert _refused(cloud, promotion_id, *codes) == DUPLICATE_CODE


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("code", ["Summer-1", "SUMMER-1"])
def test_a_code_that_anybody_has_is_a_duplicate_and_nothing_is_added(
    cloud: Cloud, promotion_id: str, code: str, *, own: bool
) -> None:
    cloud.add_codes(promotion_id if own else cloud.create_promotion(), "summer-1")
    assert _refused(cloud, promotion_id, "A", code, "B") == DUPLICATE_CODE


def test_a_code_that_a_job_makes_is_a_duplicate_before_it_can_be_seen(cloud: Cloud, promotion_id: str) -> None:
    chunks = [[code]] = generated.texts(1)
    generated.start(cloud, promotion_id, chunks)
    assert _listed(cloud, promotion_id) == []
    assert _refused(cloud, promotion_id, code.upper()) == DUPLICATE_CODE


def test_a_code_that_a_job_would_make_later_is_made_by_hand_and_by_no_job(cloud: Cloud, promotion_id: str) -> None:
    [[first, second, third]] = generated.texts(3)
    cloud.add_codes(promotion_id, first.upper(), third)
    assert first.upper() in _listed(cloud, promotion_id)
    job_id = cloud.create_job(promotion_id, "code_generate", number_of_codes=3)
    cloud.deliver(Message(promotion_id, job_id))
    _, answer = cloud.call("list_codes", promotion_id, query=f"filter=eq(job_id,{job_id})")
    [[*_, fourth, fifth]] = generated.texts(5)
    assert [code["code"] for code in answer["data"]] == [second, fourth, fifth]


def test_codes_can_be_added_while_a_job_is_open(cloud: Cloud, promotion_id: str) -> None:
    chunks = [[code]] = generated.texts(1)
    job = generated.start(cloud, promotion_id, chunks)
    cloud.add_codes(promotion_id, "A")
    assert _listed(cloud, promotion_id) == ["A"]
    generated.complete(cloud, job)
    assert sorted(_listed(cloud, promotion_id)) == sorted(["A", code])
    promotion = cloud.promotion(promotion_id)
    assert (promotion.codes, promotion.room, promotion.open_job) == (2, 998, None)


def test_a_promotion_takes_no_more_codes_than_it_may_hold(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=3)
    assert _refused(cloud, promotion_id, "A", "B", "C", "D") == too_many_codes(3, "data.codes")
    cloud.add_codes(promotion_id, "A", "B")
    assert _refused(cloud, promotion_id, "C", "D") == too_many_codes(3, "data.codes")
    cloud.add_codes(promotion_id, "C")
    assert _refused(cloud, promotion_id, "D") == too_many_codes(3, "data.codes")
    cloud.call("delete_code", promotion_id, "b")
    cloud.add_codes(promotion_id, "D")
    assert _listed(cloud, promotion_id) == ["A", "C", "D"]


def test_room_that_an_open_job_has_taken_is_not_there(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(max_codes=2)
    generated.start(cloud, promotion_id, generated.texts(2))
    assert _refused(cloud, promotion_id, "A") == too_many_codes(2, "data.codes")


def test_what_is_wrong_is_told_in_the_order_of_the_checks(cloud: Cloud) -> None:
    cloud.add_codes(cloud.create_promotion(), "taken")
    promotion_id = cloud.create_promotion(automatic=True, max_codes=1)
    assert _refused(cloud, UNKNOWN_ID, "no code!") == PROMOTION_NOT_FOUND
    rule = "must be at most 64 letters, digits, - _ . % ! and &, and start with a letter or digit"
    assert _refused(cloud, promotion_id, "no code!", "A") == failure(400, invalid("data.codes.0.code", rule))
    assert _refused(cloud, promotion_id, "taken", "A") == AUTOMATIC
    full = cloud.create_promotion(max_codes=1)
    assert _refused(cloud, full, "taken", "A") == too_many_codes(1, "data.codes")
    assert _refused(cloud, full, "taken") == DUPLICATE_CODE


@pytest.mark.parametrize(
    ("data", "elements"),
    [
        ({}, [required("data.type"), required("data.codes")]),
        ({"data": {"type": "promotion_codes", "codes": []}}, [invalid("data.codes", "must have at least 1 entries")]),
        (_body({"uses": 5}), [required("data.codes.0.code")]),
        (
            _body({"code": "A", "uses": -1}, {"code": 5}),
            [invalid("data.codes.0.uses", "must be at least 0"), invalid("data.codes.1.code", "must be text")],
        ),
    ],
)
def test_a_body_that_is_not_right_is_refused(
    cloud: Cloud, promotion_id: str, data: Any, elements: list[Element]
) -> None:
    before = cloud.items()
    assert cloud.call("add_codes", promotion_id, data=data) == failure(400, *elements)
    assert cloud.items() == before


# Order


def test_codes_are_listed_in_the_order_in_which_they_were_published(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "Z", "M")
    cloud.add_codes(promotion_id, "A")
    cloud.add_codes(promotion_id, "C", "B")
    assert _listed(cloud, promotion_id) == ["Z", "M", "A", "C", "B"]
    _, answer = cloud.call("list_codes", promotion_id, query="page[limit]=2&page[offset]=1")
    assert [code["code"] for code in answer["data"]] == ["M", "A"]


# One code


@pytest.mark.parametrize("code", ["Summer-1", "summer-1", "SUMMER-1"])
def test_one_code_is_read_without_regard_to_case(cloud: Cloud, promotion_id: str, code: str) -> None:
    cloud.add_codes(promotion_id, "Summer-1")
    assert cloud.call("get_code", promotion_id, code) == (200, {"data": _shown("Summer-1")})


def test_one_code_of_a_job_is_read_with_the_id_of_the_job(cloud: Cloud, promotion_id: str) -> None:
    chunks = [_, [code]] = generated.texts(2, 1)
    job = generated.start(cloud, promotion_id, chunks)
    assert cloud.call("get_code", promotion_id, code) == CODE_NOT_FOUND
    generated.complete(cloud, job)
    terms = {"consume_unit": "per_cart", "max_uses": 1, "uses": 1, "job_id": JOB_ID}
    times = {"meta": {"timestamps": {"created_at": NOW_TEXT}}}
    assert cloud.call("get_code", promotion_id, code.upper()) == (200, {"data": _shown(code, **terms) | times})


def test_a_code_of_another_promotion_is_not_found(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(cloud.create_promotion(), "A")
    assert cloud.call("get_code", promotion_id, "A") == CODE_NOT_FOUND


# Found by a code


def test_a_promotion_is_found_by_one_of_its_codes(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "Summer-1")
    cloud.add_codes(cloud.create_promotion(), "Summer-2")
    _, promotion = cloud.call("get_promotion", promotion_id)
    link = f"https://{HOST}/v2/promotions?page[offset]=0&page[limit]=25&filter=eq(code,%20summer-1)"
    assert cloud.call("list_promotions", query="filter=eq(code, summer-1)") == (
        200,
        {
            "data": [promotion["data"]],
            "links": dict.fromkeys(["current", "first", "last", "prev", "next"], link),
            "meta": {"page": {"limit": 25, "offset": 0, "current": 1, "total": 1}, "results": {"total": 1}},
        },
    )


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("filter=eq(code,summer-1)&page[offset]=1", 1),
        ("filter=eq(code,unknown)", 0),
        ("filter=eq(code,)", 0),
        ("filter=eq(code,no%20code!)", 0),
        (f"filter=eq(code,{'x' * 3_000})", 0),
        ("filter=eq(code,summer-1):eq(code,summer-2)", 0),
    ],
)
def test_no_promotion_is_found_by_what_none_has(cloud: Cloud, promotion_id: str, query: str, total: int) -> None:
    cloud.add_codes(promotion_id, "Summer-1", "Summer-2")
    _, answer = cloud.call("list_promotions", query=query)
    assert (answer["data"], answer["meta"]["results"]) == ([], {"total": total})


def test_a_promotion_is_not_found_by_a_code_that_was_deleted(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "A")
    cloud.call("delete_code", promotion_id, "A")
    _, answer = cloud.call("list_promotions", query="filter=eq(code,A)")
    assert answer["data"] == []


def test_a_code_is_shown_with_the_time_of_its_making(cloud: Cloud, promotion_id: str) -> None:
    before = to_text(cloud.tokens.now())
    cloud.add_codes(promotion_id, "A")
    after = to_text(cloud.tokens.now())
    _, answer = cloud.call("get_code", promotion_id, "A")
    assert before <= answer["data"]["meta"]["timestamps"]["created_at"] <= after


CODES = ["SAVE.10", "10%OFF", "R&D-10", "BUY2GET1!", "a_b"]


def test_codes_as_shops_have_them_are_made_found_and_deleted(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, *CODES)
    for code in CODES:
        status, answer = cloud.call("get_code", promotion_id, code.swapcase())
        assert (status, answer["data"]["code"]) == (200, code)
        for filtered in (f"eq(code,{quote(code)})", quote(f'eq(code, "{code}")'), quote(f"eq(code,'{code}' )")):
            _, found = cloud.call("list_promotions", query=f"filter={filtered}")
            assert [it["id"] for it in found["data"]] == [promotion_id]
            _, listed = cloud.call("list_codes", promotion_id, query=f"filter={filtered}")
            assert [it["code"] for it in listed["data"]] == [code]
        assert cloud.call("delete_code", promotion_id, code) == (204, None)
    assert cloud.promotion(promotion_id).codes == 0


@pytest.mark.parametrize("text", ["\N{KELVIN SIGN}iss", "kis\N{LATIN SMALL LETTER LONG S}"])
def test_a_code_is_not_found_by_what_only_looks_like_it(cloud: Cloud, promotion_id: str, text: str) -> None:
    cloud.add_codes(promotion_id, "kiss")
    assert cloud.call("get_code", promotion_id, text) == CODE_NOT_FOUND
    for function, ids in (("list_promotions", []), ("list_codes", [promotion_id])):
        assert cloud.call(function, *ids, query=f"filter=eq(code,{quote(text)})")[1]["data"] == []


def test_a_promotion_and_a_job_are_found_by_their_ids_in_capitals(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id)
    for function, ids in (("get_promotion", [promotion_id]), ("get_job", [promotion_id, job_id])):
        assert cloud.call(function, *map(str.upper, ids)) == cloud.call(function, *ids)
    assert cloud.call("cancel_job", promotion_id.upper(), job_id.upper())[1]["data"]["id"] == job_id
