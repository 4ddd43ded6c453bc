"""How the console asks: once for what is pressed twice; and what was typed outlives the network and the token."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from local.api import Api
from local.stack import LocalStack
from tests.stack.console import samples
from tests.stack.console.browser import Tab, fulfil, service_of
from tests.stack.console.samples import MadeUp, fault, forecast, promotion
from tests.stack.console.scene import (
    DRY_RUN,
    GENERATE,
    PROMOTION,
    THE_PROMOTION,
)
from tests.stack.journeys import new_promotion, paused_worker

LIVE = {"start": "2026-01-01", "end": "2099-12-31", "enabled": True}
CREATION = re.compile(r"/jobs$")


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
        tab.wait_for(lambda: asked == ["beforeunload"])
    assert tab.page.locator("#name").input_value() == "Typed"
