"""The shapes that the document names: of requests as the code checks them, of answers as the code builds them."""

from typing import Any

from pydantic import BaseModel

from promotion_jobs.api.schemas.codes import NamedCodes, SentCodes
from promotion_jobs.api.schemas.jobs import JOBS
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.jobs.job import JobStatus

Schema = dict[str, Any]


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Schema, optional: Schema | None = None, **more: Any) -> Schema:
    properties = required | (optional or {})
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    } | more


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _nothing_beside(schema: Any) -> Any:
    """The schema without titles, which repeat the names."""
    if isinstance(schema, dict):
        members = {name: _nothing_beside(member) for name, member in schema.items()}
        return {name: member for name, member in members.items() if name != "title" or isinstance(member, dict)}
    return [_nothing_beside(member) for member in schema] if isinstance(schema, list) else schema


def _sent(model: type[BaseModel]) -> dict[str, Schema]:
    """The model's schema by its name, and those of the models in it."""
    schema: Schema = _nothing_beside(model.model_json_schema(ref_template="#/components/schemas/{model}"))
    parts: dict[str, Schema] = schema.pop("$defs", {})
    return parts | {model.__name__: schema}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
TIMESTAMPS = _object({"timestamps": _object({"created_at": TIME, "updated_at": TIME})})

TOKEN_FORM = _object(
    {"grant_type": {"enum": ["client_credentials", "implicit"]}, "client_id": TEXT},
    {"client_secret": TEXT},
    additionalProperties=True,
)
TOKEN = _object(
    {
        "access_token": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
        "expires": NUMBER | {"description": "epoch seconds"},
        "expires_in": NUMBER,
        "identifier": {"enum": ["client_credentials", "implicit"]},
        "token_type": {"const": "Bearer"},
    }
)
PROMOTION = _object(
    {
        "type": {"const": "promotion"},
        "id": ID,
        "parent_id": ID,
        "current": {"const": True},
        "name": TEXT,
        "description": TEXT,
        "enabled": YES_OR_NO,
        "promotion_type": TEXT,
        "schema": {"type": "object"},
        "start": TIME,
        "end": TIME,
        "max_codes": NUMBER,
        "created_by": TEXT,
        "updated_by": TEXT,
        "meta": TIMESTAMPS,
    },
    {
        "automatic": {"const": True, "description": "left out where it is false"},
        "min_cart_value": {"type": "array"},
        "max_discount_value": {"type": "array"},
        "max_applications_per_cart": NUMBER,
    },
)
PARAMETERS: Schema = {
    "oneOf": [
        _object(
            {"number_of_codes": NUMBER},
            {
                "consume_unit": {"enum": ["per_cart", "per_item"]},
                "max_uses_per_code": NUMBER,
                "code_length": NUMBER,
                "code_prefix": TEXT,
            },
        ),
        _object({"job_id": ID | {"description": "of a deletion: the job whose codes it deletes"}}),
        _object({"all": {"const": True, "description": "of a deletion of all codes"}}),
    ]
}
PROGRESS = _object({"done": NUMBER, "total": NUMBER, "percent": NUMBER}, {"codes_per_second": NUMBER, "eta": TIME}) | {
    "description": "while the job is open: codes made, rows exported, codes deleted, "
    "or codes of a cancelled job removed again"
}
ODDS = TEXT | {"pattern": "^1 in [0-9,]+$"}
FILE = _object({"rows": NUMBER, "bytes": NUMBER, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}})
JOB = _object(
    {
        "type": {"const": "promotion_job"},
        "id": ID,
        "promotion_id": ID,
        "job_type": {"enum": list(JOBS)},
        "status": {"enum": list(JobStatus)},
        "meta": _object(
            {"timestamps": TIMESTAMPS["properties"]["timestamps"]},
            {"progress": PROGRESS, "guess_odds": ODDS, "file": FILE},
        ),
    },
    {
        "name": TEXT,
        "parameters": PARAMETERS,
        "error": TEXT,
        "result": {
            "oneOf": [
                _object(
                    {"generated": NUMBER}, {"deleted": NUMBER | {"description": "how many of its codes are gone again"}}
                ),
                _object({"deleted": NUMBER | {"description": "how many codes a deletion has deleted"}}),
            ]
        },
    },
)
FORECAST = _object(
    {
        "type": {"const": "promotion_job"},
        "promotion_id": ID,
        "job_type": {"enum": list(JOBS)},
        "meta": _object(
            {
                "dry_run": _object(
                    {
                        "lock_is_free": YES_OR_NO,
                        "room_is_enough": YES_OR_NO,
                        "room": NUMBER,
                        "codes": NUMBER | {"description": "how many the job would make, export or delete"},
                        "estimated_seconds": NUMBER,
                        "estimated_cost": _object(
                            {"amount": TEXT, "currency": {"const": "USD"}, "region": TEXT, "prices_of": TEXT}
                        ),
                    }
                )
            },
            {"guess_odds": ODDS},
        ),
    },
    {"name": TEXT, "parameters": PARAMETERS},
)
CODE = _object(
    {
        "type": {"const": "promotion_codes"},
        "id": TEXT,
        "code": TEXT,
        "created_by": TEXT,
        "meta": _object({"timestamps": _object({"created_at": TIME})}),
    },
    {
        "consume_unit": {"enum": ["per_cart", "per_item"]},
        "user": TEXT,
        "max_uses": NUMBER,
        "uses": NUMBER | {"description": "what remains"},
        "job_id": ID | {"description": "the job that made it; none for one made by hand"},
    },
)
ERROR = _object(
    {"title": TEXT},
    {
        "status": {"oneOf": [NUMBER, TEXT]},
        "detail": TEXT,
        "source": TEXT | {"description": "dotted path of what is wrong"},
        "request_id": TEXT,
    },
)
LINK: Schema = {"type": "string", "description": "absolute; its brackets are not percent-encoded"}
LINKS = _object(dict.fromkeys(("current", "first", "last", "prev", "next"), LINK))
PAGE = _object(
    {
        "page": _object({"limit": NUMBER, "offset": NUMBER, "current": NUMBER, "total": NUMBER}),
        "results": _object({"total": NUMBER}),
    }
)


def data(name: str) -> Schema:
    return _object({"data": reference(name)})


def page_of(name: str) -> Schema:
    return _object({"data": _list(reference(name)), "links": reference("Links"), "meta": reference("Page")})


def file_link() -> Schema:
    return _object({"href": {"type": "string", "format": "uri"}})


def wrapped_or_bare(name: str) -> Schema:
    """A body in ``data``, or as it is (decisions, beyond the contract)."""
    return {
        "anyOf": [{"type": "object", "properties": {"data": reference(name)}, "required": ["data"]}, reference(name)]
    }


def components() -> dict[str, Schema]:
    models: list[type[BaseModel]] = [SentPromotion, *JOBS.values(), SentCodes, NamedCodes]
    sent = {name: schema for model in models for name, schema in _sent(model).items()}
    change = sent["SentPromotion"] | {"required": []}
    change["properties"] = {
        name: {key: value for key, value in member.items() if key != "default"}
        for name, member in change["properties"].items()
    }
    return {
        **sent,
        "SentPromotionChange": change,
        "SentJob": {"oneOf": [reference(model.__name__) for model in JOBS.values()]},
        "TokenForm": TOKEN_FORM,
        "Token": TOKEN,
        "Promotion": PROMOTION,
        "Job": JOB,
        "Forecast": FORECAST,
        "Code": CODE,
        "Errors": _object({"errors": _list(ERROR)}),
        "Links": LINKS,
        "Page": PAGE,
    }
