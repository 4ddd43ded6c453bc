"""The commands of docs/use/redemptions.md, run as they stand there, one after the other."""

import json
import os
import re
import subprocess

from local import PROJECT
from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import free_codes, new_promotion

PAGE = (PROJECT / "docs/use/redemptions.md").read_text()
STEPS = re.findall(r"^```sh\n(curl .*)\n```\n\nAnswer: (\d+)$", PAGE, re.MULTILINE)


def test_every_command_of_the_checkout_gives_the_documented_answer(stack: LocalStack, api: Api) -> None:
    free_codes(api, "WELCOME-10")
    promotion = new_promotion(api, enabled=True, start="2000-01-01", end="2200-01-01")
    variables = {"API": stack.base_url, "TOKEN": api.token, "PROMOTION": promotion}
    for command, status in STEPS:
        run = subprocess.run(  # noqa: S602 - the documentation's own command
            f"{command} -w '\\n%{{http_code}}'",
            shell=True,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | variables,
        )
        body, _, answered = run.stdout.rpartition("\n")
        assert (command, answered) == (command, status), body
        shown = json.loads(body)["data"]
        if isinstance(shown, dict) and "redemption_id" in shown:
            variables["USAGE"] = shown["id"]


def test_every_command_of_the_page_is_run() -> None:
    assert len(STEPS) == len(re.findall(r"^```sh$", PAGE, re.MULTILINE)) > 10
