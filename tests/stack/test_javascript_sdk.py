"""The published JavaScript SDK, untouched, drives the whole API (contract: clients work unchanged)."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local import PROJECT
from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import free_codes

FOLDER = Path(__file__).with_name("javascript_sdk")
INSTALLED = PROJECT / ".local" / "javascript_sdk"


@pytest.fixture(scope="module")
def journey() -> Path:
    """The script beside its installed SDK, which stays installed between runs."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js is not installed: the JavaScript SDK is not tried")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "journey.js"):
        shutil.copy(FOLDER / name, INSTALLED / name)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    subprocess.run(command, cwd=INSTALLED, check=True)  # noqa: S603
    return INSTALLED / "journey.js"


def test_the_published_sdk_does_all_that_a_merchant_needs(stack: LocalStack, api: Api, journey: Path) -> None:
    free_codes(api, "WELCOME-10", "WELCOME-20", "BYE", "AUTOMATIC")
    settings = {
        "host": urlsplit(stack.base_url).netloc,
        "client_id": stack.client.client_id,
        "client_secret": stack.client.client_secret,
    }
    node = shutil.which("node") or "node"
    run = subprocess.run(  # noqa: S603
        [node, str(journey), json.dumps(settings)], check=False, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 11
