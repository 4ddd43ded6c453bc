"""`make key`: what codes are made with."""

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.api import Api
from local.stack import LocalStack
from promotion_jobs.aws import keys
from promotion_jobs.aws.table import to_item
from tests.stack.journeys import finished, listed_codes, new_job, new_promotion
from tools.keys import main

LISTED = re.compile(r"(\d+  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n)+")


class Command:
    """The command against the stack under test."""

    def __init__(self, description: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.description, self.captured = description, captured

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["--local", f"--description={self.description}", *arguments])
        output = self.captured.readouterr()
        return status, output.out, output.err

    def versions(self) -> Sequence[int]:
        status, output, _ = self.run("list")
        assert status == 0
        assert LISTED.fullmatch(output)
        return [int(line.split()[0]) for line in output.splitlines()]


@pytest.fixture
def command(stack: LocalStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    description = tmp_path / "stack.json"
    description.write_text(json.dumps({"aws_endpoint_url": stack.aws_endpoint_url}))
    return Command(description, capsys)


def _codes(api: Api) -> tuple[str, list[str]]:
    promotion = new_promotion(api)
    finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=100))
    return promotion, listed_codes(api, promotion)


def _shown(stack: LocalStack, version: int) -> list[str]:
    """A key as a text could show it."""
    item = stack.aws.dynamodb.get_item(TableName=stack.table_name, Key=to_item(keys.code_key(version)))["Item"]
    key: bytes = item["key"]["B"]
    return [key.hex(), base64.b64encode(key).decode(), str(key)]


def test_from_a_rotation_on_codes_are_made_with_a_new_key_and_all_are_found(
    stack: LocalStack, api: Api, command: Command
) -> None:
    before = _codes(api)
    versions = command.versions()
    status, output, error = command.run("rotate")
    version = versions[-1] + 1
    sentence = f"Version {version} is in force. Open jobs finish with the version that they began with.\n"
    assert (status, output, error) == (0, sentence, "")
    assert command.versions() == [*versions, version]
    after = _codes(api)
    assert not {*before[1]} & {*after[1]}
    for promotion, codes in (before, after):
        found = [api.call("GET", f"/v2/promotions/{promotion}/codes/{code}").status for code in codes[:20]]
        assert found == [200] * 20
    said = output + command.run("list")[1] + stack.emulator.log.read_text(errors="replace")
    assert not [text for it in (version - 1, version) for text in _shown(stack, it) if text in said]


def test_without_a_stack_the_command_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--local", f"--description={tmp_path / 'stack.json'}", "rotate"]) == 1
    assert capsys.readouterr().err.startswith("It did not work. ")
