"""The commands of docs/run/local-stack.md on `sam local`, as they stand there, where an engine and the image are."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.session import Session

from local import PROJECT
from local.api import Api, send
from local.deploy import Template
from local.engine import Engine, EngineMissing
from local.sam import image_of
from local.stack import CACHE, Client
from tests.stack.debugger import Debugger
from tests.stack.journeys import PROMOTION, add_codes, eventually, get_job, new_job
from tests.support import template

PAGE = (PROJECT / "docs/run/local-stack.md").read_text()
COMMANDS = [
    re.sub(r"\s+# .*", "", command).replace("\\\n    ", "")
    for block in re.findall(r"```console\n(.*?)```", PAGE.partition("sam local\n")[2], re.DOTALL)
    for command in block.rstrip().removeprefix("$ ").split("\n$ ")
]
SERVE, SAM_LOCAL, EVENTS, INVOKE, SERVE_WITHOUT_WORKER, _, RUN_JOB, RUN_OWN_JOB, START_LAMBDA, INSTALL, DEBUG = COMMANDS
ENDED_WITHIN_SECONDS = 120


def _missing() -> str:
    """What is not on this machine, with the line that brings it; nothing where all is there."""
    try:
        engine = Engine.found()
    except EngineMissing as error:
        return str(error)
    image = image_of(Template.read(template.PATH, {}))
    return "" if engine.has_image(image) else f"Lambda's image is not on this machine: docker pull {image}"


MISSING = _missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _is_open(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in a folder of its own, so that a developer's `make serve` may go on; with what `make` installed."""
    project = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name in (".venv", ".venv-tools"):
        (project / name).symlink_to((PROJECT / name).resolve())
    (project / ".local").mkdir()
    CACHE.mkdir(parents=True, exist_ok=True)
    (project / ".local/build").symlink_to(CACHE)
    return project


