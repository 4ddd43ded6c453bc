"""What may know what (the package's own docstring says why). Read from the source, so also of what no test runs."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/promotion_jobs/python/promotion_jobs"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path for path in PACKAGE.rglob("*.py")
}
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))

VALUES = {"errors", "limits", "measures", "pages", "values"}
ROOMS = {
    "aws": VALUES,
    "promotions": {"aws", *VALUES},
    "codes": {"promotions", "aws", *VALUES},
    "jobs": {"codes", "promotions", "aws", *VALUES},
    "tokens": {"aws", *VALUES},
    "api": {"promotions", "codes", "jobs", "tokens", "observe", *VALUES},
    "observe": {"measures"},
    "wiring": {"promotions", "codes", "jobs", "tokens", "aws", "settings", "observe", *VALUES},
    "settings": set[str](),
    "errors": set[str](),
    "limits": set[str](),
    "measures": set[str](),
    "values": set[str](),
    "pages": {"errors", "limits"},
}
"""Room, which is a package or a module → the rooms that it may know beside itself. No arrow goes up."""

OTHERS = {
    "aws": {"botocore"},
    "codes": {"cryptography"},
    "api": {"aws_lambda_powertools", "pydantic", "pydantic_core"},
    "observe": {"aws_lambda_powertools"},
}
"""Room → what it may take from PyPI. All others take nothing."""

STORES = {
    "promotions.store",
    "codes.store",
    "codes.keyring",
    "codes.spaces",
    "jobs.store",
    "jobs.runs",
    "jobs.open_work",
    "tokens.store",
}
"""The modules that read and write items: each item has its author among them."""


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def _imported(path: Path) -> Iterator[str]:
    """Every name that the file imports, with its module, also for type checkers alone."""
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(path: Path) -> set[str]:
    """The modules of our package that the file imports, without the package's name."""
    names = {name.removeprefix("promotion_jobs.") for name in _imported(path) if name.startswith("promotion_jobs.")}
    return {name if name in MODULES or name in ROOMS else name.rpartition(".")[0] for name in names}


def _rooms(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _own(path)}


def _others(path: Path) -> set[str]:
    roots = {name.partition(".")[0] for name in _imported(path)}
    return {it for it in roots - sys.stdlib_module_names - {"promotion_jobs", "_typeshed"} if "mypy_boto3" not in it}


def _broken(paths: dict[str, Path], allowed: dict[str, set[str]]) -> dict[str, set[str]]:
    """Module → the rooms that it knows and should not."""
    return {name: found for name, path in paths.items() if (found := _rooms(path) - allowed[name])}


def test_every_module_has_a_room_and_no_room_knows_one_above_it() -> None:
    inside = {name: path for name, path in MODULES.items() if not name.endswith("__init__")}
    rooms = {name: name.partition(".")[0] for name in inside}
    assert set(rooms.values()) == ROOMS.keys()
    assert _broken(inside, {name: {room, *ROOMS[room]} for name, room in rooms.items()}) == {}


def test_a_room_takes_from_others_what_it_is_there_for() -> None:
    wrong = {name: _others(path) - OTHERS.get(name.partition(".")[0], set()) for name, path in MODULES.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_only_the_stores_know_the_keys_of_items() -> None:
    assert {name for name, path in MODULES.items() if "aws.keys" in _own(path)} == {*STORES, "aws.table"}


def test_only_jobs_send_messages_write_files_and_publish_events() -> None:
    users = {name for name, path in MODULES.items() if _own(path) & {"aws.queue", "aws.files", "aws.bus"}}
    assert {name.partition(".")[0] for name in users} == {"jobs", "wiring"}


def test_the_api_and_the_handlers_know_no_store() -> None:
    paths = {name: path for name, path in MODULES.items() if name.startswith("api.")}
    paths |= {path.parent.name: path for path in HANDLERS}
    assert {name: found for name, path in paths.items() if (found := _own(path) & STORES)} == {}


def test_handlers_import_the_package_and_powertools_alone() -> None:
    assert {path.parent.name for path in HANDLERS if _others(path) - {"aws_lambda_powertools"}} == set()
    allowed = {"api", "wiring", "promotions", "codes", "jobs", "observe", *VALUES}
    handlers = {path.parent.name: path for path in HANDLERS}
    assert _broken(handlers, dict.fromkeys(handlers, allowed)) == {}


def test_handlers_are_short_and_stand_alone_in_their_folder() -> None:
    for path in HANDLERS:
        assert len(path.read_text().splitlines()) <= 40, path
        assert [it.name for it in path.parent.iterdir() if it.name != "__pycache__"] == ["app.py"]


def test_the_tools_know_the_package_and_nothing_of_how_it_is_run() -> None:
    tools = sorted((ROOT / "tools").rglob("*.py"))
    assert tools != []
    for path in tools:
        assert _others(path) <= {"boto3", "botocore", "pydantic", "tools"}, path


def test_nothing_that_runs_knows_the_tools() -> None:
    for path in (*MODULES.values(), *HANDLERS, *sorted((ROOT / "local").glob("*.py"))):
        assert {name for name in _imported(path) if name.partition(".")[0] == "tools"} == set(), path


def test_only_the_settings_read_the_environment() -> None:
    readers = {name for name, path in MODULES.items() if "os" in {it.partition(".")[0] for it in _imported(path)}}
    assert readers == {"settings"}


def test_nothing_takes_chance_from_a_generator_that_can_be_predicted() -> None:
    sources = [*MODULES.values(), *HANDLERS]
    assert [path for path in sources if "random" in {it.partition(".")[0] for it in _imported(path)}] == []


def test_a_protocol_has_more_than_one_implementation() -> None:
    """Job types, and what counts: Lambda's metrics, or nothing."""
    protocols = {
        node.name
        for path in MODULES.values()
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.ClassDef) and "Protocol" in {ast.unparse(base) for base in node.bases}
    }
    assert protocols == {"Kind", "OfferedKind", "Meter"}


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


def test_keys_are_put_together_and_taken_apart_in_one_module() -> None:
    found = {name for name, path in MODULES.items() if any(_KEY.search(text) for text in _texts(path))}
    assert found == {"aws.keys"}
