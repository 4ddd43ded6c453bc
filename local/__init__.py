"""The local stack: template.yaml deployed to an emulator on this machine, behind a front door that speaks HTTP."""

import sys
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

_missing = [name for name in ("boto3", "hypercorn", "ministack", "samtranslator") if find_spec(name) is None]
if _missing:
    sys.exit(f"Not installed: {', '.join(_missing)}. `make serve` and `make demo` install what they need.")

sys.path[:0] = [str(PROJECT / "layers/promotion_jobs/python"), str(PROJECT / "cli/src")]


class StackError(Exception):
    """The stack cannot start or go on; the message is one line for the operator who started it."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
