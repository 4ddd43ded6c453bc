"""The base of all schemas: strict types ("5" is no number), and faults as the contract words them."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails

from promotion_jobs import limits
from promotion_jobs.errors import Fault, InvalidRequest, shortened

Model = TypeVar("Model", bound=BaseModel)

_EXPLANATIONS: Mapping[str, str] = {
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a parameter of this job",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "literal_error": "must be {expected}",
    "model_type": "must be an object",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "value_error": "{error}",
}
"""Pydantic's name of a fault → its text for callers. Our own validators bring their own text."""


def _whole(value: Any) -> Any:
    """A number as clients send it whose numbers all have a point: 5.0 is a whole number, in JSON as in its schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _set(value: Any) -> Any:
    """An empty text as forms send it: not set."""
    return None if value == "" else value


class _Unset(BeforeValidator):
    """Tells clients that an empty text may stand for a member that is not set, where no schema of a text does."""

    @staticmethod
    def __get_pydantic_json_schema__(core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        shown = handler(core)
        if {"type": "null"} in shown["anyOf"] and not any(_takes_empty(it) for it in shown["anyOf"]):
            shown["anyOf"].append({"const": "", "type": "string"})
        return shown


def _takes_empty(schema: Mapping[str, Any]) -> bool:
    is_text = schema.get("type") == "string" and not schema.keys() & {"enum", "format"}
    return is_text and re.search(schema.get("pattern", ""), "") is not None


WHOLE = BeforeValidator(_whole)
UNSET = _Unset(_set)


def shown_pattern(pattern: str) -> Any:
    """Tells clients the pattern that a validator with a text of its own checks."""
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


SOUND_PATTERN = r"^[^\u0000]*$"
SOUND = Field(json_schema_extra={"pattern": SOUND_PATTERN})
"""Of a text without a pattern of its own: requests.py checks all that is sent."""


class Sent(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


def validate(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The data as the model has it. Raises InvalidRequest with a fault for each thing wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[: limits.FAULTS]
        raise InvalidRequest(*map(_fault, details)) from None


def _fault(details: ErrorDetails) -> Fault:
    path = [shortened(str(part)) for part in details["loc"]]
    source, name = ".".join(["data", *path]), path[-1] if path else "data"
    if details["type"] == "missing":
        return Fault(source, "required", f"{name} is required")
    explanation = _EXPLANATIONS.get(details["type"], "is not valid")
    return Fault(source, "invalid", f"{name} {explanation.format(**details.get('ctx', {}))}")
