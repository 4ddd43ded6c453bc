"""Nothing runs that is not the console's own, nothing is loaded from elsewhere, and texts are shown as texts."""

import time
from collections.abc import Callable

from playwright.sync_api import expect

from local.api import Api, send
from local.stack import LocalStack
from tests.stack.console.browser import Tab
from tests.stack.journeys import finished, new_promotion

HOSTILE = "<img src=x onerror=alert(1)>"
HOSTILE_JOB = '"><script>alert(1)</script>'
SECONDS = 1


def test_names_that_are_markup_are_shown_as_they_are(new_tab: Callable[..., Tab], api: Api) -> None:
    promotion = new_promotion(api, name=HOSTILE, description=HOSTILE, start="2026-01-01", end="2099-12-31")
    data = {
        "type": "promotion_job",
        "job_type": "code_generate",
        "name": HOSTILE_JOB,
        "parameters": {"number_of_codes": 3, "code_prefix": "hostile"},
    }
    job = api.call("POST", f"/v2/promotions/{promotion}/jobs", {"data": data}).json["data"]["id"]
    finished(api, promotion, job)
    tab = new_tab()
    asked = tab.refuse_dialogs()
    tab.open("/promotions")
    expect(tab.page.get_by_role("link", name=HOSTILE).first).to_be_visible()
    for path, text in {
        "": HOSTILE_JOB,
        "/codes": HOSTILE_JOB,
        "/uses": HOSTILE,
        "/settings": HOSTILE,
        "/generate": HOSTILE,
        f"/jobs/{job}": HOSTILE_JOB,
    }.items():
        tab.open(f"/promotions/{promotion}{path}")
        expect(tab.page.get_by_text(text).first).to_be_visible()
    tab.open(f"/code?q={HOSTILE}")
    expect(tab.page.get_by_role("heading", level=1, name=HOSTILE)).to_be_visible()
    assert tab.page.locator("main img, main script").count() == 0
    assert asked == []


def test_the_page_of_the_api_runs_under_the_same_policy(new_tab: Callable[..., Tab], stack: LocalStack) -> None:
    tab = new_tab(signed_in=False)
    tab.page.goto(f"{stack.base_url}/docs")
    tab.page.get_by_role("heading", name="schemas").wait_for()
    assert tab.violations() == []
    assert tab.origins() == set()


def test_the_page_may_call_no_place_but_its_own_and_the_bucket(stack: LocalStack, new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    tab.open()
    tab.heading("Promotions")
    other = stack.aws_endpoint_url.replace("127.0.0.1", "localhost")
    for origin, is_let in {stack.base_url: True, stack.aws_endpoint_url: True, other: False}.items():
        answered = "(url) => fetch(url, { mode: 'no-cors' }).then(() => true, () => false)"
        assert tab.page.evaluate(answered, f"{origin}/") == is_let
    assert tab.violations() == [f"connect-src {other}/"]
    tab.page.evaluate("() => (window.violations = [])")
    tab.faults.clear()


def test_the_first_view_of_a_running_stack_is_there_within_a_second(
    new_tab: Callable[..., Tab], stack: LocalStack
) -> None:
    send("GET", f"{stack.base_url}/console")
    tab = new_tab(signed_in=False)
    tab.open()
    tab.heading("Sign in")
    # Again, with nothing of it in the browser, and its functions awake.
    other = new_tab(signed_in=False)
    began = time.monotonic()
    other.open()
    other.heading("Sign in")
    assert time.monotonic() - began < SECONDS or _is_busy()


def _is_busy() -> bool:
    """On a machine that other work keeps from it, a second says nothing."""
    import os  # noqa: PLC0415

    return os.getloadavg()[0] > (os.cpu_count() or 1)
