"""The files by which `sam local` runs functions on the stack of `make serve`: all of it but the container itself."""

import json
import os
import platform
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from local import PROJECT
from local.api import Api, send
from local.deploy import Template
from local.engine import BY_NAME, Host
from local.forward import forwarding
from local.running import Running
from local.sam import running_sam
from local.sam_files import SAM_TEMPLATE, VARIABLES, sam_files
from local.stack import CACHE, LocalStack
from promotion_jobs.jobs.job import Message
from tests.stack.journeys import add_codes, finished, free_codes, get_job, new_job, new_promotion, paused_worker
from tests.support import template
from tests.support.events import http_event, sqs_event
from tests.support.translated import translate

TOOLS = PROJECT / ".venv-tools/bin"
BRIDGE = Host("127.0.0.2", IPv4Network("127.0.0.0/8"))
"""A bridge as an engine on this machine has it, but for its address."""
SECTIONS: Mapping[str, Any] = tomllib.loads((PROJECT / "samconfig.toml").read_text())["default"]
OF_THE_CALLER = {
    "AWS_ACCESS_KEY_ID": "a-key-of-the-caller",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-caller",
    "AWS_SESSION_TOKEN": "a-token-of-the-caller",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "TABLE_NAME": "a-table-of-the-caller",
}
"""What a shell may have set: SAM CLI lets it win over the template."""


