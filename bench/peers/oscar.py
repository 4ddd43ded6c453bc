"""django-oscar, whose dashboard makes sets of vouchers: on SQLite, in an environment of its own."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Run, Sample
from local import PROJECT

NOT_INSTALLED = "not measured: `make bench` installs django-oscar, python -m bench does not"

_PYTHON = PROJECT / ".venv-peers/bin/python"
_READY = PROJECT / ".venv-peers/.ready"
_PROGRAM = Path(__file__).with_name("oscar_vouchers.py")
_STATE = PROJECT / ".local/bench"


def has_oscar() -> bool:
    return _READY.exists()


def _run(*arguments: str) -> str:
    # -P: or this module would hide the package.
    command = [str(_PYTHON), "-P", str(_PROGRAM), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours


@cache
def _shop() -> Path:
    """A shop with an offer and nothing else, of which each run takes a copy: making it takes the longest."""
    _STATE.mkdir(parents=True, exist_ok=True)
    shop = _STATE / "oscar.sqlite3"
    if not shop.exists() or shop.stat().st_mtime < _READY.stat().st_mtime:
        with TemporaryDirectory(prefix="oscar-", dir=_STATE) as folder:
            _run(f"{folder}/{shop.name}")
            Path(folder, shop.name).replace(shop)
    return shop


def oscar_peer(codes: int) -> Run:
    """A run of the form that makes a voucher set, in a process of its own."""

    def run() -> Sample:
        with TemporaryDirectory(prefix="oscar-", dir=_shop().parent) as folder:
            database = shutil.copy(_shop(), folder)
            return Sample(**json.loads(_run(database, str(codes))))

    return run
