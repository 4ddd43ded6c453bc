"""HTTP: which requests are sent again, when, and where no secret may go.

A request is sent again if that cannot do twice what it asks for: one that reached no server, or was answered by 429 or
503; and of those whose answer was lost only those that may come twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from promojobs.errors import Unreachable, WrongUse

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

TRIES = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_LEAST_TIME = 0.1
_BUSY = frozenset({429, 503})
_LOST = frozenset({502, 504})
"""A gateway that got no answer: what was asked for may be done."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PIECE = 65_536

Body = bytes | Callable[[], BinaryIO] | None


def _moment(text: str) -> datetime | None:
    """A date of HTTP; None for any other text."""
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """None for a body that is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def request_id(self) -> str | None:
        return self.headers.get("apigw-requestid")

    @property
    def retry_after(self) -> float | None:
        """The seconds to wait before another try; None if the answer does not say it (RFC 9110, 10.2.3)."""
        told = self.headers.get("retry-after", "")
        if told.isascii() and told.isdigit():
            return float(told)
        until = _moment(told)
        if until is None:
            return None
        # By the clock of who says it: the one of this machine may be wrong.
        now = _moment(self.headers.get("date", "")) or datetime.now(UTC)
        return max((until - now).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Waits:
    """Full jitter between tries.

    ``chance`` gives a number from 0 to 1; ``sleep`` and ``clock`` take and give seconds.
    """

    sleep: Callable[[float], None]
    chance: Callable[[], float]
    clock: Callable[[], float]

    def wait(self, attempt: int, asked: float | None = None, ends: float = inf) -> bool:
        """Wait after the attempt of that number, counted from 0; as many seconds as the service asks for, if it does.

        Returns false, and does not wait, where it would take until ``ends`` by the clock.
        """
        seconds = self.chance() * min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) if asked is None else asked
        if self.clock() + seconds >= ends:
            return False
        self.sleep(seconds)
        return True


def checked_url(url: str) -> str:
    """The address without a slash at its end. Raises WrongUse for one that would show secrets on the way."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise WrongUse(f"{url!r} is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WrongUse(f"{url!r} is no address of a service: it begins with https://")
    if _is_plain(url):
        raise WrongUse(f"{url!r} would send secrets in plain text: use https://")
    return url.rstrip("/")


def _is_plain(url: str) -> bool:
    """Whether those on the way could read along."""
    parts = urlsplit(url)
    return parts.scheme != "https" and parts.hostname not in _LOOPBACK


class Transport:
    """Requests to one service, and downloads of what it links to. ``timeout`` is in seconds."""

    def __init__(self, waits: Waits, timeout: float = 30.0, tries: int = TRIES) -> None:
        self._waits = waits
        self._timeout = timeout
        self._tries = tries
        self._pools: dict[str | None, PoolManager] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body = None,
        *,
        may_repeat: bool,
        within: float = inf,
    ) -> Answer:
        """The answer, whatever it says. ``body`` may open a file, for each try.

        Raises Unreachable after the last try, or so many seconds.
        """
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        ends = self._waits.clock() + within
        for attempt in range(self._tries):
            asked = None
            try:
                timeout = min(self._timeout, max(ends - self._waits.clock(), _LEAST_TIME))
                answer = self._once(method, url, headers, body, timeout)
            except HTTPError as error:
                reason = _told(error)
                if _is_distrust(error):
                    raise Unreachable(reason) from error
                if not (may_repeat or isinstance(error, NewConnectionError | ConnectTimeoutError)):
                    raise Unreachable(f"No answer came, and the request may have been done: {reason}") from error
            else:
                if answer.status not in _BUSY and not (answer.status in _LOST and may_repeat):
                    return answer
                reason, asked = f"the service answered {answer.status}", answer.retry_after
                if attempt + 1 == self._tries:
                    return answer
            if attempt + 1 == self._tries or not self._waits.wait(attempt, asked, ends):
                break
        raise Unreachable(f"The service cannot be reached: {reason}")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: Body, timeout: float) -> Answer:
        if callable(body):
            with body() as file:
                return self._sent(method, url, headers, file, timeout)
        return self._sent(method, url, headers, body, timeout)

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | BinaryIO | None, timeout: float
    ) -> Answer:
        response = self._pool(url).request(
            method, url, body=body, headers=dict(headers), timeout=timeout, retries=False, redirect=False
        )
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, received, response.data)

    @contextmanager
    def stream(self, url: str) -> "Iterator[BaseHTTPResponse]":
        """The answer to a GET, to be read piece by piece. Raises Unreachable, also while it is read, and WrongUse."""
        from urllib3.exceptions import HTTPError

        try:
            response = self._pool(url).request(
                "GET", url, timeout=self._timeout, retries=False, redirect=False, preload_content=False
            )
            try:
                if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                    raise Unreachable(f"The file's store answered {response.status}", status=response.status)
                yield response
            finally:
                # Closed first: what is left unread of it must not be taken for the next answer.
                response.close()
                response.release_conn()
        except HTTPError as error:
            raise Unreachable(f"The download broke off: {_told(error)}") from error

    def _pool(self, url: str) -> "PoolManager":
        """Raises WrongUse for a link that would show codes on the way."""
        import urllib3

        if _is_plain(url):
            raise WrongUse("The link to the file would send the codes in plain text")
        proxy = _proxy_of(url)
        if proxy not in self._pools:
            # Both trust the system's authorities, or those of SSL_CERT_FILE.
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, proxy_headers=_proxy_credentials(proxy)) if proxy else urllib3.PoolManager()
            )
        return self._pools[proxy]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.clear()


def _proxy_of(url: str) -> str | None:
    """The proxy that HTTPS_PROXY names, unless NO_PROXY has the host; none for this machine, of which it is another."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if parts.hostname in _LOOPBACK or proxy_bypass(parts.hostname or ""):
        return None
    proxy = getproxies().get(parts.scheme)
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _proxy_credentials(proxy: str) -> Mapping[str, str]:
    from urllib3.util import make_headers

    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    return make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")


def _is_distrust(error: Exception) -> bool:
    """Whether the other side is not who it says: another try would say the same."""
    import ssl

    return bool(error.args) and isinstance(error.args[-1], ssl.SSLCertVerificationError)


def _told(error: Exception) -> str:
    """What went wrong, without the address: a link to a file lets its reader in."""
    from urllib3.exceptions import NewConnectionError, ProtocolError, TimeoutError  # noqa: A004

    if _is_distrust(error):
        return "No authority that is known here vouches for the service: SSL_CERT_FILE names others"
    if isinstance(error, NewConnectionError):
        return "no connection"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return "the connection was closed" if isinstance(error, ProtocolError) else type(error).__name__
