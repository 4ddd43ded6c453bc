"""Clients and their access tokens (contract 4, decision 16).

A token is 160 random bits that mean nothing: what it may do stands in the table, under its hash. So there is no
signing key to keep or rotate, a stolen table gives no token, and revoking is deleting.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from promotion_jobs.errors import Forbidden, TokenRequestInvalid, TooManyTokens, Unauthorized, UnknownClient
from promotion_jobs.limits import CACHED_TOKENS, TOKEN_CACHE, TOKEN_LIFE, TOKENS_PER_MINUTE
from promotion_jobs.tokens.store import TokenStore
from promotion_jobs.tokens.token import Client, Grant, Right, Token

_BEARER = re.compile(r"(?i:bearer) +([0-9a-f]{40})")
_CLIENT_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_GENERATED_SECRET = re.compile(r"[0-9a-f]{40,64}")
_NO_SECRET_HASH = "0" * 64


def hash_secret(secret: str) -> str:
    """A plain hash is enough: secrets and tokens are 160 random bits or more, so there is no dictionary to try."""
    return sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    """A token as it was looked up, and the one right of its client (None is every right)."""

    looked_up_at: datetime
    token: Token
    only: Right | None

    def has(self, right: Right) -> bool:
        return self.token.grant is Grant.CLIENT_CREDENTIALS and self.only in {None, right}


@dataclass(frozen=True, slots=True)
class Tokens:
    store: TokenStore
    now: Callable[[], datetime]
    new_token: Callable[[], str]
    _cache: dict[str, _Known] = field(default_factory=dict)

    def register_client(self, client_id: str, client_secret: str, name: str, only: Right | None = None) -> None:
        """Add a client that has one right, or every right unless told.

        Raises ValueError for a secret that was not generated: its plain hash would not protect it.
        """
        if not _GENERATED_SECRET.fullmatch(client_secret):
            raise ValueError("A client's secret is generated: 40 to 64 hexadecimal digits")
        self.store.add_client(Client(client_id, name, hash_secret(client_secret), self.now(), only))

    def clients(self) -> Sequence[Client]:
        return self.store.clients()

    def revoke_client(self, client_id: str) -> bool:
        """Whether there was one. Its tokens are refused from now on, by a container that knows one within a minute."""
        return self.store.remove_client(client_id)

    def issue(self, grant_type: str | None, client_id: str | None, client_secret: str | None) -> tuple[str, Token]:
        """A new access token and what stands behind it.

        Only so many a minute, by the clock, are issued to a client. They are counted after its secret is verified, and
        for each grant by itself, because ``implicit`` takes none: so who knows a client's id alone cannot use up the
        tokens that are good for something.

        Raises TokenRequestInvalid where a field is missing or the grant is not ours, UnknownClient and TooManyTokens.
        """
        if not grant_type:
            raise TokenRequestInvalid("The field 'grant_type' is required")
        if grant_type not in set(Grant):
            raise TokenRequestInvalid("The field 'grant_type' must be client_credentials or implicit")
        grant = Grant(grant_type)
        if not client_id:
            raise TokenRequestInvalid("The field 'client_id' is required")
        if grant is Grant.CLIENT_CREDENTIALS and not client_secret:
            raise TokenRequestInvalid("The field 'client_secret' is required")
        self._verify(grant, client_id, client_secret or "")
        now = self.now()
        if not self.store.count_token(client_id, grant, now.replace(second=0, microsecond=0), TOKENS_PER_MINUTE):
            raise TooManyTokens(60 - now.second)
        access_token = self.new_token()
        token = Token(client_id, grant, now + TOKEN_LIFE)
        self.store.add_token(hash_secret(access_token), token)
        return access_token, token

    def _verify(self, grant: Grant, client_id: str, client_secret: str) -> None:
        """Raises UnknownClient."""
        client = self.store.client(client_id) if _CLIENT_ID.fullmatch(client_id) else None
        # Compared also where the client is unknown, so that the time taken does not tell which ids exist.
        known = compare_digest(client.secret_hash if client else _NO_SECRET_HASH, hash_secret(client_secret))
        if client is None or (grant is Grant.CLIENT_CREDENTIALS and not known):
            raise UnknownClient

    def authenticate(self, authorization: str | None, right: Right) -> str:
        """The id of the client whose token the Authorization header bears.

        Raises Unauthorized without a live token, and Forbidden where the grant or the client lacks the right.
        """
        bearer = _BEARER.fullmatch(authorization or "")
        known = self._look_up(hash_secret(bearer[1])) if bearer else None
        if known is None or known.token.expires_at <= self.now():
            raise Unauthorized
        if not known.has(right):
            raise Forbidden
        return known.token.client_id

    def _look_up(self, token_hash: str) -> _Known | None:
        now = self.now()
        cached = self._cache.get(token_hash)
        if cached and now - cached.looked_up_at < TOKEN_CACHE:
            return cached
        token = self.store.token(token_hash)
        # A revoked client's tokens are still there.
        client = self.store.client(token.client_id) if token else None
        if token is None or client is None:
            self._cache.pop(token_hash, None)
            return None
        if len(self._cache) >= CACHED_TOKENS:
            self._cache.clear()
        self._cache[token_hash] = _Known(now, token, client.only)
        return self._cache[token_hash]
