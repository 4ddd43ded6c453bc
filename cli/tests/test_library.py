"""The library, held to the answers that the API's own description gives as examples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.tests.service import PROMOTION_ID, Fault, Service
from promojobs import (
    Client,
    Code,
    Estimate,
    File,
    Job,
    NotSignedIn,
    Progress,
    Promotion,
    Refused,
    Unreachable,
    Usage,
    Validity,
)

REPOSITORY = Path(__file__).resolve().parent.parent.parent
API = json.loads((REPOSITORY / "layers/promotion_jobs/python/promotion_jobs/api/openapi.json").read_text())
JOB_ID = "019e830e-3c9e-7d02-8f4e-2a9d1c7b5e10"
EXPORT_ID = "019e830e-5d21-7e44-b3aa-91c02f6d8e77"
DELETE_ID = "019e830e-7b06-7c15-a6d2-4e8f30b9c1d4"
MOMENT = "2026-06-01T12:00:00.587Z"
EXPORT = File(1_000, 93_067, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
PROMOTION = Promotion(
    PROMOTION_ID,
    "Summer sale",
    enabled=True,
    start="2026-06-01T00:00:00Z",
    end="2026-08-31T00:00:00Z",
    max_codes=500_000,
    codes=1_000,
    in_use=1_000,
    open_job=None,
    raw={},
)
CODE = Code("WELCOME-10", 1, 1, None, raw={})


def examples(method: str, path: str, status: int) -> dict[str, Any]:
    """Name → body."""
    content = API["paths"][path][method]["responses"][str(status)]["content"]["application/json"]
    return {name: example["value"] for name, example in content["examples"].items()}


def answer(method: str, path: str, status: int = 200) -> Fault:
    [body] = examples(method, path, status).values()
    return Fault(status, body)


def _job(job_id: str, kind: str, status: str, **more: Any) -> Job:
    known: dict[str, Any] = {"name": None, "progress": None, "result": {}, "error": None, "files": ()}
    return Job(job_id, PROMOTION_ID, f"code_{kind}", status, created_at=MOMENT, raw={}, **{**known, **more})


def _usage(status: str, times_used: int) -> Usage:
    usage_id = "AZ6DDpDEfzuKEF0ue5xPYAAAAAAAAAEXPQ3b_wNBk_rOfOY"
    return Usage(usage_id, "WELCOME-10", "order-4711", status, times_used, "2026-06-01T12:00:07.587Z", raw={})


JOBS = [
    _job(
        "019e830e-a9f0-7b62-8c3d-1f5e7a90b2c4",
        "import",
        "completed",
        result={"imported": 4_980, "duplicates": 15, "invalid": 5},
        files=(File(20, 1_042, EXPORT.sha256),),
    ),
    _job(DELETE_ID, "delete", "completed", result={"deleted": 1_000}),
    _job(EXPORT_ID, "export", "completed", files=(EXPORT,)),
    _job(JOB_ID, "generate", "completed", name="summer sale job", result={"generated": 1_000, "deleted": 1_000}),
]
STARTED = _job(JOB_ID, "generate", "pending", name="summer sale job")
RUNNING = _job(JOB_ID, "generate", "processing", name="summer sale job", progress=Progress(25_000, 100_000))
ESTIMATE = Estimate(
    codes=1_000,
    seconds=3,
    dollars="0.000076",
    room=499_000,
    fits=True,
    is_free=True,
    odds="1 in 282,429,536",
    examples=("summer-bcdf-ghjk", "summer-4x9z-2mwq", "summer-tvrs-7k3n"),
    raw={},
)

_P = "/v2/promotions"
_ONE, _ALL_JOBS = f"{_P}/{{promotion_id}}", f"{_P}/{{promotion_id}}/jobs"
_A_CODE = f"{_ONE}/codes/{{code}}"


@pytest.mark.parametrize(
    ("answers", "call", "expected"),
    [
        ({"promotions": answer("get", _P)}, lambda api: list(api.promotions()), [PROMOTION]),
        ({PROMOTION_ID: answer("get", _ONE)}, lambda api: api.promotion(PROMOTION_ID), PROMOTION),
        ({"promotions": answer("post", _P, 201)}, lambda api: api.create_promotion({}).id, PROMOTION_ID),
        ({PROMOTION_ID: answer("put", _ONE)}, lambda api: api.update_promotion(PROMOTION_ID).id, PROMOTION_ID),
        ({"generate": answer("post", _ALL_JOBS, 201)}, lambda api: api.generate(PROMOTION_ID, 1_000), STARTED),
        (
            {"generate": answer("post", _ALL_JOBS)},
            lambda api: api.estimate(PROMOTION_ID, api.generation(1_000, None, None, None, None)),
            ESTIMATE,
        ),
        ({"jobs": answer("get", _ALL_JOBS)}, lambda api: list(api.jobs(PROMOTION_ID)), JOBS),
        ({"job": answer("get", f"{_ALL_JOBS}/{{job_id}}")}, lambda api: api.job(PROMOTION_ID, JOB_ID), RUNNING),
        (
            {"cancel": answer("post", f"{_ALL_JOBS}/{{job_id}}/cancel")},
            lambda api: api.cancel(PROMOTION_ID, JOB_ID).id,
            JOB_ID,
        ),
        (
            {"promotions": answer("get", _P), "WELCOME-10": answer("get", _A_CODE)},
            lambda api: api.find_code("WELCOME-10"),
            (PROMOTION, CODE),
        ),
        (
            {"validate": answer("post", f"{_P}/codes/validate")},
            lambda api: api.validate("WELCOME-10"),
            Validity(valid=True, code="WELCOME-10", reason=None, uses=99, raw={}),
        ),
        (
            {"redemptions": answer("post", f"{_P}/redemptions", 201)},
            lambda api: api.redeem("WELCOME-10", "order-4711"),
            _usage("redeemed", 1),
        ),
        (
            {"rollback": answer("post", f"{_P}/redemptions/rollback")},
            lambda api: api.roll_back("WELCOME-10", "order-4711"),
            _usage("rolled_back", 0),
        ),
        (
            {"usages": answer("get", f"{_ONE}/usages")},
            lambda api: list(api.usages(PROMOTION_ID)),
            [_usage("redeemed", 1)],
        ),
    ],
)
def test_values_are_what_the_api_describes(
    service: Service, api: Client, answers: dict[str, Fault], call: Callable[[Client], Any], expected: Any
) -> None:
    for what, fault in answers.items():
        service.faults[what].append(fault)
    assert call(api) == expected


def _described_errors() -> list[Any]:
    return [
        pytest.param(int(status), body, id=f"{name}-{status}")
        for status in API["paths"][_ALL_JOBS]["post"]["responses"]
        if int(status) >= 400
        for name, body in examples("post", _ALL_JOBS, int(status)).items()
    ]


@pytest.mark.parametrize(("status", "body"), _described_errors())
def test_errors_are_those_that_the_api_describes(service: Service, api: Client, status: int, body: Any) -> None:
    kinds: dict[int, type[Exception]] = {401: NotSignedIn, 403: NotSignedIn}
    kind = kinds.get(status, Unreachable if status in {429, 500, 503} else Refused)
    service.faults["generate"].extend([Fault(status, body)] * 6)
    with pytest.raises(kind) as raised:
        api.generate(PROMOTION_ID, 1_000)
    told = body.get("errors") or [{"title": body["message"]}]
    assert (raised.value.status, raised.value.errors) == (status, told)  # type: ignore[attr-defined]
    assert told[0]["title"] in str(raised.value)
