"""Every wrong request gets the answer that is documented, and changes nothing (contract 5, decisions 9 to 16).

A handful by each route: what reads bodies, pages and filters is tested in tests/unit with all that can be wrong.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import generated, malformed
from tests.support.answers import (
    CODE_NOT_FOUND,
    FILTER_REFUSED,
    JOB_NOT_FOUND,
    NO_CONTENT,
    NO_OBJECT,
    NOT_CANCELLABLE,
    NOT_DECLARED_AS_JSON,
    NOT_JSON,
    PROMOTION_NOT_FOUND,
    ROUTE_NOT_FOUND,
    TOO_DEEP,
    TOO_LARGE,
    UNAUTHORIZED,
    UNKNOWN_CLIENT,
    failure,
    fault,
    invalid,
    too_many_codes,
    unprocessable,
)
from tests.support.builders import CLIENT_ID, MALFORMED_IDS, UNKNOWN_ID
from tests.support.cloud import PROMOTION, Answer, Cloud
from tests.support.gateway import Request, ask
from tests.support.malformed import INJECTIONS, PROMOTIONS, Case, P

J = f"{P}/jobs/<J>"


class Shop:
    """A promotion with a completed job, a code made by hand and a pending export."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.job = generated.generate(cloud, cloud.create_promotion(), generated.texts(2))
        cloud.add_codes(self.job.promotion_id, "Hand-1")
        cloud.create_job(self.job.promotion_id)
        cloud.messages()
        self.known, self.writes = self._state(), cloud.account.writes

    def ask(self, request: Request) -> Answer:
        line = request.line.replace("<P>", self.job.promotion_id).replace("<J>", self.job.id)
        return ask(self.cloud, request._replace(line=line))

    def assert_unchanged(self) -> None:
        """Nothing in the table and the queue since the last time; nothing can be if no write was asked for."""
        writes, self.writes = self.writes, self.cloud.account.writes
        if writes != self.writes:
            assert self._state() == self.known

    def _state(self) -> Any:
        return self.cloud.items(), self.cloud.messages()


@pytest.fixture(scope="module")
def shop(standing_cloud: Cloud) -> Shop:
    return Shop(standing_cloud)


def _bodies() -> Iterator[Case]:
    """One of each kind by each route; tests/unit/test_malformed_bodies.py has them all."""
    for line in malformed.WITH_A_BODY:
        yield Request(line, "{"), NOT_JSON
        yield Request(line, '{"data": []}'), NO_OBJECT
        yield Request(line, "{}", {"content-type": "text/plain"}), NOT_DECLARED_AS_JSON
        yield Request(line, '{"name": "\\ud800"}'), failure(400, fault("data.name", malformed.UNSOUND.format("name")))
    yield Request(malformed.JOBS, malformed.DEEP[0]), TOO_DEEP
    yield Request(malformed.JOBS, " " * 1_000_001), TOO_LARGE
    wrong = invalid("data.name", "must be text")
    yield malformed.wrong(f"POST {PROMOTIONS}", {**PROMOTION, "name": None}, wrong)
    yield malformed.wrong(f"PUT {P}", {"name": None}, wrong)
    yield malformed.wrong(malformed.JOBS, {**malformed.JOB, "name": 5}, wrong)
    for method in ("POST", "DELETE"):
        codes = {"type": "promotion_codes", "codes": []}
        yield malformed.wrong(f"{method} {P}/codes", codes, invalid("data.codes", "must have at least 1 entries"))
    yield malformed.wrong(malformed.UPLOADS, {"bytes": 0}, invalid("data.bytes", "must be at least 1"))
    for number in (1_001, malformed.HUGE):
        job = malformed.JOB | {"parameters": {"number_of_codes": number}}
        yield Request(malformed.JOBS, json.dumps(job)), too_many_codes(1_000, "data.parameters.number_of_codes")


def _pages() -> Iterator[Case]:
    beyond = "; to see every code, create a code_export job"
    for path, end in ((PROMOTIONS, ""), (f"{P}/codes", beyond), (f"{P}/jobs", "")):
        limit = fault("page[limit]", "page[limit] must be a whole number from 1 to 100")
        offset = fault("page[offset]", f"page[offset] must be a whole number from 0 to 10000{end}")
        yield Request(f"GET {path}?page[limit]=101"), failure(400, limit)
        yield Request(f"GET {path}?page%5Boffset%5D=%ff"), failure(400, offset)
        yield Request(f"GET {path}?page[offset]=-1&page[limit]=x"), failure(400, limit, offset)
        for name in ("page[limit]", "page[offset]", "filter"):
            twice = fault(name, f"{name} must be given once")
            yield Request(f"GET {path}?{name}=1&{name}=1"), failure(400, twice)
    for name in ("dryrun", "dry-run", "Dry_Run", "include"):
        strange = fault(name, f"{name} is not a parameter of this request")
        yield Request(f"POST {P}/jobs?{name}=true", json.dumps(malformed.JOB)), failure(400, strange)
    twice = fault("dry_run", "dry_run must be given once")
    yield Request(f"POST {P}/jobs?dry_run=true&dry_run=false", json.dumps(malformed.JOB)), failure(400, twice)


