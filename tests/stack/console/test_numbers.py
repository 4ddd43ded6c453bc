"""Numbers as people type them, with a point or a comma: taken as they were meant, or refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stack.console.browser import Tab
from tests.stack.console.samples import MadeUp, at_ease, promotion
from tests.stack.console.scene import PROMOTION, THE_PROMOTION

WRITTEN = "An amount above 0, written like 1000.00."
AMOUNTS: dict[tuple[str, str], int | str] = {
    ("USD", "10"): 1_000,
    ("USD", "10.5"): 1_050,
    ("USD", " 10,50 "): 1_050,
    ("USD", "1.15"): 115,
    ("USD", "999999999999.99"): 99_999_999_999_999,
    ("USD", "1,000"): WRITTEN,
    ("USD", "1,000.50"): WRITTEN,
    ("USD", "10.999"): WRITTEN,
    ("USD", "0x10"): WRITTEN,
    ("USD", "1e3"): WRITTEN,
    ("USD", "Infinity"): WRITTEN,
    ("USD", "0.00"): WRITTEN,
    ("USD", "-5"): WRITTEN,
    ("JPY", "1000"): 1_000,
    ("JPY", "10.50"): "An amount above 0, written like 1000.",
}
PARTS: dict[str, float | str] = {
    "15": 15,
    "12,5": 12.5,
    "33.333333": 33.333333,
    "100": 100,
    "100.1": "A number above 0, at most 100.",
    "0": "A number above 0, at most 100.",
    "1e1": "A number above 0, at most 100.",
    "": "A number above 0, at most 100.",
}


def _create(tab: Tab, field: str, typed: str) -> None:
    for name, value in {"name": "Autumn", "start": "2026-09-01", "end": "2026-09-30", field: typed}.items():
        tab.page.locator(f"#{name}").fill(value)
    tab.press("Create the promotion")


def _sent(tab: Tab) -> Any:
    tab.heading("Summer sale")
    return json.loads(tab.calls("POST")[-1].post_data or "")["data"]["schema"]


@pytest.mark.parametrize(("currency", "typed"), AMOUNTS)
def test_an_amount_is_what_was_typed_or_refused(new_tab: Callable[..., Tab], currency: str, typed: str) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open("/promotions/new")
    tab.page.locator("#currency").select_option(currency)
    _create(tab, "amount", typed)
    expected = AMOUNTS[currency, typed]
    if isinstance(expected, int):
        assert _sent(tab) == {"currencies": [{"currency": currency, "amount": expected}]}
    else:
        expect(tab.page.locator("#amount-fault")).to_have_text(expected)
        assert tab.calls("POST") == []


@pytest.mark.parametrize("typed", PARTS)
def test_a_percentage_is_what_was_typed_or_refused(new_tab: Callable[..., Tab], typed: str) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open("/promotions/new")
    tab.page.get_by_text("Per cent off the cart").click()
    _create(tab, "percentage", typed)
    expected = PARTS[typed]
    if isinstance(expected, str):
        expect(tab.page.locator("#percentage-fault")).to_have_text(expected)
        assert tab.calls("POST") == []
    else:
        assert _sent(tab) == {"currencies": [{"currency": "USD", "percentage": expected}]}


@pytest.mark.parametrize("amount", [0, -500, 10.5, 2**53])
def test_a_promotion_with_an_amount_that_no_form_makes_can_be_renamed(
    new_tab: Callable[..., Tab], amount: float
) -> None:
    tab = new_tab()
    odd = promotion(schema={"currencies": [{"currency": "USD", "amount": amount}]})
    MadeUp(at_ease() | {THE_PROMOTION: (200, {"data": odd})}).install(tab.page)
    tab.open(f"{PROMOTION}/settings")
    expect(tab.page.get_by_label("Something else (JSON)")).to_be_checked()
    tab.page.locator("#name").fill("Renamed")
    tab.press("Save")
    tab.page.get_by_role("status").get_by_text("Saved").wait_for()
    assert tab.calls("PUT")[-1].post_data == '{"data":{"type":"promotion","name":"Renamed"}}'


@pytest.mark.parametrize(
    ("written", "sent"), [("9007199254740991", 9007199254740991), ("-9007199254740993", None), ("1e300", None)]
)
def test_json_is_sent_with_the_numbers_that_are_written_in_it_or_not_at_all(
    new_tab: Callable[..., Tab], written: str, sent: int | None
) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open("/promotions/new")
    tab.page.get_by_text("Something else (JSON)").click()
    _create(tab, "schema", f'{{"points": [{written}]}}')
    if sent:
        assert _sent(tab) == {"points": [sent]}
    else:
        told = "A number in it has too many digits for a browser: write it as a text, in quotes."
        expect(tab.page.locator("#schema-fault")).to_have_text(told)
        assert tab.calls("POST") == []
