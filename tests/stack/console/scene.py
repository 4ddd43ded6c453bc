"""A screen in a state: how it is reached, with the addresses, the API's routes and what a person does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from tests.stack.console.samples import JOBS, OPEN, P, fault, job, promotion

Act = Callable[[Page], object]
PROMOTION = f"/promotions/{P}"
JOB = f"{PROMOTION}/jobs/{JOBS[0]}"
GENERATE = f"{PROMOTION}/generate"
IMPORTING = f"{PROMOTION}/import"
THE_PROMOTION = r"GET promotions/[^/]+"
THE_JOBS = r"GET promotions/[^/]+/jobs"
THE_JOB = r"GET promotions/[^/]+/jobs/[^/]+"
THE_CODES = r"GET promotions/[^/]+/codes"
NEW_UPLOAD = r"POST promotions/[^/]+/uploads"
SENDING = r"PUT bucket/upload"
THE_REPORT = r"GET bucket/report"
NEW_JOB = r"POST promotions/[^/]+/jobs"
DRY_RUN = r"POST promotions/[^/]+/jobs\?dry_run=true"
MILLION = {"in_use": 1_000_000, "visible": 1_000_000}
BUSY = fault(503, "Service Unavailable", "Try again later")


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    path: str
    heading: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    act: Act = lambda _: None
    shows: str = ""
    """A text that is there when the state is reached."""
    signed_in: bool = True


def press(*names: str) -> Act:
    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("button", name=name, exact=True).click()

    return act


def fill(press: str | None = None, **values: str) -> Act:
    def act(page: Page) -> None:
        for name, value in values.items():
            page.locator(f"#{name.replace('_', '-')}").fill(value)
        if press:
            page.get_by_role("button", name=press, exact=True).click()

    return act


def choose(content: bytes = b"code,max_uses\r\nPRINTED-1,1\r\n", name: str = "codes.csv") -> Act:
    """Choose a file of that content."""

    def act(page: Page) -> None:
        page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})

    return act


def import_it(page: Page) -> None:
    choose()(page)
    page.get_by_role("button", name="Import the codes").click()


def of_job(status: str, **changes: Any) -> dict[str, Any]:
    return {
        THE_JOB: (200, {"data": job(status=status, **changes)}),
        THE_PROMOTION: (200, {"data": promotion(codes=OPEN)}),
    }


def ended(it: dict[str, Any]) -> dict[str, Any]:
    return {THE_JOB: (200, {"data": it})}
