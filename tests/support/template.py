"""The SAM template, read as a deployment with its defaults would read it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
PATH = ROOT / "template.yaml"
TEMPLATE: dict[str, Any] = yaml_parse(PATH.read_text())

FUNCTION = "AWS::Serverless::Function"
OF_ALL: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
"""The variables that all functions have."""


def resources(kind: str) -> dict[str, Any]:
    """The resources of a type by their logical id."""
    return {name: it for name, it in TEMPLATE["Resources"].items() if it["Type"] == kind}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATE["Resources"][name]["Properties"]
    return found


def value(node: Any) -> Any:
    """The node itself, or the default of the parameter to which it refers."""
    return TEMPLATE["Parameters"][node["Ref"]]["Default"] if isinstance(node, dict) and "Ref" in node else node


def folders() -> dict[str, str]:
    """The name of the folder of each function by the function's logical id."""
    return {name: Path(it["Properties"]["CodeUri"]).name for name, it in resources(FUNCTION).items()}


@cache
def functions() -> dict[str, Any]:
    """The properties of each function by the name of its folder."""
    return {folder: properties(name) for name, folder in folders().items()}


def environment(function: str) -> dict[str, Any]:
    """The variables that the function is given beyond those that all have."""
    variables: dict[str, Any] = functions()[function].get("Environment", {}).get("Variables", {})
    return variables


def events(function: str, kind: str) -> Iterator[dict[str, Any]]:
    for event in functions()[function]["Events"].values():
        if event["Type"] == kind:
            yield event["Properties"]


def routes(function: str) -> set[str]:
    """The route keys that lead to the function."""
    return {
        f"{event['Method']} {event['Path']}" if "Path" in event else "$default" for event in events(function, "HttpApi")
    }


def as_list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node]
