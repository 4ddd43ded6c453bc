"""A promotions manager and the real stack, from signing in to a file whose checksum is the job's."""

import re
from collections.abc import Callable
from hashlib import sha256
from secrets import token_hex
from urllib.parse import urlsplit

from playwright.sync_api import expect

from local.api import Api
from local.stack import Client, LocalStack
from promotion_jobs.tokens.token import Right
from tests.stack.console.browser import Tab, service_of
from tests.stack.journeys import eventually, finished, get_job, new_job, new_promotion, paused_worker

LIVE = {"start": "2026-01-01", "end": "2099-12-31", "enabled": True}
LONG = 3_000_000
"""Codes that take a while, even on a fast machine."""
SLOWLY = 120_000


def reading_client(stack: LocalStack) -> Api:
    """Signed in as a client that may only read."""
    client = Client(token_hex(20), token_hex(20))
    service = service_of(stack)
    service.tokens.register_client(client.client_id, client.client_secret, "Report", Right.READ)
    return Api.signed_in(stack.base_url, client)


def sign_in(tab: Tab, stack: LocalStack) -> None:
    tab.open()
    tab.page.locator("#client-id").fill(stack.client.client_id)
    tab.page.locator("#client-secret").fill(stack.client.client_secret)
    tab.press("Sign in")
    tab.heading("Promotions")


def create(tab: Tab, name: str) -> str:
    """The id of a promotion that is created with the form."""
    tab.page.get_by_role("link", name="New promotion").first.click()
    for field, value in {
        "name": name,
        "amount": "10.00",
        "start": "2026-01-01",
        "end": "2099-12-31",
        "most": "5000",
    }.items():
        tab.page.locator(f"#{field}").fill(value)
    tab.press("Create the promotion")
    tab.heading(name)
    return tab.page.url.rpartition("/")[2]


def test_a_manager_gets_from_signing_in_to_a_file_with_the_checksum_that_is_shown(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    tab = new_tab(signed_in=False, accept_downloads=True)
    page = tab.page
    sign_in(tab, stack)
    promotion = create(tab, "The manager's way")

    page.get_by_role("link", name="Generate codes").first.click()
    page.locator("#count").fill("1000")
    page.locator("#name").fill("Codes for the July mailing")
    page.locator("#prefix").fill("journey")
    expect(page.locator(".sample b")).to_have_text(re.compile("journey-.{4}-.{4}"))
    expect(page.get_by_text("1 in 282,429,536", exact=True)).to_be_visible()
    expect(page.get_by_text("4,000", exact=True)).to_be_visible()
    tab.press("Generate 1,000 codes")
    tab.heading("Codes for the July mailing")
    tab.press("Export these codes")
    tab.heading("Export job without a name")
    page.get_by_role("button", name="Download the CSV").wait_for()

    with page.expect_download() as waited:
        tab.press("Download the CSV")
    content = waited.value.path().read_bytes()
    shown = page.locator(".file .copy").get_attribute("title")
    assert sha256(content).hexdigest() == shown
    rows = content.decode().splitlines()
    assert len(rows) == 1001
    assert tab.origins() == {f"http://{urlsplit(waited.value.url).netloc}"}

    code = rows[1].split(",")[0]
    page.locator("#look").fill(f"  {code.upper()} ")
    page.keyboard.press("Enter")
    tab.heading(code)
    expect(page.get_by_text("Can be used")).to_be_visible()
    page.get_by_role("link", name="The manager's way").click()
    tab.heading("The manager's way")

    tab.press("Delete codes …")
    page.get_by_text("1,000 codes stop working").wait_for()
    page.locator("#sure").fill("1000")
    tab.press("Delete 1,000 codes")
    page.get_by_text("1,000 codes deleted").wait_for()
    left = api.call("GET", f"/v2/promotions/{promotion}/codes").json["meta"]["results"]["total"]
    assert left == 0
    page.get_by_role("link", name="The manager's way").click()
    expect(page.get_by_text("all deleted since")).to_be_visible()


def test_a_bar_moves_by_itself_in_every_tab_and_a_cancelled_job_gives_its_room_back(
    new_tab: Callable[..., Tab], api: Api
) -> None:
    promotion = new_promotion(api, **LIVE, max_codes=LONG)
    job = new_job(api, promotion, "code_generate", number_of_codes=LONG, code_length=9)
    tab = new_tab()
    tab.page.set_default_timeout(SLOWLY)
    tab.open(f"/promotions/{promotion}/jobs/{job}")
    bar = tab.page.get_by_role("progressbar", name="Codes made")
    bar.wait_for()
    first = int(bar.get_attribute("value") or 0)
    eventually(
        lambda: int(bar.get_attribute("value") or 0) > first > 0 or first == 0 < int(bar.get_attribute("value") or 0)
    )
    assert "%" in tab.page.title()

    # Neither a second tab nor a reload begins at nothing.
    second = new_tab()
    second.open(f"/promotions/{promotion}/jobs/{job}")
    for opened in (second, tab):
        if opened is tab:
            opened.page.reload()
        shown = opened.page.get_by_role("progressbar", name="Codes made")
        shown.wait_for()
        assert int(shown.get_attribute("value") or 0) >= first

    tab.press("Cancel the job …")
    tab.page.get_by_text("made so far are deleted").wait_for()
    # Enter alone does no harm: the focus is on the button that changes nothing.
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    assert get_job(api, promotion, job)["status"] in {"pending", "processing"}
    tab.press("Cancel the job …")
    tab.page.get_by_role("button", name=re.compile("^Cancel it, delete [0-9,]+ codes")).click()
    tab.page.get_by_text("removed again: none is left of them").wait_for()
    second.page.get_by_text("removed again: none is left of them").wait_for()
    tab.page.get_by_role("link", name="Summer sale").click()
    expect(tab.page.locator(".facts").get_by_text("3,000,000", exact=True)).to_be_visible()


def test_a_job_for_which_there_is_no_worker_says_since_when_it_waits(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    promotion = new_promotion(api, **LIVE)
    tab = new_tab()
    with paused_worker(stack):
        tab.open(f"/promotions/{promotion}/generate")
        tab.press("Generate 1,000 codes")
        tab.page.get_by_text(re.compile(r"^Waiting since [0-9:]+ for a worker\.$")).wait_for()
        assert tab.page.title().startswith("Waiting – ")
        tab.page.get_by_role("link", name="Summer sale").click()
        for name in ("Generate codes", "Export", "Delete codes …"):
            button = tab.page.get_by_role("button", name=name, exact=True)
            expect(button).to_be_disabled()
            assert "one job at a time" in tab.page.locator(f"#{button.get_attribute('aria-describedby')}").inner_text()
    tab.page.get_by_role("link", name="Generate job without a name").wait_for()
    expect(tab.page.get_by_role("button", name="Export", exact=True)).to_be_enabled(timeout=SLOWLY)


def test_codes_that_are_generated_twice_are_added_and_those_of_one_job_are_exported_alone(
    new_tab: Callable[..., Tab], api: Api
) -> None:
    promotion = new_promotion(api, **LIVE, max_codes=5000)
    for number in (30, 20, 10):
        finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=number))
    tab = new_tab(accept_downloads=True)
    tab.open(f"/promotions/{promotion}/generate")
    expect(tab.page.get_by_text("Adds to the 60 codes that are there.")).to_be_visible()
    second = api.call("GET", f"/v2/promotions/{promotion}/jobs").json["data"][1]["id"]
    tab.open(f"/promotions/{promotion}/jobs/{second}")
    tab.press("Export these codes")
    with tab.page.expect_download() as waited:
        tab.press("Download the CSV")
    assert len(waited.value.path().read_bytes().splitlines()) == 21
    # Each press asks for a link of its own.
    with tab.page.expect_download():
        tab.press("Download the CSV")
    assert len(tab.calls("GET", "/file")) == 2


