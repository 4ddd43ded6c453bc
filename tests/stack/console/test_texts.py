"""What the page says of numbers and jobs: for none, one and many, of each kind, and of what it does not know."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stack.console.browser import Tab
from tests.stack.console.samples import (
    EXPORT,
    FILE,
    IMPORT,
    OPEN,
    REPORT,
    MadeUp,
    at_ease,
    code,
    fault,
    forecast,
    job,
    listing,
    progress,
    promotion,
    usage,
)
from tests.stack.console.scene import (
    DRY_RUN,
    GENERATE,
    JOB,
    PROMOTION,
    THE_CODES,
    THE_JOB,
    THE_JOBS,
    THE_PROMOTION,
    press,
)

THE_USES = r"GET promotions/[^/]+/usages"
USES_OF_A_CODE = r"GET promotions/[^/]+/codes/[^/]+/usages"
MOST_USES = 10_100
DOING = {
    "code_generate": "Generating",
    "code_import": "Importing",
    "code_export": "Exporting",
    "code_delete": "Deleting",
}


def test_a_list_of_promotions_says_what_the_job_of_each_does(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp(at_ease() | {r"GET promotions": (200, listing([promotion(codes=OPEN)]))}).install(tab.page)
    for kind, word in DOING.items():
        running = job(job_type=kind, status="processing", meta={"progress": progress(312_000)})
        for state, text in {
            "processing": f"{word}, 62 %",
            "pending": f"{word}, waiting",
            "cancelling": "Cancelling, 62 %",
        }.items():
            meta = {"timestamps": running["meta"]["timestamps"]} if state == "pending" else running["meta"]
            made_up.answers[THE_JOB] = (200, {"data": running | {"status": state, "meta": meta}})
            tab.open("/nowhere")
            tab.heading("There is no such page")
            tab.open("/promotions")
            expect(tab.page.locator("td.capacity")).to_have_text(text)


# One, and none

ALL_TAKEN = IMPORT | {
    "result": {"imported": 200_000, "duplicates": 0, "invalid": 0},
    "meta": IMPORT["meta"] | {"file": REPORT | {"rows": 0}},
}

ONE_CODE = promotion(codes={"in_use": 1, "visible": 1})
DELETES_ONE = {DRY_RUN: (200, {"data": forecast(1, None)})}
SAID: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
    "codes to delete": (PROMOTION, DELETES_ONE, ["Delete codes …"], "1 code stops working"),
    "a promotion to delete": (
        f"{PROMOTION}/settings",
        {THE_PROMOTION: (200, {"data": ONE_CODE})},
        ["Delete the promotion …"],
        "Its 1 code stops working, and what was used of it is forgotten.",
    ),
    "codes that are there": (
        GENERATE,
        {THE_PROMOTION: (200, {"data": ONE_CODE})},
        [],
        "Adds to the 1 code that is there. Pressing twice makes one job.",
    ),
    "codes made so far": (
        JOB,
        {THE_JOB: (200, {"data": job(status="processing", meta={"progress": progress(1)})})},
        ["Cancel the job …"],
        "The 1 code made so far is deleted, and cannot be used. This cannot be undone.",
    ),
    "no codes made so far": (
        JOB,
        {THE_JOB: (200, {"data": job(status="pending")})},
        ["Cancel the job …"],
        "No code was made so far.",
    ),
    "codes deleted so far": (
        JOB,
        {THE_JOB: (200, {"data": job(status="processing", job_type="code_delete", meta={"progress": progress(1)})})},
        ["Cancel the job …"],
        "The 1 code deleted so far stays deleted; the others stay.",
    ),
    "no codes deleted so far": (
        JOB,
        {THE_JOB: (200, {"data": job(status="processing", job_type="code_delete", meta={"progress": progress(0)})})},
        ["Cancel the job …"],
        "No code was deleted so far. All stay.",
    ),
    "codes removed": (
        JOB,
        {THE_JOB: (200, {"data": job(status="cancelling", meta={"progress": progress(0, 1)})})},
        [],
        "0 of 1 code is gone",
    ),
    "codes deleted since": (
        JOB,
        {THE_JOB: (200, {"data": job(result={"generated": 12, "deleted": 1})})},
        [],
        "1 of 12 was deleted since.",
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_one_is_no_plural(new_tab: Callable[..., Tab], what: str) -> None:
    path, answers, pressed, text = SAID[what]
    tab = new_tab()
    MadeUp(at_ease() | answers).install(tab.page)
    tab.open(path)
    press(*pressed)(tab.page)
    expect(tab.page.get_by_text(text, exact=True)).to_be_visible()


def test_a_job_that_is_cancelled_says_what_is_gone_and_what_is_left(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    undone = job(status="cancelling", meta={"progress": progress(214_000, 312_000)})
    answers = {
        THE_PROMOTION: (200, {"data": promotion(codes=OPEN)}),
        THE_JOBS: (200, listing([undone])),
        THE_JOB: (200, {"data": undone}),
    }
    MadeUp(at_ease() | answers).install(tab.page)
    tab.open(PROMOTION)
    expect(tab.page.get_by_role("region", name=undone["name"])).to_contain_text("214,000 of 312,000 codes are gone")
    expect(tab.page.get_by_role("row").filter(has_text="Cancelling")).to_contain_text("98,000 of 500,000")


@pytest.mark.parametrize(
    ("ended", "button"),
    [
        (EXPORT, "Download the CSV of For the print shop"),
        (EXPORT | {"meta": EXPORT["meta"] | {"file": FILE | {"rows": 0}}}, "Download the CSV of For the print shop"),
        (IMPORT, "Download the report of Printed cards"),
        (ALL_TAKEN, None),
    ],
    ids=["a file", "a file of no rows", "a report", "a report of no rows"],
)
def test_a_job_in_the_list_has_a_button_for_its_file_or_nothing(
    new_tab: Callable[..., Tab], ended: dict[str, Any], button: str | None
) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {THE_JOBS: (200, listing([ended]))}).install(tab.page)
    tab.open(PROMOTION)
    cell = tab.page.get_by_role("row").filter(has_text=ended["name"]).get_by_role("cell").last
    if button:
        expect(cell.get_by_role("button", name=button)).to_be_visible()
    else:
        expect(cell).to_have_text("")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "Download the CSV of For the print shop",
            "Unprocessable Entity: The file expired. Export the codes again to get a new one.",
        ),
        ("Download the report of Printed cards", "Unprocessable Entity: The file expired."),
    ],
)
def test_codes_alone_are_exported_again_when_their_file_has_expired(
    new_tab: Callable[..., Tab], name: str, told: str
) -> None:
    tab = new_tab()
    expired = fault(422, "Unprocessable Entity", "The file expired")
    MadeUp(at_ease() | {r"GET promotions/[^/]+/jobs/[^/]+/file": expired}).install(tab.page)
    tab.open(PROMOTION)
    tab.press(name)
    expect(tab.page.get_by_role("dialog").get_by_role("paragraph")).to_have_text(told)


# What is not listed or counted


def test_a_code_with_more_uses_than_the_api_lists_is_found_all_the_same(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    too_many = fault(400, "Too many usages", "The code has more than 10,000 usages: list those of its promotion")
    MadeUp(at_ease() | {USES_OF_A_CODE: too_many}).install(tab.page)
    tab.open("/code?q=summer-b7kd-9fzm")
    expect(tab.page.get_by_text("1 of 1")).to_be_visible()
    expect(tab.page.get_by_text("More than 10,000 uses")).to_be_visible()
    expect(tab.page.get_by_role("alert")).to_have_count(0)
    tab.page.get_by_role("link", name="the uses of its promotion").click()
    tab.page.get_by_text("Uses a day").wait_for()


def test_a_code_says_how_many_uses_it_does_not_show(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp(at_ease() | {USES_OF_A_CODE: (200, listing([usage(), usage(1)], 42))}).install(tab.page)
    tab.open("/code?q=summer-b7kd-9fzm")
    expect(tab.page.get_by_text("The newest 2 of 42 uses.")).to_be_visible()
    made_up.answers = at_ease()
    tab.page.reload()
    tab.page.get_by_role("cell", name="order-4711").wait_for()
    expect(tab.page.get_by_text("The newest")).to_have_count(0)


def test_a_sum_of_uses_is_of_the_days_that_were_counted(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    counted = 0
    answers = {1: (200, listing([usage()], 7)), 2: (200, listing([usage()], MOST_USES))}

    def answer(request: Any) -> tuple[int, Any]:
        nonlocal counted
        if "used_on" not in request.url:
            return 200, listing([usage()], MOST_USES)
        counted += 1
        return answers.get(counted, fault(503, "Service Unavailable"))

    MadeUp(at_ease() | {THE_USES: answer}).install(tab.page)
    tab.open(f"{PROMOTION}/uses")
    expect(tab.page.get_by_text("10,107 uses or more in the last 2 days")).to_be_visible()
    expect(tab.page.get_by_text("this list goes as far as the newest 10,000")).to_be_visible()


@pytest.mark.parametrize(("finished", "name"), [(1, "Made by hand"), (101, "By other jobs, or by hand")])
def test_codes_of_no_job_that_is_known_are_not_said_to_be_made_by_hand(
    new_tab: Callable[..., Tab], finished: int, name: str
) -> None:
    tab = new_tab()
    made = job(2, result={"generated": 180_000})
    MadeUp(at_ease() | {THE_JOBS: (200, listing([made], finished))}).install(tab.page)
    tab.open(f"{PROMOTION}/codes")
    expect(tab.page.get_by_role("list", name="Codes by job").get_by_text(name, exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("offset", "total", "told", "previous"),
    [
        (25, 26, "26 – 26 of 26", ""),
        (25, 25, "Nothing is left on this page, of 25", ""),
        (100, 30, "Nothing is left on this page, of 30", "?offset=25"),
    ],
)
def test_a_page_after_the_last_one_says_so_and_leads_back(
    new_tab: Callable[..., Tab], offset: int, total: int, told: str, previous: str
) -> None:
    tab = new_tab()
    codes = [code()] if offset < total else []
    MadeUp(at_ease() | {THE_CODES: (200, listing(codes, total, offset))}).install(tab.page)
    tab.open(f"{PROMOTION}/codes?offset={offset}")
    expect(tab.page.get_by_text(told, exact=True)).to_be_visible()
    link = tab.page.get_by_role("link", name="Previous")
    expect(link).to_have_attribute("href", f"#{PROMOTION}/codes{previous}")


# What the API keeps as it is

ODD_SCHEMAS: list[Any] = [
    {"currencies": {"USD": 10}},
    {"currencies": "USD"},
    {"currencies": [None]},
    {"currencies": ["USD"]},
    {"currencies": [{"amount": 1000}]},
    {"currencies": [{"currency": "USD", "amount": "ten"}]},
    {"currencies": [{"currency": 978, "amount": 1000}]},
]


def test_a_list_shows_promotions_of_which_it_cannot_tell_what_they_give(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    odd = [promotion(f"Odd {number}", number, schema=schema) for number, schema in enumerate(ODD_SCHEMAS, 1)]
    MadeUp(at_ease() | {r"GET promotions": (200, listing(odd))}).install(tab.page)
    tab.open("/promotions")
    tab.page.get_by_role("link", name="Odd 1").wait_for()
    told = tab.page.locator("td:first-child .under").all_inner_texts()
    assert told == ["An amount off the cart"] * len(ODD_SCHEMAS)


@pytest.mark.parametrize("schema", ODD_SCHEMAS, ids=str)
def test_a_promotion_of_which_no_form_can_tell_what_it_gives_has_settings(
    new_tab: Callable[..., Tab], schema: Any
) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {THE_PROMOTION: (200, {"data": promotion(schema=schema)})}).install(tab.page)
    tab.open(f"{PROMOTION}/settings")
    assert json.loads(tab.page.locator("#schema").input_value()) == schema


# What is not known

UNSURE: dict[str, tuple[str, str, list[str], str, str]] = {
    "an export": (
        PROMOTION,
        r"POST promotions/[^/]+/jobs",
        ["Export"],
        "It is not known whether the job was started",
        "No job was started",
    ),
    "deleting a code": (
        f"{PROMOTION}/codes",
        r"DELETE promotions/[^/]+/codes/[^/]+",
        ["Delete summer-b7kd-9fzm …", "Delete the code"],
        "It is not known whether it was deleted",
        "It was not deleted",
    ),
    "cancelling": (
        JOB,
        r"POST promotions/[^/]+/jobs/[^/]+/cancel",
        ["Cancel the job …", "Cancel it, delete 312,000 codes"],
        "It is not known whether it was cancelled",
        "It was not cancelled",
    ),
    "settings": (
        f"{PROMOTION}/settings",
        r"PUT promotions/[^/]+",
        ["Save"],
        "It is not known whether it was saved",
        "It was not saved",
    ),
}


@pytest.mark.parametrize("change", UNSURE)
def test_a_change_whose_answer_is_lost_is_not_said_to_have_failed(new_tab: Callable[..., Tab], change: str) -> None:
    path, asked, pressed, unsure, refused = UNSURE[change]
    tab = new_tab()
    running = (200, {"data": job(status="processing", meta={"progress": progress(312_000)})})
    made_up = MadeUp(at_ease() | {THE_JOB: running}).install(tab.page)
    for answer, told in {503: unsure, 409: refused}.items():
        made_up.answers[asked] = fault(answer, "The title", "The detail")
        tab.open("/nowhere")
        tab.heading("There is no such page")
        tab.open(path)
        press(*pressed)(tab.page)
        expect(tab.page.get_by_role("alert").locator("b")).to_have_text(told)


def test_a_promotion_whose_answer_is_lost_is_looked_for_before_it_is_created_again(
    new_tab: Callable[..., Tab],
) -> None:
    tab = new_tab()
    MadeUp(at_ease() | {r"POST promotions": fault(504, "Endpoint request timed out")}).install(tab.page)
    tab.open("/promotions/new")
    for field, value in {"name": "Autumn", "amount": "10", "start": "2026-09-01", "end": "2026-09-30"}.items():
        tab.page.locator(f"#{field}").fill(value)
    tab.press("Create the promotion")
    alert = tab.page.get_by_role("alert")
    expect(alert.locator("b")).to_have_text("It is not known whether it was saved")
    expect(alert).to_contain_text("Look at the list before you press again: each press creates one.")
