"""What the functions of a checkout have done when they are loaded: a snapshot of that may start any number of times."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LOADED = """
import sys
from importlib import import_module
happened = []
sys.addaudithook(lambda event, _: happened.append(event) if event.startswith("socket.") else None)
import_module("functions.{function}.app")
from promotion_jobs import wiring
from promotion_jobs.settings import settings
print(wiring.service.cache_info().currsize, settings.cache_info().currsize, "boto3" in sys.modules, happened)
"""


@pytest.mark.parametrize("function", ["validate_code", "redeem_code"])
def test_a_function_that_is_loaded_has_no_connection_no_chance_and_no_clients(function: str) -> None:
    """All of them belong to the service, which is made for the first request."""
    path = [str(ROOT), str(ROOT / "layers/promotion_jobs/python")]
    code = f"import sys; sys.path[:0] = {path!r}\n{LOADED.format(function=function)}"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    assert run.stdout == "0 0 False []\n"
