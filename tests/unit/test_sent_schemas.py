"""What the schemas of requests tell clients, beside what they check."""

import re
from calendar import isleap, monthrange
from typing import Any

import pytest

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import SentCode
from promotion_jobs.api.schemas.jobs import SentDeleteParameters, SentParameters
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.errors import InvalidRequest

DATES = re.compile(SentPromotion.model_json_schema()["properties"]["start"]["pattern"])
PROMOTION: dict[str, Any] = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "",
    "promotion_type": "bundle_gift",
    "schema": {},
}


@pytest.mark.parametrize("year", [0, 1, 4, 10, 100, 400, 1000, 1900, 2000, 2026, 2028, 2100, 9996, 9999])
def test_the_pattern_of_a_date_knows_the_calendar(year: int) -> None:
    for month in range(14):
        last = monthrange(year, month)[1] if year and 1 <= month <= 12 else 0
        shown = [day for day in range(33) if DATES.search(f"{year:04}-{month:02}-{day:02}")]
        assert shown == list(range(1, last + 1)), (year, month, isleap(year))


@pytest.mark.parametrize(
    ("date", "is_taken"),
    [
        ("2028-02-29T23:59:59.123456789+2359", True),
        ("2026-06-01t00:00z", True),
        ("2026-06-01 12:00-00:00", True),
        ("2026-06-01T24:00", False),
        ("2026-06-01T12:60", False),
        ("2026-06-01T12:00:60", False),
        ("2026-06-01T12:00+24:00", False),
        ("2026-06-01T12:00+01:60", False),
        ("2026-06-01T", False),
    ],
)
def test_a_date_is_taken_if_and_only_if_its_pattern_says_so(date: str, *, is_taken: bool) -> None:
    assert (DATES.search(date) is not None) == is_taken
    try:
        validate(SentPromotion, PROMOTION | {"start": date, "end": date})
    except InvalidRequest:
        assert not is_taken
    else:
        assert is_taken


def _shown(model: Any) -> dict[str, Any]:
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    return properties


@pytest.mark.parametrize(
    ("model", "member"),
    [
        (SentParameters, "consume_unit"),
        (SentParameters, "max_uses_per_code"),
        (SentParameters, "code_length"),
        (SentDeleteParameters, "job_id"),
        (SentCode, "uses"),
        (SentCode, "consume_unit"),
    ],
)
def test_where_an_empty_text_is_taken_for_nothing_the_schema_says_so(model: Any, member: str) -> None:
    assert {"const": "", "type": "string"} in _shown(model)[member]["anyOf"]


@pytest.mark.parametrize(("model", "member"), [(SentParameters, "code_prefix"), (SentCode, "user")])
def test_a_text_says_by_itself_that_it_may_be_empty(model: Any, member: str) -> None:
    assert {"const": "", "type": "string"} not in _shown(model)[member]["anyOf"]


def test_the_most_codes_of_a_job_are_shown_and_refused_by_the_promotion_alone() -> None:
    assert _shown(SentParameters)["number_of_codes"]["maximum"] == limits.MAX_CODES_PER_PROMOTION
    too_many = limits.MAX_CODES_PER_PROMOTION + 1
    assert validate(SentParameters, {"number_of_codes": too_many}).number_of_codes == too_many
