"""Lint what CloudFormation will see: ``python -m tests.template.lint_translated template.yaml``.

cfn-lint does not look into what SAM makes of a function's events and policies, so the template is translated first.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

REGION = "eu-west-1"

_CODE = ("CodeUri", "ContentUri")
_MANAGED_POLICIES = {
    name: f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole")
}
"""The policies that SAM gives functions by name; SAM itself asks IAM for them."""


def _default(parameter: dict[str, Any]) -> str | list[str]:
    """As CloudFormation passes it to SAM."""
    text = str(parameter["Default"])
    return text.split(",") if parameter["Type"] == "CommaDelimitedList" else text


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """The template as CloudFormation, with its parameters' defaults and as if its code had been uploaded."""
    for resource in template["Resources"].values():
        stated = resource.get("Properties", {})
        stated |= {name: "s3://bucket/code.zip" for name in _CODE if name in stated}
    parameters = {name: _default(parameter) for name, parameter in template["Parameters"].items()}
    translator = Translator(_MANAGED_POLICIES, Parser(), boto_session=boto3.Session(region_name=REGION))
    translated: dict[str, Any] = translator.translate(template, parameters)
    return translated


def lint(template: dict[str, Any]) -> int:
    """cfn-lint's exit code for the translated template; what it found is printed."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "translated.json")
        path.write_text(json.dumps(translate(template), indent=1))
        linter = str(Path(sys.executable).with_name("cfn-lint"))
        # W2001, a parameter that nothing uses: SAM has put the values of some in the place of their references.
        command = [linter, "--region", REGION, "--ignore-checks", "W2001", "--template", str(path)]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - nothing from outside


if __name__ == "__main__":
    sys.exit(lint(yaml_parse(Path(sys.argv[1]).read_text())))
