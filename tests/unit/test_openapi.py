"""The OpenAPI document: whole, true to the code, and committed as it is generated."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from inspect import cleandoc
from pkgutil import walk_packages
from typing import Any

import pytest

import promotion_jobs
from promotion_jobs import errors, limits
from promotion_jobs.api import errors as api_errors
from promotion_jobs.api.routes import FOR_BROWSERS, Route
from promotion_jobs.codes import codes
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.jobs import read
from promotion_jobs.pages import parse_clauses
from promotion_jobs.promotions import promotions
from promotion_jobs.redemptions import usages
from promotion_jobs.settings import Settings
from tests.support.documents import OPENAPI
from tools.openapi.__main__ import rendered
from tools.openapi.document import document

TEXT = OPENAPI
DOCUMENT: dict[str, Any] = json.loads(TEXT)
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
DESCRIBED = [route for route in Route if route not in FOR_BROWSERS]
RIGHTS = {f"{route.method} {route.path}": route.right for route in DESCRIBED}
OPEN_TO_ALL = {"POST /oauth/access_token", "GET /openapi.json", "GET /docs"}

GENERAL = {
    # Bases, of which others are raised.
    errors.NotFound,
    # Of what is no operation: docs/use/api.md tells them at its head.
    api_errors.RouteNotFound,
    api_errors.MethodNotAllowed,
}
"""Errors that belong to no operation."""


def test_what_is_committed_is_what_the_code_gives() -> None:
    drifted = [str(path) for path, text in rendered().items() if path.read_text() != text]
    assert drifted == [], "run `make openapi`"


def test_the_document_is_of_the_version_that_it_says() -> None:
    assert json.loads(json.dumps(document())) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"
    assert set(DOCUMENT) == {"openapi", "info", "servers", "paths", "components"}
    assert all(operations.keys() <= METHODS for operations in DOCUMENT["paths"].values())


def test_every_route_is_described_and_nothing_else() -> None:
    described = {key: operation["operationId"] for key, operation in OPERATIONS.items()}
    assert described == {f"{route.method} {route.path}": route.function for route in DESCRIBED}


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for member in node.values():
            yield from _nodes(member)
    elif isinstance(node, list):
        for member in node:
            yield from _nodes(member)


def _resolved(reference: str) -> Any:
    found: Any = DOCUMENT
    assert reference.startswith("#/")
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _referenced(node: Any) -> set[str]:
    """Every reference that the node makes, itself or through others."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        references = {it["$ref"] for it in _nodes(waiting.pop()) if isinstance(it.get("$ref"), str)}
        waiting += map(_resolved, references - found)
        found |= references
    return found


def test_every_reference_resolves_and_every_shape_is_used() -> None:
    used = _referenced(DOCUMENT["paths"])
    assert used == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] and operation["tags"] for operation in OPERATIONS.values())


@pytest.mark.parametrize("route", OPERATIONS)
def test_the_parameters_of_a_path_are_described_and_needed(route: str) -> None:
    described = OPERATIONS[route].get("parameters", [])
    in_path = [it["name"] for it in described if it["in"] == "path" and it["required"]]
    assert in_path == re.findall(r"\{(\w+)\}", route)
    assert len({(it["in"], it["name"]) for it in described}) == len(described)


def _links() -> Iterator[tuple[str, dict[str, Any]]]:
    for route, operation in OPERATIONS.items():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                yield route, link


def test_a_link_gives_all_that_the_path_of_its_operation_takes() -> None:
    paths = {operation["operationId"]: route for route, operation in OPERATIONS.items()}
    for route, link in _links():
        assert set(link["parameters"]) == set(re.findall(r"\{(\w+)\}", paths[link["operationId"]]))
        assert "promotion_id" in route or link["parameters"]["promotion_id"].startswith("$response.body#/data/")


def test_what_is_created_is_linked_to_everything_that_can_be_done_to_it() -> None:
    linked = {link["operationId"] for _, link in _links()}
    assert linked == {operation["operationId"] for route, operation in OPERATIONS.items() if "{promotion_id}" in route}


def test_every_text_and_number_that_is_sent_is_limited_by_its_schema() -> None:
    sent = [part for name, part in DOCUMENT["components"]["schemas"].items() if name.startswith(("Sent", "Named"))]
    texts = [it for it in _nodes(sent) if it.get("type") == "string"]
    numbers = [it for it in _nodes(sent) if it.get("type") == "integer"]
    assert texts
    assert numbers
    assert [it for it in texts if not it.keys() & {"const", "enum", "format", "pattern"}] == []
    assert [it for it in numbers if not {"minimum", "maximum"} <= it.keys()] == []


