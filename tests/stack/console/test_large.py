"""A promotion of a million codes: few calls, few rows, and a word on what is not shown."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.stack.console.browser import Tab
from tests.stack.console.samples import MadeUp, at_ease, code, listing, promotion
from tests.stack.console.scene import MILLION, PROMOTION, THE_CODES, THE_PROMOTION

MOST_CALLS = 3


def test_a_million_codes_are_opened_with_few_calls_and_told_to_be_too_many(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    answers = {
        THE_PROMOTION: (200, {"data": promotion(max_codes=1_000_000, codes=MILLION)}),
        THE_CODES: (200, listing([code(number) for number in range(6)] * 4 + [code()], 1_000_000)),
    }
    MadeUp(at_ease() | answers).install(tab.page)
    tab.open(PROMOTION)
    tab.page.get_by_text("For the print shop").wait_for()
    assert len(tab.calls()) <= MOST_CALLS
    tab.requests.clear()
    tab.page.get_by_role("link", name="Codes", exact=True).click()
    tab.page.get_by_text("1,000,000 codes are too many to page through").wait_for()
    expect(tab.page.get_by_text("1 – 25 of 1,000,000")).to_be_visible()
    assert len(tab.calls()) <= MOST_CALLS
    assert [it.url for it in tab.calls(part="/codes?") if "limit" in it.url] == []
    assert tab.page.locator("tbody tr").count() == 25


def test_the_last_page_is_the_one_that_begins_at_10_000(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    pages = {offset: listing([code()], 1_000_000, offset) for offset in (9_975, 10_000)}
    offset = 9_975

    def answer(_: object) -> tuple[int, object]:
        return 200, pages[offset]

    MadeUp(at_ease() | {THE_CODES: answer}).install(tab.page)
    tab.open(f"{PROMOTION}/codes?offset=9975")
    following = tab.page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Next")
    following.wait_for()
    offset = 10_000
    following.click()
    expect(tab.page.get_by_text("10,001 – 10,025 of 1,000,000")).to_be_visible()
    expect(following).to_have_count(0)
    assert "page%5Boffset%5D=10000" in tab.calls(part="/codes?")[-1].url
