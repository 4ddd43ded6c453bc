"""A promotion, as an immutable value. Times are aware datetimes in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotion_jobs.limits import CODES_PER_PROMOTION


@dataclass(frozen=True, slots=True)
class Promotion:
    """``fields`` is what its owner says of it; the rest is what jobs need to know.

    ``room`` is what is left of ``max_codes``; ``codes`` is how many codes are visible; ``open_job`` is the id of the
    job that holds the promotion; ``version`` counts the changes of what its owner says.
    """

    id: str
    fields: Mapping[str, Any]
    automatic: bool
    max_codes: int
    room: int
    codes: int
    created_by: str
    updated_by: str
    created_at: datetime
    updated_at: datetime
    open_job: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class NewPromotion:
    """A promotion as its owner asks for it, new or changed."""

    fields: Mapping[str, Any]
    automatic: bool = False
    max_codes: int = CODES_PER_PROMOTION
