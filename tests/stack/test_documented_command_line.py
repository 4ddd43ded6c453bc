"""The commands of docs/use/promojobs.md, run as they stand there; "…" stands for what differs."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local import PROJECT
from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import free_codes, new_promotion

PAGE = (PROJECT / "docs/use/promojobs.md").read_text()
_BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_ASKS_A_PERSON = "promojobs login"


def _steps() -> Iterator[tuple[str, str]]:
    """Each command, and what it prints."""
    for block in _BLOCKS:
        for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if not command.startswith(_ASKS_A_PERSON):
                yield command, printed


def _environment(stack: LocalStack, folder: Path) -> dict[str, str]:
    script = folder / "promojobs"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={PROJECT}/cli/src exec {sys.executable} -m promojobs.main "$@"\n')
    script.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PROMOJOBS_URL": stack.base_url,
        "PROMOJOBS_CLIENT_ID": stack.client.client_id,
        "PROMOJOBS_CLIENT_SECRET": stack.client.client_secret,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


def test_every_command_of_the_page_prints_what_it_says(stack: LocalStack, api: Api, tmp_path: Path) -> None:
    free_codes(api, "WELCOME-10", "PRINTED-1", "PRINTED-2")
    promotion = new_promotion(api, enabled=True, start="2000-01-01", end="2200-01-01", max_codes=40_000)
    environment = _environment(stack, tmp_path) | {"P": promotion}
    for command, expected in _steps():
        run = subprocess.run(  # noqa: S602 - the documentation's own command
            command, shell=True, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
        )
        pattern = ".*".join(map(re.escape, re.sub(r" +", " ", expected).split("…")))
        assert re.fullmatch(pattern, re.sub(r" +", " ", run.stdout), re.DOTALL), (command, run.stdout, run.stderr)
        if command.startswith("promojobs export"):
            jobs = api.call("GET", f"/v2/promotions/{promotion}/jobs").checked().json["data"]
            environment["J"] = jobs[0]["id"]


def test_every_command_of_the_page_is_run() -> None:
    assert len(list(_steps())) == PAGE.count("\n$ ") - 1 > 20
