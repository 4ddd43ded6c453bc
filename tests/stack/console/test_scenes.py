"""Every screen in every state, in both themes and at every width: it breaks no rule of axe or of its policy, asks no
other place for anything, and is whole. A picture of each is left in .local/console/ for a look.
"""

from collections.abc import Callable
from importlib import resources

import pytest
from playwright.sync_api import Page, ViewportSize

from local.stack import STATE
from tests.stack.console.browser import Tab
from tests.stack.console.samples import MadeUp
from tests.stack.console.scene import Scene
from tests.stack.console.scenes import SCENES

PICTURES = STATE / "console"
SIZES: list[ViewportSize] = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]
OTHER_WIDTHS = {320: "the least that there is", 640: "a laptop of 1,280 pixels, zoomed to 200 per cent"}
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
CUT = """
  () => [document.documentElement, ...document.querySelectorAll("dialog, .tabs")]
    .some((it) => it.scrollWidth > it.clientWidth)
"""
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def is_cut(page: Page) -> bool:
    """Whether a person has to scroll sideways to see all of the page, of a dialog, or of the ways to other pages."""
    return bool(page.evaluate(CUT))


def broken_rules(page: Page) -> list[tuple[str, list[str]]]:
    found = page.evaluate("(runOnly) => axe.run({ runOnly, resultTypes: ['violations'] })", STANDARDS)
    return [(it["id"], [node["html"] for node in it["nodes"]]) for it in found["violations"]]


def reach(tab: Tab, scene: Scene) -> None:
    MadeUp({**MadeUp().answers, **scene.answers}).install(tab.page)
    tab.open(scene.path)
    tab.heading(scene.heading)
    scene.act(tab.page)
    if scene.shows:
        tab.page.get_by_text(scene.shows).first.wait_for()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_screen_is_accessible_whole_and_within_its_policy(shared_tab: Callable[..., Tab], scene: Scene) -> None:
    tab = shared_tab(signed_in=scene.signed_in)
    # What Playwright brings in itself is not subject to the page's policy.
    tab.page.add_init_script(AXE)
    reach(tab, scene)
    PICTURES.mkdir(parents=True, exist_ok=True)
    has_dialog = tab.page.get_by_role("dialog").count() > 0
    for size in SIZES:
        tab.page.set_viewport_size(size)
        for theme in ("light", "dark"):
            tab.page.emulate_media(color_scheme=theme)
            name = f"{scene.name}-{size['width']}-{theme}.png"
            tab.page.screenshot(path=PICTURES / name, full_page=not has_dialog)
            assert not is_cut(tab.page)
            assert broken_rules(tab.page) == []
    for width in OTHER_WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 400})
        assert not is_cut(tab.page)
    assert tab.violations() == []
    assert tab.origins() == set()
