"""Packages of the npm registry that make codes."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bench.measure import Run, Sample

NOT_INSTALLED = "not measured: Node.js is not installed"

_INSTALLED = Path(__file__).resolve().parents[2] / ".local/bench/npm"
_TIMES = 10
"""So often a run makes all codes: starting and compiling is not what is compared."""


def has_node() -> bool:
    return shutil.which("npm") is not None and shutil.which("node") is not None


@cache
def _installed_script() -> Path:
    """The script beside the packages, which stay installed between runs."""
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "generate.js"):
        shutil.copy(Path(__file__).with_name(name), _INSTALLED / name)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    subprocess.run(command, cwd=_INSTALLED, check=True)  # noqa: S603 - nothing from outside
    return _INSTALLED / "generate.js"


def node_peer(package: str, request: Mapping[str, Any]) -> Run:
    """A run, in a process of Node.js, of the ``generate`` that these packages have in common."""

    def run() -> Sample:
        work = json.dumps({"package": package, "times": _TIMES, "request": request})
        command = [shutil.which("node") or "node", str(_installed_script()), work]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - nothing from outside
        return Sample(**json.loads(done.stdout))

    return run
