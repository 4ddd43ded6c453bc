"""Redemptions as immutable values: a code that was used, or is held, under the id that its caller gave it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from promotion_jobs.codes.code import CodeId
from promotion_jobs.codes.uses import shards

_DIGEST_BYTES = 12
_ID_BYTES = 16 + 4 + 2 + 1 + _DIGEST_BYTES


class Status(StrEnum):
    HELD = "held"
    REDEEMED = "redeemed"
    ROLLED_BACK = "rolled_back"


class Reason(StrEnum):
    # Why a code cannot be used now, in the order in which it is asked.
    PROMOTION_DISABLED = "promotion_disabled"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    UNUSABLE = "unusable"
    OTHER_CUSTOMER = "other_customer"
    EXHAUSTED = "exhausted"
    NOT_FOUND = "not_found"
    ROLLED_BACK = "rolled_back"
    ID_USED_OTHERWISE = "id_used_otherwise"
    """To the last three a redemption answers with an error of their own."""


MASKED = "**"
"""In the place of an address, of which no trace is left (contract 6)."""


class RedemptionKey(NamedTuple):
    """Where a redemption is: it depends on the code and on the caller's id alone, so the same id finds it again."""

    code: CodeId
    shards: int
    digest: str

    @classmethod
    def of(cls, code: CodeId, max_uses: int | None, redemption_id: str) -> "RedemptionKey":
        return cls(code, shards(max_uses), sha256(redemption_id.encode()).hexdigest()[: 2 * _DIGEST_BYTES])

    @property
    def shard(self) -> int:
        return int(self.digest, 16) % self.shards

    @property
    def usage_id(self) -> str:
        """The same as text: so a usage is found by its id without an index."""
        source, chunk, position = self.code
        packed = UUID(source).bytes + chunk.to_bytes(4) + position.to_bytes(2) + self.shards.to_bytes(1)
        return urlsafe_b64encode(packed + bytes.fromhex(self.digest)).rstrip(b"=").decode()

    @classmethod
    def parse(cls, usage_id: str) -> "RedemptionKey | None":
        """None for a text that is no usage's id."""
        try:
            packed = urlsafe_b64decode(usage_id.encode("ascii") + b"=")
        except ValueError:
            return None
        if len(packed) != _ID_BYTES or not packed[22]:
            return None
        code = CodeId(str(UUID(bytes=packed[:16])), int.from_bytes(packed[16:20]), int.from_bytes(packed[20:22]))
        key = cls(code, packed[22], packed[23:].hex())
        return key if key.usage_id == usage_id else None


@dataclass(frozen=True, slots=True)
class Redemption:
    """``units`` were asked for, and ``kept`` are counted now: ``drawn`` says from which shards of a limited code.

    ``used_on`` is when it was judged. ``until`` is when a hold ends or would have, None for what was redeemed; without
    units it is a tombstone: it was rolled back before it came. ``code`` is as it was written when it was made.
    """

    key: RedemptionKey
    id: str
    promotion_id: str
    code: str
    status: Status
    units: int
    kept: int
    drawn: Mapping[int, int]
    order_id: str
    customer_id: str | None
    customer_email: str | None
    created_by: str
    used_on: datetime
    updated_at: datetime
    until: datetime | None = None
    anonymized_by: str | None = None

    @property
    def was_redeemed(self) -> bool:
        """Whether lists show it: not a hold, nor a tombstone."""
        return self.units > 0 and self.until is None


@dataclass(frozen=True, slots=True)
class Use:
    """What a shop asks: may this customer use the code, so many times, and as which order.

    ``hold`` is how long the uses are to be held; None redeems them.
    """

    code: str
    quantity: int = 1
    id: str | None = None
    customer_id: str | None = None
    promotion_id: str | None = None
    order_id: str | None = None
    customer_email: str | None = None
    hold: timedelta | None = None