def _answered(operation: dict[str, Any], status: int) -> list[Any]:
    """The examples of an operation for a status."""
    content = operation["responses"].get(str(status), {}).get("content", {})
    return [example["value"] for media in content.values() for example in media.get("examples", {}).values()]


@pytest.mark.parametrize("route", sorted(set(OPERATIONS) - OPEN_TO_ALL))
def test_an_operation_needs_a_token_with_a_right_and_says_what_happens_without(route: str) -> None:
    operation = OPERATIONS[route]
    assert operation["security"] == [{"token": [RIGHTS[route]]}]
    assert _answered(operation, 401) == [{"errors": [{"status": 401, "title": "Unauthorized"}]}]
    assert _answered(operation, 403) == [{"errors": [{"status": 403, "title": "Forbidden"}]}]


@pytest.mark.parametrize("route", sorted(OPEN_TO_ALL))
def test_what_is_open_to_all_needs_no_token(route: str) -> None:
    assert OPERATIONS[route]["security"] == []


OF_REDEMPTIONS = {
    "POST /v2/promotions/redemptions",
    "POST /v2/promotions/redemptions/rollback",
    "POST /v2/promotions/usages/anonymize",
}
"""Routes that name a code or a usage in what is sent."""

TWICE = {"POST /v2/promotions/{promotion_id}/jobs", "POST /v2/promotions/redemptions"}
"""Routes that answer otherwise where they make nothing."""


