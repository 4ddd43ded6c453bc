"""Promotions, as clients send them (contract 3)."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import SOUND, WHOLE, Sent, shown_pattern, validate
from promotion_jobs.errors import Fault, InvalidRequest
from promotion_jobs.promotions.promotion import NewPromotion, Promotion

_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = "((0[13578]|1[02])-31|(0[13-9]|1[0-2])-(29|30)|(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))"
_HOUR, _MINUTE = "([01][0-9]|2[0-3])", "[0-5][0-9]"
_TIME = rf"{_HOUR}:{_MINUTE}(:{_MINUTE}(\.[0-9]{{1,9}})?)?([Zz]|[+-]{_HOUR}:?{_MINUTE})?"
_DATE_PATTERN = f"({_YEAR}-{_DAY}|{_LEAP_YEAR}-02-29)([Tt ]{_TIME})?"
_DATE = re.compile(_DATE_PATTERN)


def _date(text: str) -> str:
    """A date, with or without a time and an offset, as the API gives it back: in UTC (contract 3)."""
    try:
        moment = datetime.fromisoformat(text.upper() if _DATE.fullmatch(text) else "")
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = "must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z"
        raise ValueError(msg) from None
    return f"{in_utc:%Y-%m-%dT%H:%M:%S}Z".zfill(len("2000-01-01T00:00:00Z"))


Date = Annotated[str, AfterValidator(_date), shown_pattern(_DATE_PATTERN)]


class SentPromotion(Sent):
    model_config = ConfigDict(json_schema_extra={"description": "Unknown members are ignored."})

    type: Literal["promotion"]
    name: Annotated[str, Field(min_length=1, max_length=255), SOUND]
    description: Annotated[str, SOUND]
    enabled: bool = False
    automatic: bool = False
    promotion_type: Literal[
        "fixed_discount",
        "percent_discount",
        "item_fixed_discount",
        "item_percent_discount",
        "x_for_y",
        "x_for_amount",
        "bundle_fixed_discount",
        "bundle_gift",
    ]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    min_cart_value: list[Any] | None = None
    max_discount_value: list[Any] | None = None
    max_applications_per_cart: Annotated[int, Field(ge=0, le=limits.MAX_INTEGER), WHOLE] | None = None
    start: Date
    end: Date
    max_codes: Annotated[int, Field(ge=1, le=limits.MAX_CODES_PER_PROMOTION), WHOLE] = limits.CODES_PER_PROMOTION

    def to_domain(self) -> NewPromotion:
        """Raises InvalidRequest where it ends before it starts, and where it is more than an item should hold."""
        if self.end < self.start:
            raise InvalidRequest(Fault("data.end", "invalid", "end must not be before start"))
        fields = self.model_dump(by_alias=True, exclude_none=True, exclude={"type", "automatic", "max_codes"})
        if len(json.dumps(fields)) > limits.PROMOTION_BYTES:
            detail = f"a promotion may have at most {limits.PROMOTION_BYTES:,} bytes"
            raise InvalidRequest(Fault("data", "invalid", detail))
        return NewPromotion(fields, self.automatic, self.max_codes)


def changed(promotion: Promotion, data: dict[str, Any]) -> NewPromotion:
    """The promotion with the members that the client sent; the others stay. Raises InvalidRequest."""
    known = {field.alias or name for name, field in SentPromotion.model_fields.items()}
    sent = {name: value for name, value in data.items() if name in known}
    stored = {"type": "promotion", "automatic": promotion.automatic, "max_codes": promotion.max_codes}
    return validate(SentPromotion, {**stored, **promotion.fields, **sent}).to_domain()
