"""The API against its own description, with every check that schemathesis has: `make fuzz` runs it for longer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import PROJECT
from local.api import Api
from local.stack import Client, LocalStack, local_stack
from tests.stack.journeys import paused_worker
from tools.openapi.__main__ import DESCRIPTION

EXAMPLES = os.environ.get("EXAMPLES", "5")
"""Requests to each operation that are made up, beside those that schemathesis derives from the schemas."""

EVERY = os.environ.get("EVERY", "4")
"""One in so many of the derived ones is sent; the seed says which."""

SEED = os.environ.get("SEED", "1")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ABOUT_JOBS = ("create_promotion", "create_job", "list_jobs", "get_job", "cancel_job", "get_job_file")
LONGEST_RUN_SECONDS = 55 * 60
"""A token lasts an hour."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of their own: jobs of millions of codes are left behind, for which other tests would wait."""
    state = tmp_path_factory.mktemp("fuzz")
    with local_stack(Client.kept_in(state / "client.json"), state=state) as stack:
        yield stack


def test_every_request_that_schemathesis_thinks_of_is_answered_as_described(own: LocalStack, tmp_path: Path) -> None:
    told = assert_as_described(own, tmp_path / "report.json", "--phases", "examples,coverage,fuzzing,stateful")
    assert told["operations"]["tested"] == told["operations"]["total"]
    assert {phase["status"] for phase in told["phases"].values()} == {"success"}


def test_every_request_about_a_job_that_waits_is_answered_as_described(own: LocalStack, tmp_path: Path) -> None:
    # Most jobs end before a second request comes: none would be cancelled.
    chosen = [f"--include-operation-id={operation}" for operation in ABOUT_JOBS]
    with paused_worker(own):
        assert_as_described(own, tmp_path / "report.json", "--phases", "examples,fuzzing,stateful", *chosen)


def assert_as_described(stack: LocalStack, report: Path, *options: str) -> Any:
    """What schemathesis reports."""
    run = _run(stack, report, *options)
    assert report.exists(), run.stdout + run.stderr
    told = json.loads(report.read_text())
    cases = told["test_cases"]
    print(  # noqa: T201 - for who runs `make fuzz`
        f"\n{cases['generated']} requests in {told['running_time']:.0f} s, {cases['unique_failures']} findings, "
        f"{told['filtered']} answers for reasons that no schema can give (seed {SEED})"
    )
    assert run.returncode == 0, run.stdout
    return told


def _run(stack: LocalStack, report: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    token = Api.signed_in(stack.base_url, stack.client).token
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run", str(DESCRIPTION)]
    command += ["--url", stack.base_url, "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"]
    settings = {"ACCESS_TOKEN": token, "EVERY": EVERY, "SEED": SEED, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(  # noqa: S603 - nothing from outside
        [*command, *options, "--report-json-path", str(report)],
        env=os.environ | settings,
        cwd=PROJECT,
        timeout=LONGEST_RUN_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
