"""Every screen in every state, in both themes and at both widths: nothing is wrong by axe, nothing is cut, and a
picture of each is left in .local/console/ for a look.
"""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from local.stack import STATE
from tests.stack.console.browser import Tab
from tests.stack.console.samples import MadeUp
from tests.stack.console.scenes import SCENES, Scene

PICTURES = STATE / "console"
WIDTHS = {1280: 900, 390: 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}


def is_cut(page: Page) -> bool:
    """Whether a person has to scroll sideways to see all of the page."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def reach(tab: Tab, scene: Scene) -> MadeUp:
    made_up = MadeUp().install(tab.page)
    made_up.answers |= scene.answers
    tab.open(scene.path)
    tab.heading(scene.heading)
    scene.act(tab.page)
    if scene.shows:
        tab.page.get_by_text(scene.shows).first.wait_for()
    return made_up


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_screen_is_accessible_and_whole(new_tab: Callable[..., Tab], scene: Scene) -> None:
    # Playwright runs axe by evaluating its text, which the page's policy forbids.
    tab = new_tab(signed_in=scene.signed_in, bypass_csp=True, reduced_motion="reduce")
    reach(tab, scene)
    for width, height in WIDTHS.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            tab.page.emulate_media(color_scheme=theme)
            tab.page.wait_for_timeout(100)
            PICTURES.mkdir(parents=True, exist_ok=True)
            tab.page.screenshot(path=PICTURES / f"{scene.name}-{width}-{theme}.png", full_page=True)
            assert not is_cut(tab.page)
            found = Axe().run(tab.page, options=RULES).response["violations"]
            assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []
