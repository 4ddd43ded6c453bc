"""What is answered after its screen was left, or after the person signed out, changes nothing where they are now."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from local.stack import LocalStack
from tests.stack.console.browser import Tab, fulfil
from tests.stack.console.samples import RUNNING, MadeUp, at_ease, fault, promotion
from tests.stack.console.scene import (
    GENERATE,
    IMPORTING,
    JOB,
    PROMOTION,
    THE_JOB,
    Act,
    fill,
    import_it,
    press,
)

NEW = "/promotions/new"
A_MOMENT = 500


def _delete_codes(page: Page) -> None:
    press("Delete codes …")(page)
    page.get_by_text("500,000 codes stop working").wait_for()
    fill("Delete 500,000 codes", sure="500000")(page)


def _delete_promotion(page: Page) -> None:
    press("Delete the promotion …")(page)
    fill("Delete it", sure="Summer sale")(page)


NEW_PROMOTION = fill("Create the promotion", name="Autumn", amount="10", start="2026-09-01", end="2026-09-30")
CHANGES: dict[str, tuple[str, str, str, Act, dict[str, object]]] = {
    "generating": (GENERATE, "/jobs", "POST", press("Generate 1,000 codes"), RUNNING),
    "importing": (IMPORTING, "/jobs", "POST", import_it, RUNNING),
    "exporting": (PROMOTION, "/jobs", "POST", press("Export"), RUNNING),
    "deleting codes": (PROMOTION, "/jobs", "POST", _delete_codes, RUNNING),
    "a new promotion": (NEW, "/promotions", "POST", NEW_PROMOTION, promotion()),
    "its settings": (f"{PROMOTION}/settings", "/promotions/[^/]+", "PUT", fill("Save", name="Later"), promotion()),
    "deleting a promotion": (f"{PROMOTION}/settings", "/promotions/[^/]+", "DELETE", _delete_promotion, {}),
    "deleting a code": (
        "/code?q=x",
        "/codes/[^/]+",
        "DELETE",
        press("Delete this code …", "Delete the code"),
        {},
    ),
}
"""Change → its screen, what it asks for, how it is pressed, and the answer."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_done_after_its_screen_was_left_takes_a_person_nowhere(
    new_tab: Callable[..., Tab], change: str
) -> None:
    path, asked, method, act, data = CHANGES[change]
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.page.on("dialog", lambda question: question.accept())
    tab.open(path)
    tab.page.get_by_role("heading", level=1).wait_for()
    held = tab.hold(asked, method)
    act(tab.page)
    tab.wait_for(lambda: len(held) == 1)
    tab.open("/nowhere")
    tab.heading("There is no such page")
    tab.open(NEW)
    tab.heading("New promotion")
    tab.page.locator("#description").fill("Typed meanwhile")
    with tab.page.expect_event("requestfinished", lambda request: request == held[0].request):
        fulfil(held[0], {"data": data})
    tab.page.wait_for_timeout(A_MOMENT)
    assert tab.page.url.endswith(f"#{NEW}")
    assert tab.page.locator("#description").input_value() == "Typed meanwhile"
    assert tab.page.evaluate("() => dispatchEvent(new Event('beforeunload', { cancelable: true }))") is False


def test_a_job_whose_screen_was_left_while_it_was_cancelled_is_not_asked_for_any_more(
    new_tab: Callable[..., Tab],
) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    tab.open(JOB)
    tab.press("Cancel the job …")
    held = tab.hold("/cancel", "POST")
    tab.press("Cancel it, delete 312,000 codes")
    tab.wait_for(lambda: len(held) == 1)
    tab.open("/nowhere")
    tab.heading("There is no such page")
    before = len(tab.calls("GET"))
    fulfil(held[0], {"data": RUNNING | {"status": "cancelling"}})
    tab.page.get_by_text("Cancelling").wait_for()
    tab.page.wait_for_timeout(3 * A_MOMENT)
    assert len(tab.calls("GET")) == before


