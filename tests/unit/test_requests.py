"""Reading a request: its body, query, page and filter (decisions 10, 12 and 16)."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from promotion_jobs.api import requests
from promotion_jobs.api.errors import PayloadTooLarge, UnsupportedMediaType, answer_to
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.jobs import job_schema
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
        ('{"a": -999999999999999999}', {"a": -999999999999999999}),
        (b"\xef\xbb\xbf{}", {}),
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
    return requests.query(request("list_jobs", query=query), requests.LIST_PARAMETERS)


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


def test_what_a_list_does_not_know_is_ignored_however_often_it_comes() -> None:
    assert _query("include=a&include=b&page[limit]=1") == {"include": "b", "page[limit]": "1"}


@pytest.mark.parametrize("name", requests.LIST_PARAMETERS)
def test_a_parameter_that_comes_twice_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _query(f"{name}=1&{name}=1")
    assert refusal.value.faults == (Fault(name, "invalid", f"{name} must be given once"),)


def test_a_request_that_knows_all_of_its_parameters_refuses_any_other() -> None:
    def query(text: str) -> dict[str, str]:
        return requests.query(request("create_job", query=text), requests.JOB_PARAMETERS, only=True)

    assert query("dry_run=true") == {"dry_run": "true"}
    with pytest.raises(InvalidRequest) as refusal:
        query(f"dryrun=true&dry_run=true&dry_run=false&{'x' * 5_000}=1")
    assert refusal.value.faults == (
        Fault("dry_run", "invalid", "dry_run must be given once"),
        Fault("dryrun", "invalid", "dryrun is not a parameter of this request"),
        Fault(f"{'x' * 100}…", "invalid", f"{'x' * 100}… is not a parameter of this request"),
    )


def _credentials(authorization: str | None, body: str = "") -> tuple[str | None, str | None]:
    event = request("issue_token", body=body, headers={"authorization": authorization})
    return requests.client_credentials(event, requests.form(event))


@pytest.mark.parametrize(
    ("authorization", "body", "credentials"),
    [
        ("Basic c2hvcDpvcGVuIHNlc2FtZQ==", "", ("shop", "open sesame")),
        ("basic  c2hvcDpvcGVuK3Nlc2FtZSUyMQ==", "", ("shop", "open sesame!")),
        ("Basic c2hvcDpvcGVuIHNlc2FtZQ==", "client_id=other&client_secret=x", ("other", "x")),
        (None, "client_id=other&client_secret=x", ("other", "x")),
        ("Basic c2hvcA==", "", ("shop", "")),
        ("Basic ?", "", (None, None)),
        ("Basic /w==", "", (None, None)),
        ("Bearer c2hvcDpvcGVuIHNlc2FtZQ==", "", (None, None)),
        (None, "", (None, None)),
    ],
)
def test_a_client_sends_its_credentials_in_the_form_or_by_http_basic(
    authorization: str | None, body: str, credentials: tuple[str | None, str | None]
) -> None:
    assert _credentials(authorization, body) == credentials


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


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_a_body_that_is_not_encoded_is_read(encoding: str | None) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    assert requests.json_data(request("create_job", body="{}", headers=headers)) == {}


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
def test_a_body_that_is_encoded_is_refused(encoding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    with pytest.raises(UnsupportedMediaType) as refusal:
        requests.json_data(request("create_job", body=b"\x1f\x8b", headers=headers))
    assert refusal.value.detail == "Send the body without a Content-Encoding"


def _job(text: str) -> object:
    data = _data(text)
    return validate(job_schema(data), data)


def test_no_error_grows_with_what_was_sent() -> None:
    """A body of a million bytes, in the ways in which most of it would be repeated (decision 10)."""
    long = "é" * 490_000
    many = {f"{'é' * 240}{number}": 1 for number in range(1_900)}
    job = {"type": "promotion_job", "job_type": "code_generate"}
    bodies = [
        job | {"parameters": {"number_of_codes": 1, long: 1}},
        job | {"parameters": {"number_of_codes": 1, **many}},
        {"schema": {long: "\0"}},
        {"schema": {"a": {long: {"b": "\0"}}}},
    ]
    for body in bodies:
        text = json.dumps(body, ensure_ascii=False)
        assert 900_000 < len(text.encode()) <= 1_000_000
        with pytest.raises(InvalidRequest) as refusal:
            _job(text)
        _, answer = answer_to(refusal.value)
        assert len(json.dumps(answer)) < 30_000
    name = "x" * 480_000
    with pytest.raises(InvalidRequest) as twice:
        _data(f'{{"{name}": 1, "{name}": 2}}')
    assert len(json.dumps(answer_to(twice.value)[1])) < 1_000
