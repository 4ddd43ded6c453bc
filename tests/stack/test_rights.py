"""Every function asks AWS for exactly what its role allows.

The functions run in this process on a table, a queue, a bucket and a bus of their own. Neither the emulator nor moto
knows policies, so each call is held against the role in the template (tests/support/rights.py), here and in all of
tests/integration.
"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.stack import LocalStack
from promotion_jobs.aws import keys
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Job, JobType, Message
from promotion_jobs.limits import LATE_WRITES
from promotion_jobs.redemptions.redemption import Use
from promotion_jobs.values import to_text
from tests.support import rights, template
from tests.support.builders import CLIENT_ID, UNKNOWN_ID
from tests.support.cloud import CLIENT_SECRET, PROMOTION, Account, Cloud, deployed, forget_caches
from tests.support.events import read

PLAN = Plan(90, chunk_codes=20, run_chunks=2)
"""Three runs, so that the worker sends messages itself."""

GENERATE = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "parameters": {"number_of_codes": 90, "code_prefix": "bfcm"},
}


def _ask(cloud: Cloud, expected: int, function: str, *ids: str, **request: Any) -> Any:
    # Otherwise a function would know the token that another has read.
    forget_caches()
    status, answer = cloud.call(function, *ids, **request)
    assert status == expected, answer
    return answer


def _work(cloud: Cloud) -> None:
    """Deliver what waits, and what is sent meanwhile."""
    while messages := cloud.messages():
        cloud.deliver(*(Message(**message) for message in messages))


def _generate_job(cloud: Cloud, promotion_id: str, **request: Any) -> Job:
    """A job of three runs."""
    answer = _ask(cloud, 201, "create_job", promotion_id, data={"data": GENERATE}, **request)
    job = cloud.job(promotion_id, answer["data"]["id"])
    cloud.change_job(job, "SET #plan = :plan", plan=asdict(PLAN))
    return job


def _sign_in(cloud: Cloud) -> None:
    form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"
    _ask(cloud, 200, "issue_token", body=form, headers={"authorization": None})


def _read_descriptions(cloud: Cloud) -> None:
    for function, expected in (
        ("get_openapi", 200),
        ("show_docs", 200),
        ("show_console", 200),
        ("reject_unknown_route", 404),
    ):
        status, _, _ = cloud.reply(function, read(function))
        assert status == expected


def _add_by_hand(cloud: Cloud, expected: int, promotion_id: str, *codes: str) -> None:
    sent = {"type": "promotion_codes", "codes": [{"code": code} for code in codes]}
    _ask(cloud, expected, "add_codes", promotion_id, data={"data": sent})


def _add_the_first_code(cloud: Cloud, promotion_id: str) -> None:
    """One that a job might make, by hand, before there is a key; and no key either when the first job comes."""
    for _ in range(2):
        cloud.table.transact(cloud.table.delete(keys.code_key(1)))
        _add_by_hand(cloud, 201, promotion_id, "bcdf-ghjk")
        _ask(cloud, 204, "delete_code", promotion_id, "bcdf-ghjk")
    cloud.table.transact(cloud.table.delete(keys.code_key(1)))
    forget_caches()


def _make_and_look_up_codes(cloud: Cloud, promotion_id: str) -> None:
    _add_the_first_code(cloud, promotion_id)
    _ask(cloud, 200, "create_job", promotion_id, data={"data": GENERATE}, query="dry_run=true")
    once = {"headers": {"idempotency-key": "once"}}
    job = _generate_job(cloud, promotion_id, **once)
    _ask(cloud, 201, "create_job", promotion_id, data={"data": GENERATE}, **once)
    _work(cloud)
    first, second, third, *_ = _ask(cloud, 200, "list_codes", promotion_id, query=f"filter=eq(job_id,{job.id})")["data"]
    _ask(cloud, 200, "list_codes", promotion_id, query=f"filter=eq(code,{first['code']})")
    _ask(cloud, 200, "list_promotions", query=f"filter=eq(code,{first['code']})")
    _ask(cloud, 200, "get_code", promotion_id, first["code"])
    _ask(cloud, 204, "delete_code", promotion_id, second["code"])
    _ask(cloud, 204, "delete_codes", promotion_id, data={"data": {"type": "promotion_codes", "codes": [third]}})
    _ask(cloud, 200, "list_codes", promotion_id)
    _add_by_hand(cloud, 201, promotion_id, "by-hand", "by-hand-2")
    named = {"type": "promotion_codes", "codes": [{"code": "by-hand-2"}]}
    _ask(cloud, 204, "delete_codes", promotion_id, data={"data": named})
    _add_by_hand(cloud, 422, promotion_id, first["code"])
    _ask(cloud, 200, "list_promotions", query="filter=eq(code,by-hand)")
    _ask(cloud, 200, "get_code", promotion_id, "by-hand")


def _export(cloud: Cloud, promotion_id: str) -> None:
    # The last one, so that the upload has begun.
    broken = keys.chunk_by_hand(promotion_id, "ffffffff-ffff-7fff-bfff-ffffffffffff")
    cloud.table.transact(cloud.table.put(broken, {"codes": "[]"}))
    job_id = cloud.create_job(promotion_id)
    with pytest.raises(KeyError):
        _work(cloud)
    _ask(cloud, 200, "get_job", promotion_id, job_id)
    _ask(cloud, 200, "list_jobs", promotion_id)
    cloud.table.transact(cloud.table.delete(broken))
    cloud.end_lease(job_id)
    cloud.deliver(Message(promotion_id, job_id))
    _ask(cloud, 200, "get_job_file", promotion_id, job_id)


def _sweep_later(cloud: Cloud, job: Job) -> None:
    long_ago = to_text(datetime.now(UTC) - timedelta(hours=2))
    cloud.table.transact(cloud.table.update(keys.open_job(job.id), "SET #sent_at = :at", "", at=long_ago))
    cloud.sweep()


def _sweep_and_cancel(cloud: Cloud, promotion_id: str) -> None:
    job = _generate_job(cloud, promotion_id)
    _sweep_later(cloud, job)
    message, *_ = cloud.messages()
    cloud.deliver(Message(**message))
    _sweep_later(cloud, job)
    _ask(cloud, 200, "cancel_job", promotion_id, job.id)
    _work(cloud)


def _start_by_schedule(cloud: Cloud, promotion_id: str) -> None:
    sent = {"promotion_id": promotion_id, "execution_id": "execution", "job_type": "code_export"}
    started = cloud.start_scheduled(sent)
    assert cloud.start_scheduled(sent) == started
    guessable = {"job_type": "code_generate", "parameters": {"number_of_codes": 3_000_000}}
    assert "errors" in cloud.start_scheduled({**sent, **guessable, "execution_id": "the next"})
    _work(cloud)


def _delete_in_bulk(cloud: Cloud, promotion_id: str) -> None:
    for parameters, deleted in (({"job_id": UNKNOWN_ID}, 0), ({"all": True}, 89)):
        deletion = {"type": "promotion_job", "job_type": "code_delete", "parameters": parameters}
        job_id = _ask(cloud, 201, "create_job", promotion_id, data={"data": deletion})["data"]["id"]
        _work(cloud)
        assert _ask(cloud, 200, "get_job", promotion_id, job_id)["data"]["result"] == {"deleted": deleted}


def _import(cloud: Cloud, promotion_id: str) -> None:
    """An import that a schedule starts, of codes that a job has made and might make; then one that the API starts."""
    cloud.create_job(promotion_id, "code_generate", number_of_codes=1)
    _work(cloud)
    [generated] = _ask(cloud, 200, "list_codes", promotion_id)["data"]
    content = f"code\n{generated['code']}\ngkmh-jkmn\n".encode()
    _ask(cloud, 201, "create_upload", promotion_id, data={"data": {"bytes": len(content)}})
    parameters = {"upload_id": cloud.upload(promotion_id, content)}
    scheduled = {"promotion_id": promotion_id, "execution_id": "an import", "job_type": "code_import"}
    started = cloud.start_scheduled(scheduled | {"parameters": parameters})
    _work(cloud)
    report = _ask(cloud, 200, "get_job_file", promotion_id, started["job_id"])
    assert report["files"][0]["rows"] == 1
    other = {"upload_id": cloud.upload(promotion_id, b"code\nprinted\n")}
    imported = {"type": "promotion_job", "job_type": "code_import", "parameters": other}
    _ask(cloud, 200, "create_job", promotion_id, data={"data": imported}, query="dry_run=true")
    job_id = _ask(cloud, 201, "create_job", promotion_id, data={"data": imported})["data"]["id"]
    _work(cloud)
    _ask(cloud, 200, "get_job", promotion_id, job_id)


def _redeem(cloud: Cloud, expected: int, code: str, id: str, **more: Any) -> str:  # noqa: A002 - as it is called
    answer = _ask(cloud, expected, "redeem_code", data={"code": code, "id": id, **more})
    return str(answer["data"]["id"]) if "data" in answer else ""


def _roll_back(cloud: Cloud, **sent: Any) -> None:
    _ask(cloud, 200, "roll_back_redemption", data=sent)


def _hold_long_ago(cloud: Cloud, code: str, id: str) -> None:  # noqa: A002
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    redeemer = replace(cloud.service.redeemer, now=lambda: an_hour_ago)
    redeemer.redeem(Use(code, id=id, hold=timedelta(minutes=1)), CLIENT_ID)


def _redeem_and_hold(cloud: Cloud) -> str:
    """The id of a usage. A code for two uses, one with many counters, and one without any."""
    _redeem(cloud, 201, "limited", "A", hold_seconds=60)
    usage_id = _redeem(cloud, 201, "limited", "A")
    _hold_long_ago(cloud, "limited", "B")
    _redeem(cloud, 201, "limited", "C")
    _redeem(cloud, 422, "limited", "D")
    _redeem(cloud, 201, "sharded", "A", quantity=400)
    _redeem(cloud, 201, "sharded", "B", quantity=20, hold_seconds=60)
    _redeem(cloud, 201, "unlimited", "A")
    _redeem(cloud, 201, "unlimited", "B", hold_seconds=60)
    return usage_id


def _give_back(cloud: Cloud, usage_id: str, generated: str) -> None:
    _roll_back(cloud, code="sharded", id="A", quantity=10)
    _roll_back(cloud, code="sharded", id="B", quantity=10)
    _roll_back(cloud, code="sharded", id="B")
    _roll_back(cloud, code="sharded", id="never came")
    _roll_back(cloud, code=generated, id="A")
    _roll_back(cloud, usage_id=usage_id)


def _redeem_in_every_way(cloud: Cloud, promotion_id: str) -> None:
    codes: list[dict[str, Any]] = [
        {"code": "limited", "uses": 2},
        {"code": "sharded", "uses": 5_000, "consume_unit": "per_item"},
        {"code": "unlimited"},
    ]
    cloud.add_codes(promotion_id, *codes)
    cloud.create_job(promotion_id, "code_generate", number_of_codes=1)
    _work(cloud)
    (generated,) = (it["code"] for it in _ask(cloud, 200, "list_codes", promotion_id)["data"] if "job_id" in it)
    usage_id = _redeem_and_hold(cloud)
    _redeem(cloud, 201, generated, "A")
    _give_back(cloud, usage_id, generated)
    _ask(cloud, 200, "list_usages", promotion_id)
    _ask(cloud, 200, "list_usages", promotion_id, query=f"filter=eq(id,{usage_id})")
    _ask(cloud, 200, "get_usage", promotion_id, usage_id)
    for code in ("limited", "sharded", "unlimited", generated):
        _ask(cloud, 200, "validate_code", data={"code": code, "id": "A"})
        _ask(cloud, 200, "list_code_usages", promotion_id, code)
        _ask(cloud, 200, "get_code", promotion_id, code)
    _ask(cloud, 200, "list_codes", promotion_id)
    _ask(cloud, 200, "anonymize_usages", data={"usage_ids": [usage_id]})
    cloud.create_job(promotion_id)
    _work(cloud)


def _purge(cloud: Cloud, promotion_id: str) -> None:
    _ask(cloud, 204, "delete_promotion", promotion_id)
    # Beside messages that a worker has handed back, and that come now.
    jobs = [(it, cloud.job(promotion_id, it["job_id"])) for it in cloud.messages()]
    [(message, purge)] = [(it, job) for it, job in jobs if job.job_type is JobType.PROMOTION_PURGE]
    # As if no request that saw the promotion was on its way any more.
    cloud.change_job(purge, "SET #created_at = :then", then=to_text(purge.created_at - LATE_WRITES))
    cloud.deliver(Message(**message))
    _work(cloud)
    assert [item for item in cloud.items() if promotion_id in str(item) and not _is_for_ever(item)] == []


def _is_for_ever(item: dict[str, Any]) -> bool:
    """Allocations stay; a tombstone and the key of a request go by themselves."""
    return item["pk"]["S"].startswith("ALLOCATIONS#") or "expires_at" in item


def _fail_to_queue(cloud: Cloud, promotion_id: str) -> None:
    cloud.sqs.delete_queue(QueueUrl=cloud.queue_url)
    _ask(cloud, 500, "create_job", promotion_id, data={"data": GENERATE})


@pytest.fixture(scope="module")
def journey(stack: LocalStack) -> Iterator[Cloud]:
    """After a journey by every route, and through what a worker may meet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint_url)
        patch.setenv("NO_PROXY", "127.0.0.1")
        with deployed(Account(refuses=False)) as cloud:
            _sign_in(cloud)
            _read_descriptions(cloud)
            promotion_id = cloud.create_promotion()
            _ask(cloud, 200, "get_promotion", promotion_id)
            _ask(cloud, 200, "list_promotions")
            _ask(cloud, 200, "update_promotion", promotion_id, data={"data": PROMOTION})
            _make_and_look_up_codes(cloud, promotion_id)
            _export(cloud, promotion_id)
            _sweep_and_cancel(cloud, promotion_id)
            _start_by_schedule(cloud, promotion_id)
            _delete_in_bulk(cloud, promotion_id)
            _import(cloud, promotion_id)
            _purge(cloud, promotion_id)
            shop_id = cloud.create_promotion(start="2020-01-01", end="9999-01-01")
            _redeem_in_every_way(cloud, shop_id)
            _purge(cloud, shop_id)
            _fail_to_queue(cloud, cloud.create_promotion())
            yield cloud


def _asked(cloud: Cloud, name: str) -> set[rights.Request]:
    return cloud.account.asked[template.folders()[name]] | set(rights.requests_of_lambda(name, cloud.names))


@pytest.mark.parametrize("name", template.folders())
def test_a_role_allows_all_that_its_function_asks_for(journey: Cloud, name: str) -> None:
    statements = rights.statements(rights.role_of(name), journey.names)
    refused = [it for it in _asked(journey, name) if not any(statement.allows(it) for statement in statements)]
    assert refused == []


@pytest.mark.parametrize("name", template.folders())
def test_a_role_allows_nothing_for_which_its_function_does_not_ask(journey: Cloud, name: str) -> None:
    asked = _asked(journey, name)
    unused = [statement.unused(asked) for statement in rights.statements(rights.role_of(name), journey.names)]
    assert set().union(*unused) == set()
