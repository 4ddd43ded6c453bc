"""The main job over HTTP: the functions of the template, on the emulator, behind the front door."""

import csv
import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier
from typing import Any

from local.api import Api, send
from local.stack import LocalStack
from tests.stack.journeys import finished, listed_codes, new_job, new_promotion, paused_worker

CALLERS = 50
ROUNDS = 8
TOO_MANY_JOBS = {
    "errors": [
        {
            "status": "400",
            "title": "Too many jobs",
            "detail": "Only 1 pending or processing job is allowed per promotion.",
        }
    ]
}


def test_a_promotions_codes_are_generated_listed_exported_and_downloaded(api: Api) -> None:
    promotion = new_promotion(api, max_codes=5_000)
    job = finished(
        api, promotion, new_job(api, promotion, "code_generate", number_of_codes=2_500, code_prefix="summer")
    )
    assert (job["status"], job["result"]) == ("completed", {"generated": 2_500})
    codes = listed_codes(api, promotion)
    assert len(codes) == len(set(codes)) == 2_500
    assert all(len(code) == len("summer-bcdf-ghjk") and code.startswith("summer-") for code in codes)

    export = finished(api, promotion, new_job(api, promotion, "code_export"))
    link = api.call("GET", f"/v2/promotions/{promotion}/jobs/{export['id']}/file").json
    assert (link.keys(), [it["href"] for it in link["files"]]) == ({"href", "files"}, [link["href"]])
    file = send("GET", link["href"])
    rows = list(csv.DictReader(io.StringIO(file.body.decode(), newline="")))
    assert [row["code"] for row in rows] == codes
    assert {row["job_id"] for row in rows} == {job["id"]}
    assert export["meta"]["file"] == {
        "rows": 2_500,
        "bytes": len(file.body),
        "sha256": sha256(file.body).hexdigest(),
    }


def test_a_job_of_several_runs_has_exactly_as_many_codes_as_asked_for(api: Api) -> None:
    promotion = new_promotion(api, max_codes=120_001)
    number = new_job(api, promotion, "code_generate", number_of_codes=120_001, code_length=10)
    assert finished(api, promotion, number)["result"] == {"generated": 120_001}
    export = finished(api, promotion, new_job(api, promotion, "code_export"))
    link = api.call("GET", f"/v2/promotions/{promotion}/jobs/{export['id']}/file").json["href"]
    rows = list(csv.reader(io.StringIO(send("GET", link).body.decode(), newline="")))[1:]
    assert len({row[0] for row in rows}) == len(rows) == export["meta"]["file"]["rows"] == 120_001


def test_a_second_generate_job_adds_its_codes_behind_the_first(api: Api) -> None:
    promotion = new_promotion(api)
    for prefix in ("first", "second"):
        finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=10, code_prefix=prefix))
    prefixes = [code.partition("-")[0] for code in listed_codes(api, promotion)]
    assert prefixes == ["first"] * 10 + ["second"] * 10


def test_a_job_beyond_what_the_promotion_may_hold_fails_and_frees_the_promotion(api: Api) -> None:
    promotion = new_promotion(api, max_codes=15)
    finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=10))
    job = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=6))
    assert (job["status"], job["error"], "result" in job) == ("failed", "codes limit exceeded", False)
    last = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=5))
    assert last["status"] == "completed"
    assert len(listed_codes(api, promotion)) == 15


def test_of_fifty_jobs_created_at_once_one_is_created_in_every_round(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    path, body = f"/v2/promotions/{promotion}/jobs", {"data": {"type": "promotion_job", "job_type": "code_export"}}
    for _ in range(ROUNDS):
        start = Barrier(CALLERS)

        def create(_: int, start: Barrier = start) -> tuple[int, Any]:
            start.wait()
            answer = api.call("POST", path, body)
            return answer.status, answer.json

        with paused_worker(stack), ThreadPoolExecutor(CALLERS) as callers:
            answers = list(callers.map(create, range(CALLERS)))
        assert Counter(status for status, _ in answers) == {201: 1, 400: CALLERS - 1}
        assert [answer for status, answer in answers if status == 400] == [TOO_MANY_JOBS] * (CALLERS - 1)
        (job,) = [answer["data"]["id"] for status, answer in answers if status == 201]
        assert finished(api, promotion, job)["status"] == "completed"
    assert api.call("GET", path).json["meta"]["results"]["total"] == ROUNDS


def test_of_fifty_same_requests_at_once_all_get_the_same_job(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    body = {"data": {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 10}}}
    start = Barrier(CALLERS)

    def send_again() -> tuple[int, str]:
        answer = api.call("POST", f"/v2/promotions/{promotion}/jobs", body, {"Idempotency-Key": "tonight's mailing"})
        return answer.status, answer.json["data"]["id"]

    def create(_: int) -> tuple[int, str]:
        start.wait()
        return send_again()

    with paused_worker(stack), ThreadPoolExecutor(CALLERS) as callers:
        answers = set(callers.map(create, range(CALLERS)))
    ((status, job),) = answers
    assert status == 201
    assert finished(api, promotion, job)["result"] == {"generated": 10}
    assert send_again() == (201, job)
    assert len(listed_codes(api, promotion)) == 10


def test_a_schedules_input_starts_a_job_once(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    sent = {"promotion_id": promotion, "job_type": "code_generate", "parameters": {"number_of_codes": 10}}
    name = stack.resources["StartScheduledJobFunction"]

    def deliver() -> Any:
        event = json.dumps(sent | {"execution_id": "an execution"})
        return json.loads(stack.aws.functions.invoke(FunctionName=name, Payload=event)["Payload"].read())

    started = deliver()
    assert finished(api, promotion, started["job_id"])["result"] == {"generated": 10}
    assert deliver() == started
    assert len(listed_codes(api, promotion)) == 10
