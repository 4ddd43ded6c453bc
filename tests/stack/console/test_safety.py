"""Nothing runs that is not the console's own, nothing is loaded from elsewhere, and texts are shown as texts."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.api import Api, send
from local.stack import LocalStack
from tests.stack.console.browser import Tab
from tests.stack.console.samples import MadeUp, at_ease, forecast, job, listing, promotion
from tests.stack.console.scene import DRY_RUN, JOB, PROMOTION, THE_JOB, THE_JOBS, THE_PROMOTION
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


def test_names_from_right_to_left_turn_nothing_beside_them(new_tab: Callable[..., Tab]) -> None:
    # The first turns all that follows it, and the second ends what would keep it apart.
    turning, hebrew = "\u202eSale\u2069\u202e", "מבצע קיץ"
    made = job(2, name=hebrew, result={"generated": 180_000})
    answers = {
        THE_PROMOTION: (200, {"data": promotion(turning)}),
        THE_JOBS: (200, listing([made])),
        THE_JOB: (200, {"data": made}),
        DRY_RUN: (200, {"data": forecast(180_000, None)}),
    }
    tab = new_tab()
    MadeUp(at_ease() | answers).install(tab.page)
    tab.open(JOB)
    tab.page.get_by_text("can be used").wait_for()
    assert tab.page.title() == f"Completed – \u2068{hebrew}\u2069 – Promotion Jobs"
    expect(tab.page.get_by_role("navigation", name="Where you are")).to_have_text("Promotions / \u2068Sale\u2069")
    tab.open(PROMOTION)
    tab.press("Delete codes …")
    expect(tab.page.get_by_role("dialog").get_by_role("heading")).to_have_text("Delete codes of \u2068Sale\u2069")
    option = tab.page.get_by_role("combobox", name="Job").locator("option")
    expect(option).to_have_text(f"\u2068{hebrew}\u2069, 1 Jun 2026: 180,000")
    assert tab.page.title() == "\u2068Sale\u2069 – Promotion Jobs"


@pytest.mark.parametrize(
    ("name", "typed"),
    [("\u202eSale\u2069", "Sale"), ("Summer  sale\u200b", "Summer sale"), ("Cafe\u0301", "Caf\u00e9")],
)
def test_a_promotion_is_deleted_by_its_name_as_it_is_seen(new_tab: Callable[..., Tab], name: str, typed: str) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {THE_PROMOTION: (200, {"data": promotion(name)})}).install(tab.page)
    tab.open(f"{PROMOTION}/settings")
    tab.press("Delete the promotion …")
    button = tab.page.get_by_role("button", name="Delete it")
    tab.page.locator("#sure").fill(f"{typed}s")
    expect(button).to_be_disabled()
    tab.page.locator("#sure").fill(typed)
    expect(button).to_be_enabled()


def test_a_browser_that_may_keep_nothing_shows_the_console_until_it_is_loaded_again(
    new_tab: Callable[..., Tab], stack: LocalStack
) -> None:
    tab = new_tab(signed_in=False)
    tab.page.add_init_script(
        """
        for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("Denied", "SecurityError"); } });
        }
        """
    )
    tab.open()
    tab.heading("Sign in")
    tab.page.locator("#client-id").fill(stack.client.client_id)
    tab.page.locator("#client-secret").fill(stack.client.client_secret)
    tab.press("Sign in")
    tab.heading("Promotions")
    tab.press("Light or dark")
    assert tab.page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    tab.press("Sign out")
    tab.heading("Sign in")


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
