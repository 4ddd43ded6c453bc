"""What the documents have people type must at least parse."""

import json
import re
from pathlib import Path

from tests.support.template import TEMPLATE

DOCS = Path(__file__).parents[2] / "docs"


def test_the_command_that_creates_a_schedule_has_a_target_and_an_input_that_parse() -> None:
    [target] = re.findall(r"--target '(.*)'\n", (DOCS / "schedules.md").read_text())
    # The shell's variables stand between quotes of its own.
    parsed = json.loads(re.sub(r"'\$\w+'", "arn", target))
    sent = json.loads(parsed["Input"])
    assert parsed.keys() == {"Arn", "RoleArn", "Input"}
    assert sent.keys() == {"promotion_id", "job_type", "name", "parameters", "execution_id"}


def test_every_example_in_json_parses() -> None:
    blocks = [
        block for path in DOCS.glob("*.md") for block in re.findall(r"```json\n(.*?)```", path.read_text(), re.DOTALL)
    ]
    assert len(blocks) > 10
    for block in blocks:
        json.loads(block)


def test_every_parameter_of_the_template_is_documented_with_its_default() -> None:
    [section] = re.findall(r"^## Parameters\n(.*?)^## ", (DOCS / "deployment.md").read_text(), re.DOTALL | re.MULTILINE)
    documented = re.findall(r"^\| `(\w+)` \| (?:`(.+?)`|none) \| \S.* \|$", section, re.MULTILINE)
    assert documented == [(name, str(it["Default"])) for name, it in TEMPLATE["Parameters"].items()]