@pytest.mark.parametrize("route", sorted(set(OPERATIONS) - {"GET /openapi.json", "GET /docs"}))
def test_an_operation_shows_its_answer_and_what_is_answered_to_a_fault(route: str) -> None:
    operation = OPERATIONS[route]
    succeeded = [int(status) for status in operation["responses"] if status < "300"]
    assert len(succeeded) == (2 if route in TWICE else 1)
    for status in succeeded:
        assert len(_answered(operation, status)) == (0 if status == 204 else 1)
    ours, gateways = _answered(operation, 500)
    assert list(ours["errors"][0]) == ["status", "title", "detail", "request_id"]
    assert gateways == {"message": "Internal Server Error"}
    assert {"429", "500", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize(
    ("status", "routes"),
    [
        (404, {route for route in OPERATIONS if "{promotion_id}" in route} | OF_REDEMPTIONS),
        (
            415,
            {route for route, it in OPERATIONS.items() if "requestBody" in it and route != "POST /oauth/access_token"},
        ),
        (413, {route for route, operation in OPERATIONS.items() if "requestBody" in operation}),
    ],
)
def test_what_a_status_is_answered_to_says_so(status: int, routes: set[str]) -> None:
    assert {route for route, operation in OPERATIONS.items() if str(status) in operation["responses"]} == routes


EQUALS = ("eq",)
FILTERS: dict[str, Mapping[str, Collection[str]]] = {
    "GET /v2/promotions": dict.fromkeys(promotions.FILTER_ATTRIBUTES, EQUALS),
    "GET /v2/promotions/{promotion_id}/codes": dict.fromkeys(codes.FILTER_ATTRIBUTES, EQUALS),
    "GET /v2/promotions/{promotion_id}/jobs": dict.fromkeys(read.FILTER_ATTRIBUTES, EQUALS),
    "GET /v2/promotions/{promotion_id}/usages": usages.FILTERS,
    "GET /v2/promotions/{promotion_id}/codes/{code}/usages": usages.FILTERS,
}
LISTS = {route for route, operation in OPERATIONS.items() if operation["operationId"].startswith("list_")}


@pytest.mark.parametrize("route", sorted(LISTS))
def test_a_list_has_pages_and_a_filter_within_the_limits(route: str) -> None:
    described = {it["name"]: it["schema"] for it in OPERATIONS[route]["parameters"] if it["in"] == "query"}
    assert set(described) - {"sort"} == {"filter", "page[limit]", "page[offset]"}
    limit, offset = described["page[limit]"], described["page[offset]"]
    assert (limit["minimum"], limit["maximum"]) == (1, limits.MAX_PAGE_LENGTH)
    assert (offset["minimum"], offset["maximum"]) == (0, limits.MAX_PAGE_OFFSET)
    [example] = described["filter"]["examples"]
    assert re.fullmatch(described["filter"]["pattern"], example)
    assert {it.attribute for it in parse_clauses(example, FILTERS[route])} == FILTERS[route].keys()
    details = [example["errors"][0].get("detail", "") for example in _answered(OPERATIONS[route], 400)]
    assert "Could not parse the supplied filter" in details


def _kinds(kind: type[PromotionJobsError]) -> Iterator[type[PromotionJobsError]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _kinds(derived)


def test_every_error_appears_in_an_operation_or_belongs_to_none() -> None:
    named = {
        name
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for media in response.get("content", {}).values()
        for name in media.get("examples", {})
    }
    expected = {kind.__name__ for kind in set(_kinds(PromotionJobsError)) - GENERAL}
    assert expected - named == set()
    assert not {kind.__name__ for kind in GENERAL} & named


def test_every_example_of_an_error_has_a_title_and_fits_its_status() -> None:
    for operation in OPERATIONS.values():
        for status in operation["responses"]:
            for example in _answered(operation, int(status)) if status >= "400" else ():
                if example.keys() == {"message"}:
                    continue
                [element] = example["errors"]
                assert element["title"]
                assert str(element.get("status", status)) == status


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
    "null": type(None),
}


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    """Check a value against the part of JSON Schema that the document uses; any other part is an error."""
    known = {"$ref", "anyOf", "oneOf", "const", "enum", "type", "properties", "required", "additionalProperties"}
    known |= {"items", "pattern", "format", "description", "default", "minLength", "maxLength", "minimum", "maximum"}
    known |= {"minItems", "maxItems", "minProperties", "maxProperties", "examples", "not"}
    assert schema.keys() <= known, schema.keys() - known
    if "not" in schema and _fits(value, schema["not"]):
        return False
    if "$ref" in schema:
        return _fits(value, _resolved(schema["$ref"]))
    if "anyOf" in schema and not any(_fits(value, part) for part in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(_fits(value, part) for part in schema["oneOf"]) != 1:
        return False
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    of_type = isinstance(value, _TYPES[schema["type"]]) if "type" in schema else True
    return of_type and _members_fit(value, schema)


def _members_fit(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, dict):
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not set(schema.get("required", ())) <= value.keys() or (rest is False and value.keys() - properties):
            return False
        return all(_fits(member, properties[name]) for name, member in value.items() if name in properties)
    if isinstance(value, list):
        return all(_fits(member, schema.get("items", {})) for member in value)
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    return True


def _examples() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for route, operation in OPERATIONS.items():
        places = {**operation["responses"], "body": operation.get("requestBody", {})}
        for place, described in places.items():
            for media in described.get("content", {}).values():
                for name, example in media.get("examples", {}).items():
                    yield f"{route} {place} {name}", example["value"], media["schema"]


@pytest.mark.parametrize(("example", "schema"), [pytest.param(it, of, id=name) for name, it, of in _examples()])
def test_an_example_is_of_the_shape_that_is_described(example: Any, schema: dict[str, Any]) -> None:
    assert _fits(example, schema)


def test_an_example_of_another_shape_would_be_found() -> None:
    errors_schema = {"$ref": "#/components/schemas/Errors"}
    assert not _fits({"errors": [{"detail": "no title"}]}, errors_schema)
    assert not _fits({"errors": [{"title": 5}]}, errors_schema)
    assert not _fits({"errors": [], "data": {}}, errors_schema)
    assert not _fits([], errors_schema)


def test_the_description_tells_nothing_of_how_the_service_is_run() -> None:
    names = [name for name, member in vars(Settings).items() if isinstance(member, property)]
    assert [name for name in [*names, "TABLE_NAME", "dynamodb", "seed", "purge"] if name in TEXT] == []


def _docstrings() -> set[str]:
    """Those of the package's classes and functions, and of what they are of in Python."""
    modules = [import_module(it.name) for it in walk_packages(promotion_jobs.__path__, "promotion_jobs.")]
    found = [vars(module).values() for module in modules]
    return {cleandoc(it.__doc__) for members in found for it in members if getattr(it, "__doc__", None)}


def test_what_clients_read_is_written_for_them_and_is_no_docstring() -> None:
    described = {it["description"] for it in _nodes(DOCUMENT) if isinstance(it.get("description"), str)}
    assert described & _docstrings() == set()
