"""Codes made by hand, or to be removed (contract 2)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import Sent
from promotion_jobs.codes.code import ConsumeUnit, NewCode, Terms
from promotion_jobs.codes.format import is_code


def _code(text: str) -> str:
    if not is_code(text):
        characters = limits.CODE_CHARACTERS
        msg = f"must be at most {characters} letters, digits, - and _, and start with a letter or digit"
        raise ValueError(msg)
    return text


class SentCode(Sent):
    code: Annotated[str, AfterValidator(_code)]
    uses: Annotated[int, Field(ge=0, le=limits.MAX_USES)] | None = None
    user: Annotated[str, Field(max_length=limits.USER_LENGTH)] | None = None
    consume_unit: ConsumeUnit | None = None

    def to_domain(self) -> NewCode:
        return NewCode(self.code, Terms(self.consume_unit, self.uses, self.user))


class SentCodes(Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[SentCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]


class NamedCode(Sent):
    model_config = ConfigDict(
        json_schema_extra={
            "description": "A code to delete. Other members are ignored; a malformed code counts as not found."
        }
    )

    code: str


class NamedCodes(Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[NamedCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]
