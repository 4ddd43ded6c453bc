"""When a delivery has to stop."""

from datetime import timedelta

import pytest

from promotion_jobs.jobs.kind import Deadline


@pytest.mark.parametrize(
    ("begins_with", "left", "near"),
    [(900, 10, False), (900, 9.999, True), (40, 10, False), (40, 9.999, True), (8, 2, False), (8, 1.999, True)],
)
def test_a_delivery_keeps_ten_seconds_and_a_short_one_a_quarter_of_its_time(
    begins_with: float, left: float, *, near: bool
) -> None:
    times = iter([begins_with, left])
    deadline = Deadline.of(lambda: timedelta(seconds=next(times)))
    assert deadline.is_near() is near
