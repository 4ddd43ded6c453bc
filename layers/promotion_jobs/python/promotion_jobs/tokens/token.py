"""Clients and their access tokens, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grant(StrEnum):
    CLIENT_CREDENTIALS = "client_credentials"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str
    secret_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    client_id: str
    grant: Grant
    expires_at: datetime
