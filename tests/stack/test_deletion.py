"""Codes deleted in bulk, over HTTP: of one job, and all of them."""

import pytest

from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import (
    add_codes,
    eventually,
    finished,
    free_codes,
    get_job,
    listed_codes,
    new_job,
    new_promotion,
    paused_worker,
)

BY_HAND = ("deletion-by-hand-1", "deletion-by-hand-2")


@pytest.fixture
def promotion(api: Api) -> str:
    """Full, with the codes of two jobs and two made by hand."""
    free_codes(api, *BY_HAND)
    promotion = new_promotion(api, max_codes=3_002)
    for number in (2_500, 500):
        finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=number))
    assert add_codes(api, promotion, *BY_HAND).status == 201
    return promotion


def _jobs(api: Api, promotion: str) -> dict[int, str]:
    """The generate jobs' ids by how many codes they made."""
    jobs = api.call("GET", f"/v2/promotions/{promotion}/jobs?filter=eq(job_type,code_generate)").json["data"]
    return {job["result"]["generated"]: job["id"] for job in jobs}


def test_the_codes_of_a_job_are_deleted_and_those_of_others_stay(api: Api, promotion: str) -> None:
    codes = listed_codes(api, promotion)
    assert api.call("DELETE", f"/v2/promotions/{promotion}/codes/{codes[7]}").status == 204
    source = _jobs(api, promotion)[2_500]
    deletion = finished(api, promotion, new_job(api, promotion, "code_delete", job_id=source))
    assert (deletion["status"], deletion["result"]) == ("completed", {"deleted": 2_499})
    assert get_job(api, promotion, source)["result"] == {"generated": 2_500, "deleted": 2_500}
    assert listed_codes(api, promotion) == codes[2_500:]
    assert api.call("GET", f"/v2/promotions/{promotion}/codes/{codes[0]}").status == 404
    # Each is free again, and its room is there.
    assert add_codes(api, promotion, *codes[:50]).status == 201


def test_all_codes_are_deleted_and_the_promotion_is_empty(api: Api, promotion: str) -> None:
    deletion = finished(api, promotion, new_job(api, promotion, "code_delete", all=True))
    assert (deletion["status"], deletion["result"]) == ("completed", {"deleted": 3_002})
    assert listed_codes(api, promotion) == []
    again = finished(api, promotion, new_job(api, promotion, "code_delete", all=True))
    assert (again["status"], again["result"]) == ("completed", {"deleted": 0})
    refill = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=3_002))
    assert refill["status"] == "completed"


def test_a_deletion_that_is_cancelled_keeps_the_rest(stack: LocalStack, api: Api, promotion: str) -> None:
    with paused_worker(stack):
        job = new_job(api, promotion, "code_delete", all=True)
        assert api.call("POST", f"/v2/promotions/{promotion}/jobs/{job}/cancel").json["data"]["status"] == "cancelled"
    assert get_job(api, promotion, job)["result"] == {"deleted": 0}
    assert len(listed_codes(api, promotion)) == 3_002
    other = new_job(api, promotion, "code_delete", all=True)
    eventually(lambda: get_job(api, promotion, other)["status"] != "pending")
    api.call("POST", f"/v2/promotions/{promotion}/jobs/{other}/cancel")
    deleted = finished(api, promotion, other)["result"]["deleted"]
    assert len(listed_codes(api, promotion)) == 3_002 - deleted
