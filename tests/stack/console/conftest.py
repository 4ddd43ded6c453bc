"""Debian's Chromium, driven by Playwright. Without either, the tests of the console are skipped."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from local.api import Api
from local.stack import LocalStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.stack.console.browser import Tab

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TO_INSTALL = "No Chromium is found: `apt-get install chromium` installs it"


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    if CHROMIUM is None:
        pytest.skip(TO_INSTALL)
    playwright = pytest.importorskip("playwright.sync_api", reason="`make test` installs Playwright")
    playwright.expect.set_options(timeout=60_000)
    with playwright.sync_playwright() as driver:
        # As root, as in CI, Chromium has no sandbox of its own.
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def new_tab(browser: "Browser", stack: LocalStack, api: Api) -> "Iterator[Callable[..., Tab]]":
    """Opens tabs, each of a browser of its own; what must never happen in one is checked at the end of the test."""
    from tests.stack.console.browser import tab  # noqa: PLC0415 - where there is no Playwright, nothing asks for it

    with ExitStack() as opened:

        def opens(*, signed_in: bool = True, as_: Api = api, **context: Any) -> "Tab":
            return opened.enter_context(tab(browser, stack, as_ if signed_in else None, **context))

        yield opens
