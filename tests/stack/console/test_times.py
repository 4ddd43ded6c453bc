"""Days are the viewer's, wherever that is: the last one counts to its end, and saving moves nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.api import Api
from tests.stack.console.browser import Tab
from tests.stack.journeys import new_promotion

STORED = {
    "Pacific/Kiritimati": ("2026-09-30T10:00:00Z", "2026-10-25T09:59:59Z"),
    "America/Los_Angeles": ("2026-10-01T07:00:00Z", "2026-10-26T06:59:59Z"),
    "UTC": ("2026-10-01T00:00:00Z", "2026-10-25T23:59:59Z"),
    "Asia/Bangkok": ("2026-09-30T17:00:00Z", "2026-10-25T16:59:59Z"),
}
"""From the beginning of 1 October to the end of 25 October there."""


@pytest.mark.parametrize("zone", STORED)
def test_the_last_day_counts_to_its_end_and_stays_the_same_when_it_is_saved_five_times(
    new_tab: Callable[..., Tab], api: Api, zone: str
) -> None:
    tab = new_tab(timezone_id=zone)
    page = tab.page
    tab.open("/promotions/new")
    for field, value in {
        "name": f"October in {zone}",
        "amount": "1",
        "start": "2026-10-01",
        "end": "2026-10-25",
    }.items():
        page.locator(f"#{field}").fill(value)
    start, end = STORED[zone]
    expect(page.get_by_text(f"to 25 Oct 2026, 23:59 in {zone}, which is {start[:10]}")).to_be_visible()
    tab.press("Create the promotion")
    tab.heading(f"October in {zone}")
    path = f"/v2/promotions/{page.url.rpartition('/')[2]}"

    def stored() -> tuple[str, str]:
        promotion = api.call("GET", path).json["data"]
        return promotion["start"], promotion["end"]

    assert stored() == (start, end)
    expect(page.get_by_text(f"25 Oct 2026, 23:59 in {zone}")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    for number in range(5):
        page.locator("#description").fill(f"Saved {number}")
        with page.expect_response(lambda answer: answer.request.method == "PUT") as waited:
            tab.press("Save")
        assert waited.value.status == 200
        expect(page.get_by_role("button", name="Save")).to_be_enabled()
        assert page.locator("#end").input_value() == "2026-10-25"
    assert stored() == (start, end)


def test_a_last_day_of_25_hours_counts_to_its_end(new_tab: Callable[..., Tab], api: Api) -> None:
    tab = new_tab(timezone_id="Africa/Cairo")
    page = tab.page
    tab.open("/promotions/new")
    # There the clocks go back from midnight to eleven in the evening, so that its last hour comes twice.
    for field, value in {"name": "Cairo", "amount": "1", "start": "2026-10-29", "end": "2026-10-29"}.items():
        page.locator(f"#{field}").fill(value)
    tab.press("Create the promotion")
    tab.heading("Cairo")
    stored = api.call("GET", f"/v2/promotions/{page.url.rpartition('/')[2]}").json["data"]
    assert (stored["start"], stored["end"]) == ("2026-10-28T21:00:00Z", "2026-10-29T21:59:59Z")
    page.get_by_role("link", name="Settings").click()
    expect(page.locator("#end")).to_have_value("2026-10-29")


def test_a_promotion_that_ends_at_midnight_is_shown_to_the_minute_and_left_as_it_is(
    new_tab: Callable[..., Tab], api: Api
) -> None:
    promotion = new_promotion(api, start="2026-06-01", end="2026-08-31")
    tab = new_tab(timezone_id="America/Los_Angeles")
    tab.open(f"/promotions/{promotion}/settings")
    expect(tab.page.get_by_text("to 30 Aug 2026, 17:00 in America/Los_Angeles, which is")).to_be_visible()
    tab.page.locator("#name").fill("Renamed")
    tab.press("Save")
    tab.page.get_by_role("status").get_by_text("Saved").wait_for()
    assert api.call("GET", f"/v2/promotions/{promotion}").json["data"]["end"] == "2026-08-31T00:00:00Z"
    # A last day that is chosen again lasts to its end.
    tab.page.locator("#end").fill("2026-08-31")
    tab.press("Save")
    tab.page.get_by_text("to 31 Aug 2026, 23:59").first.wait_for()
    tab.page.get_by_role("heading", level=1, name="Renamed").wait_for()
    assert api.call("GET", f"/v2/promotions/{promotion}").json["data"]["end"] == "2026-09-01T06:59:59Z"
