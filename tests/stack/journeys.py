"""Steps over HTTP that many tests share."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.api import Api
from local.stack import LocalStack
from local.worker import set_worker

FINAL = {"completed", "failed", "cancelled"}
PROMOTION = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "10 dollars off",
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
}


def new_promotion(api: Api, **fields: Any) -> str:
    answer = api.call("POST", "/v2/promotions", {"data": PROMOTION | fields})
    assert answer.status == 201
    return str(answer.json["data"]["id"])


def new_job(api: Api, promotion: str, job_type: str, **parameters: Any) -> str:
    job = {"type": "promotion_job", "job_type": job_type} | ({"parameters": parameters} if parameters else {})
    answer = api.call("POST", f"/v2/promotions/{promotion}/jobs", {"data": job})
    assert answer.status == 201
    return str(answer.json["data"]["id"])


def get_job(api: Api, promotion: str, job: str) -> Any:
    answer = api.call("GET", f"/v2/promotions/{promotion}/jobs/{job}")
    assert answer.status == 200
    return answer.json["data"]


def add_codes(api: Api, promotion: str, *codes: str) -> Any:
    body = {"type": "promotion_codes", "codes": [{"code": code} for code in codes]}
    return api.call("POST", f"/v2/promotions/{promotion}/codes", {"data": body})


def free_codes(api: Api, *codes: str) -> None:
    """Make codes free that other tests may have left: they are unique in the store."""
    for code in codes:
        for promotion in api.call("GET", f"/v2/promotions?filter=eq(code,{code})").json["data"]:
            assert api.call("DELETE", f"/v2/promotions/{promotion['id']}/codes/{code}").status == 204


def eventually(is_true: Callable[[], bool], seconds: int = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def finished(api: Api, promotion: str, job: str) -> Any:
    eventually(lambda: get_job(api, promotion, job)["status"] in FINAL)
    return get_job(api, promotion, job)


def listed_codes(api: Api, promotion: str, most: int = 10_000) -> list[str]:
    """The first codes of the promotion's list, page by page, as a client would follow its links."""
    codes: list[str] = []
    while True:
        path = f"/v2/promotions/{promotion}/codes?page[limit]=100&page[offset]={len(codes)}"
        page = api.call("GET", path).json
        codes += [code["code"] for code in page["data"]]
        if len(codes) >= min(most, page["meta"]["results"]["total"]):
            return codes


@contextmanager
def paused_worker(stack: LocalStack) -> Iterator[None]:
    """No message is delivered in the block: a job that is created stays open."""
    set_worker(stack.aws, stack.resources, works=False)
    try:
        yield
    finally:
        set_worker(stack.aws, stack.resources, works=True)