def _way(endpoint: str, s3: str) -> dict[str, str]:
    """The variables that keep a function off AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def _files(stack: LocalStack, host: Host) -> dict[str, str]:
    return sam_files(stack.aws, stack.resources, Template.read(template.PATH, {}), host, CACHE)


@pytest.fixture(scope="module")
def folder(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with samconfig.toml and, as `make serve` writes them, the files that it names."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "samconfig.toml").write_text((PROJECT / "samconfig.toml").read_text())
    (folder / ".local").mkdir()
    for name, content in _files(stack, BRIDGE).items():
        (folder / ".local" / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def document(folder: Path) -> Any:
    return yaml.safe_load((folder / ".local" / SAM_TEMPLATE).read_text())


@pytest.fixture(scope="module")
def variables(folder: Path) -> Any:
    return json.loads((folder / ".local" / VARIABLES).read_text())


def test_every_function_has_as_literals_what_it_is_deployed_with_and_the_way_to_the_emulator(
    stack: LocalStack, document: Any, variables: Any
) -> None:
    declared = {name: {*template.OF_ALL, *template.environment(folder)} for name, folder in template.folders().items()}
    way = _way(endpoint := f"http://127.0.0.2:{stack.emulator.port}", endpoint)
    assert {name: set(values) for name, values in variables.items()} == {n: {*d, *way} for n, d in declared.items()}
    assert [values | way for values in variables.values()] == list(variables.values())
    literals = {name: document["Resources"][name]["Properties"]["Environment"]["Variables"] for name in declared}
    assert literals == variables
    assert "Environment" not in document["Globals"]["Function"]


def test_the_workers_variables_lead_to_its_table_queue_bucket_and_bus(stack: LocalStack, variables: Any) -> None:
    port = stack.emulator.port
    queue = stack.resources["JobQueue"].rpartition("/")[2]
    assert variables["RunJobFunction"] == template.OF_ALL | _way(
        f"http://127.0.0.2:{port}", f"http://127.0.0.2:{port}"
    ) | {
        "POWERTOOLS_SERVICE_NAME": "promotion-jobs",
        "TABLE_NAME": stack.resources["Table"],
        "JOB_QUEUE_URL": f"http://127.0.0.2:{port}/000000000000/{queue}",
        "EXPORT_BUCKET": stack.resources["ExportBucket"],
        "EVENT_BUS_NAME": stack.resources["EventBus"],
        "WORKER_CONCURRENCY": "10",
    }


def test_an_engine_that_knows_the_machine_by_name_alone_has_a_name_of_its_own_for_the_bucket(stack: LocalStack) -> None:
    port = stack.emulator.port
    values = json.loads(_files(stack, BY_NAME)[VARIABLES])["GetJobFileFunction"]
    way = _way(f"http://host.docker.internal:{port}", f"http://s3.localhost:{port}")
    assert values | way == values


def test_functions_and_our_own_layer_are_run_from_their_sources(document: Any) -> None:
    for name, source in template.folders().items():
        assert document["Resources"][name]["Properties"]["CodeUri"] == str(PROJECT / "functions" / source)
    layer = document["Resources"]["PromotionJobsLayer"]["Properties"]
    assert layer["ContentUri"] == str(PROJECT / "layers/promotion_jobs")
    assert Path(layer["ContentUri"], "python/promotion_jobs/wiring.py").is_file()


def test_the_dependencies_are_those_of_lambdas_python_for_this_machines_processor(document: Any) -> None:
    processor = {"x86_64": "x86_64"}.get(platform.machine(), "arm64")
    assert document["Globals"]["Function"]["Architectures"] == [processor]
    layer = document["Resources"]["DependenciesLayer"]["Properties"]
    assert layer["CompatibleArchitectures"] == [processor]
    [core] = Path(layer["ContentUri"], "python/pydantic_core").glob("*.so")
    assert core.name.startswith(f"_pydantic_core.cpython-313-{processor.replace('arm64', 'aarch64')}-linux")


def test_all_else_is_as_in_the_template(document: Any) -> None:
    """So the two that CloudFormation would see differ in functions and layers alone."""
    written = yaml.safe_load(yaml.safe_dump(template.TEMPLATE))
    for changed in (document, written):
        changed["Globals"]["Function"] = changed["Globals"]["Function"] | {"Environment": 0, "Architectures": 0}
        for resource in changed["Resources"].values():
            resource.pop("Metadata", None)
            for name in ("CodeUri", "ContentUri", "Environment", "CompatibleArchitectures"):
                resource.get("Properties", {}).pop(name, None)
    assert document == written


def test_sam_can_read_it(folder: Path) -> None:
    document = yaml.safe_load((folder / ".local" / SAM_TEMPLATE).read_text())
    assert {"IssueTokenFunction", "RunJobFunction"} < translate(document)["Resources"].keys()


def test_sam_local_knows_these_files_and_no_other_template() -> None:
    both = {"template_file": f".local/{SAM_TEMPLATE}", "env_vars": f".local/{VARIABLES}", "skip_pull_image": True}
    assert {name: section["parameters"] for name, section in SECTIONS.items()} == {
        "local_invoke": both,
        "local_start_api": both | {"warm_containers": "LAZY"},
        "local_start_lambda": both | {"warm_containers": "LAZY"},
    }


@pytest.mark.parametrize("command", ["invoke", "start-api", "start-lambda"])
def test_no_function_has_credentials_or_an_endpoint_of_its_caller(folder: Path, variables: Any, command: str) -> None:
    """By SAM CLI itself, up to the container."""
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        [TOOLS / "python", Path(__file__).with_name("sam_variables.py"), command],
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **OF_THE_CALLER},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    given = json.loads(ended.stdout)
    assert given.keys() == template.folders().keys()
    for name, values in given.items():
        assert values | variables[name] == values
        assert not {*OF_THE_CALLER.values()} & {*values.values()}
        assert [it for it in values if "ENDPOINT" in it] == ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]


@pytest.mark.parametrize("command", ["invoke", "start-api", "start-lambda"])
def test_without_make_serve_there_is_no_template_and_the_message_names_make_serve(tmp_path: Path, command: str) -> None:
    (tmp_path / "samconfig.toml").write_text((PROJECT / "samconfig.toml").read_text())
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        [TOOLS / "sam", "local", command],
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        f"Error: Invalid value for '--env-vars' / '-n': Path '.local/{VARIABLES}' does not exist."
    )


# `make sam-local` and `make events`


@pytest.fixture
def state(stack: LocalStack, tmp_path: Path) -> Path:
    """The folder of a stack that describes itself, as `make serve` lets it."""
    client = {"client_id": stack.client.client_id, "client_secret": stack.client.client_secret}
    description = {"base_url": stack.base_url, "aws_endpoint_url": stack.aws_endpoint_url, **client}
    (tmp_path / "stack.json").write_text(json.dumps(description))
    return tmp_path


def _refusal(module: str, *arguments: str) -> str:
    """The one line with which the program ends where there is no engine."""
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        [sys.executable, "-m", module, *arguments],
        check=False,
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nowhere.sock"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", ["invoke", "start-api", "start-lambda"])
def test_sam_local_without_make_serve_says_what_to_start(tmp_path: Path, command: str) -> None:
    assert _refusal("local.sam", command, "--state", str(tmp_path)) == (
        "sam local cannot run. The local stack is not running: start `make serve` in another terminal first"
    )


def test_sam_local_beside_a_stack_that_was_killed_says_what_to_start(state: Path) -> None:
    description = json.loads((state / "stack.json").read_text())
    with socket.create_server(("127.0.0.1", 0)) as gone:
        description["aws_endpoint_url"] = f"http://127.0.0.1:{gone.getsockname()[1]}"
    (state / "stack.json").write_text(json.dumps(description))
    assert _refusal("local.sam", "start-api", "--state", str(state)) == (
        "sam local cannot run. The local stack is not running: start `make serve` in another terminal first"
    )


def test_sam_local_without_an_engine_says_what_to_start(state: Path) -> None:
    line = _refusal("local.sam", "start-api", "--state", str(state))
    assert line.startswith("sam local cannot run. No container engine answers at unix:///nowhere.sock: ")


def test_events_without_make_serve_say_what_to_start(tmp_path: Path) -> None:
    assert _refusal("local.events", "--state", str(tmp_path)) == (
        "The events cannot be filled in. The local stack is not running: start `make serve` in another terminal first"
    )


def test_sam_cli_itself_asks_the_emulator_whose_credentials_it_has(
    stack: LocalStack, state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It asks at every start, and would be answered by AWS."""
    for name, value in OF_THE_CALLER.items():
        monkeypatch.setenv(name, value)
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    with running_sam([sys.executable, "-c", show], Running.described_in(state)) as process:
        process.wait()
    given = json.loads(capfd.readouterr().out)
    assert {name: given[name] for name in given if name.startswith(("AWS_", "SAM_"))} == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "SAM_CLI_TELEMETRY": "0",
    }


