"""Filters of lists (contract 1.4)."""

import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes import codes
from promotion_jobs.errors import Fault, InvalidFilter
from promotion_jobs.jobs.read import FILTER_ATTRIBUTES
from promotion_jobs.pages import parse_filter, satisfies
from promotion_jobs.promotions import promotions
from tests.support.builders import JOB_ID

REFUSED = (Fault("filter", "Bad Request", "Could not parse the supplied filter"),)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, {}),
        ("eq(job_type,code_export)", {"job_type": {"code_export"}}),
        ("eq(job_type, code_export)", {"job_type": {"code_export"}}),
        (" eq( job_type ,code_export ) ", {"job_type": {"code_export"}}),
        ("eq(status,complete)", {"status": {"completed"}}),
        ("eq(status,completed)", {"status": {"completed"}}),
        ("eq(status,no such state)", {"status": {"no such state"}}),
        ("eq(status,)", {"status": {""}}),
        (
            "eq(job_type,code_generate):eq(status,completed)",
            {"job_type": {"code_generate"}, "status": {"completed"}},
        ),
        ("eq(job_type,a) : eq(status,b)", {"job_type": {"a"}, "status": {"b"}}),
        ("eq(status,complete):eq(status,completed)", {"status": {"completed"}}),
        ("eq(status,pending):eq(status,failed)", {"status": {"pending", "failed"}}),
        (":".join(["eq(status,failed)"] * 10), {"status": {"failed"}}),
        ('eq(status,"failed")', {"status": {"failed"}}),
        ("eq(status,'failed')", {"status": {"failed"}}),
        ("eq( status , 'failed' ) : eq(job_type,\"a\")", {"status": {"failed"}, "job_type": {"a"}}),
        (r'eq(status,"a\"b\\c")', {"status": {'a"b\\c'}}),
        (r"eq(status,'it\'s')", {"status": {"it's"}}),
        ("eq(status,'a,b):(c')", {"status": {"a,b):(c"}}),
        ("eq(status,' failed ')", {"status": {" failed "}}),
        ('eq(status,"")', {"status": {""}}),
        ("eq(status,it's)", {"status": {"it's"}}),
        ("eq(status,'complete')", {"status": {"completed"}}),
    ],
)
def test_a_filter_names_what_each_attribute_must_be(text: str | None, wanted: dict[str, set[str]]) -> None:
    assert parse_filter(text, FILTER_ATTRIBUTES) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "status",
        "eq",
        "eq()",
        "eq(status)",
        "eq(status,a",
        "eq status,a)",
        "eq(status,a,b)",
        "eq(status,a))",
        "eq(status,(a))",
        "eq(,a)",
        "(status,a)",
        "eq(status,a)eq(status,a)",
        "eq(status,a),eq(status,a)",
        "eq(status,a):",
        ":eq(status,a)",
        "eq(status,a)::eq(status,a)",
        "eq(status,a:b)",
        "eq(status,'a)",
        'eq(status,"a)',
        "eq(status,'a'b)",
        "eq(status,'a''b')",
        "eq(status,'a\\')",
        "eq('status',a)",
        "gt(status,a)",
        "EQ(status,a)",
        "eq(name,a)",
        "eq(STATUS,a)",
        ":".join(["eq(status,failed)"] * 11),
    ],
)
def test_what_is_no_filter_or_names_what_the_list_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter) as refusal:
        parse_filter(text, FILTER_ATTRIBUTES)
    assert refusal.value.faults == REFUSED


def _refused(text: str) -> bool:
    try:
        parse_filter(text, FILTER_ATTRIBUTES)
    except InvalidFilter:
        return True
    return False


@given(st.text(max_size=60) | st.from_regex(r"\s*eq\(\s*(status|name)\s*,[^,:()]*\)\s*", fullmatch=True))
def test_any_text_is_either_a_filter_or_refused_as_one(text: str) -> None:
    assert _refused(text) == (re.fullmatch(r"\s*eq\(\s*(status|job_type)\s*,[^,:()]*\)\s*", text) is None)


def test_a_filter_as_long_as_a_request_can_be_is_refused_at_once() -> None:
    # Three ways to divide a run of spaces between them would take minutes here.
    with pytest.raises(InvalidFilter):
        parse_filter("eq(status," + " " * 8_000 + ":", FILTER_ATTRIBUTES)


def test_a_code_is_looked_for_without_regard_to_case() -> None:
    assert parse_filter("eq(code,Summer-BCDF-ghjk)", codes.FILTER_ATTRIBUTES) == {"code": {"summer-bcdf-ghjk"}}


@pytest.mark.parametrize(
    ("wanted", "satisfied"),
    [
        ({}, True),
        ({"status": {"failed"}}, True),
        ({"status": {"pending"}}, False),
        ({"status": {"failed"}, "job_type": {"code_export"}}, True),
        ({"status": {"failed"}, "job_type": {"code_generate"}}, False),
        ({"status": {"failed", "pending"}}, False),
    ],
)
def test_a_record_satisfies_a_filter_that_asks_for_what_it_is(wanted: dict[str, set[str]], *, satisfied: bool) -> None:
    assert satisfies(wanted, {"status": "failed", "job_type": "code_export"}) is satisfied


@pytest.mark.parametrize(
    "text", ["\N{LATIN SMALL LETTER LONG S}ummer", "\N{KELVIN SIGN}iss", "kiß", "kis\N{LATIN SMALL LETTER LONG S}"]
)
@pytest.mark.parametrize("attributes", [codes.FILTER_ATTRIBUTES, promotions.FILTER_ATTRIBUTES])
def test_only_the_case_of_a_code_is_folded(text: str, attributes: Mapping[str, Callable[[str], str]]) -> None:
    assert parse_filter(f"eq(code,{text})", attributes) == {"code": {text}}
    assert parse_filter("eq(code,Kiss-1%)", attributes) == {"code": {"kiss-1%"}}


def test_a_job_is_found_by_its_id_in_capitals() -> None:
    assert parse_filter(f"eq(job_id,{JOB_ID.upper()})", codes.FILTER_ATTRIBUTES) == {"job_id": {JOB_ID}}
