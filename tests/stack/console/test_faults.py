"""Whatever the API answers, its own words are shown, and nothing that was there or typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stack.console.browser import Tab
from tests.stack.console.samples import JOBS, RUNNING, MadeUp, at_ease, fault, forecast, job, listing
from tests.stack.console.scene import (
    DRY_RUN,
    GENERATE,
    JOB,
    NEW_JOB,
    PROMOTION,
    THE_CODES,
    THE_JOB,
    THE_JOBS,
    THE_PROMOTION,
)

Answer = tuple[int, Any]
FAULTS: list[Answer] = [
    fault(400, "Bad Request", "The body is not valid JSON"),
    fault(404, "Not Found", "promotion not found"),
    fault(409, "Conflict", "Write conflict detected"),
    fault(422, "Unprocessable Entity", "A promotion with an open job cannot be deleted"),
    fault(429, "Too Many Requests", "A client gets at most 60 tokens a minute"),
    fault(500, "Internal Server Error", "There was an internal server error, you can report with your request id."),
    fault(503, "Service Unavailable", "Try again later"),
    (503, {"message": "Service Unavailable"}),
    (504, {"message": "Endpoint request timed out"}),
]
READ = {
    "/promotions": r"GET promotions",
    PROMOTION: THE_JOBS,
    f"{PROMOTION}/settings": THE_PROMOTION,
    f"{PROMOTION}/codes": THE_CODES,
    f"{PROMOTION}/uses": r"GET promotions/[^/]+/usages",
    GENERATE: DRY_RUN,
    JOB: THE_JOB,
    "/code?q=x": r"GET promotions",
}
"""Screen → what it reads first."""


def words(answer: Answer) -> str:
    _, body = answer
    first = body["errors"][0] if "errors" in body else {"title": body["message"]}
    return str(first.get("detail") or first["title"])


@pytest.mark.parametrize("path", READ)
def test_what_cannot_be_read_is_told_in_the_apis_words_with_its_request_and_can_be_tried_again(
    new_tab: Callable[..., Tab], path: str
) -> None:
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    for answer in FAULTS:
        made_up.answers = {READ[path]: answer} | {key: it for key, it in at_ease().items() if key != READ[path]}
        tab.open("/nowhere")
        tab.heading("There is no such page")
        tab.open(path)
        alert = tab.page.get_by_role("alert").first
        expect(alert).to_contain_text(words(answer).rstrip("."))
        if path != GENERATE or answer[0] not in {400, 409, 422}:
            expect(alert).to_contain_text(f"{answer[0]} · request UkoXf8M0qDoEEMw=")
    made_up.answers = at_ease()
    if path == GENERATE:
        tab.page.locator("#count").fill("5000")
    else:
        tab.page.get_by_role("button", name="Try again").first.click()
    tab.page.get_by_role("alert").wait_for(state="detached")


@pytest.mark.parametrize("path", READ)
def test_what_is_not_the_apis_answer_is_told_and_asked_for_again(new_tab: Callable[..., Tab], path: str) -> None:
    tab = new_tab()
    others = {key: it for key, it in at_ease().items() if key != READ[path]}
    made_up = MadeUp({READ[path]: (200, "<p>Pay for the network</p>")} | others).install(tab.page)
    tab.open(path)
    alert = tab.page.get_by_role("alert").first
    expect(alert).to_contain_text("What came is not from the API, or not all of it.")
    made_up.answers = at_ease()
    if path == GENERATE:
        tab.press("Try again")
    alert.wait_for(state="detached")


def test_a_change_whose_answer_is_not_the_apis_can_be_asked_for_again(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp(at_ease() | {NEW_JOB: (200, "")}).install(tab.page)
    tab.open(GENERATE)
    tab.press("Generate 1,000 codes")
    tab.page.get_by_text("It is not known whether the job was started").wait_for()
    made_up.answers = at_ease()
    tab.press("Generate 1,000 codes")
    tab.heading("Codes for the June mailing")
    first, second = [it.headers["idempotency-key"] for it in tab.calls("POST") if it.url.endswith("/jobs")]
    assert first == second


def test_a_refusal_without_a_word_says_that_it_has_none(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    # Over HTTP/2 a status has no words.
    tab.page.add_init_script("Object.defineProperty(Response.prototype, 'statusText', { value: '' });")
    MadeUp(at_ease() | {r"GET promotions": (421, "<p>Misdirected</p>")}).install(tab.page)
    tab.open()
    expect(tab.page.get_by_role("alert")).to_contain_text("No reason was told. 421 · request UkoXf8M0qDoEEMw=")


def _fill_new(tab: Tab) -> None:
    for field, value in {"name": "Autumn sale", "amount": "10.00", "start": "2026-09-01", "end": "2026-09-30"}.items():
        tab.page.locator(f"#{field}").fill(value)


FORMS: dict[str, tuple[str, str, str, Callable[[Tab], None]]] = {
    "a new promotion": ("/promotions/new", r"POST promotions", "Create the promotion", _fill_new),
    "its settings": (
        f"{PROMOTION}/settings",
        r"PUT promotions/[^/]+",
        "Save",
        lambda tab: tab.page.locator("#name").fill("Autumn sale"),
    ),
    "generating": (
        GENERATE,
        NEW_JOB,
        "Generate 1,000 codes",
        lambda tab: tab.page.locator("#name").fill("Autumn sale"),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_saved_is_told_and_what_was_typed_stays(new_tab: Callable[..., Tab], form: str) -> None:
    path, asked, button, fill = FORMS[form]
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    tab.open(path)
    tab.page.locator("#name").wait_for()
    fill(tab)
    for answer in FAULTS:
        made_up.answers[asked] = answer
        tab.press(button)
        expect(tab.page.get_by_role("alert").first).to_contain_text(words(answer).rstrip("."))
        assert tab.page.locator("#name").input_value() == "Autumn sale"
        expect(tab.page.get_by_role("button", name=button)).to_be_enabled()


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("data.name", "name"),
        ("data.description", "description"),
        ("data.schema.currencies", "amount"),
        ("data.start", "start"),
        ("data.end", "end"),
        ("data.max_codes", "most"),
    ],
)
def test_a_fault_is_told_beside_its_field_which_gets_the_focus(
    new_tab: Callable[..., Tab], source: str, field: str
) -> None:
    tab = new_tab()
    MadeUp({**at_ease(), r"POST promotions": fault(400, "invalid", f"{field} must be otherwise", source)}).install(
        tab.page
    )
    tab.open("/promotions/new")
    tab.page.locator("#name").wait_for()
    _fill_new(tab)
    tab.press("Create the promotion")
    told = f"{field[0].upper()}{field[1:]} must be otherwise."
    expect(tab.page.locator(f"#{field}-fault")).to_have_text(told)
    expect(tab.page.locator(f"#{field}")).to_be_focused()
    expect(tab.page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    assert f"{field}-fault" in str(tab.page.locator(f"#{field}").get_attribute("aria-describedby"))


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("data.parameters.number_of_codes", "count"),
        ("data.name", "name"),
        ("data.parameters.code_prefix", "prefix"),
        ("data.parameters.code_length", "length"),
    ],
)
def test_a_preview_that_is_refused_says_at_the_field_why(new_tab: Callable[..., Tab], source: str, field: str) -> None:
    tab = new_tab()
    MadeUp({**at_ease(), DRY_RUN: fault(400, "invalid", "it must be otherwise", source)}).install(tab.page)
    tab.open(GENERATE)
    expect(tab.page.locator(f"#{field}-fault")).to_have_text("It must be otherwise.", timeout=5_000)
    expect(tab.page.get_by_role("button", name="Generate 1,000 codes")).to_be_disabled()


@pytest.mark.parametrize("typed", ["0", "ten", "", "-5", "1.5e3"])
def test_what_is_no_number_of_codes_is_told_without_asking(new_tab: Callable[..., Tab], typed: str) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open(GENERATE)
    tab.page.get_by_text("1 in 564,859").wait_for()
    before = len(tab.calls("POST"))
    tab.page.locator("#count").fill(typed)
    expect(tab.page.locator("#count-fault")).to_have_text("A whole number, at least 1.", timeout=1_000)
    tab.press("Generate codes")
    expect(tab.page.locator("#count")).to_be_focused()
    assert len(tab.calls("POST")) == before


def test_a_job_that_had_ended_before_it_was_cancelled_is_shown_as_it_is(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp({**at_ease(), THE_JOB: (200, {"data": RUNNING})}).install(tab.page)
    made_up.answers[r"POST promotions/[^/]+/jobs/[^/]+/cancel"] = fault(
        422, "Unprocessable Entity", "Only pending or processing jobs can be cancelled"
    )
    tab.open(JOB)
    tab.press("Cancel the job …")
    made_up.answers[THE_JOB] = (200, {"data": RUNNING | {"status": "completed", "result": {"generated": 500_000}}})
    tab.page.get_by_role("button", name="Cancel it, delete 312,000 codes").click()
    tab.page.get_by_text("It had ended meanwhile: nothing was cancelled").wait_for()
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    tab.page.get_by_text("can be used").wait_for()


def test_codes_are_deleted_only_when_their_number_was_typed(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp({**at_ease(), DRY_RUN: (200, {"data": forecast(180_000, None)})}).install(tab.page)
    tab.open(PROMOTION)
    tab.press("Delete codes …")
    delete = tab.page.get_by_role("button", name="Delete 180,000 codes")
    expect(tab.page.get_by_role("button", name="Keep them")).to_be_focused()
    for typed, is_sure in {"": False, "18000": False, "180000": True, "180,000": True}.items():
        tab.page.locator("#sure").fill(typed)
        expect(delete).to_be_enabled(enabled=is_sure)
    # Another choice is another number.
    made_up.answers[DRY_RUN] = (200, {"data": forecast(188_000, None)})
    tab.page.get_by_text("All 188,000 codes, those made by hand too").click()
    tab.page.get_by_text("188,000 codes stop working").wait_for()
    assert tab.page.locator("#sure").input_value() == ""
    expect(tab.page.get_by_role("button", name="Delete 188,000 codes")).to_be_disabled()
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    expect(tab.page.get_by_role("button", name="Delete codes …")).to_be_focused()


def test_codes_whose_number_could_not_be_found_out_are_not_deleted_by_the_number_of_others(
    new_tab: Callable[..., Tab],
) -> None:
    tab = new_tab()
    made_up = MadeUp({**at_ease(), DRY_RUN: (200, {"data": forecast(180_000, None)})}).install(tab.page)
    tab.open(PROMOTION)
    tab.press("Delete codes …")
    tab.page.get_by_text("180,000 codes stop working").wait_for()
    made_up.answers[DRY_RUN] = fault(400, "Bad Request")
    tab.page.get_by_text("All 188,000 codes, those made by hand too").click()
    tab.page.get_by_text("How many there are could not be found out").wait_for()
    expect(tab.page.get_by_text("180,000 codes stop working")).to_have_count(0)
    expect(tab.page.locator("#sure")).to_have_count(0)
    expect(tab.page.get_by_role("button", name="Delete codes", exact=True)).to_be_disabled()


def test_the_codes_of_a_job_that_is_older_than_the_list_of_jobs_are_deleted_by_its_name(
    new_tab: Callable[..., Tab],
) -> None:
    tab = new_tab()
    old = job(name="The first of all", result={"generated": 500_000})
    newest = [job(number, name="A later one", result={"generated": 10}) for number in (1, 2)]
    answers = {THE_JOB: (200, {"data": old}), THE_JOBS: (200, listing(newest, 101))}
    MadeUp(at_ease() | answers).install(tab.page)
    tab.open(JOB)
    tab.press("Delete these codes …")
    chosen = tab.page.get_by_role("combobox", name="Job")
    expect(chosen).to_have_value(JOBS[0])
    expect(chosen.locator("option:checked")).to_have_text("The first of all, 1 Jun 2026: 500,000")
    expect(chosen.locator("option")).to_have_count(3)
