"""Codes made and removed by hand, while others do the same."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from local.api import Api
from tests.stack.journeys import add_codes, finished, get_job, listed_codes, new_job, new_promotion

CALLERS = 24
DUPLICATE = {"errors": [{"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}]}


def at_once(calls: list[Any]) -> list[Any]:
    """The answers of calls that start at the same moment."""
    start = Barrier(len(calls))

    def run(call: Any) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_of_24_promotions_that_add_the_same_code_one_has_it(api: Api) -> None:
    promotions = [new_promotion(api) for _ in range(CALLERS)]
    answers = at_once([lambda it=it: add_codes(api, it, "THE-ONLY-ONE") for it in promotions])
    assert Counter(answer.status for answer in answers) == {201: 1, 422: CALLERS - 1}
    assert [answer.json for answer in answers if answer.status == 422] == [DUPLICATE] * (CALLERS - 1)
    listed = [listed_codes(api, promotion) for promotion in promotions]
    assert listed == [["THE-ONLY-ONE"] if answer.status == 201 else [] for answer in answers]


def test_of_fifty_codes_with_one_duplicate_none_is_added(api: Api) -> None:
    first, second = new_promotion(api), new_promotion(api)
    assert add_codes(api, first, "taken-already").status == 201
    answer = add_codes(api, second, *[f"fresh-{number}" for number in range(49)], "TAKEN-already")
    assert (answer.status, answer.json) == (422, DUPLICATE)
    assert listed_codes(api, second) == []
    # Nothing of the refused call holds a code.
    assert add_codes(api, first, "fresh-0").status == 201


def test_what_a_promotion_may_hold_is_exact_however_codes_come_and_go(api: Api) -> None:
    promotion = new_promotion(api, max_codes=100)
    calls = [lambda n=n: add_codes(api, promotion, *[f"room-{n}-{code}" for code in range(10)]) for n in range(12)]
    answers = at_once(calls)
    assert Counter(answer.status for answer in answers) == {201: 10, 400: 2}
    full = {
        "status": 400,
        "source": "data.codes",
        "title": "Too many promotion codes",
        "detail": "Only 100 promotion codes are allowed per promotion",
    }
    assert [answer.json for answer in answers if answer.status == 400] == [{"errors": [full]}] * 2
    codes = listed_codes(api, promotion)
    assert len(codes) == 100
    removed = at_once(
        [lambda code=code: api.call("DELETE", f"/v2/promotions/{promotion}/codes/{code}") for code in codes[:12] * 2]
    )
    assert {answer.status for answer in removed} <= {204, 409}
    assert listed_codes(api, promotion) == codes[12:]
    assert add_codes(api, promotion, *[f"again-{code}" for code in range(12)]).status == 201
    assert add_codes(api, promotion, "one-too-many").status == 400


def test_a_jobs_codes_can_be_removed_by_hand_and_are_counted(api: Api) -> None:
    promotion = new_promotion(api)
    job = new_job(api, promotion, "code_generate", number_of_codes=20)
    finished(api, promotion, job)
    codes = listed_codes(api, promotion)
    named = [{"code": code.upper(), "uses": 3} for code in codes[5:15]]
    body = {"data": {"type": "promotion_codes", "codes": named}}
    assert api.call("DELETE", f"/v2/promotions/{promotion}/codes", body).status == 204
    assert listed_codes(api, promotion) == codes[:5] + codes[15:]
    assert get_job(api, promotion, job)["result"] == {"generated": 20, "deleted": 10}
    of_the_job = api.call("GET", f"/v2/promotions/{promotion}/codes?filter=eq(job_id,{job})").json
    assert of_the_job["meta"]["results"]["total"] == 10
    assert api.call("GET", f"/v2/promotions/{promotion}/codes/{codes[5]}").status == 404
    kept = api.call("GET", f"/v2/promotions/{promotion}/codes/{codes[0].upper()}").json["data"]
    assert (kept["code"], kept["job_id"]) == (codes[0], job)
    # A removed code is free again, for any promotion.
    assert add_codes(api, new_promotion(api), codes[5]).status == 201
