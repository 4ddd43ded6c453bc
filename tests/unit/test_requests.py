"""Reading a request: its body, query, page and filter (decisions 10, 12 and 16)."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from promotion_jobs.api import requests
from promotion_jobs.api.errors import PayloadTooLarge
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.errors import Fault, InvalidFilter, InvalidRequest
from promotion_jobs.jobs.read import FILTER_ATTRIBUTES
from promotion_jobs.pages import Page
from tests.support.events import request

NOT_JSON = Fault("data", "Bad Request", "The body is not valid JSON")
TOO_DEEP = Fault("data", "Bad Request", "The body may be nested at most 50 levels deep")
NO_OBJECT = Fault("data", "invalid", "data must be an object")


def _data(body: str | bytes, content_type: str | None = "application/json") -> dict[str, Any]:
    return requests.json_data(request("create_job", body=body, headers={"content-type": content_type}))


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ('{"data": {"type": "promotion_job"}}', {"type": "promotion_job"}),
        ('{"type": "promotion_job"}', {"type": "promotion_job"}),
        ('{"data": {}}', {}),
        ("{}", {}),
        ('\n{ "data" :\n{ } }\n', {}),
        ('{"data": {"data": {"a": 1}}}', {"data": {"a": 1}}),
        ('{"data": {"a": "\\ud83d\\ude00"}}', {"a": "😀"}),
        ('{"a": 1e308}', {"a": 1e308}),
        ('{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        ("[" * 49 + "1" + "]" * 49, None),
    ],
)
def test_an_object_is_read_wrapped_in_data_or_bare(body: str, data: dict[str, Any] | None) -> None:
    if data is None:
        body, data = f'{{"a": {body}}}', {"a": json.loads(body)}
    assert _data(body) == data


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json ;charset=utf-8",
        " application/json ",
        "application/vnd.api+json",
    ],
)
def test_json_is_read_under_any_of_its_content_types_or_none(content_type: str | None) -> None:
    assert _data('{"a": 1}', content_type) == {"a": 1}


def _body_of(size: int) -> str:
    return json.dumps({"a": "x" * (size - len('{"a": ""}'))})


@pytest.mark.parametrize("content_type", ["application/json", None])
def test_a_body_may_have_a_million_bytes_and_not_one_more(content_type: str | None) -> None:
    assert len(_data(_body_of(1_000_000), content_type)["a"]) == 999_991
    with pytest.raises(PayloadTooLarge) as refusal:
        _data(_body_of(1_000_001), content_type)
    assert refusal.value.limit == 1_000_000


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json", "text/plain", None])
def test_a_form_is_read_whatever_its_content_type(content_type: str | None) -> None:
    body = "grant_type=client_credentials&client_id=my%20shop&client_secret=a+b&client_secret=c&empty="
    event = request("issue_token", body=body, headers={"content-type": content_type})
    assert requests.form(event) == {"grant_type": "client_credentials", "client_id": "my shop", "client_secret": "c"}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b'{"grant_type": "implicit"}', b"&&&", b"="])
def test_what_is_no_form_has_no_fields(body: bytes) -> None:
    assert requests.form(request("issue_token", body=body)) == {}


def test_a_request_without_a_body_has_an_empty_one() -> None:
    assert requests.body_bytes(request("get_job")) == b""


def _query(query: str) -> dict[str, str]:
    return requests.query(request("list_jobs", query=query))


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        (
            "page[limit]=25&filter=eq(job_type,code_generate):eq(status,completed)",
            {"page[limit]": "25", "filter": "eq(job_type,code_generate):eq(status,completed)"},
        ),
        (
            "page%5Blimit%5D=25&filter=eq%28job_type%2C%20code_export%29",
            {"page[limit]": "25", "filter": "eq(job_type, code_export)"},
        ),
        ("filter=eq(job_type,+code_export)", {"filter": "eq(job_type, code_export)"}),
        ("filter=", {"filter": ""}),
        ("filter=%ff", {"filter": "\N{REPLACEMENT CHARACTER}"}),
    ],
)
def test_a_query_is_read_with_the_commas_of_its_filter(query: str, parameters: dict[str, str]) -> None:
    assert _query(query) == parameters


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Page(25, 0)),
        ("page[limit]=1", Page(1, 0)),
        ("page[limit]=100&page[offset]=10000", Page(100, 10_000)),
        ("page[offset]=007", Page(25, 7)),
    ],
)
def test_a_page_has_25_records_from_the_first_on_unless_the_query_says_otherwise(query: str, page: Page) -> None:
    assert requests.page(_query(query)) == page


LIMIT = Fault("page[limit]", "invalid", "page[limit] must be a whole number from 1 to 100")
OFFSET = Fault("page[offset]", "invalid", "page[offset] must be a whole number from 0 to 10000; export the codes")


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("page[limit]=0", (LIMIT,)),
        ("page[limit]=101", (LIMIT,)),
        ("page[limit]=-1", (LIMIT,)),
        ("page[limit]=%2B5", (LIMIT,)),
        ("page[limit]=2.5", (LIMIT,)),
        ("page[limit]=all", (LIMIT,)),
        ("page[limit]=", (LIMIT,)),
        ("page[offset]=", (OFFSET,)),
        ("page[limit]=%D9%A2", (LIMIT,)),
        ("page[limit]=" + "9" * 5_000, (LIMIT,)),
        ("page[offset]=-1", (OFFSET,)),
        ("page[offset]=10001", (OFFSET,)),
        ("page[limit]=0&page[offset]=x", (LIMIT, OFFSET)),
    ],
)
def test_a_page_out_of_bounds_is_refused_with_the_bounds(query: str, faults: tuple[Fault, ...]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        requests.page(_query(query), beyond="; export the codes")
    assert refusal.value.faults == faults


def test_a_filter_is_taken_from_the_query() -> None:
    assert requests.wanted(_query("filter=eq(job_type,%20code_export)"), FILTER_ATTRIBUTES) == {
        "job_type": {"code_export"}
    }
    assert requests.wanted(_query("page[limit]=1"), FILTER_ATTRIBUTES) == {}
    with pytest.raises(InvalidFilter):
        requests.wanted(_query("filter="), FILTER_ATTRIBUTES)


class _Pair(BaseModel):
    first: int
    second: dict[str, int]


def test_each_thing_wrong_with_the_data_is_a_fault_with_its_path() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        validate(_Pair, {"second": {"a": [], "b": 1}})
    assert refusal.value.faults == (
        Fault("data.first", "required", "first is required"),
        Fault("data.second.a", "invalid", "a must be a whole number"),
    )
