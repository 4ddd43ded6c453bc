"""Codes made by hand, or to be removed (contract 2)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import SOUND, SOUND_PATTERN, UNSET, WHOLE, Sent, shown_pattern
from promotion_jobs.codes.code import ConsumeUnit, NewCode, Terms
from promotion_jobs.values import CODE_PATTERN, CODE_PUNCTUATION, is_code

_PUNCTUATION = " ".join(CODE_PUNCTUATION[:-1]) + f" and {CODE_PUNCTUATION[-1]}"


def _code(text: str) -> str:
    if not is_code(text):
        characters = limits.CODE_CHARACTERS
        msg = f"must be at most {characters} letters, digits, {_PUNCTUATION}, and start with a letter or digit"
        raise ValueError(msg)
    return text


def _user(user: Any) -> Any:
    """A customer, or several (contract 2)."""
    users = [user] if isinstance(user, str) else user
    is_clear = isinstance(users, list) and all(
        isinstance(it, str) and 0 < len(it) <= limits.USER_LENGTH for it in users
    )
    if user is None or (is_clear and 0 < len(users) <= limits.USERS and sum(map(len, users)) <= limits.USERS_LENGTH):
        return user
    msg = (
        f"must be text of at most {limits.USER_LENGTH} characters, or a list of 1 to {limits.USERS} such texts with "
        f"{limits.USERS_LENGTH:,} characters in all"
    )
    raise ValueError(msg)


_TEXT = {"type": "string", "maxLength": limits.USER_LENGTH, "pattern": SOUND_PATTERN}
_SHOWN_USER = {
    "description": f"the customer, or several; of a list, at most {limits.USERS_LENGTH:,} characters in all",
    "anyOf": [
        _TEXT,
        {"type": "array", "items": _TEXT | {"minLength": 1}, "minItems": 1, "maxItems": limits.USERS},
        {"type": "null"},
    ],
}


class SentCode(Sent):
    code: Annotated[str, AfterValidator(_code), shown_pattern(CODE_PATTERN)]
    uses: Annotated[Annotated[int, Field(ge=0, le=limits.MAX_USES), WHOLE] | None, UNSET] = None
    user: Annotated[Any, UNSET, AfterValidator(_user), WithJsonSchema(_SHOWN_USER)] = None
    consume_unit: Annotated[ConsumeUnit | None, UNSET] = None


class SentCodes(Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[SentCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]
    consume_unit: Annotated[ConsumeUnit | None, UNSET, Field(description="of every code that has none of its own")] = (
        None
    )

    def to_domain(self) -> Sequence[NewCode]:
        return [NewCode(it.code, Terms(it.consume_unit or self.consume_unit, it.uses, it.user)) for it in self.codes]


class NamedCode(Sent):
    model_config = ConfigDict(
        json_schema_extra={
            "description": "A code to delete. Other members are ignored; a malformed code counts as not found."
        }
    )

    code: Annotated[str, SOUND]


class NamedCodes(Sent):
    type: Literal["promotion_codes"]
    codes: Annotated[list[NamedCode], Field(min_length=1, max_length=limits.HAND_MADE_CODES)]
