"""A tab of a real browser with the console in it, which notes all that must never happen."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import randbits
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Route

from local.api import Api
from local.stack import LocalStack
from promotion_jobs.aws.clients import Clients
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service

ANSWERED_WITHIN = 60_000
"""Milliseconds: the first call of a function starts a process, which on a busy machine takes long."""
_WATCH_POLICY = """
  window.violations = [];
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    violations.push(`${violatedDirective} ${blockedURI}`);
  });
"""
_OF_A_STATUS = re.compile(r"Failed to load resource")


@dataclass
class Tab:
    """``page`` is Playwright's; ``faults`` are errors of scripts, and ``requests`` all that was asked for, in order."""

    page: Page
    base_url: str
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def watch(self) -> None:
        self.page.set_default_timeout(ANSWERED_WITHIN)
        self.page.add_init_script(_WATCH_POLICY)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - Playwright marks it

    def _note(self, message: ConsoleMessage) -> None:
        # That a request was answered with an error is the browser's own note.
        if message.type in {"error", "warning"} and not _OF_A_STATUS.search(message.text):
            self.faults.append(message.text)

    def refuse_dialogs(self) -> list[str]:
        """The kinds of the browser's own dialogs from now on; each is answered with no."""
        asked: list[str] = []

        def refuse(question: Dialog) -> None:
            asked.append(question.type)
            question.dismiss()

        self.page.on("dialog", refuse)
        return asked

    def calls(self, method: str = "", part: str = "") -> list[Request]:
        """The calls of the API so far."""
        return [it for it in self.requests if "/v2/" in it.url and method in it.method and part in it.url]

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("() => window.violations")
        return found

    def origins(self) -> set[str]:
        """Other places than the console's own that were asked for anything."""
        parts = [urlsplit(it.url) for it in self.requests]
        return {f"{it.scheme}://{it.netloc}" for it in parts if it.scheme != "data"} - {self.base_url}

    def hold(self, address: str, method: str = "") -> list[Route]:
        """The requests of an address that ends so, which wait for their answer from now on."""
        held: list[Route] = []

        def keep(route: Route) -> None:
            if method in route.request.method:
                held.append(route)
            else:
                route.fallback()

        self.page.route(re.compile(address + "$"), keep)
        return held

    def wait_for(self, is_true: Callable[[], bool]) -> None:
        """Lets handlers of routes run, as they do while Playwright waits, until it is so."""
        deadline = time.monotonic() + ANSWERED_WITHIN / 1000
        while not is_true():
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(20)

    def open(self, path: str = "/promotions") -> None:
        """A screen, by its address."""
        self.page.goto(f"{self.base_url}/console#{path}")

    def heading(self, text: str) -> None:
        """Waits until the screen of that heading is there."""
        self.page.get_by_role("heading", level=1, name=text).wait_for()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


def service_of(stack: LocalStack) -> Service:
    """The service on the stack's table, for what its operator does."""
    clients = Clients()
    clients.dynamodb = stack.aws.dynamodb
    return Service(clients, lambda: datetime.now(UTC), randbits, Settings({"TABLE_NAME": stack.table_name}))


def session(api: Api, client_id: str = "demo") -> str:
    """The script that signs a tab in before its page runs."""
    kept = json.dumps({"token": api.token, "clientId": client_id})
    return f"if (!sessionStorage.getItem('session')) sessionStorage.setItem('session', JSON.stringify({kept}));"


@contextmanager
def context(browser: Browser, stack: LocalStack, api: Api | None, **options: Any) -> Iterator[BrowserContext]:
    """A browser of its own, signed in where there is an ``api``."""
    opened = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | options)
    try:
        if api:
            opened.add_init_script(session(api, stack.client.client_id))
        yield opened
    finally:
        opened.close()


@contextmanager
def tab(within: BrowserContext, stack: LocalStack) -> Iterator[Tab]:
    opened = Tab(within.new_page(), stack.base_url)
    try:
        opened.watch()
        yield opened
        # Read before the page is gone: nothing that a test does may break the policy or a script.
        assert opened.violations() == []
        assert opened.faults == []
    finally:
        opened.page.close()


def fulfil(route: Route, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """Answers with a text as it is, with anything else as JSON."""
    kind, text = ("text/csv", body) if isinstance(body, str) else ("application/json", json.dumps(body))
    route.fulfill(status=status, headers={"content-type": kind, **(headers or {})}, body=text)
