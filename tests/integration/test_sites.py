"""/docs and /console: static files, served whole, zipped and with their version, and nothing but them."""

import gzip
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.cloud import OF_A_PAGE, Cloud
from tests.support.documents import page, sources
from tests.support.events import read

MOST_BYTES = 70_000
SITES = {"show_docs": "docs", "show_console": "console"}
"""Function → path."""
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
FILES = [(function, name) for function in SITES for name in sorted(sources(function)) if name != "index.html"]
VERSION = {function: re.search(r"\?v=([0-9a-f]{12})\"", page(function, path)[2]) for function, path in SITES.items()}


def _ask(cloud: Cloud, function: str, name: str, query: str = "", **headers: str) -> Any:
    """What the function returns to Lambda."""
    event = read(function)
    path = f"/{SITES[function]}/{name}"
    event |= {"rawPath": path, "rawQueryString": query, "routeKey": f"GET /{SITES[function]}/{{file}}"}
    event["requestContext"]["http"]["path"] = path
    event["pathParameters"] = {"file": name}
    if query:
        event["queryStringParameters"] = dict([query.split("=")])
    event["headers"] |= {key.replace("_", "-"): value for key, value in headers.items()}
    return cloud.invoke(function, event)


def _version(function: str) -> str:
    found = VERSION[function]
    assert found
    return found[1]


@pytest.mark.parametrize(("function", "name"), FILES)
def test_a_file_is_served_whole_with_the_strict_headers_to_anybody(cloud: Cloud, function: str, name: str) -> None:
    reply = _ask(cloud, function, name)
    source = sources(function)[name]
    headers: Mapping[str, str] = {
        **OF_A_PAGE,
        "Content-Type": TYPES[source.suffix],
        "Cache-Control": "no-cache",
        "ETag": reply["headers"]["ETag"],
        "Vary": "Accept-Encoding",
    }
    assert (reply["statusCode"], reply["headers"], reply["isBase64Encoded"]) == (200, headers, False)
    served = re.sub(r"\?v=[0-9a-f]{12}", "", reply["body"]).split("\n")
    written = _flat(source.read_text()).split("\n")
    kept = [line == other for line, other in zip(served, written, strict=True)]
    left_out = [other.lstrip()[:2] for other, is_kept in zip(written, kept, strict=True) if not is_kept]
    assert set(left_out) <= {"//", "/*", "*", "* ", "*/"}
    assert source.suffix == ".js" or left_out == []
    assert [line for line, is_kept in zip(served, kept, strict=True) if line and not is_kept] == []


@pytest.mark.parametrize("function", SITES)
def test_a_module_is_served_without_its_lines_of_comment(cloud: Cloud, function: str) -> None:
    own = [name for name, path in sources(function).items() if path.suffix == ".js" and path.parent.name != "vendor"]
    lines = [line for name in own for line in _ask(cloud, function, name)["body"].split("\n")]
    assert [line for line in lines if re.match(r"\s*(//|/\*\*[^*]*\*/$|\* )", line)] == []


def test_all_files_of_the_console_together_are_small(cloud: Cloud) -> None:
    names = [name for name, path in sources("show_console").items() if path.suffix in {".css", ".js", ".mjs"}]
    zipped = [b64decode(_ask(cloud, "show_console", name, accept_encoding="gzip")["body"]) for name in names]
    whole_page = gzip.compress(sources("show_console")["index.html"].read_bytes())
    assert len(zipped) > 30
    assert sum(len(file) for file in [*zipped, whole_page]) <= MOST_BYTES


def _flat(text: str) -> str:
    """The names of other files without their folders, which no address has."""
    return re.sub(r'"\.\.?/(?:[\w.-]+/)*([\w.-]+\.m?js)"', r'"./\1"', text)


@pytest.mark.parametrize(("function", "name"), FILES)
def test_a_file_by_others_is_served_byte_for_byte(cloud: Cloud, function: str, name: str) -> None:
    source = sources(function)[name]
    body = _ask(cloud, function, name)["body"]
    assert source.parent.name != "vendor" or body.encode() == source.read_bytes()


@pytest.mark.parametrize(("function", "name"), FILES)
def test_a_file_of_the_version_that_the_page_names_is_kept_for_a_year(cloud: Cloud, function: str, name: str) -> None:
    queries = (f"v={_version(function)}", "v=000000000000", "w=1")
    kept = [_ask(cloud, function, name, query)["headers"]["Cache-Control"] for query in queries]
    assert kept == ["public, max-age=31536000, immutable", "no-cache", "no-cache"]


@pytest.mark.parametrize(("function", "name"), FILES)
@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1"])
def test_a_file_is_zipped_for_a_browser_that_takes_it(cloud: Cloud, function: str, name: str, accepted: str) -> None:
    plain, zipped = _ask(cloud, function, name), _ask(cloud, function, name, accept_encoding=accepted)
    assert zipped["isBase64Encoded"] is True
    assert zipped["headers"] == plain["headers"] | {"Content-Encoding": "gzip"}
    assert gzip.decompress(b64decode(zipped["body"])).decode() == plain["body"]


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0", "gzip; q=0.0, br", "xgzipped"])
def test_a_file_is_plain_for_a_browser_that_does_not_take_it_zipped(cloud: Cloud, accepted: str) -> None:
    reply = _ask(cloud, "show_docs", "docs.js", accept_encoding=accepted)
    assert (reply["isBase64Encoded"], "Content-Encoding" in reply["headers"]) == (False, False)


@pytest.mark.parametrize(("function", "name"), FILES)
def test_a_file_that_the_browser_has_is_not_sent_again(cloud: Cloud, function: str, name: str) -> None:
    first = _ask(cloud, function, name)
    again = _ask(cloud, function, name, if_none_match=f'"other", {first["headers"]["ETag"]}')
    headers = {key: value for key, value in first["headers"].items() if key != "Content-Type"}
    assert (again["statusCode"], again["headers"], again["body"]) == (304, headers, None)


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "app.py", "vendor.lock", "../app.py", "vendor%2Fpreact.mjs", "", "é", "\ud800"]
)
@pytest.mark.parametrize("function", SITES)
def test_what_is_no_file_of_the_site_is_not_found(cloud: Cloud, function: str, name: str) -> None:
    assert _ask(cloud, function, name)["statusCode"] == 404


@pytest.mark.parametrize("function", SITES)
def test_every_script_is_named_by_the_page_so_that_one_round_trip_fetches_all(function: str) -> None:
    scripts = {name for name, path in sources(function).items() if path.suffix in {".js", ".mjs"}}
    named = set(re.findall(r'(?:href|src)="([\w.-]+js)"', sources(function)["index.html"].read_text()))
    assert named == scripts


@pytest.mark.parametrize("function", SITES)
def test_a_site_loads_nothing_from_anywhere_else_and_shows_what_it_is_told_as_text(function: str) -> None:
    own = {name: path.read_text() for name, path in sources(function).items() if path.parent.name != "vendor"}
    for name, text in own.items():
        assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'\s>]+""", text) == [], name
        # Comments name types as what import("…") gives.
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        assert re.findall(r"""(?:@import|url\(|import\()\s*["']?""", code) == [], name
        assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|srcdoc", text) == [], name
        assert re.findall(r"\sstyle=|<style|\son[a-z]+=\"", text) == [], name
