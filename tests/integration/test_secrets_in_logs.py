"""No secret, token, key, code, customer or link is logged or set as a variable (docs/run/security.md)."""

import base64
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promotion_jobs.api.routes import Route
from promotion_jobs.jobs.job import Message
from promotion_jobs.observe import logger
from promotion_jobs.tokens.tokens import hash_secret
from tests.support import generated, template
from tests.support.builders import CLIENT_ID
from tests.support.cloud import CLIENT_SECRET, KEY, Cloud, forget_caches
from tests.support.events import http_event

IDEMPOTENCY_KEY = "a key that nobody else may know"
CHUNKS = [[GENERATED]] = generated.texts(1)
BY_HAND, ABSENT = "WELCOME-10", "not-a-code-of-ours"
IMPORTED = ["PRINTED-4711", "no code at all"]
"""The codes of a file, of which one is refused."""

OF_AN_ORDER = {"customer_id": "customer-4711", "order_id": "order-4711", "customer_email": "jo@example.com"}
WRONG_SECRET, WRONG_TOKEN = "0bad" * 16, "0bad" * 10
OUR_LOGGER = "promotion-jobs"


@dataclass(frozen=True)
class Log:
    """All that Lambda would keep: the service's log, the libraries' logs, and what is printed."""

    own: StringIO
    others: StringIO
    printed: pytest.CaptureFixture[str]

    def text(self) -> str:
        return self.own.getvalue() + self.others.getvalue() + "".join(self.printed.readouterr())


@pytest.fixture(params=["INFO", "DEBUG"])
def log(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """Our own log at either level. Libraries log at INFO, which is what Lambda sets (see the template's own test)."""
    own, others = StringIO(), logging.StreamHandler(StringIO())
    # As Powertools has it on Lambda.
    others.addFilter(lambda record: record.name != OUR_LOGGER)
    root, handler = logging.getLogger(), logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    levels, stream = (root.level, logger.log_level), handler.stream
    handler.setStream(own)
    root.addHandler(others)
    root.setLevel(logging.INFO)
    logger.setLevel(request.param)
    yield Log(own, others.stream, capsys)
    root.setLevel(levels[0])
    logger.setLevel(levels[1])
    root.removeHandler(others)
    handler.setStream(stream)


def _redeem(cloud: Cloud, code: str) -> str:
    """The usage's id. Redeemed, refused, rolled back and made anonymous."""
    sent = {"code": code, "id": "order-4711", **OF_AN_ORDER}
    status, answer = cloud.call("redeem_code", data=sent | {"hold_seconds": 60})
    assert (status, cloud.call("redeem_code", data=sent)[0]) == (201, 201)
    assert cloud.call("redeem_code", data=sent | {"customer_id": "customer-4712"})[0] == 422
    assert cloud.call("validate_code", data=sent)[0] == 200
    usage_id: str = answer["data"]["id"]
    assert cloud.call("anonymize_usages", data={"usage_ids": [usage_id]})[0] == 200
    assert cloud.call("roll_back_redemption", data={"code": code, "id": "order-4711"})[0] == 200
    assert cloud.call("redeem_code", data={**sent, "code": ABSENT})[0] == 404
    return usage_id


def _import(cloud: Cloud, promotion_id: str, mine: Mapping[str, str]) -> list[str]:
    """The links to a file and to its report."""
    content = "\n".join(["code", *IMPORTED]).encode()
    _, announced = cloud.call("create_upload", promotion_id, data={"data": {"bytes": len(content)}}, headers=mine)
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=cloud.upload(promotion_id, content))
    cloud.deliver(Message(promotion_id, job_id))
    status, report = cloud.call("get_job_file", promotion_id, job_id, headers=mine)
    assert (status, report["files"][0]["rows"]) == (200, 1)
    return [announced["data"]["href"], report["href"]]


def _use_all_of_it(cloud: Cloud) -> list[str]:
    """Everything that ought to stay unsaid, after the functions have had to do with all of it."""
    form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret="
    status, issued = cloud.call("issue_token", body=form + CLIENT_SECRET)
    assert (status, cloud.call("issue_token", body=form + WRONG_SECRET)[0]) == (200, 401)
    assert cloud.call("list_promotions", headers={"authorization": f"Bearer {WRONG_TOKEN}"})[0] == 401
    mine: Mapping[str, str] = {"authorization": f"Bearer {issued['access_token']}"}
    job = generated.generate(cloud, cloud.create_promotion(end="9999-01-01"), CHUNKS)
    cloud.add_codes(job.promotion_id, BY_HAND)
    usage_ids = [_redeem(cloud, code) for code in (GENERATED, BY_HAND)]
    for code, found in ((GENERATED, 200), (BY_HAND, 200), (ABSENT, 404)):
        assert cloud.call("get_code", job.promotion_id, code, headers=mine)[0] == found
        assert cloud.call("list_codes", job.promotion_id, query=f"filter=eq(code,{code})", headers=mine)[0] == 200
    export = {"data": {"type": "promotion_job", "job_type": "code_export"}}
    headers = {**mine, "idempotency-key": IDEMPOTENCY_KEY}
    created = [cloud.call("create_job", job.promotion_id, data=export, headers=headers) for _ in range(2)]
    assert [status for status, _ in created] == [201, 201]
    export_id = created[0][1]["data"]["id"]
    cloud.deliver(Message(job.promotion_id, export_id))
    status, file = cloud.call("get_job_file", job.promotion_id, export_id, headers=mine)
    assert status == 200
    links = [file["href"], *_import(cloud, job.promotion_id, mine)]
    started = cloud.job(job.promotion_id, cloud.create_job(job.promotion_id, "code_generate"))
    assert cloud.call("cancel_job", job.promotion_id, started.id, headers=mine)[0] == 200
    assert cloud.call("delete_codes", job.promotion_id, data={"data": _named(BY_HAND)}, headers=mine)[0] == 204
    assert cloud.call("delete_code", job.promotion_id, GENERATED, headers=mine)[0] == 204
    cloud.sweep()
    signatures = re.findall(r"Signature=(\w+)", " ".join(links))
    assert len(signatures) == len(links)
    secrets = [
        CLIENT_SECRET,
        WRONG_SECRET,
        WRONG_TOKEN,
        issued["access_token"],
        cloud.token,
        IDEMPOTENCY_KEY,
        *signatures,
    ]
    secrets += [hash_secret(secret) for secret in secrets]
    codes = [GENERATED, BY_HAND, *IMPORTED, ABSENT]
    return [*secrets, *_as_text(KEY), *codes, *usage_ids, *OF_AN_ORDER.values(), "customer-4712"]


