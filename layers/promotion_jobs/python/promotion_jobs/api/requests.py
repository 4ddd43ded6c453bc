"""Read a request: its body, its page and its filter, or the faults in them (decisions 10, 12 and 16)."""

import json
import math
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_plus

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from promotion_jobs import limits
from promotion_jobs.api.errors import PayloadTooLarge, UnsupportedMediaType
from promotion_jobs.errors import Fault, InvalidRequest, shortened
from promotion_jobs.pages import Clause, Page, parse_clauses, parse_filter

_JSON = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(rf"[ -~]{{1,{limits.IDEMPOTENCY_KEY_CHARACTERS}}}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_BASIC = re.compile(r"(?i:basic) +(\S+)")
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    """The object that was sent, taken out of its ``data`` member where it has one (decision 10).

    Raises UnsupportedMediaType, PayloadTooLarge and InvalidRequest.
    """
    content_type = event.headers.get("content-type")
    if content_type and not _JSON.fullmatch(content_type.strip()):
        raise UnsupportedMediaType("Send the body as application/json")
    if event.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the body without a Content-Encoding")
    document = _parsed(body_bytes(event))
    if _is_deeper(document, limits.BODY_DEPTH):
        raise _bad_body(f"The body may be nested at most {limits.BODY_DEPTH} levels deep")
    data = document.get("data", document) if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise InvalidRequest(Fault("data", "invalid", "data must be an object"))
    if path := _unsound(data, ("data",)):
        names = [shortened(name) for name in path]
        detail = f"{names[-1]} has NUL or half a surrogate pair in it, which no text may have"
        raise InvalidRequest(Fault(".".join(names), "invalid", detail))
    return data


def _bad_body(detail: str) -> InvalidRequest:
    return InvalidRequest(Fault("data", "Bad Request", detail))


def _parsed(body: bytes) -> Any:
    """The JSON document, with or without a byte order mark in front. Raises InvalidRequest."""
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_integer,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError):
        raise _bad_body("The body is not valid JSON") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises InvalidRequest for a member that is there twice: two readers could take it for two things."""
    found = dict(members)
    if len(found) < len(members):
        [(twice, _)] = Counter(name for name, _ in members).most_common(1)
        raise _bad_body(f"The body has the member {_printable(twice)} twice")
    return found


def _integer(text: str) -> int:
    """Raises InvalidRequest for a number that hardly any reader could take."""
    if len(text.lstrip("-")) > limits.INTEGER_DIGITS:
        raise _bad_body(f"A whole number in the body may have at most {limits.INTEGER_DIGITS} digits")
    return int(text)


def _is_deeper(value: Any, depth: int) -> bool:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < 0 or any(_is_deeper(member, depth - 1) for member in members)


def _unsound(value: Any, path: tuple[str, ...]) -> tuple[str, ...]:
    """The path to a text, or to a member by such a name, that not every reader could take; empty if there is none."""
    if isinstance(value, str):
        return () if _is_sound(value) else path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if isinstance(name, str) and not _is_sound(name):
            return *path, _printable(name)
        if isinstance(member, str | dict | list) and (found := _unsound(member, (*path, str(name)))):
            return found
    return ()


def _printable(name: str) -> str:
    return shortened(name.encode(errors="replace").decode().replace("\0", "?"))


def _is_sound(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not _SURROGATE.search(text))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return number


LIST_PARAMETERS = ("filter", "page[limit]", "page[offset]")
USAGE_PARAMETERS = (*LIST_PARAMETERS, "sort")
JOB_PARAMETERS = ("dry_run",)


def query(event: APIGatewayProxyEventV2, known: Collection[str], *, only: bool = False) -> dict[str, str]:
    """The query's parameters, from the raw string: the parsed ones are split at commas, which filters contain.

    Raises InvalidRequest for a known one that is there twice, and with ``only`` for one that is not known.
    """
    sent = parse_qsl(event.raw_query_string or "", keep_blank_values=True, errors="replace")
    times = Counter(name for name, _ in sent)
    faults = [Fault(name, "invalid", f"{name} must be given once") for name in known if times[name] > 1]
    if only:
        strange = [shortened(name) for name in times if name not in known]
        faults += [Fault(name, "invalid", f"{name} is not a parameter of this request") for name in strange]
    if faults:
        raise InvalidRequest(*faults[: limits.FAULTS])
    return dict(sent)


def client_credentials(event: APIGatewayProxyEventV2, fields: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The client's id and secret, as the form has them or else HTTP Basic (contract 4; RFC 6749, 2.3.1)."""
    basic = _BASIC.fullmatch(event.headers.get("authorization", ""))
    if "client_id" in fields or "client_secret" in fields or basic is None:
        return fields.get("client_id"), fields.get("client_secret")
    try:
        client_id, _, secret = b64decode(basic[1], validate=True).decode().partition(":")
    except ValueError:
        return None, None
    return unquote_plus(client_id), unquote_plus(secret)


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


def newest_first(parameters: Mapping[str, str], *, unless_sorted: bool) -> bool:
    """Whether the list is to be in descending order by time of use. Raises InvalidRequest for any other order."""
    match parameters.get("sort"):
        case None:
            return unless_sorted
        case "used_on":
            return False
        case "-used_on":
            return True
    raise InvalidRequest(Fault("sort", "invalid", "sort must be used_on or -used_on"))


def clauses(parameters: Mapping[str, str], operators: Mapping[str, Collection[str]]) -> Sequence[Clause]:
    """The conditions of the filter. Raises InvalidFilter."""
    return parse_clauses(parameters.get("filter"), operators)


def _within(text: str, least: int, most: int) -> bool:
    return _NUMBER.fullmatch(text) is not None and least <= int(text) <= most


def wanted(parameters: Mapping[str, str], attributes: Mapping[str, Callable[[str], str]]) -> dict[str, set[str]]:
    """Attribute → the values that the filter allows. Raises InvalidFilter."""
    return parse_filter(parameters.get("filter"), attributes)
