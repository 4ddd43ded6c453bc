"""What clients may send, and the faults in what they may not (decision 10)."""

import json
from typing import Any

import pytest

from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import DeleteParameters, GenerateParameters, JobType
from promotion_jobs.promotions.promotion import NewPromotion
from tests.support.answers import JOB_TYPES
from tests.support.builders import JOB_ID, MALFORMED_IDS

ABSENT = object()
"""Stands for a member that was not sent."""


def _with(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (document | changes).items() if value is not ABSENT}


GENERATE = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 100}}
EXPORT = {"type": "promotion_job", "job_type": "code_export"}
DELETE = {"type": "promotion_job", "job_type": "code_delete", "parameters": {"all": True}}
OF_ALL, OF_ONE = DeleteParameters(), DeleteParameters(JOB_ID)


def _job(data: dict[str, Any]) -> NewJob:
    return validate(job_schema(data), data).to_domain()


def _generate(parameters: dict[str, Any]) -> NewJob:
    return _job(_with(GENERATE, parameters={"number_of_codes": 100} | parameters))


@pytest.mark.parametrize(
    ("data", "job"),
    [
        (GENERATE, NewJob(JobType.CODE_GENERATE, None, GenerateParameters(100))),
        (_with(GENERATE, name=" job "), NewJob(JobType.CODE_GENERATE, " job ", GenerateParameters(100))),
        (_with(GENERATE, name=None), NewJob(JobType.CODE_GENERATE, None, GenerateParameters(100))),
        (_with(GENERATE, name="é" * 50), NewJob(JobType.CODE_GENERATE, "é" * 50, GenerateParameters(100))),
        (_with(GENERATE, status="completed", id=1), NewJob(JobType.CODE_GENERATE, None, GenerateParameters(100))),
        (EXPORT, NewJob(JobType.CODE_EXPORT)),
        (_with(EXPORT, parameters={}, name=""), NewJob(JobType.CODE_EXPORT, "")),
        (_with(EXPORT, parameters=None), NewJob(JobType.CODE_EXPORT)),
        (DELETE, NewJob(JobType.CODE_DELETE, None, OF_ALL)),
        (_with(DELETE, name=" job ", id=1), NewJob(JobType.CODE_DELETE, " job ", OF_ALL)),
        (_with(DELETE, parameters={"all": True, "job_id": None}), NewJob(JobType.CODE_DELETE, None, OF_ALL)),
        (_with(DELETE, parameters={"job_id": JOB_ID}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
        (_with(DELETE, parameters={"job_id": JOB_ID, "all": None}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
        (_with(DELETE, parameters={"job_id": JOB_ID, "all": False}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
    ],
)
def test_a_job_is_taken_as_it_was_sent(data: dict[str, Any], job: NewJob) -> None:
    assert _job(data) == job


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"number_of_codes": 1}, GenerateParameters(1)),
        ({"number_of_codes": 10**100}, GenerateParameters(10**100)),
        ({"consume_unit": "per_item"}, GenerateParameters(100, consume_unit="per_item")),
        ({"consume_unit": None}, GenerateParameters(100)),
        ({"max_uses_per_code": 0}, GenerateParameters(100, max_uses_per_code=0)),
        ({"max_uses_per_code": None}, GenerateParameters(100)),
        ({"code_length": 8}, GenerateParameters(100, code_length=8)),
        ({"code_length": 16}, GenerateParameters(100, code_length=16)),
        ({"code_prefix": "Summer-"}, GenerateParameters(100, code_prefix="Summer-")),
        ({"code_prefix": "2_x-"}, GenerateParameters(100, code_prefix="2_x-")),
        ({"code_prefix": "x" * 32}, GenerateParameters(100, code_prefix="x" * 32)),
    ],
)
def test_parameters_are_taken_as_they_were_sent(sent: dict[str, Any], taken: GenerateParameters) -> None:
    assert _generate(sent).parameters == taken


def _invalid(source: str, rule: str) -> Fault:
    return Fault(f"data.{source}", "invalid", f"{source.rpartition('.')[2]} {rule}")


def _required(source: str) -> Fault:
    return Fault(f"data.{source}", "required", f"{source.rpartition('.')[2]} is required")


NO_JOB_TYPE = _invalid("job_type", JOB_TYPES)
NAME_TOO_LONG = _invalid("name", "must have at most 50 characters")


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, [_required("job_type")]),
        (_with(GENERATE, job_type=ABSENT), [_required("job_type")]),
        (_with(GENERATE, job_type=None), [_required("job_type")]),
        (_with(GENERATE, job_type="code_import"), [NO_JOB_TYPE]),
        (_with(GENERATE, job_type=""), [NO_JOB_TYPE]),
        (_with(GENERATE, job_type=1), [NO_JOB_TYPE]),
        (_with(GENERATE, job_type=["code_generate"]), [NO_JOB_TYPE]),
        (_with(GENERATE, type=ABSENT), [_required("type")]),
        (_with(GENERATE, type="job"), [_invalid("type", "must be 'promotion_job'")]),
        (_with(GENERATE, type=None), [_invalid("type", "must be 'promotion_job'")]),
        (_with(GENERATE, name="x" * 51), [NAME_TOO_LONG]),
        (_with(GENERATE, name=1), [_invalid("name", "must be text")]),
        (_with(GENERATE, name="\ud800"), [_invalid("name", "must be text")]),
        (_with(GENERATE, parameters=ABSENT), [_required("parameters")]),
        (_with(GENERATE, parameters=None), [_invalid("parameters", "must be an object")]),
        (_with(GENERATE, parameters=[]), [_invalid("parameters", "must be an object")]),
        (_with(GENERATE, parameters={}), [_required("parameters.number_of_codes")]),
        (
            {"job_type": "code_generate", "name": "x" * 51, "parameters": {"code_length": 7}},
            [
                _required("type"),
                NAME_TOO_LONG,
                _required("parameters.number_of_codes"),
                _invalid("parameters.code_length", "must be at least 8"),
            ],
        ),
        (_with(EXPORT, name="x" * 51), [NAME_TOO_LONG]),
        (_with(EXPORT, parameters="none"), [_invalid("parameters", "must be an object")]),
    ],
)
def test_each_thing_wrong_with_a_job_is_a_fault(data: dict[str, Any], faults: list[Fault]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _job(data)
    assert sorted(refusal.value.faults, key=lambda it: it.source) == sorted(faults, key=lambda it: it.source)


PREFIX_RULE = "must be at most 32 letters, digits, - and _, and start with a letter or digit"


@pytest.mark.parametrize(
    ("member", "value", "rule"),
    [
        ("number_of_codes", 0, "must be at least 1"),
        ("number_of_codes", -1, "must be at least 1"),
        ("number_of_codes", "100", "must be a whole number"),
        ("number_of_codes", 100.0, "must be a whole number"),
        ("number_of_codes", True, "must be a whole number"),
        ("number_of_codes", None, "must be a whole number"),
        ("number_of_codes", [1], "must be a whole number"),
        ("consume_unit", "per_checkout", "must be 'per_cart' or 'per_item'"),
        ("consume_unit", "", "must be 'per_cart' or 'per_item'"),
        ("consume_unit", 1, "must be 'per_cart' or 'per_item'"),
        ("max_uses_per_code", -1, "must be at least 0"),
        ("max_uses_per_code", 1_000_000_001, "must be at most 1000000000"),
        ("max_uses_per_code", 1.5, "must be a whole number"),
        ("code_length", 7, "must be at least 8"),
        ("code_length", 17, "must be at most 16"),
        ("code_length", "8", "must be a whole number"),
        ("code_prefix", "", PREFIX_RULE),
        ("code_prefix", "-x", PREFIX_RULE),
        ("code_prefix", "_x", PREFIX_RULE),
        ("code_prefix", "x" * 33, PREFIX_RULE),
        ("code_prefix", "a b", PREFIX_RULE),
        ("code_prefix", "a/b", PREFIX_RULE),
        ("code_prefix", "été", PREFIX_RULE),
        ("code_prefix", "x\n", PREFIX_RULE),
        ("code_prefix", "{x}", PREFIX_RULE),
        ("code_prefix", 1, "must be text"),
        ("number_of_code", 1, "is not a parameter of this job"),
        ("user", "me", "is not a parameter of this job"),
    ],
)
def test_a_parameter_out_of_bounds_is_refused_with_the_bounds(member: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _generate({member: value})
    assert refusal.value.faults == (_invalid(f"parameters.{member}", rule),)


def test_an_export_takes_no_parameters() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _job(_with(EXPORT, parameters={"number_of_codes": 1}))
    assert [(it.source, it.title) for it in refusal.value.faults] == [("data.parameters", "invalid")]


EITHER = _invalid("parameters", "must have either job_id, or all as true")
UNKNOWN_MEMBER = "is not a parameter of this job"


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        (ABSENT, [_required("parameters")]),
        (None, [_invalid("parameters", "must be an object")]),
        ([], [_invalid("parameters", "must be an object")]),
        ({}, [EITHER]),
        ({"all": None, "job_id": None}, [EITHER]),
        ({"all": False}, [EITHER]),
        ({"all": True, "job_id": JOB_ID}, [EITHER]),
        ({"all": 1}, [_invalid("parameters.all", "must be true or false")]),
        ({"all": "true"}, [_invalid("parameters.all", "must be true or false")]),
        ({"job_id": 5}, [_invalid("parameters.job_id", "must be text")]),
        ({"job_id": [JOB_ID]}, [_invalid("parameters.job_id", "must be text")]),
        ({"job_id": ""}, [_invalid("parameters.job_id", "must be the id of a job")]),
        *(({"job_id": it}, [_invalid("parameters.job_id", "must be the id of a job")]) for it in MALFORMED_IDS),
        ({"all": True, "codes": ["a"]}, [_invalid("parameters.codes", UNKNOWN_MEMBER)]),
        ({"all": True, "job_ids": [JOB_ID]}, [_invalid("parameters.job_ids", UNKNOWN_MEMBER)]),
        ({"all": True, "number_of_codes": 1}, [_invalid("parameters.number_of_codes", UNKNOWN_MEMBER)]),
        (
            {"all": "yes", "job_id": 5, "codes": []},
            [
                _invalid("parameters.job_id", "must be text"),
                _invalid("parameters.all", "must be true or false"),
                _invalid("parameters.codes", UNKNOWN_MEMBER),
            ],
        ),
    ],
)
def test_a_deletion_says_whose_codes_and_nothing_else(parameters: Any, faults: list[Fault]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _job(_with(DELETE, parameters=parameters))
    assert refusal.value.faults == tuple(faults)


PROMOTION = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "",
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "EUR", "amount": 500, "note": None}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
}
FIELDS = {
    "name": "Summer sale",
    "description": "",
    "enabled": False,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "EUR", "amount": 500, "note": None}]},
    "start": "2026-06-01T00:00:00Z",
    "end": "2026-08-31T00:00:00Z",
}


