from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.values import is_identifier, uuid7
from tests.support.builders import MALFORMED_IDS, NOW, PROMOTION_ID

moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given its zone
entropies = st.integers(0, 2**74 - 1)


@given(moments, entropies)
def test_an_identifier_is_a_uuid_of_version_7(now: datetime, entropy: int) -> None:
    text = uuid7(now, entropy)
    parsed = UUID(text)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, RFC_4122, text)
    assert is_identifier(text)


@given(moments, entropies, entropies)
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
