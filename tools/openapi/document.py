"""The OpenAPI 3.1 document, put together from the operations and the shapes."""

import tomllib
from pathlib import Path
from typing import Any

from promotion_jobs import limits
from promotion_jobs.api.errors import PayloadTooLarge, answer_to, headers_of, internal_error
from tools.openapi.operations import OPERATIONS, TOKEN, Operation
from tools.openapi.schemas import ID, Schema, components, reference, wrapped_or_bare

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
VERSION = tomllib.loads(PROJECT.read_text())["project"]["version"]

PATH_PARAMETERS: dict[str, Schema] = {"promotion_id": ID, "job_id": ID, "code": {"type": "string"}}
QUERY_PARAMETERS: dict[str, Schema] = {
    "page[limit]": {
        "type": "integer",
        "minimum": 1,
        "maximum": limits.MAX_PAGE_LENGTH,
        "default": limits.PAGE_LENGTH,
    },
    "page[offset]": {"type": "integer", "minimum": 0, "maximum": limits.MAX_PAGE_OFFSET, "default": 0},
    "dry_run": {"type": "string", "enum": ["true", "false"], "default": "false"},
    "filter": {"type": "string", "examples": ["eq(status,completed):eq(job_type,code_generate)"]},
}

HEADERS: dict[str, Schema] = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": limits.IDEMPOTENCY_KEY_CHARACTERS}
}


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {TOKEN.path: {TOKEN.method: _token_operation()}}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    paths["/openapi.json"] = {"get": _page("get_openapi", "This document", "application/json")}
    paths["/docs"] = {"get": _page("show_docs", "This document as a page", "text/html; charset=utf-8")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Promotion Jobs",
            "version": VERSION,
            "description": "Promotion codes in bulk: exactly as many as asked for, none guessable, none twice.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _json(schema: Schema, examples: dict[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": content}


def _responses(operation: Operation) -> dict[str, Any]:
    succeeded: dict[str, Any] = {"description": operation.summary}
    if operation.answer is not None:
        succeeded["content"] = _json(operation.answer, {"example": operation.example})
    also: dict[str, Any] = {}
    if operation.dry_run:
        schema, example = operation.dry_run
        also["200"] = {"description": "What a dry run would have done", "content": _json(schema, {"example": example})}
    by_status: dict[str, dict[str, Any]] = {}
    headers: dict[str, Any] = {}
    too_large = () if operation.body else (PayloadTooLarge(limits.BODY_BYTES),) if operation is TOKEN else ()
    for error in (*operation.failures, *too_large):
        status, body = answer_to(error)
        by_status.setdefault(str(status), {})[type(error).__name__] = body
        if named := headers_of(error):
            headers[str(status)] = {"headers": {name: {"schema": {"type": "string"}} for name in named}}
    status, body = internal_error("JKJaXjt-FiAEJ4w=")
    by_status[str(status)] = {"InternalError": body}
    failed = {
        status: {
            "description": " or ".join(examples),
            **headers.get(status, {}),
            "content": _json(reference("Errors"), examples),
        }
        for status, examples in sorted(by_status.items())
    }
    return {**also, str(operation.status): succeeded, **failed}


def _operation(operation: Operation) -> dict[str, Any]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in PATH_PARAMETERS.items()
        if f"{{{name}}}" in operation.path
    ]
    query = [{"name": name, "in": "query", "schema": QUERY_PARAMETERS[name]} for name in operation.query]
    headers = [{"name": name, "in": "header", "schema": HEADERS[name]} for name in operation.headers]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": path + query + headers,
        "security": [{"token": []}] if operation.token else [],
        "responses": _responses(operation),
    }
    if operation.body:
        name, example = operation.body
        content = _json(
            wrapped_or_bare(name), {"wrapped": {"data": example}, "bare": example, **operation.other_bodies}
        )
        described["requestBody"] = {"required": True, "content": content}
    return described


def _token_operation() -> dict[str, Any]:
    example = {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}
    content = {"schema": reference("TokenForm"), "examples": {"client_credentials": {"value": example}}}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": content}}
    return _operation(TOKEN) | {"requestBody": body}


def _page(operation_id: str, summary: str, content_type: str) -> dict[str, Any]:
    schema: Schema = {"type": "object"} if content_type == "application/json" else {"type": "string"}
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["description"],
        "security": [],
        "responses": {"200": {"description": summary, "content": {content_type: {"schema": schema}}}},
    }
