"""Requests by their line, handed to the function whose route they match, as the gateway does it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from tests.support import template
from tests.support.cloud import Answer, Cloud
from tests.support.events import http_event


class Request(NamedTuple):
    """``line`` is the method and the target, whose path is as functions see it: decoded."""

    line: str
    body: str | bytes | None = None
    headers: Mapping[str, str | None] | None = None


@cache
def _routes() -> list[tuple[str, re.Pattern[str], str]]:
    """Method, pattern of the path, and function."""
    return [
        (*_pattern(route), function)
        for function in template.functions()
        for route in template.routes(function)
        if route != "$default"
    ]


def _pattern(route: str) -> tuple[str, re.Pattern[str]]:
    method, path = route.split()
    return method, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _match(method: str, path: str) -> tuple[str, dict[str, str]]:
    for own, pattern, function in _routes():
        if own == method and (found := pattern.fullmatch(path)):
            return function, found.groupdict()
    return "reject_unknown_route", {}


def ask(cloud: Cloud, request: Request) -> Answer:
    """The answer to a request, which is our client's unless its headers say otherwise."""
    method, target = request.line.split(" ", 1)
    path, _, query = target.partition("?")
    function, ids = _match(method, path)
    headers = {"authorization": f"Bearer {cloud.token}", **(request.headers or {})}
    event: dict[str, Any] = http_event(function, ids=ids, query=query, headers=headers, body=request.body)
    http = event["requestContext"]["http"]
    event["rawPath"] = http["path"] = path
    http["method"] = method
    status, reply_headers, answer = cloud.reply(function, event)
    assert reply_headers.keys() <= {"Content-Type", "Allow", "WWW-Authenticate"}
    return status, answer
