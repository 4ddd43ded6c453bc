"""Read a request: its body, its page and its filter, or the faults in them (decisions 10, 12 and 16)."""

import json
import math
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from promotion_jobs import limits
from promotion_jobs.api.errors import PayloadTooLarge, UnsupportedMediaType
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.pages import Page, parse_filter

_JSON = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(rf"[ -~]{{1,{limits.IDEMPOTENCY_KEY_CHARACTERS}}}")
_NUMBER = re.compile(r"[0-9]{1,9}")


def body_bytes(event: APIGatewayProxyEventV2) -> bytes:
    """The body as it was sent: forms, and bodies without a content type, arrive in base64. Raises PayloadTooLarge."""
    raw = event.body or ""
    body = b64decode(raw) if event.is_base64_encoded else raw.encode(errors="surrogatepass")
    if len(body) > limits.BODY_BYTES:
        raise PayloadTooLarge(limits.BODY_BYTES)
    return body


def form(event: APIGatewayProxyEventV2) -> dict[str, str]:
    """The fields of a form, whatever the content type says (contract 4); of a repeated one, the last."""
    return dict(parse_qsl(body_bytes(event).decode(errors="replace")))


def json_data(event: APIGatewayProxyEventV2) -> dict[str, Any]:
    """The object that was sent, taken out of its ``data`` member where it has one.

    Raises UnsupportedMediaType, PayloadTooLarge and InvalidRequest.
    """
    content_type = event.headers.get("content-type")
    if content_type and not _JSON.fullmatch(content_type.strip()):
        raise UnsupportedMediaType
    try:
        document = json.loads(body_bytes(event).decode(), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise InvalidRequest(Fault("data", "Bad Request", "The body is not valid JSON")) from None
    if _is_deeper(document, limits.BODY_DEPTH):
        raise InvalidRequest(
            Fault("data", "Bad Request", f"The body may be nested at most {limits.BODY_DEPTH} levels deep")
        )
    data = document.get("data", document) if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise InvalidRequest(Fault("data", "invalid", "data must be an object"))
    return data


def _is_deeper(value: Any, depth: int) -> bool:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < 0 or any(_is_deeper(member, depth - 1) for member in members)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return number


def query(event: APIGatewayProxyEventV2) -> dict[str, str]:
    """The query's parameters, from the raw string: the parsed ones are split at commas, which filters contain."""
    return dict(parse_qsl(event.raw_query_string or "", keep_blank_values=True, errors="replace"))


def is_dry_run(parameters: Mapping[str, str]) -> bool:
    """Raises InvalidRequest where ``dry_run`` is neither true nor false."""
    text = parameters.get("dry_run", "false")
    if text not in {"true", "false"}:
        raise InvalidRequest(Fault("dry_run", "invalid", "dry_run must be true or false"))
    return text == "true"


def idempotency_key(event: APIGatewayProxyEventV2) -> str | None:
    """The key by which two requests are one (decision 18); None if the client sent none. Raises InvalidRequest."""
    key: str | None = event.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        detail = f"Idempotency-Key must be 1 to {limits.IDEMPOTENCY_KEY_CHARACTERS} printable ASCII characters"
        raise InvalidRequest(Fault("Idempotency-Key", "invalid", detail))
    return key


def page(parameters: Mapping[str, str], beyond: str = "") -> Page:
    """Which records are wanted. ``beyond`` says what to do to see more than pages show. Raises InvalidRequest."""
    faults = []
    limit = parameters.get("page[limit]", str(limits.PAGE_LENGTH))
    offset = parameters.get("page[offset]", "0")
    if not _within(limit, 1, limits.MAX_PAGE_LENGTH):
        detail = f"page[limit] must be a whole number from 1 to {limits.MAX_PAGE_LENGTH}"
        faults.append(Fault("page[limit]", "invalid", detail))
    if not _within(offset, 0, limits.MAX_PAGE_OFFSET):
        detail = f"page[offset] must be a whole number from 0 to {limits.MAX_PAGE_OFFSET}{beyond}"
        faults.append(Fault("page[offset]", "invalid", detail))
    if faults:
        raise InvalidRequest(*faults)
    return Page(int(limit), int(offset))


def _within(text: str, least: int, most: int) -> bool:
    return _NUMBER.fullmatch(text) is not None and least <= int(text) <= most


def wanted(parameters: Mapping[str, str], attributes: Mapping[str, Callable[[str], str]]) -> dict[str, set[str]]:
    """Attribute → the values that the filter allows. Raises InvalidFilter."""
    return parse_filter(parameters.get("filter"), attributes)
