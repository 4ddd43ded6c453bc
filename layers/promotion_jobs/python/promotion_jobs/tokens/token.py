"""Clients and their access tokens, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grant(StrEnum):
    CLIENT_CREDENTIALS = "client_credentials"
    IMPLICIT = "implicit"


class Right(StrEnum):
    """What a call takes, and what a client may be confined to."""

    READ = "read"
    REDEEM = "redeem"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Client:
    """``only`` is the one right that the client has; None is every right."""

    id: str
    name: str
    secret_hash: str
    created_at: datetime
    only: Right | None = None


@dataclass(frozen=True, slots=True)
class Token:
    client_id: str
    grant: Grant
    expires_at: datetime
