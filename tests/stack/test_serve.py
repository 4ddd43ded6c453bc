"""`python -m local.serve` as a program: what it prints, what it leaves, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from local import PROJECT
from local.api import Api
from local.gateway import listen
from local.running import Running
from local.sam_files import SAM_TEMPLATE, VARIABLES
from local.stack import Client
from local.worker import is_working

ENDED_WITHIN_SECONDS = 5


def command(state: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "local.serve", "--state", str(state), *options]


def run(*arguments: str) -> tuple[int, str, list[str]]:
    """The exit code, the standard output and the lines of the standard error."""
    ended = subprocess.run(arguments, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=60)  # noqa: S603 - nothing from outside
    return ended.returncode, ended.stdout, ended.stderr.splitlines()


def processes(state: Path) -> dict[int, str]:
    """The command lines of the processes that were started by the program with this state, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment, line = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if bytes(state) in environment:
            found[int(folder.name)] = line.replace(b"\0", b" ").decode()
    return found


def eventually_none(state: Path) -> bool:
    deadline = time.monotonic() + ENDED_WITHIN_SECONDS
    while processes(state) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes(state)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with listen(0) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def served(state: Path, port: int, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The program, once it is ready."""
    with subprocess.Popen(  # noqa: S603 - nothing from outside
        command(state, "--port", str(port), *options),
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        try:
            line = program.stdout.readline() if program.stdout else ""
            client = Client.kept_in(state / "client.json")
            assert line == (
                f"Promotion Jobs is at http://127.0.0.1:{port}/ with client_id={client.client_id}"
                f" client_secret={client.client_secret} (Ctrl-C stops it)\n"
            )
            line = program.stdout.readline() if program.stdout else ""
            link = (
                rf"http://127\.0\.0\.1:{port}/console#token=[0-9a-f]{{40}}&expires=[0-9]+&client_id={client.client_id}"
            )
            assert re.fullmatch(f"Its console, signed in for an hour: {link}\n", line)
            yield program
        finally:
            program.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_is_until_a_signal_ends_all_of_it(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with served(tmp_path, port) as program:
        description = json.loads((tmp_path / "stack.json").read_text())
        assert list(description) == ["base_url", "client_id", "client_secret", "aws_endpoint_url"]
        assert description["base_url"] == f"http://127.0.0.1:{port}"
        assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600
        assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in (SAM_TEMPLATE, VARIABLES))
        (tmp_path / "events").mkdir()  # as `make events` does
        client = Client(description["client_id"], description["client_secret"])
        assert Api.signed_in(description["base_url"], client).call("GET", "/v2/promotions").status == 200
        assert any("_worker.py" in line for line in processes(tmp_path).values())
        program.send_signal(number)
        assert program.communicate(timeout=ENDED_WITHIN_SECONDS) == ("", "")
    assert program.returncode == 0
    assert processes(tmp_path) == {}
    assert not is_open(port)
    assert not is_open(int(description["aws_endpoint_url"].rpartition(":")[2]))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["client.json", "ministack.log"]


@pytest.mark.parametrize("worker", ["on", "off"])
def test_jobs_are_kept_for_a_worker_of_ones_own_where_that_is_asked_for(tmp_path: Path, worker: str) -> None:
    with served(tmp_path, free_port(), "--worker", worker):
        running = Running.described_in(tmp_path)
        assert is_working(running.aws, running.resources) == (worker == "on")


def test_nothing_outlives_it_when_it_is_killed(tmp_path: Path) -> None:
    with served(tmp_path, free_port()) as program:
        assert processes(tmp_path)
        program.kill()
    assert eventually_none(tmp_path)
    assert list(tmp_path.glob("run-*")) == []


@contextmanager
def requests_in_flight(port: int, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(b"GET /v2/promotions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield


@pytest.mark.parametrize("in_flight", [0, 20])
def test_it_ends_with_one_line_when_the_emulator_dies(tmp_path: Path, in_flight: int) -> None:
    port = free_port()
    with served(tmp_path, port) as program, requests_in_flight(port, in_flight):
        (emulator,) = (pid for pid, line in processes(tmp_path).items() if "ministack_process.py" in line)
        os.kill(emulator, signal.SIGKILL)
        output, errors = program.communicate(timeout=ENDED_WITHIN_SECONDS)
    log = tmp_path / "ministack.log"
    line = f"The local stack cannot run. The emulator of AWS, ministack, was ended by SIGKILL (log: {log})\n"
    assert (program.returncode, output, errors) == (1, "", line)
    assert (processes(tmp_path), is_open(port)) == ({}, False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["client.json", "ministack.log"]


def test_a_second_one_while_the_first_ends_says_so(tmp_path: Path) -> None:
    with served(tmp_path, free_port()):
        (tmp_path / "stack.json").unlink()
        ended = run(*command(tmp_path, "--port", "0"))
    assert ended == (1, "", [f"The local stack cannot run. Another one is starting or ending, in {tmp_path}"])


def test_a_second_one_beside_the_first_is_one_line_and_leaves_the_first_alone(tmp_path: Path) -> None:
    with served(tmp_path, free_port()):
        before = (tmp_path / "stack.json").read_text()
        code, output, errors = run(*command(tmp_path, "--port", "0"))
        assert (tmp_path / "stack.json").read_text() == before
    expected = f"The local stack cannot run. Another one runs already, and is described in {tmp_path / 'stack.json'}"
    assert (code, output, errors) == (1, "", [expected])


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        code, output, errors = run(*command(tmp_path, "--port", str(port)))
    assert (code, output, len(errors)) == (1, "", 1)
    expected = rf"The local stack cannot run\. Port {port} cannot be used: \[Errno \d+\] Address already in use"
    assert re.fullmatch(expected, errors[0])
    assert processes(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"cannot be read: \[Errno 2\] No such file or directory: .+"),
        ("a: [b", r"cannot be read: while parsing .+"),
        ("a: b", "is not a template: it has no Resources"),
        (
            "Resources: {Get: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: nowhere}}}",
            "the code of Get is not a folder: nowhere",
        ),
        (
            "Resources: {Queue: {Type: 'AWS::SQS::Quue'}}",
            r"is refused: Template format error: Unrecognized resource types: \[AWS::SQS::Quue\]",
        ),
    ],
)
def test_a_broken_template_is_one_line(tmp_path: Path, content: str | None, reason: str) -> None:
    template = tmp_path / "broken.yaml"
    if content is not None:
        template.write_text(content)
    code, output, errors = run(*command(tmp_path / "state", "--port", "0", "--template", str(template)))
    assert (code, output, len(errors)) == (1, "", 1)
    assert re.fullmatch(rf"The local stack cannot run\. broken\.yaml:? {reason}", errors[0])
    assert processes(tmp_path) == {}


def test_missing_packages_are_one_line() -> None:
    expected = (
        "Not installed: boto3, hypercorn, ministack, samtranslator. "
        "`make serve` and `make demo` install what they need."
    )
    assert run(sys.executable, "-S", "-m", "local.serve") == (1, "", [expected])


def test_the_client_stays_the_same(tmp_path: Path) -> None:
    file = tmp_path / "state" / "client.json"
    client = Client.kept_in(file)
    assert Client.kept_in(file) == client
    assert file.stat().st_mode & 0o777 == 0o600