# Functions with these variables and no others, in processes of their own


@pytest.fixture(scope="module")
def bridge(stack: LocalStack) -> Iterator[None]:
    """The way from the bridge to the emulator."""
    port = stack.emulator.port
    assert BRIDGE.bridge
    with forwarding(BRIDGE.name, port, BRIDGE.bridge, port):
        yield


def _run(variables: Mapping[str, Mapping[str, str]], name: str, event: dict[str, Any]) -> Any:
    """The function's result."""
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        [sys.executable, "-m", "tests.stack.container", template.folders()[name]],
        check=False,
        cwd=PROJECT,
        env={"PYTHONPATH": "layers/promotion_jobs/python", **variables[name]},
        input=json.dumps(event),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.usefixtures("bridge")
def test_a_job_that_a_function_creates_by_them_comes_to_the_worker(api: Api, variables: Any) -> None:
    promotion = new_promotion(api)
    headers = {"authorization": f"Bearer {api.token}"}
    event = http_event("create_job", ids={"promotion_id": promotion}, headers=headers)
    created = _run(variables, "CreateJobFunction", event)
    assert created["statusCode"] == 201
    job = finished(api, promotion, json.loads(created["body"])["data"]["id"])
    assert (job["status"], job["result"]) == ("completed", {"generated": 1000})


def _link(variables: Any, api: Api, promotion: str, job: str) -> str:
    """The one that the function answers."""
    headers = {"authorization": f"Bearer {api.token}"}
    event = http_event("get_job_file", ids={"promotion_id": promotion, "job_id": job}, headers=headers)
    link: str = json.loads(_run(variables, "GetJobFileFunction", event)["body"])["href"]
    return link


@pytest.mark.usefixtures("bridge")
def test_a_worker_writes_an_export_by_them_and_its_link_opens_on_this_machine(
    stack: LocalStack, api: Api, variables: Any
) -> None:
    free_codes(api, "WELCOME-10")
    promotion = new_promotion(api)
    assert add_codes(api, promotion, "WELCOME-10").status == 201
    with paused_worker(stack):
        job = new_job(api, promotion, "code_export")
        assert _run(variables, "RunJobFunction", sqs_event(Message(promotion, job))) is None
        assert get_job(api, promotion, job)["status"] == "completed"
    link = _link(variables, api, promotion, job)
    assert link.startswith(f"http://127.0.0.2:{stack.emulator.port}/{stack.resources['ExportBucket']}/")
    header, row = send("GET", link).body.decode().splitlines()
    assert (header.split(",")[0], row.split(",")[0]) == ("code", "WELCOME-10")


def test_a_link_below_localhost_opens_on_this_machine(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    job = new_job(api, promotion, "code_export")
    assert finished(api, promotion, job)["status"] == "completed"
    link = _link(json.loads(_files(stack, BY_NAME)[VARIABLES]), api, promotion, job)
    assert link.startswith(f"http://{stack.resources['ExportBucket']}.s3.localhost:{stack.emulator.port}/")
    fetched = subprocess.run(["curl", "-sf", link], check=True, capture_output=True, text=True)  # noqa: S603, S607 - our own link, by a tool that users have
    assert fetched.stdout.startswith("code,")
