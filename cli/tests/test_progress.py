"""What is told of a job on its way: little in a log, whatever happens and however long it takes."""

import io
from dataclasses import replace
from typing import Any

import pytest

from cli.tests.conftest import Chances
from cli.tests.service import PROMOTION_ID, Service, refused
from promojobs import Client, Job, Unreachable
from promojobs.output import Output, Watched, duration, size
from promojobs.values import Progress

JOB = Job("J", PROMOTION_ID, "code_generate", "processing", None, Progress(0, 1_000), {}, None, (), "", raw={})
ENDED = replace(JOB, status="completed", progress=None, result={"generated": 1_000})


def _watched(chances: Chances, **options: Any) -> tuple[Watched, io.StringIO]:
    stderr = io.StringIO()
    return Output(stderr=stderr, **options).progress("Generating", lambda: chances.now), stderr


@pytest.mark.parametrize("seconds", [10, 100, 1_000, 10_000])
def test_a_log_of_two_jobs_has_at_most_twelve_lines(chances: Chances, seconds: int) -> None:
    watched, told = _watched(chances)
    for second in range(seconds):
        chances.now = float(second)
        watched(replace(JOB, progress=Progress(1_000 * second // seconds, 1_000)))
    watched(ENDED)
    lines = told.getvalue().splitlines()
    assert lines[0] == "Generating: 0 %  0 of 1,000"
    assert lines[-1] == "Generating: 100 %  1,000 of 1,000"
    assert len(lines) == min(6, 2 + (seconds - 1) // 30)


def test_the_rate_is_that_of_the_last_seconds_and_no_time_is_negative(chances: Chances) -> None:
    watched, told = _watched(chances)
    for second, done in enumerate([0, 900, 900, *range(910, 990, 10)]):
        chances.now = 10.0 * second
        watched(replace(JOB, progress=Progress(done, 1_000)))
    assert "Generating: 90 %  900 of 1,000  0/s" not in told.getvalue()
    assert told.getvalue().splitlines()[1:] == ["Generating: 91 %  910 of 1,000  1/s  about 1 min 30 s left"]


def test_a_bar_is_drawn_in_one_line_that_the_end_leaves(chances: Chances) -> None:
    watched, drawn = _watched(chances, is_terminal=True)
    for job in (replace(JOB, status="pending", progress=None), JOB, replace(JOB, progress=Progress(500, 1_000)), ENDED):
        chances.now += 1
        watched(job)
    watched.stop()
    start, *pictures = drawn.getvalue().split("\r\x1b[K")
    assert start == ""
    assert pictures == [
        "░░░░░░░░░░░░░░░░░░░░ waiting",
        "░░░░░░░░░░░░░░░░░░░░ 0 %  0 of 1,000",
        "██████████░░░░░░░░░░ 50 %  500 of 1,000  500/s  about 5 s left",
        "████████████████████ 100 %  1,000 of 1,000\n",
    ]


def test_trouble_is_told_once_a_minute_below_the_bar(chances: Chances) -> None:
    watched, told = _watched(chances, is_terminal=True)
    watched(JOB)
    for _ in range(121):
        chances.now += 1
        watched.trouble(Unreachable("The service answered 503"))
    _, bar, *lines = told.getvalue().splitlines()
    assert bar.endswith("0 of 1,000")
    assert lines == ["The service answered 503. It is asked again."] * 3


def test_watching_goes_on_where_the_service_cannot_be_reached(service: Service, api: Client) -> None:
    job = api.generate(PROMOTION_ID, 1_000)
    service.faults["job"].extend([refused(503)] * 20)
    troubles: list[Unreachable] = []
    assert api.wait(job, on_trouble=troubles.append).status == "completed"
    assert [it.status for it in troubles] == [503] * 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "5 s"),
        (7, "5 s"),
        (57, "55 s"),
        (58, "1 min"),
        (60, "1 min"),
        (89, "1 min 30 s"),
        (3_600, "60 min"),
        (126, "2 min"),
    ],
)
def test_durations_are_rounded_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(999, "999 bytes"), (62_500_000, "62.5 MB"), (1_000, "1.0 kB"), (10**9, "1.0 GB")]
)
def test_sizes_are_in_units_of_a_thousand(number: int, text: str) -> None:
    assert size(number) == text
