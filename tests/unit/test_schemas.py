"""Jobs and promotions as clients may send them (decision 10)."""

import json
from typing import Any

import pytest

from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import DeleteParameters, ExportParameters, GenerateParameters, JobType
from promotion_jobs.jobs.rows import COLUMNS
from promotion_jobs.promotions.promotion import NewPromotion
from tests.support.builders import JOB_ID

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
        (EXPORT, NewJob(JobType.CODE_EXPORT, parameters=ExportParameters())),
        (_with(EXPORT, parameters={}, name=""), NewJob(JobType.CODE_EXPORT, parameters=ExportParameters())),
        (_with(EXPORT, parameters=None), NewJob(JobType.CODE_EXPORT, parameters=ExportParameters())),
        (DELETE, NewJob(JobType.CODE_DELETE, None, OF_ALL)),
        (_with(DELETE, name=" job ", id=1), NewJob(JobType.CODE_DELETE, " job ", OF_ALL)),
        (_with(DELETE, parameters={"all": True, "job_id": None}), NewJob(JobType.CODE_DELETE, None, OF_ALL)),
        (_with(DELETE, parameters={"job_id": JOB_ID}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
        (_with(DELETE, parameters={"job_id": JOB_ID.upper()}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
        (_with(DELETE, parameters={"job_id": "", "all": True}), NewJob(JobType.CODE_DELETE, None, OF_ALL)),
        (_with(DELETE, parameters={"job_id": JOB_ID, "all": None}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
        (_with(DELETE, parameters={"job_id": JOB_ID, "all": False}), NewJob(JobType.CODE_DELETE, None, OF_ONE)),
    ],
)
def test_a_job_is_taken_as_it_was_sent(data: dict[str, Any], job: NewJob) -> None:
    assert _job(data) == job


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (dict.fromkeys(("job_id", "columns", "header", "rows_per_file", "bom", "line_ending", "gzip")), {}),
        ({"job_id": "", "rows_per_file": "", "line_ending": ""}, {}),
        ({"job_id": JOB_ID.upper()}, {"job_id": JOB_ID}),
        ({"rows_per_file": 5e4}, {"rows_per_file": 50_000}),
        (
            {"columns": ["user", "code"], "header": {"code": "Coupon"}, "bom": True, "line_ending": "lf"},
            {"columns": ["user", "code"], "header": {"code": "Coupon"}, "bom": True, "line_ending": "lf"},
        ),
        ({"header": False, "bom": False, "gzip": True}, {"header": False, "bom": False, "gzip": True}),
        ({"header": {}, "columns": [*COLUMNS]}, {"header": {}, "columns": [*COLUMNS]}),
    ],
)
def test_an_export_takes_parameters_as_they_were_sent(sent: dict[str, Any], taken: dict[str, Any]) -> None:
    new = _job(_with(EXPORT, parameters=sent))
    assert new == NewJob(JobType.CODE_EXPORT, parameters=ExportParameters(**taken))
    assert new.parameters.given() == (taken or None)


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"number_of_codes": 1}, GenerateParameters(1)),
        ({"number_of_codes": 10**18 - 1}, GenerateParameters(10**18 - 1)),
        ({"consume_unit": "per_item"}, GenerateParameters(100, consume_unit="per_item")),
        ({"consume_unit": None}, GenerateParameters(100)),
        ({"number_of_codes": 5.0}, GenerateParameters(5)),
        ({"number_of_codes": 1e1, "code_length": 9.0}, GenerateParameters(10, code_length=9)),
        ({"code_prefix": "", "consume_unit": "", "max_uses_per_code": "", "code_length": ""}, GenerateParameters(100)),
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
        ("2026-06-01t12:30:15z", "2026-06-01T12:30:15Z"),
        ("2026-06-01T12:30:15+0000", "2026-06-01T12:30:15Z"),
        ("2026-06-01T12:30-0130", "2026-06-01T14:00:00Z"),
        ("2026-06-01T12:30:15.123456789Z", "2026-06-01T12:30:15Z"),
        ("2026-06-01T00:30:00+02:00", "2026-05-31T22:30:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_date_is_taken_in_utc(sent: str, taken: str) -> None:
    assert _promotion(_with(PROMOTION, start=sent)).fields["start"] == taken


def test_a_promotion_ends_after_it_starts() -> None:
    assert _promotion(_with(PROMOTION, end="2026-06-01T00:00:00Z")).fields["end"] == "2026-06-01T00:00:00Z"
    with pytest.raises(InvalidRequest) as refusal:
        _promotion(_with(PROMOTION, end="2026-05-31T23:59:59Z"))
    assert refusal.value.faults == (Fault("data.end", "invalid", "end must not be before start"),)


def test_a_promotion_is_measured_as_it_is_stored() -> None:
    stored = len(json.dumps(FIELDS))
    _promotion(_with(PROMOTION, description="x" * (20_000 - stored)))
    with pytest.raises(InvalidRequest):
        _promotion(_with(PROMOTION, description="x" * (20_001 - stored)))
