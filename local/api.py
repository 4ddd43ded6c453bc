"""A caller of the HTTP API, for the demo and the tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import promojobs
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


@dataclass(frozen=True)
class Api:
    """The client of the API, whose every answer is shown, and nothing is tried twice."""

    base_url: str
    token: str

    @classmethod
    def signed_in(cls, base_url: str, client: "Client") -> "Api":
        """Raises StackError where the client gets no token."""
        try:
            with promojobs.Client(base_url, client.client_id, client.client_secret, tries=1) as api:
                return cls(base_url, api.sign_in())
        except promojobs.PromojobsError as error:
            raise StackError(str(error)) from error

    @cached_property
    def _client(self) -> promojobs.Client:
        return promojobs.Client(self.base_url, "", None, token=self.token, timeout=_ANSWER_WITHIN_SECONDS, tries=1)

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """The API's answer to the client; a body that is not None is sent as JSON."""
        answer = self._client.request(method, path, body, headers=headers)
        return Answer(answer.status, answer.headers, answer.body)
