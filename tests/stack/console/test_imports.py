"""A file of the manager's own: sent once, whatever is pressed, read by one job, and what was not taken is shown."""

import re
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from local.api import Api
from tests.stack.console.browser import Tab, fulfil
from tests.stack.console.samples import UPLOAD, MadeUp, fault
from tests.stack.console.scene import IMPORTING, NEW_JOB, SENDING, choose
from tests.stack.journeys import free_codes, get_job, new_promotion

LIVE = {"start": "2026-01-01", "end": "2099-12-31", "enabled": True}
CREATION = re.compile(r"/jobs$")
ROWS = "code;max_uses\r\nSHELF-1;1\r\nshelf-1;1\r\nSHELF-2;\r\n=SHELF-3;1\r\nSHELF-4;several\r\n"
REFUSED = [
    ["shelf-1", "line 3", "duplicate in the file"],
    ["'=SHELF-3", "line 5", "a spreadsheet would run it"],
    ["SHELF-4", "line 6", "max_uses is no whole number up to 1,000,000,000"],
]
USED = fault(
    422, "Unprocessable Entity", "The upload is used by a job: announce another one", "data.parameters.upload_id"
)


def _table(tab: Tab) -> list[list[str]]:
    rows = tab.page.get_by_role("row").all()[1:]
    return [row.get_by_role("cell").all_inner_texts() for row in rows]


def _puts(tab: Tab) -> int:
    return len([it for it in tab.requests if it.method == "PUT"])


def test_a_manager_imports_a_file_and_sees_and_downloads_what_was_not_taken(
    new_tab: Callable[..., Tab], api: Api
) -> None:
    free_codes(api, "SHELF-1", "SHELF-2")
    promotion = new_promotion(api, **LIVE, name="Printed cards")
    tab = new_tab(accept_downloads=True)
    page = tab.page
    tab.open(f"/promotions/{promotion}")
    page.get_by_role("link", name="Import codes that you have").click()
    choose(ROWS.encode())(page)
    expect(page.locator(".sample")).to_have_text(re.compile("code;max_uses.*SHELF-1;1.*shelf-1;1.*SHELF-2;", re.DOTALL))
    page.locator("#name").fill("Cards of the shelf")
    tab.press("Import the codes")
    tab.heading("Cards of the shelf")
    page.get_by_text("3 rows not taken").wait_for()
    expect(page.get_by_text("1 duplicate, 2 wrong")).to_be_visible()
    expect(page.get_by_text("2 codes can be used")).to_be_visible()
    page.get_by_role("cell", name="shelf-1").wait_for()
    assert _table(tab) == REFUSED

    with page.expect_download() as waited:
        tab.press("Download the report")
    job = get_job(api, promotion, page.url.rpartition("/")[2])
    assert sha256(waited.value.path().read_bytes()).hexdigest() == job["meta"]["file"]["sha256"]
    assert tab.origins() == {f"http://{urlsplit(waited.value.url).netloc}"}
    assert job["parameters"].items() >= {"on_duplicate": "skip", "max_uses_per_code": 1}.items()

    page.get_by_role("link", name="Printed cards").click()
    expect(page.get_by_text("3 rows not taken")).to_be_visible()
    page.get_by_role("link", name="Import", exact=True).click()
    tab.heading("Import codes")
    choose(ROWS.encode())(page)
    page.get_by_label("Stop, and import nothing").check()
    tab.press("Import the codes")
    page.get_by_text("It failed: line 2: in use by promotion").wait_for()
    page.get_by_role("link", name="Try again").click()
    tab.heading("Import codes")
    free_codes(api, "SHELF-1", "SHELF-2")


def test_rows_that_another_promotion_has_lead_to_it(new_tab: Callable[..., Tab], api: Api) -> None:
    free_codes(api, "SHELF-5")
    holder = new_promotion(api, **LIVE, name="The holder")
    data = {"type": "promotion_codes", "codes": [{"code": "SHELF-5"}]}
    assert api.call("POST", f"/v2/promotions/{holder}/codes", {"data": data}).status == 201
    tab = new_tab()
    tab.open(f"/promotions/{new_promotion(api, **LIVE)}/import")
    choose(b"code\nSHELF-5\n")(tab.page)
    tab.press("Import the codes")
    tab.page.get_by_role("link", name="another promotion").click()
    tab.heading("The holder")
    free_codes(api, "SHELF-5")


def test_a_double_press_sends_one_file_and_makes_one_job(new_tab: Callable[..., Tab], api: Api) -> None:
    promotion = new_promotion(api, **LIVE)
    tab = new_tab()
    tab.open(f"/promotions/{promotion}/import")
    choose(b"code\n=1\n")(tab.page)
    button = tab.page.get_by_role("button", name="Import the codes")
    expect(button).to_be_enabled()
    button.evaluate("(button) => { button.click(); button.click(); }")
    tab.heading("Import job without a name")
    assert (_puts(tab), len(tab.calls("POST", "/uploads"))) == (1, 1)
    assert len(api.call("GET", f"/v2/promotions/{promotion}/jobs").json["data"]) == 1


