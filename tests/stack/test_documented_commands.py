"""Every curl command of docs/use/api.md, run as it stands there."""

import os
import re
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass

import pytest

from local import PROJECT
from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import add_codes, finished, free_codes, new_job, new_promotion, paused_worker

PAGE = (PROJECT / "docs/use/api.md").read_text()
SECTION = re.compile(
    r"^`(?P<call>[A-Z]+ \S+)`\n\n```sh\n(?P<command>curl .*)\n```\n\nAnswer: (?P<status>\d+)", re.MULTILINE
)


@dataclass(frozen=True)
class Documented:
    call: str
    command: str
    status: str

    def __str__(self) -> str:
        return self.call


DOCUMENTED = [Documented(**section.groupdict()) for section in SECTION.finditer(PAGE)]


def _job(api: Api, promotion: str, call: str) -> str:
    """A job of which the call can be made."""
    job_type = "code_export" if call.endswith("/file") else "code_generate"
    parameters = {} if job_type == "code_export" else {"number_of_codes": 1}
    job = new_job(api, promotion, job_type, **parameters) if "{job_id}" in call else ""
    if call.endswith("/file"):
        finished(api, promotion, job)
    return job


REDEMPTION = {"code": "WELCOME-10", "id": "order-4711", "customer_id": "4711"}


def _usage(api: Api, promotion: str, call: str) -> str:
    """A usage of which the call can be made."""
    if not call.endswith(("/codes/validate", "/redemptions", "/rollback", "/usages", "/{usage_id}", "/anonymize")):
        return ""
    assert add_codes(api, promotion, "WELCOME-10").status == 201
    if call.endswith(("/codes/validate", "/redemptions")):
        return ""
    redeemed = api.call("POST", "/v2/promotions/redemptions", {"data": REDEMPTION})
    assert redeemed.status == 201
    return str(redeemed.json["data"]["id"])


@pytest.mark.parametrize("documented", DOCUMENTED, ids=str)
def test_a_documented_command_gives_the_documented_answer(stack: LocalStack, api: Api, documented: Documented) -> None:
    free_codes(api, "WELCOME-10", "WELCOME-20")
    promotion = new_promotion(api, enabled=True, start="2000-01-01", end="2200-01-01")
    if documented.call.startswith("GET") and documented.call.endswith("/codes/{code}"):
        assert add_codes(api, promotion, "WELCOME-10").status == 201
    # A job must not end before it is cancelled.
    with paused_worker(stack) if documented.call.endswith("/cancel") else nullcontext():
        variables = {
            "API": stack.base_url,
            "TOKEN": api.token,
            "CLIENT_ID": stack.client.client_id,
            "CLIENT_SECRET": stack.client.client_secret,
            "PROMOTION": promotion,
            "USAGE": _usage(api, promotion, documented.call),
            "JOB": _job(api, promotion, documented.call),
        }
        command = f"{documented.command} -o /dev/null -w '%{{http_code}}'"
        run = subprocess.run(  # noqa: S602 - the documentation's own command
            command, shell=True, check=True, capture_output=True, text=True, env=os.environ | variables
        )
    assert run.stdout == documented.status


def test_every_call_is_documented() -> None:
    assert len(DOCUMENTED) == len(re.findall(r"^## ", PAGE, re.MULTILINE)) == 24
