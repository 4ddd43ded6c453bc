"""A caller of the HTTP API, for the demo and the tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from local import StackError

if TYPE_CHECKING:
    from local.stack import Client

_ANSWER_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def checked(self) -> "Answer":
        """The answer itself. Raises StackError where it tells of an error."""
        if self.status >= 400:  # noqa: PLR2004 - HTTP's own number
            raise StackError(f"The API answered {self.status}: {self.body.decode(errors='replace')}")
        return self


def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    """One request on a connection of its own, with nothing followed, retried or decoded."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_WITHIN_SECONDS)
    try:
        connection.request(method, f"{parts.path or '/'}?{parts.query}".rstrip("?"), body, dict(headers or {}))
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Api:
    base_url: str
    token: str

    @classmethod
    def signed_in(cls, base_url: str, client: "Client") -> "Api":
        """Raises StackError where the client gets no token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = send("POST", f"{base_url}/oauth/access_token", headers, urlencode(form).encode()).checked()
        return cls(base_url, answer.json["access_token"])

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """The API's answer to the client; a body that is not None is sent as JSON."""
        headers = {"authorization": f"Bearer {self.token}", **(headers or {})}
        if body is None:
            return send(method, self.base_url + path, headers)
        return send(method, self.base_url + path, {**headers, "content-type": "application/json"}, _as_json(body))


def _as_json(body: object) -> bytes:
    return json.dumps(body).encode()
