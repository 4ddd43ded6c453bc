from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.values import from_text, to_text

moments = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given its zone


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), "2026-06-01T00:00:00.000Z"),
        (datetime(2026, 6, 1, 12, 30, 15, 999_999, tzinfo=UTC), "2026-06-01T12:30:15.999Z"),
        (datetime(2026, 6, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-05-31T23:00:00.000Z"),
    ],
)
def test_a_time_is_written_in_utc_to_the_millisecond(moment: datetime, text: str) -> None:
    assert to_text(moment) == text


@given(moments)
def test_a_time_that_was_written_is_read_back_to_the_millisecond(moment: datetime) -> None:
    assert from_text(to_text(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@given(moments, moments)
def test_times_sort_as_text(first: datetime, second: datetime) -> None:
    assert (to_text(first) <= to_text(second)) or first > second