def _started(project: Path, command: str, **variables: str) -> "subprocess.Popen[str]":
    """The command, by a shell in a process group of its own, as a terminal would have it."""
    # What `make` would install is there, and newer than the copied lists of it.
    command = command.replace("make ", "make -o .venv/.local -o .venv-tools/.ready ")
    return subprocess.Popen(  # noqa: S602 - the documentation's own command
        command,
        shell=True,
        cwd=project,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _run(project: Path, command: str, **variables: str) -> str:
    """All that the command printed."""
    with _started(project, command, **variables) as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return printed


@contextmanager
def _running(project: Path, command: str, port: int, **variables: str) -> Iterator[list[str]]:
    """The command, from when it listens at the port until Ctrl-C; gives the lines that it has printed so far."""
    with _started(project, command, **variables) as process:
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
        reader.start()
        try:
            eventually(lambda: _is_open(port) or process.poll() is not None)
            assert process.poll() is None, lines
            yield lines
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(ENDED_WITHIN_SECONDS)
            reader.join()
    assert not _is_open(port)


def _containers() -> set[str]:
    _, body = Engine.found().get("/containers/json?all=true")
    return {container["Id"] for container in json.loads(body)}


@pytest.fixture(scope="module")
def served(project: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of the API by `make sam-local`, and the lines that it has printed; nothing is left in the end."""
    port, front_door, before = _free_port(), _free_port(), _containers()
    with _running(project, SERVE_WITHOUT_WORKER, front_door, PORT=str(front_door)):
        eventually((project / ".local/stack.json").exists)
        with _running(project, SAM_LOCAL, port, PORT=str(port)) as printed:
            yield f"http://127.0.0.1:{port}", printed
        assert _containers() <= before
    left = sorted(file.name for file in (project / ".local").iterdir())
    assert left == ["build", "client.json", "debugger", "ministack.log"]


@pytest.fixture(scope="module")
def api(project: Path, served: tuple[str, list[str]]) -> Api:
    address, _ = served
    return Api.signed_in(address, Client.kept_in(project / ".local/client.json"))


@pytest.fixture(scope="module")
def events(project: Path, api: Api) -> Path:
    del api
    assert "Filled" in _run(project, EVENTS)
    return project / ".local/events"


def _returned(printed: str) -> Any:
    """What the function returned: SAM CLI prints it last, without an end of line."""
    return json.loads(printed[printed.rindex('{"statusCode"') :].splitlines()[0])


def test_both_ways_to_start_the_stack_are_told() -> None:
    assert (SERVE, SERVE_WITHOUT_WORKER) == ("make serve", "make serve WORKER=off")


def test_an_event_that_was_filled_in_is_answered(project: Path, events: Path) -> None:
    assert events.is_dir()
    assert _returned(_run(project, INVOKE))["statusCode"] == 200


def test_a_worker_of_ones_own_runs_the_job_of_the_event(project: Path, api: Api, events: Path) -> None:
    message = json.loads(json.loads((events / "run_job.json").read_text())["Records"][0]["body"])
    assert get_job(api, message["promotion_id"], message["job_id"])["status"] == "pending"
    _run(project, RUN_JOB)
    assert get_job(api, message["promotion_id"], message["job_id"])["status"] == "completed"


def test_codes_are_added_exported_by_a_worker_of_ones_own_and_downloaded(project: Path, api: Api) -> None:
    created = api.call("POST", "/v2/promotions", {"data": PROMOTION})
    assert created.status == 201
    promotion = created.json["data"]["id"]
    assert add_codes(api, promotion, "WELCOME-10").status == 201
    job = new_job(api, promotion, "code_export")
    _run(project, RUN_OWN_JOB, PROMOTION=promotion, JOB=job)
    assert get_job(api, promotion, job)["status"] == "completed"
    link = api.call("GET", f"/v2/promotions/{promotion}/jobs/{job}/file").json["href"]
    header, row = send("GET", link).body.decode().splitlines()
    assert (header.split(",")[0], row.split(",")[0]) == ("code", "WELCOME-10")


def test_a_browser_may_call_the_api_from_another_origin(api: Api) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    answer = send("OPTIONS", f"{api.base_url}/v2/promotions", headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_an_edit_counts_at_the_next_call(project: Path, api: Api, served: tuple[str, list[str]]) -> None:
    _, printed = served
    assert api.call("GET", "/nowhere").status == 404
    file = project / "functions/reject_unknown_route/app.py"
    file.write_text('def handler(event, context):\n    return {"statusCode": 418}\n')
    # An earlier call would wait for a container that SAM CLI is about to end; 502 is the answer while it ends.
    eventually(lambda: any("has been changed" in line for line in printed))
    eventually(lambda: api.call("GET", "/nowhere").status != 502)
    assert api.call("GET", "/nowhere").status == 418


def test_an_sdk_calls_a_function(project: Path, events: Path) -> None:
    port = _free_port()
    with _running(project, START_LAMBDA.replace("start-lambda", f"'start-lambda --port {port}'"), port):
        client = boto3.Session(
            botocore_session=Session({"profile": (None, None, None, None)}),
            aws_access_key_id="any",
            aws_secret_access_key="any",
            region_name="us-east-1",
        ).client("lambda", endpoint_url=f"http://127.0.0.1:{port}", config=Config(proxies={}, read_timeout=120))
        answer = client.invoke(FunctionName="GetJobFunction", Payload=(events / "get_job.json").read_text())
        assert json.loads(answer["Payload"].read())["statusCode"] == 200


def test_a_debugger_stops_in_the_function(project: Path, events: Path) -> None:
    assert events.is_dir()
    _run(project, INSTALL)
    port = _free_port()
    file = project / "functions/get_job/app.py"
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "return answer(" in text)
    with _started(project, DEBUG.replace("5890", str(port))) as process:
        assert Debugger.attached(port).stop_at(file, line, "/var/task") == ("get_job", line)
        printed, _ = process.communicate(timeout=120)
    assert _returned(printed)["statusCode"] == 200