def test_a_press_after_a_lost_answer_finds_the_job_and_sends_no_file_again(
    new_tab: Callable[..., Tab], api: Api
) -> None:
    promotion = new_promotion(api, **LIVE)
    tab = new_tab()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    tab.page.route(CREATION, lose, times=1)
    tab.open(f"/promotions/{promotion}/import")
    choose(b"code\n=1\n")(tab.page)
    tab.press("Import the codes")
    tab.page.get_by_text("Press again: the same request makes one job.").wait_for()
    tab.press("Import the codes")
    tab.heading("Import job without a name")
    assert len(api.call("GET", f"/v2/promotions/{promotion}/jobs").json["data"]) == 1
    assert (_puts(tab), len(tab.calls("POST", "/uploads"))) == (1, 1)
    tab.faults.clear()  # the browser's note of the lost answer


def test_a_file_that_is_stopped_makes_no_job_and_can_be_sent_again(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(re.compile("/v2/bucket/upload"), lambda route: held.append(route), times=1)  # noqa: PLW0108
    tab.open(IMPORTING)
    choose()(tab.page)
    tab.press("Import the codes")
    tab.press("Stop")
    tab.page.get_by_text("You stopped it: nothing was imported.").wait_for()
    assert tab.calls("POST", "/jobs") == []
    tab.press("Import the codes")
    tab.heading("Codes for the June mailing")
    assert (_puts(tab), len(tab.calls("POST", "/jobs"))) == (2, 1)


def test_another_file_takes_the_place_of_one_that_is_being_sent(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(re.compile("/v2/bucket/upload"), lambda route: held.append(route), times=1)  # noqa: PLW0108
    tab.open(IMPORTING)
    choose()(tab.page)
    tab.press("Import the codes")
    tab.page.get_by_role("button", name="Stop").wait_for()
    choose(b"code\nOTHER\n")(tab.page)
    tab.page.get_by_text("OTHER", exact=True).wait_for()
    tab.press("Import the codes")
    tab.heading("Codes for the June mailing")
    announced = [it.post_data for it in tab.calls("POST", "/uploads")]
    assert announced == ['{"data":{"bytes":28}}', '{"data":{"bytes":11}}']
    assert len(tab.calls("POST", "/jobs")) == 1


def test_another_file_is_not_said_to_be_stopped(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open(IMPORTING)
    choose()(tab.page)
    held = tab.hold("/uploads")
    tab.press("Import the codes")
    tab.wait_for(lambda: len(held) == 1)
    choose(b"code\nOTHER\n")(tab.page)
    tab.page.get_by_text("OTHER", exact=True).wait_for()
    fulfil(held[0], {"data": UPLOAD})
    expect(tab.page.get_by_role("button", name="Import the codes")).to_be_enabled()
    expect(tab.page.locator("#file-fault")).to_be_hidden()
    assert (_puts(tab), len(tab.calls("POST", "/jobs"))) == (0, 0)


def test_a_file_that_cannot_be_read_is_not_taken_for_the_one_before_it(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.page.add_init_script(
        """
        const read = Blob.prototype.arrayBuffer;
        Blob.prototype.arrayBuffer = function () {
          if (window.isGone) throw new DOMException("It was moved", "NotReadableError");
          return read.call(this);
        };
        """
    )
    tab.open(IMPORTING)
    choose()(tab.page)
    tab.page.get_by_text("PRINTED-1").wait_for()
    tab.page.evaluate("() => (window.isGone = true)")
    choose(b"code\nOTHER\n", "moved.csv")(tab.page)
    expect(tab.page.locator("#file-fault")).to_have_text("The file cannot be read: choose it again.")
    expect(tab.page.get_by_text("PRINTED-1")).to_have_count(0)
    expect(tab.page.get_by_role("button", name="Import the codes")).to_be_disabled()


def test_a_file_whose_upload_is_used_is_sent_again_by_the_next_press(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    made_up.answers[NEW_JOB] = USED
    tab.open(IMPORTING)
    choose()(tab.page)
    tab.press("Import the codes")
    tab.page.get_by_text("The upload is used by a job: announce another one.").wait_for()
    expect(tab.page.locator("#file")).to_be_focused()
    made_up.answers[NEW_JOB] = MadeUp().answers[NEW_JOB]
    tab.press("Import the codes")
    tab.heading("Codes for the June mailing")
    assert _puts(tab) == 2


def test_leaving_the_screen_stops_the_file(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab()
    made_up = MadeUp().install(tab.page)
    held: list[Route] = []
    tab.page.route(re.compile("/v2/bucket/upload"), lambda route: held.append(route), times=1)  # noqa: PLW0108
    del made_up.answers[SENDING]
    tab.page.on("dialog", lambda question: question.accept())
    tab.open(IMPORTING)
    choose()(tab.page)
    tab.press("Import the codes")
    tab.page.get_by_role("button", name="Stop").wait_for()
    with tab.page.expect_event("requestfailed", lambda request: request.method == "PUT"):
        tab.page.get_by_role("link", name="Promotions", exact=True).click()
    tab.heading("Promotions")
    assert tab.calls("POST", "/jobs") == []


@pytest.mark.parametrize("content", [b"PK\x03\x04\xff", "code\nA\n".encode("utf-16"), b""])
def test_a_file_that_is_no_text_is_told_before_it_is_sent(new_tab: Callable[..., Tab], content: bytes) -> None:
    tab = new_tab()
    MadeUp().install(tab.page)
    tab.open(IMPORTING)
    choose(content)(tab.page)
    expect(tab.page.locator("#file-fault")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Import the codes")).to_be_disabled()