def test_what_is_typed_while_settings_are_saved_stays(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open(f"{PROMOTION}/settings")
    tab.page.locator("#name").fill("Autumn sale")
    held = tab.hold("/promotions/[^/]+", "PUT")
    tab.press("Save")
    tab.wait_for(lambda: len(held) == 1)
    tab.page.locator("#description").fill("Typed meanwhile")
    fulfil(held[0], {"data": promotion("Autumn sale")})
    tab.page.get_by_role("status").get_by_text("Saved").wait_for()
    assert tab.page.locator("#name").input_value() == "Autumn sale"
    assert tab.page.locator("#description").input_value() == "Typed meanwhile"
    tab.press("Save")
    tab.wait_for(lambda: len(held) == 2)
    assert held[1].request.post_data == '{"data":{"type":"promotion","description":"Typed meanwhile"}}'
    fulfil(held[1], {"data": promotion("Autumn sale", description="Typed meanwhile")})


@pytest.mark.parametrize("leaves", ["looking a code up", "signing out"])
def test_a_form_is_not_left_by_the_header_without_a_question(new_tab: Callable[..., Tab], leaves: str) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    asked = tab.refuse_dialogs()
    tab.open(NEW)
    tab.page.locator("#name").fill("Typed")
    if leaves == "signing out":
        tab.press("Sign out")
    else:
        tab.page.locator("#look").fill("summer-b7kd-9fzm")
        tab.page.keyboard.press("Enter")
    assert asked == ["confirm"]
    assert tab.page.locator("#name").input_value() == "Typed"


# Signing out


def test_what_waited_for_a_new_token_is_not_sent_for_who_signs_in_after_a_sign_out(
    new_tab: Callable[..., Tab], stack: LocalStack
) -> None:
    tab = new_tab()
    made_up = MadeUp(at_ease() | {r"POST promotions/[^/]+/jobs": fault(401, "Unauthorized")}).install(tab.page)
    tab.open(GENERATE)
    tab.press("Generate 1,000 codes")
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    dialog.get_by_role("button", name="Sign out").click()
    tab.heading("Sign in")
    made_up.answers = at_ease()
    before = len([it for it in tab.calls("POST") if "dry_run" not in it.url])
    _sign_in(tab, stack)
    tab.heading("Generate codes")
    tab.page.get_by_text("1 in 564,859").wait_for()
    assert len([it for it in tab.calls("POST") if "dry_run" not in it.url]) == before
    assert tab.page.evaluate("() => dispatchEvent(new Event('beforeunload', { cancelable: true }))") is True


def test_a_sign_in_that_is_answered_after_the_sign_out_has_no_effect(
    new_tab: Callable[..., Tab], stack: LocalStack
) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {r"GET promotions": fault(401, "Unauthorized")}).install(tab.page)
    tab.open()
    held = tab.hold("/oauth/access_token")
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    dialog.locator("#client-secret").fill(stack.client.client_secret)
    dialog.get_by_role("button", name="Sign in").click()
    tab.wait_for(lambda: len(held) == 1)
    dialog.get_by_role("button", name="Sign out").click()
    tab.heading("Sign in")
    fulfil(held[0], {"access_token": "0" * 40, "expires_in": 3600})
    tab.page.wait_for_timeout(A_MOMENT)
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert tab.page.evaluate("() => sessionStorage.length") == 0


def test_a_secret_that_was_typed_is_gone_with_the_sign_out(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {r"GET promotions": fault(401, "Unauthorized")}).install(tab.page)
    tab.open()
    dialog = tab.page.get_by_role("dialog", name="Your hour is over")
    dialog.locator("#client-secret").fill("not the secret")
    dialog.get_by_role("button", name="Sign in").click()
    dialog.get_by_text("The id or the secret is wrong").wait_for()
    dialog.get_by_role("button", name="Sign out").click()
    tab.heading("Sign in")
    assert tab.page.locator("#client-secret").input_value() == ""
    expect(tab.page.get_by_role("alert")).to_have_count(0)


def _sign_in(tab: Tab, stack: LocalStack) -> None:
    tab.page.locator("#client-id").fill(stack.client.client_id)
    tab.page.locator("#client-secret").fill(stack.client.client_secret)
    tab.press("Sign in")
