"""How the console asks: never two polls at a time, the newest answer wins, and no more than there is a reason for."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Error, Request, Route, expect

from promotion_jobs.values import to_text
from tests.stack.console import samples
from tests.stack.console.browser import Tab, fulfil
from tests.stack.console.samples import RUNNING, MadeUp, fault, forecast, job, promotion
from tests.stack.console.scene import (
    DRY_RUN,
    GENERATE,
    IMPORTING,
    JOB,
    PROMOTION,
    THE_JOB,
    THE_JOBS,
    THE_PROMOTION,
    choose,
)

THE_POLL = re.compile(rf"/jobs/{samples.JOBS[0]}$")


def polled(tab: Tab) -> int:
    return len([it for it in tab.requests if THE_POLL.search(it.url)])


def test_a_slow_api_is_never_asked_twice_at_a_time(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(THE_POLL, lambda route: held.append(route))  # noqa: PLW0108
    tab.open(JOB)
    tab.wait_for(lambda: len(held) == 1)
    tab.page.wait_for_timeout(3_500)
    assert len(held) == 1
    fulfil(held[0], {"data": RUNNING})
    tab.wait_for(lambda: len(held) == 2)


def test_a_hidden_tab_asks_twice_a_minute_and_a_shown_one_at_once(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp({**samples.at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.page.clock.install()
    tab.open(JOB)
    tab.page.get_by_text("312,000").first.wait_for()
    _show(tab, hidden=True)
    tab.page.clock.run_for(2_000)  # the poll that was due
    tab.page.wait_for_timeout(300)
    before = polled(tab)
    for _ in range(20):
        tab.page.clock.run_for(30_000)
        tab.page.wait_for_timeout(50)
    assert 10 <= polled(tab) - before <= 20
    before = polled(tab)
    _show(tab, hidden=False)
    tab.page.wait_for_timeout(300)
    assert polled(tab) == before + 1


def test_a_hidden_form_waits_for_the_end_of_another_job_as_rarely(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp({**samples.at_ease(), DRY_RUN: (200, {"data": forecast(lock_is_free=False)})}).install(tab.page)
    tab.page.clock.install()
    tab.open(GENERATE)
    tab.page.clock.run_for(1_000)
    tab.page.get_by_text("Another job runs").wait_for()
    _show(tab, hidden=True)
    tab.page.clock.run_for(3_000)  # the question that was due
    tab.page.wait_for_timeout(300)
    before = len(tab.calls("POST"))
    for _ in range(20):  # a minute
        tab.page.clock.run_for(3_000)
        tab.page.wait_for_timeout(50)
    assert len(tab.calls("POST")) - before == 2
    made_up.answers[DRY_RUN] = (200, {"data": forecast()})
    _show(tab, hidden=False)
    tab.page.get_by_text("Another job runs").wait_for(state="detached")


def _show(tab: Tab, *, hidden: bool) -> None:
    tab.page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "60"},
        {"Retry-After": "Wed, 21 Oct 2026 07:29:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"},
    ],
)
def test_a_throttled_poll_waits_for_as_long_as_it_is_told(new_tab: Callable[..., Tab], headers: dict[str, str]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)

    def answer(route: Route) -> None:
        if polled(tab) == 1:
            fulfil(route, {"errors": [{"status": "429", "title": "Too Many Requests"}]}, 429, headers)
        else:
            fulfil(route, {"data": RUNNING})

    tab.page.route(THE_POLL, answer)
    tab.page.clock.install()
    tab.open(JOB)
    tab.page.get_by_text(re.compile("Too Many Requests.*Trying again in [4-6][0-9] s", re.DOTALL)).wait_for()
    tab.page.clock.run_for(30_000)
    tab.page.wait_for_timeout(300)
    assert polled(tab) == 1
    tab.page.clock.run_for(40_000)
    tab.page.get_by_text("312,000").first.wait_for()


def test_polling_ends_with_the_job(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp({**samples.at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.open(JOB)
    tab.page.get_by_text("312,000").first.wait_for()
    made_up.answers[THE_JOB] = (200, {"data": job(result={"generated": 500_000})})
    tab.page.get_by_text("can be used").wait_for()
    before = polled(tab)
    tab.page.wait_for_timeout(3_000)
    assert polled(tab) == before


def test_a_list_of_promotions_is_asked_for_until_it_shows_what_the_job_made(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    ended = job(result={"generated": 500_000})

    def answer(_: Request) -> tuple[int, Any]:
        # Its job ends after the first list, and before it is asked for.
        listed = len(tab.calls("GET", "/v2/promotions")) - polled(tab)
        return 200, samples.listing([promotion(codes=samples.OPEN) if listed == 1 else promotion(name="Made")])

    MadeUp({**samples.at_ease(), r"GET promotions": answer, THE_JOB: (200, {"data": ended})}).install(tab.page)
    tab.open()
    tab.page.get_by_role("link", name="Made").wait_for()
    before = len(tab.calls())
    tab.page.wait_for_timeout(3_000)
    assert len(tab.calls()) == before


def test_a_promotion_that_is_deleted_while_the_list_is_read_hides_no_other(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    gone = promotion("Deleted meanwhile", codes=samples.OPEN)
    answers = {
        r"GET promotions": (200, samples.listing([gone, promotion("There", 1)])),
        THE_JOB: fault(404, "Not Found", "promotion not found"),
    }
    MadeUp({**samples.at_ease(), **answers}).install(tab.page)
    tab.open()
    tab.page.get_by_role("link", name="There").wait_for()
    expect(tab.page.get_by_role("alert")).to_have_count(0)


def test_the_time_of_a_job_that_runs_goes_on_in_the_list_of_jobs(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    now = to_text(datetime.now(UTC))
    running = RUNNING | {"meta": RUNNING["meta"] | {"timestamps": {"created_at": now, "updated_at": now}}}
    answers = {
        THE_PROMOTION: (200, {"data": promotion(codes=samples.OPEN)}),
        THE_JOBS: (200, samples.listing([running])),
        THE_JOB: (200, {"data": running}),
    }
    MadeUp({**samples.at_ease(), **answers}).install(tab.page)
    tab.open(PROMOTION)
    tab.page.get_by_text(re.compile(r"^[2-9] s so far$")).wait_for()
    assert len(tab.calls("GET", "/jobs?")) + len([it for it in tab.calls("GET") if it.url.endswith("/jobs")]) == 1


AWAITED = {
    "its settings": (f"{PROMOTION}/settings", "Delete the promotion …"),
    "its codes": (f"{PROMOTION}/codes", "Export all 188,000"),
    "another job": (JOB, "Export these codes"),
    "the forms": (IMPORTING, "Import the codes"),
}


@pytest.mark.parametrize("page", AWAITED)
def test_what_waits_for_the_end_of_a_job_can_be_pressed_when_it_has_ended(
    new_tab: Callable[..., Tab], page: str
) -> None:
    path, name = AWAITED[page]
    tab = new_tab()
    locked = promotion(codes=samples.OPEN | {"open_job": samples.JOBS[9]})
    ended = job(result={"generated": 500_000})
    answers = {THE_PROMOTION: (200, {"data": locked}), THE_JOB: (200, {"data": ended})}
    made_up = MadeUp({**samples.at_ease(), **answers}).install(tab.page)
    tab.open(path)
    if page == "the forms":
        choose()(tab.page)
    button = tab.page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_disabled()
    expect(tab.page.get_by_text(re.compile("job runs in"))).to_be_visible()
    made_up.answers[THE_PROMOTION] = (200, {"data": promotion()})
    expect(button).to_be_enabled()
    before = len(tab.calls())
    tab.page.wait_for_timeout(4_000)
    assert len(tab.calls()) == before


def test_a_running_job_that_cannot_be_loaded_is_told_of_with_what_waits_for_it(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    answers = {
        THE_PROMOTION: (200, {"data": promotion(codes=samples.OPEN)}),
        THE_JOB: fault(500, "Internal Server Error", "Report it with your request id"),
    }
    made_up = MadeUp({**samples.at_ease(), **answers}).install(tab.page)
    tab.open(PROMOTION)
    tab.page.get_by_text("The job that runs could not be loaded").wait_for()
    for name in ("Generate codes", "Import", "Export", "Delete codes …"):
        button = tab.page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_disabled()
        expect(button).to_have_accessible_description(re.compile("one job at a time"))
    made_up.answers[THE_JOB] = (200, {"data": RUNNING})
    tab.page.get_by_role("button", name="Cancel the job …").wait_for()
    expect(tab.page.get_by_role("alert")).to_have_count(0)


def test_the_newest_answer_stays_when_an_older_one_comes_later(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(re.compile("dry_run"), lambda route: held.append(route))  # noqa: PLW0108
    tab.open(GENERATE)
    tab.wait_for(lambda: len(held) == 1)
    tab.page.locator("#count").fill("2000")
    tab.wait_for(lambda: len(held) == 2)
    older, newer = held
    fulfil(newer, {"data": forecast(2_000, "1 in 222")})
    tab.page.get_by_text("1 in 222").wait_for()
    with suppress(Error):  # the console has given it up already
        fulfil(older, {"data": forecast(1_000, "1 in 111")})
    tab.page.wait_for_timeout(500)
    expect(tab.page.get_by_text("1 in 222")).to_be_visible()
    expect(tab.page.get_by_text("1 in 111")).to_have_count(0)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_the_time_left_does_not_depend_on_the_browsers_clock(new_tab: Callable[..., Tab], minutes: int) -> None:
    tab = new_tab()
    MadeUp({**samples.at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.page.add_init_script(f"const now = Date.now; Date.now = () => now() + {minutes} * 60_000;")
    tab.open(JOB)
    expect(tab.page.locator(".facts").get_by_text("about 50 s", exact=True)).to_be_visible()
