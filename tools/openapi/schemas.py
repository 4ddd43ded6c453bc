"""The schemas that the document names: of requests as the code checks them, of answers as the code shapes them."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter

from promotion_jobs.api.schemas.codes import NamedCodes, SentCodes
from promotion_jobs.api.schemas.jobs import JOBS
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.api.schemas.redemptions import (
    SentRedemption,
    SentRollback,
    SentUsageRollback,
    SentUsages,
    SentValidation,
)
from promotion_jobs.api.schemas.uploads import SentUpload
from promotion_jobs.api.shapes import Errors, GatewayError, TokenForm

Schema = dict[str, Any]

_SENT: tuple[type[BaseModel], ...] = (
    SentPromotion,
    SentUpload,
    *JOBS.values(),
    SentCodes,
    NamedCodes,
    SentValidation,
    SentRedemption,
    SentRollback,
    SentUsageRollback,
    SentUsages,
)


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def wrapped_or_bare(name: str) -> Schema:
    """A body in ``data``, or as it is (decisions, beyond the contract)."""
    return {
        "anyOf": [
            {"type": "object", "properties": {"data": reference(name)}, "required": ["data"]},
            reference(name) | {"not": {"required": ["data"]}},
        ]
    }


class Schemas:
    """The schemas of the answers of these shapes, and of all that is sent."""

    def __init__(self, answers: Iterable[Any]) -> None:
        self._answers, answered = _described([*answers, Errors, GatewayError], "serialization")
        bodies, sent = _described([*_SENT, TokenForm], "validation")
        exact = {
            name: schema | ({"additionalProperties": False} if "properties" in schema else {})
            for name, schema in answered.items()
        }
        self.components: dict[str, Schema] = {**sent, **_changes(sent), "TokenForm": bodies[repr(TokenForm)], **exact}

    def of(self, shape: Any) -> Schema:
        return self._answers[repr(shape)]


def _described(types: list[Any], mode: Any) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Type → its schema, and the named parts of all of them."""
    inputs: Any = [(repr(it), mode, TypeAdapter(it)) for it in types]
    found, parts = TypeAdapter.json_schemas(inputs, ref_template=reference("{model}")["$ref"])
    return (
        {name: _plain(schema) for (name, _), schema in found.items()},
        {_named(name): schema for name, schema in _plain(parts["$defs"]).items()},
    )


def _named(name: str) -> str:
    """Without what is around the parameter of a generic shape."""
    return name.replace("_", "")


def _plain(schema: Any) -> Any:
    """The schema without titles, which repeat the names."""
    if isinstance(schema, dict):
        members = {name: _plain(member) for name, member in schema.items()}
        if "$ref" in members:
            members["$ref"] = _named(members["$ref"])
        return {name: member for name, member in members.items() if name != "title" or isinstance(member, dict)}
    return [_plain(member) for member in schema] if isinstance(schema, list) else schema


_NO_USAGE: Schema = {"not": {"required": ["usage_id"]}}


def _changes(sent: dict[str, Schema]) -> dict[str, Schema]:
    """Schemas that no model has: a promotion of which only some members are sent, and what is of any of some kinds."""
    change = sent["SentPromotion"] | {"required": []}
    change["properties"] = {
        name: {key: value for key, value in member.items() if key != "default"}
        for name, member in change["properties"].items()
    }
    return {
        "SentPromotionChange": change,
        "SentJob": {"oneOf": [reference(model.__name__) for model in JOBS.values()]},
        "SentAnyRollback": {"oneOf": [reference("SentUsageRollback"), reference("SentRollback") | _NO_USAGE]},
    }
