"""How the code is built, beyond who imports whom, which `make lint` checks (pyproject.toml, "importlinter")."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/promotion_jobs/python/promotion_jobs"
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path for path in PACKAGE.rglob("*.py")
}
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def test_handlers_are_short_and_stand_alone_in_their_folder() -> None:
    for path in HANDLERS:
        assert len(path.read_text().splitlines()) <= 40, path
        beside = {it.name for it in path.parent.iterdir()} - {"__pycache__", "app.py"}
        assert beside == ({"static"} if path.parent.name in {"show_console", "show_docs"} else set())


def test_a_protocol_has_more_than_one_implementation() -> None:
    """Job types, and what counts: Lambda's metrics, or nothing."""
    protocols = {
        node.name
        for path in MODULES.values()
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.ClassDef) and "Protocol" in {ast.unparse(base) for base in node.bases}
    }
    assert protocols == {"Kind", "OfferedKind", "Meter"}


def test_redemption_reads_of_a_promotion_only_whether_it_goes_on() -> None:
    """Carts, prices and amounts are not ours: the caller says how many units (decision 20)."""
    modules = [path for name, path in MODULES.items() if name.startswith("redemptions.")]
    nodes = [node for path in modules for node in ast.walk(_parsed(path))]
    fields = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "fields"]
    read = [ast.unparse(node.slice) for node in nodes if isinstance(node, ast.Subscript) and node.value in fields]
    assert (len(read), set(read)) == (len(fields), {"'enabled'", "'start'", "'end'"})


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
