"""Debian's Chromium, driven by Playwright, which `make test` installs. Without a browser these tests are skipped."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from local.api import Api
from local.stack import LocalStack
from tests.stack.console.browser import ANSWERED_WITHIN, Tab, context, tab

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TO_INSTALL = "No Chromium is found: `apt-get install chromium` installs it"
OpenTab = Callable[..., Tab]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(TO_INSTALL)
    expect.set_options(timeout=ANSWERED_WITHIN)
    with sync_playwright() as driver:
        # As root, as in CI, Chromium has no sandbox of its own.
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def new_tab(browser: Browser, stack: LocalStack, api: Api) -> Iterator[OpenTab]:
    """Opens tabs, each of a browser of its own; what must never happen in one is checked at the end of the test."""
    with ExitStack() as opened:

        def opens(*, signed_in: bool = True, as_: Api = api, **options: Any) -> Tab:
            own = opened.enter_context(context(browser, stack, as_ if signed_in else None, **options))
            return opened.enter_context(tab(own, stack))

        yield opens


@pytest.fixture(scope="module")
def shared(browser: Browser, stack: LocalStack, api: Api) -> Iterator[dict[bool, BrowserContext]]:
    """Two browsers for many tests, which load the console once: whether a person is signed in → the browser."""
    with ExitStack() as opened:
        options = {"reduced_motion": "reduce"}
        yield {
            is_in: opened.enter_context(context(browser, stack, api if is_in else None, **options))
            for is_in in (True, False)
        }


@pytest.fixture
def shared_tab(shared: dict[bool, BrowserContext], stack: LocalStack) -> Iterator[OpenTab]:
    with ExitStack() as opened:
        yield lambda *, signed_in: opened.enter_context(tab(shared[signed_in], stack))
