"""A site of static files: read, zipped and hashed when its function starts, and served with headers that let a browser
load, send and run nothing but what is the site's own.
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from promotion_jobs.api.errors import RouteNotFound
from promotion_jobs.api.resolver import Answer


def security_headers(*origins: str) -> Mapping[str, str]:
    """Of a page that calls its own origin, and these, and no other place."""
    called = " ".join(["'self'", *origins])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {called}; "
            "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".txt": "text/plain",
}
_PAGE = "index.html"
_FOREIGN = "vendor"
"""The folder of files by others, which are served byte for byte."""
_ADDRESS = re.compile(r'"(?:\.\.?/)*(?:[\w-]+/)*([\w.-]+\.(?:css|js|mjs))"')
_COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
"""Whole lines: they are for the reader of the source, and a seventh of what a browser would load."""
_ASKED_AGAIN = "no-cache"
_KEPT = "public, max-age=31536000, immutable"
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


@dataclass(frozen=True, slots=True)
class _File:
    content_type: str
    plain: bytes
    zipped: bytes
    tag: str


class Site:
    """The files below ``folder``: ``index.html`` is shown at ``path``, each other one at ``path/name``.

    Names are unique over its folders, which no address has: where a file names another one in quotes, it is served
    with that one's address and the version of the site, under which a browser keeps it for a year. Lines of comment in
    its modules are served empty.
    """

    def __init__(self, folder: Path, path: str) -> None:
        sources = {source.name: source for source in sorted(folder.rglob("*")) if source.suffix in _TYPES}
        content = {name: source.read_bytes() for name, source in sources.items()}
        self.version = sha256(b"".join(content.values())).hexdigest()[:12]

        def addressed(name: str) -> bytes:
            if sources[name].parent.name == _FOREIGN:
                return content[name]
            root = path if name == _PAGE else "."
            text = _ADDRESS.sub(rf'"{root}/\g<1>?v={self.version}"', content[name].decode())
            return (_without_comments(text) if name.endswith(".js") else text).encode()

        self._files = {name: _file(source.suffix, addressed(name)) for name, source in sources.items()}
        self._page = self._files.pop(_PAGE)

    @property
    def page_tag(self) -> str:
        return self._page.tag

    def page(self, event: APIGatewayProxyEventV2, *origins: str) -> Answer:
        """``origins`` are the other places that it may call."""
        return _answer(self._page, event, _ASKED_AGAIN, *origins)

    def file(self, event: APIGatewayProxyEventV2, name: str) -> Answer:
        """Raises RouteNotFound where the site has no file of that name."""
        if name not in self._files:
            raise RouteNotFound
        is_current = event.query_string_parameters.get("v") == self.version
        return _answer(self._files[name], event, _KEPT if is_current else _ASKED_AGAIN)


def _file(suffix: str, content: bytes) -> _File:
    tag = f'W/"{sha256(content).hexdigest()[:16]}"'
    # Without a time in it, so that the same content is the same bytes.
    return _File(f"{_TYPES[suffix]}; charset=utf-8", content, gzip.compress(content, mtime=0), tag)


def _without_comments(text: str) -> str:
    """With its lines where they were, for who looks for an error."""
    return _COMMENTS.sub(lambda comment: "\n" * comment[0].count("\n"), text)


def _answer(file: _File, event: APIGatewayProxyEventV2, caching: str, *origins: str) -> Answer:
    headers = {**security_headers(*origins), "Cache-Control": caching, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.tag in event.headers.get("if-none-match", ""):
        return Response(HTTPStatus.NOT_MODIFIED.value, headers=headers)
    if _TAKES_GZIP.search(event.headers.get("accept-encoding", "")):
        return Response(HTTPStatus.OK.value, file.content_type, file.zipped, {**headers, "Content-Encoding": "gzip"})
    return Response(HTTPStatus.OK.value, file.content_type, file.plain.decode(), headers)