def _filters() -> Iterator[Case]:
    for path in (PROMOTIONS, f"{P}/codes", f"{P}/jobs"):
        for text in ("", "eq(code,a)%00", "eq(pk,CODE%23a)", "%ff", "(" * 4_000):
            yield Request(f"GET {path}?filter={text}"), FILTER_REFUSED
    yield Request(f"GET {P}/codes?filter=eq(uses,1)"), FILTER_REFUSED
    yield Request(f"GET {P}/jobs?filter=eq(code,a)"), FILTER_REFUSED
    yield Request(f"GET {P}/jobs?filter=eq(job_id,<J>)"), FILTER_REFUSED
    yield Request(f"GET {PROMOTIONS}?filter=eq(job_id,<J>)"), FILTER_REFUSED
    yield Request(f"GET {PROMOTIONS}?filter=eq(name,Summer%20sale)"), FILTER_REFUSED
    yield Request(f"GET {PROMOTIONS}?page[limit]=0&filter=eq(status,a)"), FILTER_REFUSED


STRANGE_IDS = (
    "1",
    "null",
    "..",
    "*",
    "é",
    "\0",
    "%00",
    "%2e%2e",
    " ",
    "<P>0",
    "<P> ",
    "{promotion_id}",
    "x" * 3_000,
    "😀",
)
STRANGE_CODES = ("Hand-1 ", "Hand\N{EN DASH}1", "x" * 65, "-", "-A", "_a", "no code!", 'a"b', "a%b", "a%20b", "'")
OF_A_PROMOTION = (
    "GET {}",
    "PUT {}",
    "DELETE {}",
    "GET {}/codes",
    "POST {}/codes",
    "DELETE {}/codes",
    "GET {}/codes/Hand-1",
    "DELETE {}/codes/Hand-1",
    "POST {}/uploads",
    "GET {}/jobs",
    "POST {}/jobs",
    "GET {}/jobs/<J>",
    "POST {}/jobs/<J>/cancel",
    "GET {}/jobs/<J>/file",
)


def _ids() -> Iterator[Case]:
    for id_ in (UNKNOWN_ID, MALFORMED_IDS[2]):
        for line in OF_A_PROMOTION:
            # That there is no promotion comes before all that is wrong with a body.
            request = Request(line.replace("{}", f"{PROMOTIONS}/{id_}"), "{" if "P" in line[:2] else None)
            yield request, PROMOTION_NOT_FOUND
    yield Request(f"POST {PROMOTIONS}/{UNKNOWN_ID}/jobs", json.dumps(malformed.JOB)), PROMOTION_NOT_FOUND
    yield Request(f"PUT {PROMOTIONS}/{UNKNOWN_ID}", '{"name": "Late sale"}'), PROMOTION_NOT_FOUND
    for id_ in (UNKNOWN_ID, *STRANGE_IDS, *MALFORMED_IDS):
        yield Request(f"GET {PROMOTIONS}/{id_}"), PROMOTION_NOT_FOUND
        for line in ("GET {}", "POST {}/cancel", "GET {}/file"):
            yield Request(line.replace("{}", f"{P}/jobs/{id_}")), JOB_NOT_FOUND
    for code in (*STRANGE_IDS[1:], *STRANGE_CODES):
        yield Request(f"GET {P}/codes/{code}"), CODE_NOT_FOUND
        yield Request(f"DELETE {P}/codes/{code}"), NO_CONTENT


def _routes() -> Iterator[Case]:
    not_allowed = failure(405, {"status": 405, "title": "Method Not Allowed"})
    unknown = (
        "/",
        "//",
        "/v2",
        "/v1/promotions",
        f"{P}/",
        f"{P}/jobs/",
        f"{P}/codes/a/b",
        "/V2/promotions",
        "/.env",
        "/\0",
    )
    yield from ((Request(f"GET {path}"), ROUTE_NOT_FOUND) for path in unknown)
    wrong = (f"POST {P}", f"PATCH {P}", f"DELETE {J}", f"PUT {P}/codes/Hand-1", f"GET {J}/cancel", f"HEAD {P}/codes")
    yield from ((Request(line), not_allowed) for line in (*wrong, "GET /oauth/access_token", "POST /docs", "\0 /docs"))


