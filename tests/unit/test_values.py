"""Identifiers and times as text."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.values import from_text, is_identifier, to_text, uuid7
from tests.support.builders import MALFORMED_IDS, NOW, PROMOTION_ID

moments = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given its zone
moments_of_identifiers = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given its zone
entropies = st.integers(0, 2**74 - 1)


@given(moments_of_identifiers, entropies)
def test_an_identifier_is_a_uuid_of_version_7(now: datetime, entropy: int) -> None:
    text = uuid7(now, entropy)
    parsed = UUID(text)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, RFC_4122, text)
    assert is_identifier(text)


@given(moments_of_identifiers, entropies, entropies)
def test_a_later_identifier_sorts_after_an_earlier_one(now: datetime, first: int, second: int) -> None:
    assert uuid7(now, first) < uuid7(now + timedelta(milliseconds=2), second)


@given(entropies, entropies)
def test_identifiers_of_one_moment_differ_by_every_bit_of_their_entropy(first: int, second: int) -> None:
    assert (uuid7(NOW, first) == uuid7(NOW, second)) == (first == second)


def test_the_time_and_the_entropy_stand_where_the_standard_puts_them() -> None:
    # RFC 9562, appendix A.6.
    moment = datetime.fromtimestamp(0x017F22E279B0 / 1000, UTC)
    assert uuid7(moment, 0xCC3 << 62 | 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_what_has_another_form_is_no_identifier() -> None:
    assert is_identifier(PROMOTION_ID)
    assert not any(map(is_identifier, [*MALFORMED_IDS, "", f"{PROMOTION_ID}\n", f" {PROMOTION_ID}"]))


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