def test_what_was_used_is_seen_by_promotion_and_by_code(new_tab: Callable[..., Tab], api: Api) -> None:
    promotion = new_promotion(api, **LIVE)
    codes = {"type": "promotion_codes", "codes": [{"code": "SEEN-IN-CONSOLE", "uses": 2}]}
    assert api.call("POST", f"/v2/promotions/{promotion}/codes", {"data": codes}).status == 201
    use = {"code": "SEEN-IN-CONSOLE", "id": "order-1", "customer_id": "customer-1"}
    assert api.call("POST", "/v2/promotions/redemptions", {"data": use}).status == 201
    tab = new_tab()
    tab.open(f"/promotions/{promotion}/uses")
    expect(tab.page.get_by_role("cell", name="order-1")).to_be_visible()
    expect(tab.page.get_by_text("1 use in the last 14 days")).to_be_visible()
    tab.page.get_by_role("link", name="SEEN-IN-CONSOLE").click()
    tab.heading("SEEN-IN-CONSOLE")
    expect(tab.page.get_by_text("1 of 2")).to_be_visible()
    expect(tab.page.get_by_role("cell", name="customer-1")).to_be_visible()


def test_a_client_that_may_only_read_is_told_so_and_loses_nothing(
    new_tab: Callable[..., Tab], stack: LocalStack, api: Api
) -> None:
    promotion = new_promotion(api, **LIVE)
    reader = reading_client(stack)
    tab = new_tab(as_=reader)
    tab.open(f"/promotions/{promotion}/settings")
    tab.page.locator("#name").fill("Renamed")
    tab.press("Save")
    tab.page.get_by_text("may not do this").wait_for()
    assert tab.page.locator("#name").input_value() == "Renamed"
    tab.page.once("dialog", lambda question: question.accept())
    tab.open(f"/promotions/{promotion}/generate")
    tab.page.get_by_text("There is no preview").wait_for()
    tab.page.get_by_text("may not do this").wait_for()
