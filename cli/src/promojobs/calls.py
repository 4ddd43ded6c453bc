"""Calls of the API: signed in, sent again where that is safe, and checked."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from math import inf
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from promojobs.errors import NotSignedIn, Unreachable, of_answer
from promojobs.transport import TRIES, Answer, Transport, Waits, checked_url

_PAGE = 100
_SAFE = frozenset({"GET", "PUT", "DELETE"})
_NOTHING, _ELSEWHERE, _ERRORS, _UNAUTHORIZED = 204, 300, 400, 401


class Calls:
    """``token`` is a good one, if there is one; ``on_token`` is told of each new one with its end in epoch seconds.

    Without a secret, the token is all there is. ``tries`` is how often a request is sent that may be sent again. Tests
    pass in time, waiting, chance and keys of their own.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str | None,
        *,
        token: str | None = None,
        on_token: Callable[[str, int], None] = lambda _token, _expires: None,
        timeout: float = 30.0,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = lambda: secrets.randbelow(2**32) / 2**32,
        new_key: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Raises WrongUse for an address that would show secrets on the way."""
        self.url = checked_url(url)
        self.client_id = client_id
        self._secret = client_secret
        self._token = token
        self.expires: int | None = None
        """When the last token that was got by the secret ends, in epoch seconds."""
        self._on_token = on_token
        self._sleep = sleep
        self._clock = clock
        self.new_key = new_key
        self._waits = Waits(sleep, chance, clock)
        self._transport = Transport(self._waits, timeout, tries)

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """By PROMOJOBS_URL, PROMOJOBS_CLIENT_ID and PROMOJOBS_CLIENT_SECRET. Raises NotSignedIn without them."""
        names = ("PROMOJOBS_URL", "PROMOJOBS_CLIENT_ID", "PROMOJOBS_CLIENT_SECRET")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise NotSignedIn(f"Set {' and '.join(missing)}")
        return cls(*(os.environ[name] for name in names), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    # Requests

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        may_repeat: bool | None = None,
        within: float = inf,
    ) -> Answer:
        """The answer to one request, whatever it says; a body that is not None is sent as JSON.

        It is tried for ``within`` seconds. Where ``may_repeat`` is not said, a lost answer of a GET, PUT or DELETE is
        asked for again, and of a POST with an Idempotency-Key. Raises Unreachable and NotSignedIn.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        if may_repeat is None:
            may_repeat = method in _SAFE or "idempotency-key" in sent
        for is_last in (False, True):
            sent["authorization"] = f"Bearer {self._token or self.sign_in()}"
            answer = self._transport.send(method, self.url + path, sent, content, may_repeat=may_repeat, within=within)
            if answer.status != _UNAUTHORIZED or is_last or self._secret is None:
                break
            # It has run out, or was revoked.
            self._token = None
        return answer

    def sign_in(self) -> str:
        """A new token. Raises NotSignedIn and Unreachable."""
        if self._secret is None:
            raise NotSignedIn("There is no secret to get a token by")
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self._secret}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url = f"{self.url}/oauth/access_token"
        answer = self._transport.send("POST", url, headers, urlencode(form).encode(), may_repeat=True)
        if answer.status == _UNAUTHORIZED:
            raise NotSignedIn("The service knows no such client with this secret", status=answer.status)
        document = checked(answer)
        self._token, self.expires = str(document["access_token"]), int(document["expires"])
        self._on_token(self._token, self.expires)
        return self._token

    def call(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        key: str | None = None,
        may_repeat: bool | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """What the API answers, as JSON; None where it answers nothing. ``data`` is sent in the member of that name.

        Raises Refused, NotSignedIn and Unreachable.
        """
        headers = {"idempotency-key": key} if key else {}
        target = f"{path}?{urlencode(query)}" if query else path
        body = None if data is None else {"data": data}
        return checked(self.request(method, target, body, headers=headers, may_repeat=may_repeat))

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """The records of a list, page by page; of a longer one no more than pages show."""
        offset = 0
        while True:
            asked = {**(query or {}), "page[limit]": str(_PAGE), "page[offset]": str(offset)}
            found = self.call("GET", path, query=asked)["data"]
            yield from found
            offset += _PAGE
            if len(found) < _PAGE or offset > 10_000:  # noqa: PLR2004 - the API's greatest offset
                return


def checked(answer: Answer) -> Any:
    """What the answer says, as JSON. Raises Refused, NotSignedIn and Unreachable."""
    if answer.status >= _ERRORS:
        raise of_answer(answer.status, answer.json, answer.request_id)
    if answer.status == _NOTHING:
        return None
    if answer.status >= _ELSEWHERE or not isinstance(answer.json, dict):
        raise Unreachable(f"{answer.status} is no answer of Promotion Jobs: is this its address?", status=answer.status)
    return answer.json
