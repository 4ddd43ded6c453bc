"""The OpenAPI 3.1 document, put together from the operations and the shapes."""

import tomllib
from pathlib import Path
from typing import Any

from promotion_jobs import limits
from promotion_jobs.api.errors import PayloadTooLarge, answer_to, headers_of, internal_error
from promotion_jobs.api.routes import Route
from promotion_jobs.errors import StoreBusy
from tools.openapi.links import links
from tools.openapi.operations import OPERATIONS, TOKEN, Operation
from tools.openapi.schemas import Schema, Schemas, reference, wrapped_or_bare

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
VERSION = tomllib.loads(PROJECT.read_text())["project"]["version"]

ID: Schema = {"type": "string", "format": "uuid"}
PATH_PARAMETERS: dict[str, Schema] = {
    "promotion_id": ID,
    "job_id": ID,
    "code": {"type": "string"},
    "usage_id": {"type": "string"},
}
QUERY_PARAMETERS: dict[str, Schema] = {
    "page[limit]": {
        "type": "integer",
        "minimum": 1,
        "maximum": limits.MAX_PAGE_LENGTH,
        "default": limits.PAGE_LENGTH,
    },
    "page[offset]": {"type": "integer", "minimum": 0, "maximum": limits.MAX_PAGE_OFFSET, "default": 0},
    "sort": {"type": "string", "enum": ["used_on", "-used_on"]},
    "dry_run": {"type": "string", "enum": ["true", "false"], "default": "false"},
}
GATEWAY_ERRORS = {
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""API Gateway's own answers: to a body of more than 10 MB, to too many requests, and if no function answers."""

HEADERS: dict[str, Schema] = {
    "Idempotency-Key": {
        "type": "string",
        "minLength": 1,
        "maxLength": limits.IDEMPOTENCY_KEY_CHARACTERS,
        # HTTP drops the blanks around a header's value.
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    }
}


TOKENS = (
    "An access token. Each operation names the right that it takes. A client has every right, or one of them alone: "
    "read, which is for every GET, or redeem, which is to validate, redeem and roll back. Without the right: 403."
)
DESCRIPTION = (
    "Promotion codes in bulk: exactly as many as asked for, none guessable, none twice. "
    "No text of a body may have NUL or half a surrogate pair, no whole number more than "
    f"{limits.INTEGER_DIGITS} digits, and no object a member twice."
)


def document() -> dict[str, Any]:
    every = (TOKEN, *OPERATIONS)
    answers = [shape for it in every for shape in (it.answer, it.again and it.again[0]) if shape is not None]
    schemas = Schemas(answers)
    described = {it.route: _operation(it, schemas) for it in every}
    described[TOKEN.route]["requestBody"] = _token_form()
    described[Route.GET_OPENAPI] = _page(Route.GET_OPENAPI, "This document", "application/json")
    described[Route.SHOW_DOCS] = _page(Route.SHOW_DOCS, "This document as a page", "text/html; charset=utf-8")
    paths: dict[str, dict[str, Any]] = {}
    for route, operation in described.items():
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Promotion Jobs",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKENS}},
        },
    }


def _json(schema: Schema, examples: dict[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": content}


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    succeeded: dict[str, Any] = {"description": operation.summary}
    if operation.answer is not None:
        succeeded["content"] = _json(schemas.of(operation.answer), {"example": operation.example})
    if followed := links(operation.route):
        succeeded["links"] = followed
    also: dict[str, Any] = {}
    if operation.again:
        shape, example, description = operation.again
        also["200"] = {"description": description, "content": _json(schemas.of(shape), {"example": example})}
    return {**also, str(operation.status): succeeded, **_failures(operation)}


def _failures(operation: Operation) -> dict[str, Any]:
    by_status: dict[int, dict[str, Any]] = {429: {}}
    headers: dict[int, Any] = {}
    too_large = () if operation.body else (PayloadTooLarge(limits.BODY_BYTES),) if operation is TOKEN else ()
    for error in (*operation.failures, *too_large, StoreBusy()):
        status, body = answer_to(error)
        by_status.setdefault(status, {})[type(error).__name__] = body
        if named := headers_of(error):
            headers[status] = {"headers": {name: {"schema": {"type": "string"}} for name in named}}
    status, internal = internal_error("JKJaXjt-FiAEJ4w=")
    by_status[status] = {"InternalError": internal}
    for status in by_status.keys() & GATEWAY_ERRORS.keys():
        by_status[status]["GatewayError"] = {"message": GATEWAY_ERRORS[status]}
    return {
        str(status): {
            "description": " or ".join(examples),
            **headers.get(status, {}),
            "content": _json(_of_failure(status), examples),
        }
        for status, examples in sorted(by_status.items())
    }


def _of_failure(status: int) -> Schema:
    errors = reference("Errors")
    return {"anyOf": [errors, reference("GatewayError")]} if status in GATEWAY_ERRORS else errors


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in PATH_PARAMETERS.items()
        if f"{{{name}}}" in operation.route.path
    ]
    query = [{"name": name, "in": "query", "schema": QUERY_PARAMETERS[name]} for name in operation.query]
    if operation.filter:
        query.insert(0, {"name": "filter", "in": "query", "schema": _filter(operation)})
    headers = [{"name": name, "in": "header", "schema": HEADERS[name]} for name in operation.headers]
    described: dict[str, Any] = {
        "operationId": operation.route.function,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": path + query + headers,
        "security": [{"token": [operation.route.right]}] if operation.route.right else [],
        "responses": _responses(operation, schemas),
    }
    if operation.body:
        name, example = operation.body
        content = _json(
            wrapped_or_bare(name), {"wrapped": {"data": example}, "bare": example, **operation.other_bodies}
        )
        described["requestBody"] = {"required": True, "content": content}
    return described


def _filter(operation: Operation) -> Schema:
    """Clauses for the attributes of the list, whose values may stand in quotes."""
    value = r"""("([^"\\]|\\.)*"|'([^'\\]|\\.)*'|([^"' (),:][^(),:]*)?)"""
    clause = rf" *eq\( *({'|'.join(operation.filter)}) *, *{value} *\) *"
    examples = [f"eq({name},{value})" for name, value in operation.filter.items()]
    if operation.bounds:
        clause = rf"({clause}| *(gt|ge|lt|le)\( *({'|'.join(operation.bounds)}) *, *{_DATE_OR_TIME} *\) *)"
        examples = [f"ge({name},{value})" for name, value in operation.bounds.items()] + examples
    return {
        "type": "string",
        "pattern": f"^{clause}(:{clause}){{0,{limits.FILTERS - 1}}}$",
        "examples": [":".join(examples)],
    }


_MOMENT = r"20[0-9]{2}-(0[1-9]|1[0-2])-([01][1-9]|2[0-8])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?"
_DATE_OR_TIME = rf'({_MOMENT}|"{_MOMENT}")'


def _token_form() -> dict[str, Any]:
    example = {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}
    content = {"schema": reference("TokenForm"), "examples": {"client_credentials": {"value": example}}}
    return {"required": True, "content": {"application/x-www-form-urlencoded": content}}


def _page(route: Route, summary: str, content_type: str) -> dict[str, Any]:
    schema: Schema = {"type": "object"} if content_type == "application/json" else {"type": "string"}
    return {
        "operationId": route.function,
        "summary": summary,
        "tags": ["description"],
        "security": [],
        "responses": {"200": {"description": summary, "content": {content_type: {"schema": schema}}}},
    }
