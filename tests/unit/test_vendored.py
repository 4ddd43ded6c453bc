"""The console's libraries: byte for byte what vendor.lock names, with their licences."""

import json
import re
from pathlib import Path

import pytest

from tools.vendor import FOLDER, digest, entries

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / FOLDER
ENTRIES = {entry["file"]: entry for entry in entries()}
TYPES = {"htm.module.d.ts", "preact.d.mts", "signals-core.module.d.ts"}
"""Ours: they name where the types of a library are, for the checks alone."""


def test_every_vendored_file_is_in_the_lock_and_the_other_way_round() -> None:
    assert {path.name for path in VENDOR.iterdir()} - {"vendor.lock"} - TYPES == set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_vendored_file_is_the_one_that_was_locked(name: str) -> None:
    assert digest((VENDOR / name).read_bytes()) == ENTRIES[name]["sha256"]


def test_a_library_comes_with_the_text_of_its_licence() -> None:
    licences = {entry["package"]: entry["licence"] for entry in ENTRIES.values()}
    assert licences == {"preact": "MIT", "htm": "Apache-2.0", "@preact/signals-core": "MIT"}
    texts = {it["package"]: (VENDOR / name).read_text() for name, it in ENTRIES.items() if name.endswith("LICENSE.txt")}
    heads = {"MIT": "MIT License", "Apache-2.0": "Apache License"}
    assert [package for package, licence in licences.items() if heads[licence] not in texts[package]] == []


def test_types_are_checked_against_the_versions_that_are_served() -> None:
    pinned = json.loads((ROOT / "tools/javascript/package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    served = {entry["package"]: entry["version"] for entry in ENTRIES.values()}
    assert {package: pinned[package] for package in served} == served


def test_no_module_of_the_console_has_more_than_400_lines() -> None:
    own = [path for path in VENDOR.parent.rglob("*.js") if path.parent != VENDOR]
    assert {path.name: lines for path in own if (lines := len(path.read_text().splitlines())) > 400} == {}
