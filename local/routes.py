"""The routes of the template's HTTP API, matched as API Gateway matches them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.template import Template

DEFAULT = "$default"


@dataclass(frozen=True, slots=True)
class Route:
    key: str
    function: str

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def segments(self) -> list[str]:
        return self.key.partition(" ")[2].split("/")

    def path_parameters(self, path: str) -> dict[str, str] | None:
        """The values of the path variables, or None where the path is not this route's."""
        values = path.split("/")
        if len(values) != len(self.segments):
            return None
        parameters = {}
        for segment, value in zip(self.segments, values, strict=True):
            if _is_variable(segment) and value:
                parameters[segment[1:-1]] = value
            elif segment != value:
                return None
        return parameters


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    path_parameters: Mapping[str, str]


class Router:
    """Finds the most specific route: text before a path variable, a method before ANY, the default route last."""

    def __init__(self, routes: Iterable[Route]) -> None:
        by_key = {route.key: route for route in routes}
        self._default = by_key.pop(DEFAULT, None)
        self._routes = sorted(by_key.values(), key=_generality)

    def match(self, method: str, path: str) -> Match | None:
        for route in self._routes:
            if route.method in (method, "ANY"):
                parameters = route.path_parameters(path)
                if parameters is not None:
                    return Match(route, parameters)
        return Match(self._default, {}) if self._default else None


def read_routes(template: "Template", functions: Mapping[str, str]) -> list[Route]:
    """The routes of the template's functions, whose names ``functions`` gives by logical id."""
    return [
        Route(_key(event.get("Properties") or {}), functions[name])
        for name, properties in template.resources("AWS::Serverless::Function").items()
        for event in (properties.get("Events") or {}).values()
        if event["Type"] == "HttpApi"
    ]


def _key(properties: Mapping[str, str]) -> str:
    if "Path" not in properties:
        return DEFAULT
    return f"{properties['Method'].upper()} {properties['Path']}"


def _generality(route: Route) -> tuple[list[bool], bool]:
    return [_is_variable(segment) for segment in route.segments], route.method == "ANY"


def _is_variable(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")
