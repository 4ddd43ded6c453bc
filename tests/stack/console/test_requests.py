"""How the console asks: once for what is pressed twice, never two polls at a time, the newest answer wins, and what
was typed outlives the network and the token.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Error, Request, Route, expect

from local.api import Api
from local.stack import LocalStack
from promotion_jobs.values import to_text
from tests.stack.console import samples
from tests.stack.console.browser import Tab, fulfil, service_of
from tests.stack.console.samples import RUNNING, MadeUp, fault, forecast, job, progress, promotion
from tests.stack.console.scene import DRY_RUN, GENERATE, JOB, PROMOTION, THE_JOB, THE_JOBS, THE_PROMOTION
from tests.stack.journeys import eventually, new_promotion, paused_worker

LIVE = {"start": "2026-01-01", "end": "2099-12-31", "enabled": True}
CREATION = re.compile(r"/jobs$")
THE_POLL = re.compile(rf"/jobs/{samples.JOBS[0]}$")
NEWER = job(status="processing", meta={"progress": progress(400_000)})


def jobs_of(api: Api, promotion_id: str) -> list[Any]:
    jobs: list[Any] = api.call("GET", f"/v2/promotions/{promotion_id}/jobs").json["data"]
    return jobs


# One job for one form


def test_a_double_press_makes_one_job(new_tab: Callable[..., Tab], stack: LocalStack, api: Api) -> None:
    promotion_id = new_promotion(api, **LIVE)
    tab = new_tab()
    tab.open(f"/promotions/{promotion_id}/generate")
    button = tab.page.get_by_role("button", name="Generate 1,000 codes")
    with paused_worker(stack):
        button.evaluate("(button) => { button.click(); button.click(); }")
        tab.heading("Generate job without a name")
        assert len(jobs_of(api, promotion_id)) == 1
    assert len([it for it in tab.calls("POST", "/jobs") if CREATION.search(it.url)]) == 1


def test_a_double_press_downloads_one_file_and_a_later_one_another(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(accept_downloads=True)
    MadeUp().install(tab.page)
    tab.open(PROMOTION)
    held = tab.hold("/file")
    button = tab.page.get_by_role("button", name="Download the CSV of For the print shop")

    def press_twice() -> int:
        """How often a link was asked for so far."""
        before = len(held)
        button.dblclick()
        tab.wait_for(lambda: len(held) > before)
        tab.page.wait_for_timeout(300)
        with tab.page.expect_download():
            fulfil(held[-1], {"files": [samples.FILE | {"href": "v2/bucket/report", "name": "x"}]})
        return len(held)

    assert [press_twice(), press_twice()] == [1, 2]


def test_a_press_after_a_lost_answer_finds_the_job_that_was_made(new_tab: Callable[..., Tab], api: Api) -> None:
    promotion_id = new_promotion(api, **LIVE)
    tab = new_tab()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    tab.page.route(
        CREATION, lambda route: lose(route) if route.request.method == "POST" else route.continue_(), times=1
    )
    tab.open(f"/promotions/{promotion_id}/generate")
    tab.press("Generate 1,000 codes")
    tab.page.get_by_text("Press again: the same request makes one job.").wait_for()
    tab.press("Generate 1,000 codes")
    tab.heading("Generate job without a name")
    assert len(jobs_of(api, promotion_id)) == 1
    asked = [it for it in tab.calls("POST", "/jobs") if CREATION.search(it.url)]
    assert len({it.headers["idempotency-key"] for it in asked}) == 1 < len(asked)
    tab.faults.clear()  # the browser's note of the lost answer


def test_a_form_that_was_changed_has_another_key(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    made_up.answers[r"POST promotions/[^/]+/jobs"] = fault(503, "Service Unavailable", "Try again later")
    tab.open(GENERATE)
    for count in ("1,000", "1,000", "2,000"):
        tab.page.locator("#count").fill(count)
        tab.press(f"Generate {count} codes")
        tab.page.get_by_text("It is not known whether the job was started").wait_for()
    first, second, third = [it.headers["idempotency-key"] for it in tab.calls("POST") if CREATION.search(it.url)]
    assert first == second != third


# Polling


def polled(tab: Tab) -> int:
    return len([it for it in tab.requests if THE_POLL.search(it.url)])


def test_a_slow_api_is_never_asked_twice_at_a_time(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(THE_POLL, lambda route: held.append(route))  # noqa: PLW0108
    tab.open(JOB)
    eventually(lambda: _pumped(tab, lambda: len(held) == 1))
    tab.page.wait_for_timeout(3_500)
    assert len(held) == 1
    fulfil(held[0], {"data": RUNNING})
    eventually(lambda: _pumped(tab, lambda: len(held) == 2))


def _pumped(tab: Tab, is_true: Callable[[], bool]) -> bool:
    """Handlers of routes run while Playwright waits."""
    tab.page.wait_for_timeout(50)
    return is_true()


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


def test_the_newest_answer_stays_when_an_older_one_comes_later(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(re.compile("dry_run"), lambda route: held.append(route))  # noqa: PLW0108
    tab.open(GENERATE)
    eventually(lambda: _pumped(tab, lambda: len(held) == 1))
    tab.page.locator("#count").fill("2000")
    eventually(lambda: _pumped(tab, lambda: len(held) == 2))
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


# The network


def test_without_the_network_the_page_says_so_keeps_what_it_shows_and_recovers_by_itself(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    promotion_id = new_promotion(api, **LIVE)
    tab = new_tab()
    with paused_worker(stack):
        tab.open(f"/promotions/{promotion_id}/generate")
        tab.press("Generate 1,000 codes")
        tab.page.get_by_text("Waiting since").wait_for()
        tab.page.context.set_offline(True)
        banner = tab.page.get_by_text(re.compile("cannot be reached. What you see is from [0-9:]{8}; jobs go on"))
        banner.wait_for()
        expect(tab.page.get_by_role("button", name="Cancel the job …")).to_be_disabled()
        expect(tab.page.get_by_text("Waiting since")).to_be_visible()
        tab.page.context.set_offline(False)
        banner.wait_for(state="detached")
        expect(tab.page.get_by_role("button", name="Cancel the job …")).to_be_enabled()
    tab.page.get_by_text("can be used").wait_for()
    tab.faults.clear()  # the browser's notes of what it could not send


# The token


def test_a_token_that_is_over_asks_for_the_secret_and_loses_nothing(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    promotion_id = new_promotion(api, **LIVE)
    tab = new_tab()
    tab.open(f"/promotions/{promotion_id}/generate")
    tab.page.locator("#name").fill("Typed before the token was over")
    tab.page.get_by_text("1 in 282,429,536").wait_for()

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            fulfil(route, {"errors": [{"status": 401, "title": "Unauthorized"}]}, 401)
        else:
            route.continue_()

    tab.page.route(CREATION, refuse, times=1)
    tab.press("Generate 1,000 codes")
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    dialog.wait_for()
    assert dialog.locator("#client-id").input_value() == stack.client.client_id
    assert tab.page.locator("#name").input_value() == "Typed before the token was over"
    dialog.locator("#client-secret").fill(stack.client.client_secret)
    dialog.get_by_role("button", name="Sign in").click()
    tab.heading("Typed before the token was over")
    first, second = [it for it in tab.calls("POST") if CREATION.search(it.url)]
    assert _without_token(first) == _without_token(second)
    assert first.headers["authorization"] != second.headers["authorization"]
    assert len(jobs_of(api, promotion_id)) == 1


def _without_token(request: Request) -> tuple[str, Any, str]:
    return request.url, json.loads(request.post_data or ""), request.headers["idempotency-key"]


def test_a_client_that_was_revoked_cannot_go_on_and_signs_out(new_tab: Callable[..., Tab], stack: LocalStack) -> None:
    service = service_of(stack)
    service.tokens.register_client("revoked", "ab" * 20, "Gone")
    service.tokens.revoke_client("revoked")
    tab = new_tab(as_=Api(stack.base_url, "0" * 40))
    tab.open()
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    dialog.locator("#client-id").fill("revoked")
    dialog.locator("#client-secret").fill("ab" * 20)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.get_by_text("The id or the secret is wrong, or the client was revoked.").wait_for()
    dialog.get_by_role("button", name="Sign out").click()
    tab.heading("Sign in")
    assert tab.page.evaluate("() => sessionStorage.length") == 0


def test_a_link_signs_in_and_its_token_is_nowhere_but_in_the_tab(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    tab = new_tab(signed_in=False)
    tab.page.goto(f"{stack.base_url}/console#token={api.token}")
    tab.heading("Promotions")
    assert tab.page.url == f"{stack.base_url}/console#/promotions"
    tab.page.go_back()
    assert api.token not in tab.page.url
    tab.page.go_forward()
    tab.heading("Promotions")
    kept = tab.page.evaluate("() => [JSON.stringify({ ...localStorage }), document.cookie, document.body.innerText]")
    assert api.token not in "".join(kept)
    assert all(api.token not in it.url and api.token not in it.headers.get("referer", "") for it in tab.requests)
    tab.press("Sign out")
    tab.heading("Sign in")
    assert tab.page.evaluate("() => sessionStorage.length") == 0


def test_the_secret_is_sent_once_and_kept_nowhere(new_tab: Callable[..., Tab], stack: LocalStack) -> None:
    tab = new_tab(signed_in=False)
    tab.open()
    tab.page.locator("#client-id").fill(stack.client.client_id)
    tab.page.locator("#client-secret").fill(stack.client.client_secret)
    tab.press("Sign in")
    tab.heading("Promotions")
    expect(tab.page.get_by_text("60 min left")).to_be_visible()
    kept = tab.page.evaluate("() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert stack.client.client_secret not in kept
    sent = [it for it in tab.requests if stack.client.client_secret in (it.post_data or "") + it.url]
    assert [it.url for it in sent] == [f"{stack.base_url}/oauth/access_token"]


@pytest.mark.parametrize("leaves", ["a click on a link", "closing the tab"])
def test_a_form_asks_before_it_is_left_only_if_something_was_typed(new_tab: Callable[..., Tab], leaves: str) -> None:
    tab = new_tab()
    MadeUp(
        {**samples.at_ease(), THE_PROMOTION: (200, {"data": promotion()}), DRY_RUN: (200, {"data": forecast()})}
    ).install(tab.page)
    asked = tab.refuse_dialogs()
    tab.open("/promotions/new")
    tab.heading("New promotion")
    tab.page.locator("#name").fill("Typed")
    if leaves == "a click on a link":
        tab.page.get_by_role("link", name="Back").click()
        assert asked == ["confirm"]
    else:
        tab.page.close(run_before_unload=True)
        eventually(lambda: _pumped(tab, lambda: asked == ["beforeunload"]))
    assert tab.page.locator("#name").input_value() == "Typed"
