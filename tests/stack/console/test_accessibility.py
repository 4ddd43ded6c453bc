"""For those who use a keyboard, a screen reader, large letters or a small screen (axe itself is in test_scenes.py)."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import expect

from local.stack import LocalStack
from tests.stack.console.browser import Tab
from tests.stack.console.samples import RUNNING, MadeUp, at_ease, code, fault, forecast, job, listing, progress
from tests.stack.console.scene import DRY_RUN, GENERATE, JOB, NEW_JOB, PROMOTION, THE_CODES, THE_JOB
from tests.stack.console.test_scenes import AXE, broken_rules
from tests.stack.journeys import eventually

TAB_STOPS = 60
A_FRAME = 100
"""Milliseconds after which the browser has taken the focus from what cannot have it any more."""


def tab_to(tab: Tab, name: str) -> None:
    """Presses Tab until the focus is on what has this name."""
    for _ in range(TAB_STOPS):
        tab.page.keyboard.press("Tab")
        focused = tab.page.evaluate(
            "() => document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText"
        )
        if str(focused).strip().startswith(name):
            return
    pytest.fail(f"{name} is not reached by the keyboard")


def test_the_whole_way_goes_by_the_keyboard_alone(new_tab: Callable[..., Tab], stack: LocalStack) -> None:
    tab = new_tab(signed_in=False)
    keyboard = tab.page.keyboard
    tab.open()
    tab.heading("Sign in")
    tab_to(tab, "Client ID")
    keyboard.type(stack.client.client_id)
    tab_to(tab, "Client secret")
    keyboard.type(stack.client.client_secret)
    keyboard.press("Enter")
    tab.heading("Promotions")
    tab_to(tab, "New promotion")
    keyboard.press("Enter")
    tab.heading("New promotion")
    tab_to(tab, "Name")
    keyboard.type("By keyboard")
    tab_to(tab, "Amount")
    keyboard.type("10")
    for label, day in {"First day": "06012026", "Last day, included": "12312099"}.items():
        tab_to(tab, label)
        keyboard.type(day)
    keyboard.press("Enter")
    tab.heading("By keyboard")
    tab_to(tab, "Generate codes")
    keyboard.press("Enter")
    tab.heading("Generate codes")
    tab_to(tab, "How many")
    keyboard.press("Control+A")
    keyboard.type("10")
    keyboard.press("Enter")
    tab.heading("Generate job without a name")
    tab.page.get_by_text("can be used").wait_for()
    tab_to(tab, "Delete these codes …")
    keyboard.press("Enter")
    tab.page.get_by_text("10 codes stop working").wait_for()
    tab_to(tab, "Type 10 to go on")
    keyboard.type("10")
    keyboard.press("Enter")
    tab.page.get_by_text("10 codes deleted").wait_for()


@pytest.mark.parametrize("link", ["Codes", "Uses", "Settings", "For the print shop"])
def test_the_focus_is_on_the_heading_after_a_way_was_gone(new_tab: Callable[..., Tab], link: str) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open(PROMOTION)
    tab.page.get_by_role("link", name=link, exact=True).click()
    expect(tab.page.get_by_role("heading", level=1)).to_be_focused()


@pytest.mark.parametrize("ends", ["Escape", "Let it run"])
def test_the_focus_returns_from_a_dialog_to_what_opened_it(new_tab: Callable[..., Tab], ends: str) -> None:
    tab = new_tab()
    MadeUp({**at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.open(JOB)
    tab.press("Cancel the job …")
    expect(tab.page.get_by_role("button", name="Let it run")).to_be_focused()
    if ends == "Escape":
        tab.page.keyboard.press("Escape")
    else:
        tab.press("Let it run")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    expect(tab.page.get_by_role("button", name="Cancel the job …")).to_be_focused()
    assert tab.calls("POST") == []


CANCEL = r"POST promotions/[^/]+/jobs/[^/]+/cancel"
BESIDE: dict[str, tuple[str, str, str]] = {
    "an export": (PROMOTION, NEW_JOB, "Export"),
    "generating": (GENERATE, NEW_JOB, "Generate 1,000 codes"),
    "settings": (f"{PROMOTION}/settings", r"PUT promotions/[^/]+", "Save"),
}


@pytest.mark.parametrize("change", BESIDE)
def test_the_focus_stays_on_a_button_whose_change_was_refused(new_tab: Callable[..., Tab], change: str) -> None:
    path, asked, name = BESIDE[change]
    tab = new_tab()
    MadeUp(at_ease() | {asked: fault(409, "Conflict", "Write conflict detected")}).install(tab.page)
    tab.open(path)
    button = tab.page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    button.focus()
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text("Write conflict detected").wait_for()
    tab.page.wait_for_timeout(A_FRAME)
    expect(button).to_be_focused()


def test_the_focus_is_on_the_heading_when_the_button_that_had_it_is_gone(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    undone = RUNNING | {"status": "cancelling"}
    made_up = MadeUp(at_ease() | {THE_JOB: (200, {"data": RUNNING}), CANCEL: (202, {"data": undone})}).install(tab.page)
    tab.open(JOB)
    tab.press("Cancel the job …")
    made_up.answers[THE_JOB] = (200, {"data": undone})
    tab.press("Cancel it, delete 312,000 codes")
    tab.page.get_by_text("Removing what it made").wait_for()
    tab.page.wait_for_timeout(A_FRAME)
    expect(tab.page.get_by_role("heading", level=1)).to_be_focused()


def test_the_focus_is_on_the_heading_when_the_code_that_was_deleted_is_gone(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp(at_ease() | {r"DELETE promotions/[^/]+/codes/[^/]+": (204, "")}).install(tab.page)
    tab.open(f"{PROMOTION}/codes")
    tab.press("Delete summer-b7kd-9fzm …")
    made_up.answers[THE_CODES] = (200, listing([code(1)]))
    tab.press("Delete the code")
    tab.page.get_by_text("summer-b7kd-9fzm").wait_for(state="detached")
    tab.page.wait_for_timeout(A_FRAME)
    expect(tab.page.get_by_role("heading", level=1)).to_be_focused()


def test_the_focus_returns_to_where_it_was_when_a_person_has_signed_in_again(
    new_tab: Callable[..., Tab], stack: LocalStack
) -> None:
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    tab.open(GENERATE)
    tab.page.get_by_text("1 in 564,859").wait_for()
    made_up.answers = at_ease() | {DRY_RUN: fault(401, "Unauthorized")}
    tab.page.locator("#name").fill("July")
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    secret = dialog.locator("#client-secret")
    expect(secret).to_be_focused()
    secret.fill(stack.client.client_secret)
    made_up.answers = at_ease()
    tab.page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    tab.page.wait_for_timeout(A_FRAME)
    expect(tab.page.locator("#name")).to_be_focused()


def test_a_button_that_is_off_looks_the_same_under_the_pointer(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    full = forecast(600_000, room_is_enough=False)
    MadeUp(at_ease() | {DRY_RUN: (200, {"data": full})}).install(tab.page)
    tab.open(GENERATE)
    button = tab.page.get_by_role("button", name="Generate 1,000 codes")
    expect(button).to_be_disabled()

    def colours() -> object:
        return button.evaluate("(it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]")

    before = colours()
    button.hover(force=True)
    assert button.evaluate("(it) => it.matches(':hover')")
    assert colours() == before


def test_a_slash_goes_to_the_field_that_looks_codes_up(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open()
    tab.heading("Promotions")
    tab.page.keyboard.press("/")
    expect(tab.page.get_by_role("searchbox")).to_be_focused()
    tab.page.keyboard.type("a/b")
    assert tab.page.get_by_role("searchbox").input_value() == "a/b"


def test_a_job_is_told_of_aloud_six_times_at_the_most(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    done = 0

    def answer(_: object) -> tuple[int, object]:
        nonlocal done
        done = min(done + 25_000, 500_000)
        status = "completed" if done == 500_000 else "processing"
        meta = {} if done == 500_000 else {"progress": progress(done)}
        return 200, {"data": job(status=status, meta=meta, result={"generated": 500_000})}

    MadeUp({**at_ease(), THE_JOB: answer}).install(tab.page)
    tab.page.add_init_script(
        """
        window.spoken = [];
        addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
          const text = document.querySelector("[role=status]")?.textContent;
          if (text && spoken.at(-1) !== text) spoken.push(text);
        }).observe(document, { subtree: true, childList: true, characterData: true }));
        """
    )
    tab.open(JOB)
    tab.page.get_by_text("can be used").wait_for()
    spoken = tab.page.evaluate("() => spoken")
    name = "Codes for the July mailing"
    assert spoken == [f"{name}: {it}" for it in ("Running", "25 % done", "50 % done", "75 % done", "Completed")]


def test_nothing_moves_for_those_who_want_no_motion(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(reduced_motion="reduce")
    MadeUp({**at_ease(), THE_JOB: (200, {"data": job(status="pending")})}).install(tab.page)
    tab.open(JOB)
    tab.page.get_by_text("Waiting since").wait_for()
    moving = "() => document.getAnimations().filter((it) => it.playState === 'running').length"
    assert tab.page.evaluate(moving) == 0


def test_light_and_dark_are_the_systems_until_the_button_says_otherwise(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(color_scheme="dark")
    MadeUp().install(tab.page)
    tab.open()
    tab.heading("Promotions")

    def is_dark() -> bool:
        return "rgb(16, 18, 20)" in str(tab.page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    assert is_dark()
    tab.press("Light or dark")
    assert not is_dark()
    tab.page.reload()
    tab.heading("Promotions")
    eventually(lambda: not is_dark())
    tab.press("Light or dark")
    assert is_dark()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_the_network_the_page_is_accessible_as_well(
    new_tab: Callable[..., Tab], theme: Literal["light", "dark"]
) -> None:
    tab = new_tab()
    tab.page.add_init_script(AXE)
    tab.page.emulate_media(color_scheme=theme)
    MadeUp({**at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.open(JOB)
    tab.page.get_by_text("312,000").first.wait_for()
    tab.page.context.set_offline(True)
    tab.page.route("**/v2/**", lambda route: route.abort())
    tab.page.get_by_text("cannot be reached").wait_for()
    assert broken_rules(tab.page) == []
    tab.faults.clear()  # the browser's notes of what it could not send
