"""The SAM template and the values of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse
from yaml import YAMLError

from local.errors import StackError


@dataclass(frozen=True, slots=True)
class Template:
    path: Path
    document: dict[str, Any]
    parameters: Mapping[str, str]
    """The values that are set; the others have the template's default."""

    @classmethod
    def read(cls, path: Path, parameters: Mapping[str, str]) -> "Template":
        """Raises StackError where the file is no template, or not one with these parameters."""
        try:
            document = yaml_parse(path.read_text())
        except (OSError, YAMLError) as error:
            raise StackError(f"{path.name} cannot be read: {error}") from error
        if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
            raise StackError(f"{path.name} is not a template: it has no Resources")
        if unknown := parameters.keys() - document.get("Parameters", {}).keys():
            raise StackError(f"{path.name} has no parameter {', '.join(sorted(unknown))}")
        return cls(path, document, parameters)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of the resources of one type, by logical id."""
        return {
            name: resource.setdefault("Properties", {})
            for name, resource in self.document["Resources"].items()
            if resource.get("Type") == kind
        }

    def value(self, node: Any) -> Any:
        """The node itself, or the value of the parameter to which it refers."""
        if not isinstance(node, dict) or "Ref" not in node:
            return node
        name = node["Ref"]
        parameter = self.document["Parameters"][name]
        value = self.parameters.get(name, parameter["Default"])
        return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
