"""The API against its own description, with every check that schemathesis has: `make fuzz` runs it for longer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.api import Api
from local.stack import Client, LocalStack, local_stack
from tools.openapi.__main__ import DESCRIPTION

EXAMPLES = os.environ.get("EXAMPLES", "5")
"""Requests to each operation that are made up, beside those that schemathesis derives from the schemas."""

EVERY = os.environ.get("EVERY", "4")
"""Each so many-th of the derived ones is sent, the first and others by the seed."""

SEED = os.environ.get("SEED", "1")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
LONGEST_RUN_SECONDS = 55 * 60
"""A token lasts an hour."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalStack]:
    """A stack of its own: jobs of millions of codes are left behind, for which other tests would wait."""
    with local_stack(Client.kept_in(tmp_path / "client.json"), state=tmp_path) as stack:
        yield stack


def test_every_request_that_schemathesis_thinks_of_is_answered_as_described(own: LocalStack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = _run(own, report)
    assert report.exists(), run.stdout + run.stderr
    told = json.loads(report.read_text())
    cases = told["test_cases"]
    print(  # noqa: T201 - for who runs `make fuzz`
        f"\n{cases['generated']} requests in {told['running_time']:.0f} s, {cases['unique_failures']} findings, "
        f"{told['filtered']} answers for reasons that no schema can give (seed {SEED})"
    )
    assert run.returncode == 0, run.stdout
    assert told["operations"]["tested"] == told["operations"]["total"]
    assert {phase["status"] for phase in told["phases"].values()} == {"success"}


def _run(stack: LocalStack, report: Path) -> "subprocess.CompletedProcess[str]":
    token = Api.signed_in(stack.base_url, stack.client).token
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run", str(DESCRIPTION)]
    options = ["--url", stack.base_url, "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"]
    return subprocess.run(  # noqa: S603 - nothing from outside
        [*command, *options, "--report-json-path", str(report)],
        env={**os.environ, "ACCESS_TOKEN": token, "EVERY": EVERY, "SEED": SEED},
        timeout=LONGEST_RUN_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