def _promotion(data: dict[str, Any]) -> NewPromotion:
    return validate(SentPromotion, data).to_domain()


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, NewPromotion(FIELDS)),
        ({"enabled": True}, NewPromotion(FIELDS | {"enabled": True})),
        ({"automatic": True}, NewPromotion(FIELDS, automatic=True)),
        ({"max_codes": 10_000_000}, NewPromotion(FIELDS, max_codes=10_000_000)),
        ({"max_applications_per_cart": 0}, NewPromotion(FIELDS | {"max_applications_per_cart": 0})),
        ({"min_cart_value": [{"currency": "EUR"}]}, NewPromotion(FIELDS | {"min_cart_value": [{"currency": "EUR"}]})),
        ({"max_discount_value": None}, NewPromotion(FIELDS)),
        ({"id": "mine", "colour": "red"}, NewPromotion(FIELDS)),
        ({"schema": {"😀": [1e-9]}}, NewPromotion(FIELDS | {"schema": {"😀": [1e-9]}})),
    ],
)
def test_a_promotion_is_taken_as_it_was_sent(changes: dict[str, Any], taken: NewPromotion) -> None:
    assert _promotion(_with(PROMOTION, **changes)) == taken


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("2026-06-01", "2026-06-01T00:00:00Z"),
        ("2026-06-01 12:30", "2026-06-01T12:30:00Z"),
        ("2026-06-01T12:30", "2026-06-01T12:30:00Z"),
        ("2026-06-01T12:30:15", "2026-06-01T12:30:15Z"),
        ("2026-06-01T12:30:15Z", "2026-06-01T12:30:15Z"),
        ("2026-06-01T12:30:15.123456789Z", "2026-06-01T12:30:15Z"),
        ("2026-06-01T00:30:00+02:00", "2026-05-31T22:30:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_date_is_taken_in_utc(sent: str, taken: str) -> None:
    assert _promotion(_with(PROMOTION, start=sent)).fields["start"] == taken


DATE_RULE = "must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z"
PROMOTION_TYPES = (
    "must be 'fixed_discount', 'percent_discount', 'item_fixed_discount', 'item_percent_discount', 'x_for_y', "
    "'x_for_amount', 'bundle_fixed_discount' or 'bundle_gift'"
)


@pytest.mark.parametrize(
    ("member", "value", "rule"),
    [
        ("type", "promotion_job", "must be 'promotion'"),
        ("name", "", "must have at least 1 characters"),
        ("name", "x" * 256, "must have at most 255 characters"),
        ("name", None, "must be text"),
        ("description", 1, "must be text"),
        ("enabled", "true", "must be true or false"),
        ("enabled", 1, "must be true or false"),
        ("automatic", None, "must be true or false"),
        ("promotion_type", "free", PROMOTION_TYPES),
        ("schema", [], "must be an object"),
        ("min_cart_value", {}, "must be a list"),
        ("max_applications_per_cart", -1, "must be at least 0"),
        ("max_codes", 0, "must be at least 1"),
        ("max_codes", 10_000_001, "must be at most 10000000"),
        ("max_codes", None, "must be a whole number"),
        ("start", "1.6.2026", DATE_RULE),
        ("start", "2026-02-30", DATE_RULE),
        ("start", "2026-06-01T25:00", DATE_RULE),
        ("start", "2026-06-01T12:00:00+99:00", DATE_RULE),
        ("start", "0001-01-01T00:00:00+02:00", DATE_RULE),
        ("start", "20260601", DATE_RULE),
        ("start", "\N{FULLWIDTH DIGIT TWO}026-06-01", DATE_RULE),
        ("start", 1_780_315_200, "must be text"),
        ("end", "", DATE_RULE),
    ],
)
def test_each_thing_wrong_with_a_promotion_is_a_fault(member: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _promotion(_with(PROMOTION, **{member: value}))
    assert refusal.value.faults == (_invalid(member, rule),)


def test_a_promotion_that_lacks_everything_hears_of_everything() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _promotion({})
    required = ("type", "name", "description", "promotion_type", "schema", "start", "end")
    assert refusal.value.faults == tuple(map(_required, required))


def test_a_promotion_ends_after_it_starts() -> None:
    assert _promotion(_with(PROMOTION, end="2026-06-01T00:00:00Z")).fields["end"] == "2026-06-01T00:00:00Z"
    with pytest.raises(InvalidRequest) as refusal:
        _promotion(_with(PROMOTION, end="2026-05-31T23:59:59Z"))
    assert refusal.value.faults == (Fault("data.end", "invalid", "end must not be before start"),)


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_promotion_is_refused_where_no_item_could_hold_it(letter: str) -> None:
    _promotion(_with(PROMOTION, description=letter * 1_600))
    with pytest.raises(InvalidRequest) as refusal:
        _promotion(_with(PROMOTION, description=letter * 20_000))
    assert refusal.value.faults == (Fault("data", "invalid", "a promotion may have at most 20,000 bytes"),)


def test_a_promotion_is_measured_as_it_is_stored() -> None:
    stored = len(json.dumps(FIELDS))
    _promotion(_with(PROMOTION, description="x" * (20_000 - stored)))
    with pytest.raises(InvalidRequest):
        _promotion(_with(PROMOTION, description="x" * (20_001 - stored)))
