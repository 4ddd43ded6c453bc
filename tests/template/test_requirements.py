"""pyproject.toml is the only list of dependencies; the compiled files say the same, and nothing of where from."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.template import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LAYER = ROOT / "layers/dependencies/requirements.txt"
COMPILED = {LAYER: "project"} | {path: path.stem for path in (ROOT / "requirements").glob("*.txt")}


def _pins(requirements: list[Any]) -> Iterator[tuple[str, str]]:
    """Name and version of what is required, also through the groups that are included."""
    for requirement in requirements:
        if isinstance(requirement, dict):
            yield from _pins(PROJECT["dependency-groups"][requirement["include-group"]])
        else:
            name, version = requirement.split("==")
            yield name.partition("[")[0].lower(), version


def _stated(path: Path) -> set[tuple[str, str]]:
    own = [] if path.stem in {"browser", "tools", "peers", "audit"} else PROJECT["project"]["dependencies"]
    group = COMPILED[path]
    return set(_pins([*own, *([] if group == "project" else PROJECT["dependency-groups"][group])]))


def _compiled(path: Path) -> set[tuple[str, str]]:
    return {
        (name.lower(), version)
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_compiled_file_has_every_pin_of_the_project(path: Path) -> None:
    assert _stated(path)
    assert _stated(path) - _compiled(path) == set()


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_compiled_file_names_packages_by_version_alone(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[^\s;]+( ; .+)?", line)] == []
    assert "://" not in path.read_text()


def test_every_dependency_group_is_compiled() -> None:
    assert set(COMPILED.values()) == {"project", *PROJECT["dependency-groups"]}


def test_versions_that_two_files_share_are_the_same_where_the_functions_run() -> None:
    layer, development = dict(_compiled(LAYER)), dict(_compiled(ROOT / "requirements/dev.txt"))
    assert {name: development[name] for name in layer} == layer
