"""Validating, redeeming, rolling back, and making usages anonymous."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import SOUND, UNSET, WHOLE, Sent, shown_pattern, validate
from promotion_jobs.redemptions.redemption import Use
from promotion_jobs.values import is_printable

_ID_PATTERN = rf"[ -~]{{1,{limits.REDEMPTION_ID_CHARACTERS}}}"


def _redemption_id(text: str) -> str:
    if not (text and is_printable(text) and len(text) <= limits.REDEMPTION_ID_CHARACTERS):
        raise ValueError(f"must be 1 to {limits.REDEMPTION_ID_CHARACTERS} printable ASCII characters")
    return text


RedemptionId = Annotated[
    str, AfterValidator(_redemption_id), shown_pattern(_ID_PATTERN), Field(description="your own, such as the order's")
]
Code = Annotated[str, SOUND, Field(description="in any case; a malformed one counts as not found")]
Customer = Annotated[Annotated[str, SOUND, Field(max_length=limits.CUSTOMER_LENGTH)] | None, UNSET]
Quantity = Annotated[int, Field(ge=1, le=limits.QUANTITY), WHOLE]


class SentValidation(Sent):
    code: Code
    quantity: Quantity = 1
    id: Annotated[RedemptionId | None, UNSET] = None
    customer_id: Customer = None
    promotion_id: Annotated[Annotated[str, SOUND] | None, UNSET, Field(description="the code must be of this one")] = (
        None
    )

    def to_domain(self) -> Use:
        return Use(**self.model_dump())


class SentRedemption(SentValidation):
    id: RedemptionId
    order_id: Annotated[Customer, Field(description="the id unless it is sent")] = None
    customer_email: Annotated[Customer, Field(description="better left out: it is personal data")] = None
    hold_seconds: Annotated[
        Annotated[int, Field(ge=0, le=int(limits.LONGEST_HOLD.total_seconds())), WHOLE] | None,
        UNSET,
        Field(description="hold the uses for so long; 0, as without, redeems them"),
    ] = None

    def to_domain(self) -> Use:
        fields = self.model_dump(exclude={"hold_seconds"})
        return Use(**fields, hold=timedelta(seconds=self.hold_seconds) if self.hold_seconds else None)


Kept = Annotated[
    int, Field(ge=0, le=limits.QUANTITY, description="how many uses remain counted, not how many are given back"), WHOLE
]


class SentRollback(Sent):
    code: Code
    id: RedemptionId
    quantity: Kept = 0


class SentUsageRollback(Sent):
    model_config = ConfigDict(json_schema_extra={"description": "By the usage: its code may have been deleted."})

    usage_id: Annotated[str, SOUND]
    quantity: Kept = 0


def rollback(data: Mapping[str, Any]) -> SentRollback | SentUsageRollback:
    """Raises InvalidRequest."""
    return validate(SentUsageRollback, data) if "usage_id" in data else validate(SentRollback, data)


class SentUsages(Sent):
    usage_ids: Annotated[list[Annotated[str, SOUND]], Field(min_length=1, max_length=limits.USAGES)]
