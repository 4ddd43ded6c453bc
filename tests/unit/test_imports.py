"""What may know what (the package's own docstring says why). Read from the source, so also of what no test runs."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/promotion_jobs/python/promotion_jobs"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path for path in PACKAGE.rglob("*.py")
}
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))

BOUNDARY = {"api", "aws", "wiring", "settings", "observe"}
ADAPTERS = {"aws"}


def _is_store(name: str) -> bool:
    return name.partition(".")[0] in ADAPTERS or name.endswith(("store", ".changes", ".open_work"))


DOMAIN = sorted(
    name for name in MODULES if name != "__init__" and name.partition(".")[0] not in BOUNDARY and not _is_store(name)
)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def _imported(path: Path) -> Iterator[str]:
    """Every module that the file imports, also for type checkers alone; of our package, without its name."""
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(path: Path) -> set[str]:
    prefix = "promotion_jobs."
    return {name.removeprefix(prefix).partition(".")[0] for name in _imported(path) if name.startswith(prefix)}


def _others(path: Path) -> set[str]:
    roots = {name.partition(".")[0] for name in _imported(path)}
    return roots - sys.stdlib_module_names - {"promotion_jobs"}


def test_the_domain_is_all_that_is_neither_adapter_nor_boundary() -> None:
    assert {"codes.codes", "errors", "jobs.job", "jobs.worker", "tokens.tokens"} <= set(DOMAIN)


@pytest.mark.parametrize("name", DOMAIN)
def test_the_domain_knows_the_standard_library_and_itself_alone(name: str) -> None:
    assert _others(MODULES[name]) == set()
    assert _own(MODULES[name]) & BOUNDARY == set()
    assert not {"os", "socket", "subprocess"} & {imported.partition(".")[0] for imported in _imported(MODULES[name])}


@pytest.mark.parametrize("name", sorted(filter(_is_store, MODULES)))
def test_adapters_know_nothing_of_http_or_of_how_they_are_put_together(name: str) -> None:
    assert _own(MODULES[name]) & {"api", "wiring", "settings", "observe"} == set()
    assert {it for it in _others(MODULES[name]) if not it.startswith("mypy_boto3_")} <= {"boto3", "botocore"}


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("api.")))
def test_the_api_knows_no_adapter(name: str) -> None:
    assert _own(MODULES[name]) & (ADAPTERS | {"settings"}) == set()
    assert _others(MODULES[name]) <= {"aws_lambda_powertools", "pydantic", "pydantic_core"}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_import_the_package_and_powertools_alone(path: Path) -> None:
    assert _others(path) <= {"aws_lambda_powertools"}
    assert _own(path) & {"settings"} == set()


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_are_short_and_stand_alone_in_their_folder(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40
    assert [it.name for it in path.parent.iterdir() if it.name != "__pycache__"] == ["app.py"]


SERVED = [*MODULES.values(), *HANDLERS, *sorted((ROOT / "local").glob("*.py"))]
TOOLS = sorted((ROOT / "tools").rglob("*.py"))


def test_the_tools_know_the_package_and_nothing_of_how_it_is_run() -> None:
    assert TOOLS != []
    for path in TOOLS:
        assert _others(path) <= {"boto3", "botocore", "pydantic", "tools"}, path


@pytest.mark.parametrize("path", SERVED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_runs_knows_the_tools(path: Path) -> None:
    assert {name for name in _imported(path) if name.partition(".")[0] == "tools"} == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = {name for name, path in MODULES.items() if "os" in {it.partition(".")[0] for it in _imported(path)}}
    assert readers == {"settings"}


def test_nothing_takes_chance_from_a_generator_that_can_be_predicted() -> None:
    sources = [*MODULES.values(), *HANDLERS]
    assert [path for path in sources if "random" in {it.partition(".")[0] for it in _imported(path)}] == []


_KEY = re.compile(r"[A-Z}]#|^#$")
"""A part in capitals or a placeholder before the separator, or the separator itself; not ``#name`` in an expression."""


def _texts(path: Path) -> Iterator[str]:
    """The literal text of every string; in an f-string, with {} for each placeholder."""
    nodes = list(ast.walk(_parsed(path)))
    f_strings = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    for f_string in f_strings:
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in f_string.values)
    parts = {id(part) for f_string in f_strings for part in f_string.values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


@pytest.mark.parametrize("name", sorted(MODULES))
def test_keys_are_put_together_and_taken_apart_in_one_module(name: str) -> None:
    found = [text for text in _texts(MODULES[name]) if _KEY.search(text)]
    assert bool(found) == (name == "aws.keys"), found