def _states() -> Iterator[Case]:
    no_file = unprocessable("Job has no file to download. Job status: completed")
    yield Request(f"POST {J}/cancel", "{"), NOT_CANCELLABLE
    yield Request(f"GET {J}/file"), no_file
    yield Request(f"DELETE {P}", "[1"), unprocessable("A promotion with an open job cannot be deleted")
    automatic = unprocessable("A promotion with codes or an open job cannot be made automatic")
    yield Request(f"PUT {P}", '{"automatic": true, "max_codes": 3}'), automatic
    in_use = unprocessable("max_codes must be at least the 3 codes in use")
    yield Request(f"PUT {P}", '{"automatic": true, "max_codes": 2}'), in_use


def _tokens() -> Iterator[Case]:
    zeros = "0" * 40
    known = (
        "Bearer",
        "Bearer null",
        "Bearer undefined",
        "bearer",
        f"Bearer {zeros}",
        f"Token {zeros}",
        "Basic c2hvcDo=",
    )
    odd = ("", " ", "\0", f"Bearer {'é' * 40}", f"Bearer {zeros}, Bearer {zeros}", f"Bearer {'a' * 8_000}")
    for value in (None, *known, *odd, f"Bearer {INJECTIONS[0]}"):
        yield Request(f"GET {PROMOTIONS}", None, {"authorization": value}), UNAUTHORIZED


def _form(body: str | bytes) -> Request:
    headers = {"authorization": None, "content-type": "application/x-www-form-urlencoded"}
    return Request("POST /oauth/access_token", body, headers)


NO_FORMS = ("", "{}", '{"grant_type": "implicit"}', "&&&", "=", b"\xff\xfe", b"\0", "grant_type", "a=b;grant_type=x")


def _forms() -> Iterator[Case]:
    def lacking(detail: str) -> Answer:
        return failure(400, {"status": "400", "title": "Bad Request", "detail": detail})

    yield from ((_form(body), lacking("The field 'grant_type' is required")) for body in NO_FORMS)
    no_grant = lacking("The field 'grant_type' must be client_credentials or implicit")
    for grant in ("password", "IMPLICIT", "client_credentials%00", "%ED%A0%80"):
        yield _form(f"grant_type={grant}&client_id=a"), no_grant
    yield _form("grant_type=implicit&client_id="), lacking("The field 'client_id' is required")
    yield _form("grant_type=client_credentials&client_id=a"), lacking("The field 'client_secret' is required")
    yield _form("a" * 1_000_001), TOO_LARGE
    for it in (*map(quote, INJECTIONS), "%00", "%ff", "x" * 5_000, f"{CLIENT_ID}%20"):
        yield _form(f"grant_type=implicit&client_id={it}"), UNKNOWN_CLIENT
        yield _form(f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={it}"), UNKNOWN_CLIENT


def _injections() -> Iterator[Case]:
    """The same strings as tests/unit/test_malformed_bodies.py sends, where a request has no body."""
    for it in INJECTIONS:
        whole = "/" not in it
        yield Request(f"POST {P}/jobs/{it}/cancel"), JOB_NOT_FOUND if whole else ROUTE_NOT_FOUND
        yield Request(f"GET {P}/codes/{it}"), CODE_NOT_FOUND if whole else ROUTE_NOT_FOUND
        codes = {"type": "promotion_codes", "codes": [{"code": it}]}
        if "\0" not in it:
            yield Request(f"DELETE {P}/codes", json.dumps(codes)), NO_CONTENT


TABLE: dict[str, Sequence[Case]] = {
    "bodies": list(_bodies()),
    "pages": list(_pages()),
    "filters": list(_filters()),
    "ids": list(_ids()),
    "routes": list(_routes()),
    "states": list(_states()),
    "tokens": list(_tokens()),
    "forms": list(_forms()),
    "injections": list(_injections()),
}
CASES = [
    pytest.param(request, answer, id=f"{section}-{number}-{request.line[:60]!a}")
    for section, cases in TABLE.items()
    for number, (request, answer) in enumerate(cases)
]


@pytest.mark.parametrize(("request_", "answer"), CASES)
def test_a_wrong_request_gets_the_answer_that_is_documented_and_changes_nothing(
    shop: Shop, request_: Request, answer: Answer
) -> None:
    assert shop.ask(request_) == answer
    shop.assert_unchanged()


def _found_nothing(answer: Answer) -> bool:
    status, body = answer
    return (status, body["data"], body["meta"]["results"]) == (200, [], {"total": 0})


@pytest.mark.parametrize("injection", [it for it in INJECTIONS if not set(it) & set("(),:") and it[0] not in "'\""])
def test_a_filter_looks_for_what_it_is_given_and_runs_nothing_of_it(shop: Shop, injection: str) -> None:
    lists = {PROMOTIONS: ["code"], f"{P}/codes": ["code", "job_id"], f"{P}/jobs": ["status", "job_type"]}
    for path, attributes in lists.items():
        for attribute in attributes:
            assert _found_nothing(shop.ask(Request(f"GET {path}?filter=eq({attribute},{quote(injection)})")))
    shop.assert_unchanged()