def _as_text(key: bytes) -> list[str]:
    """As JSON could show it."""
    return [key.hex(), base64.b64encode(key).decode(), json.dumps(str(key)).strip('"')]


def _named(code: str) -> dict[str, Any]:
    return {"type": "promotion_codes", "codes": [{"code": code}]}


def _said(secrets: list[str], text: str) -> list[str]:
    return [secret for secret in secrets if secret in text]


def test_nothing_that_the_functions_are_told_or_make_is_logged(cloud: Cloud, log: Log) -> None:
    secrets = _use_all_of_it(cloud)
    text = log.text()
    assert text.count('"message":"request answered"') > 15
    assert '"message":"delivery done"' in text
    assert _said(secrets, text) == []


def test_no_variable_holds_any_of_it(cloud: Cloud) -> None:
    secrets = _use_all_of_it(cloud)
    of_all = template.TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert _said(secrets, str([of_all, cloud.environment])) == []


@contextmanager
def _failing(cloud: Cloud, text: str) -> Iterator[None]:
    """Every call to the table fails, with an error that quotes the text and has another for its cause."""

    def fail(**_: object) -> None:
        cause = ClientError({"Error": {"Code": "ValidationException", "Message": text}}, "GetItem")
        raise RuntimeError(text) from cause

    emitter = cloud.account.session.get_component("event_emitter")
    emitter.register("before-call.dynamodb", fail)
    forget_caches()
    try:
        yield
    finally:
        emitter.unregister("before-call.dynamodb", fail)
        forget_caches()


HTTP_WITH_TABLE = [route.function for route in Route if route.right or route is Route.ISSUE_TOKEN]


def _assert_kind_and_place_alone(secrets: list[str], text: str) -> None:
    assert "ClientError: ValidationException of GetItem" in text
    assert '"exception_name":"RuntimeError"' in text
    assert _said(secrets, text) == []


@pytest.mark.parametrize("function", HTTP_WITH_TABLE)
def test_an_error_that_quotes_a_secret_is_logged_by_its_kind_and_place_alone(
    cloud: Cloud, log: Log, function: str
) -> None:
    secrets = [CLIENT_SECRET, cloud.token, IDEMPOTENCY_KEY, GENERATED, *_as_text(KEY)]
    form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"
    headers = {"authorization": f"Bearer {cloud.token}", "idempotency-key": IDEMPOTENCY_KEY}
    event = http_event(function, headers=headers, body=form if function == "issue_token" else None)
    with _failing(cloud, " ".join(secrets)):
        status, _ = cloud.send(function, event)
    text = log.text()
    assert (status, text.count('"message":"request failed"')) == (500, 1)
    _assert_kind_and_place_alone(secrets, text)


def test_an_error_of_the_worker_that_quotes_a_key_is_logged_by_its_kind_and_place_alone(
    cloud: Cloud, promotion_id: str, log: Log
) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_generate"))
    secrets = [*_as_text(KEY), GENERATED]
    with _failing(cloud, " ".join(secrets)), pytest.raises(RuntimeError):
        cloud.deliver(Message(promotion_id, job.id, 0))
    text = log.text()
    assert text.count('"message":"invocation failed"') == 1
    _assert_kind_and_place_alone(secrets, text)


def test_the_key_of_the_codes_is_in_no_answer_event_or_dry_run(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion()
    told = []
    generate = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 3}}
    told.append(cloud.call("create_job", promotion_id, data={"data": generate}, query="dry_run=true"))
    job_id = cloud.create_job(promotion_id, "code_generate", number_of_codes=3)
    cloud.deliver(Message(promotion_id, job_id))
    told += [cloud.call("get_job", promotion_id, job_id), cloud.call("list_jobs", promotion_id)]
    status, codes = cloud.call("list_codes", promotion_id)
    text = codes["data"][0]["code"]
    told += [(status, codes), cloud.call("get_code", promotion_id, text), cloud.call("list_promotions")]
    refused = {"data": {"type": "promotion_codes", "codes": [{"code": text}]}}
    told.append(cloud.call("add_codes", promotion_id, data=refused))
    assert [status for status, _ in told] == [200] * 6 + [422]
    assert [kind for kind, _ in cloud.account.published] == ["Promotion Job Completed"]
    said = str([told, cloud.account.published])
    assert _said([*_as_text(KEY), "first_index", "key_version"], said) == []
