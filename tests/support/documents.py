"""The API's description, and the sites of static files, as they are served."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.cloud import OF_A_PAGE, OF_THE_CONSOLE

ROOT = Path(__file__).parents[2]
SERVED = {".css", ".html", ".js", ".mjs", ".txt"}
OPENAPI = (ROOT / "layers/promotion_jobs/python/promotion_jobs/api/openapi.json").read_text()


def sources(function: str) -> Mapping[str, Path]:
    """The files of a site as they are written, by name."""
    static = ROOT / "functions" / function / "static"
    return {path.name: path for path in static.rglob("*") if path.suffix in SERVED}


def page(function: str, path: str) -> tuple[int, Mapping[str, str], str]:
    """The answer to a browser that asks for a site: its files' addresses have the site's version."""
    site: Any = import_module(f"functions.{function}.app").site
    text = sources(function)["index.html"].read_text()
    for name in sources(function):
        text = text.replace(f'"{name}"', f'"{path}/{name}?v={site.version}"')
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        **(OF_THE_CONSOLE if function == "show_console" else OF_A_PAGE),
        "Cache-Control": "no-cache",
        "ETag": site.page_tag,
        "Vary": "Accept-Encoding",
    }
    return 200, headers, text
