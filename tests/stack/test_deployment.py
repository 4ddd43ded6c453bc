"""`make build` and `make deploy`, up to the point where AWS itself would begin to change something."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from local import PROJECT
from local.aws import CREDENTIALS, Aws
from local.emulator import running_emulator
from tests.support.template import TEMPLATE
from tests.support.translated import translate

BUILD = PROJECT / ".aws-sam/build"
ENVIRONMENTS = {
    name: commands["deploy"]["parameters"]
    for name, commands in tomllib.loads((PROJECT / "samconfig.toml").read_text()).items()
    if isinstance(commands, dict) and "deploy" in commands
}
ELF = b"\x7fELF"
AARCH64 = 183


def _machine(path: Path) -> int | None:
    """For which processor a file is, as its ELF header says; None of one that is no such file."""
    header = path.read_bytes()[:20]
    return int.from_bytes(header[18:20], "little") if header.startswith(ELF) else None


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account in which nothing is deployed."""
    with running_emulator(tmp_path_factory.mktemp("account")) as emulator:
        emulator.wait_until_ready()
        yield Aws(emulator.endpoint_url)


def _deploy(aws: Aws, environment: str) -> None:
    """`make deploy` as a user runs it, for what `make build` has built before the tests."""
    command = ["make", "-o", "build", "deploy", f"ENVIRONMENT={environment}", "ARGS=--no-execute-changeset"]
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        command, check=False, cwd=PROJECT, env=variables, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _described(aws: Aws, stack: str, change_set: str) -> dict[str, tuple[str, str]]:
    """Logical id → action and type of each resource in the change set."""
    pages = aws.cloudformation.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=change_set)
    changes = [change["ResourceChange"] for page in pages for change in page["Changes"]]
    return {_plain(it["LogicalResourceId"]): (it["Action"], it["ResourceType"]) for it in changes}


def _plain(name: str) -> str:
    """Without the hash in which the name of a layer, or of a function's version, ends."""
    return re.sub(r"(?<=Layer|rsion)[0-9a-f]{10}$", "", name)


def test_the_built_layers_have_shared_objects_for_arm64_alone() -> None:
    machines = {path: _machine(path) for path in BUILD.glob("*Layer/**/*") if path.is_file()}
    shared = {path: machine for path, machine in machines.items() if machine is not None}
    assert "pydantic_core" in {path.parent.name for path in shared}, "`make build` comes first"
    assert shared == dict.fromkeys(shared, AARCH64)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_deployment_that_is_not_executed_describes_every_resource_and_makes_none(aws: Aws, environment: str) -> None:
    stack = ENVIRONMENTS[environment]["stack_name"]
    _deploy(aws, environment)
    [change_set] = aws.cloudformation.list_change_sets(StackName=stack)["Summaries"]
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    translated: dict[str, Any] = translate(deepcopy(TEMPLATE))["Resources"]
    added = {_plain(name): ("Add", it["Type"]) for name, it in translated.items()}
    unless_wanted = {name: added[name] for name, it in translated.items() if "Condition" in it}
    assert unless_wanted | _described(aws, stack, change_set["ChangeSetName"]) == added

    [waiting] = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert waiting["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert waiting["Tags"] == [
        {"Key": "application", "Value": "promotion-jobs"},
        {"Key": "environment", "Value": environment},
    ]
    assert (aws.dynamodb.list_tables()["TableNames"], aws.functions.list_functions()["Functions"]) == ([], [])

    aws.cloudformation.delete_change_set(StackName=stack, ChangeSetName=change_set["ChangeSetName"])
    assert aws.cloudformation.list_change_sets(StackName=stack)["Summaries"] == []


def test_the_environments_are_stacks_of_their_own_with_parameters_of_the_template() -> None:
    assert len({parameters["stack_name"] for parameters in ENVIRONMENTS.values()}) == len(ENVIRONMENTS)
    for parameters in ENVIRONMENTS.values():
        stated = dict(it.split("=", 1) for it in parameters.get("parameter_overrides", []))
        assert stated.keys() <= TEMPLATE["Parameters"].keys()
