"""`make sam-local`: functions in Lambda's own image, on the data plane of `make serve`, by SAM CLI."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from local import PROJECT, StackError
from local.aws import CREDENTIALS
from local.deploy import Template
from local.engine import Engine, Host, architecture
from local.forward import forwarding
from local.running import Running
from local.sam_files import S3_NAME, SAM_TEMPLATE, VARIABLES, sam_files
from local.stack import CACHE, STATE, TEMPLATE, exit_on_signals, write_private

SAM = PROJECT / ".venv-tools/bin/sam"
_STOPPED_WITHIN_SECONDS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make sam-local", description="Run functions in Lambda's own image.")
    parser.add_argument("command", choices=["invoke", "start-api", "start-lambda"], help="of sam local")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the stack.json of `make serve`")
    given, options = parser.parse_known_args(arguments)
    exit_on_signals(0)
    try:
        return _run(given.command, options, given.state)
    except StackError as error:
        print(f"sam local cannot run. {error}", file=sys.stderr)
        return 1


def _run(name: str, options: Sequence[str], state: Path) -> int:
    """The exit code of SAM CLI."""
    running = Running.described_in(state)
    engine = Engine.found()
    host = engine.host()
    template = Template.read(TEMPLATE, {})
    image = image_of(template)
    if not engine.has_image(image):
        print(f"{image} is not on this machine: SAM CLI pulls it at the first call (once)", file=sys.stderr)
    # Written anew: an engine that was started after `make serve` was not asked by it.
    for file, content in sam_files(running.aws, running.resources, template, host, CACHE).items():
        write_private(state / file, content)
    command = [str(SAM), "local", name, *_options(state.resolve(), host, running), *options]
    with _let_in(host, running.port), running_sam(command, running) as process:
        while process.poll() is None:
            time.sleep(0.2)
            if not running.goes_on():
                raise StackError("`make serve` has ended")
        return process.returncode


def _options(state: Path, host: Host, running: Running) -> list[str]:
    # Otherwise it would look for its configuration beside the template.
    files = ["--config-file", str(PROJECT / "samconfig.toml")]
    files += ["--template-file", str(state / SAM_TEMPLATE), "--env-vars", str(state / VARIABLES)]
    if host.bridge:
        return files
    # The name that links have, with the bucket's in front.
    return [*files, "--add-host", f"{running.resources['ExportBucket']}.{S3_NAME}:host-gateway"]


def image_of(template: Template) -> str:
    """The image in which SAM CLI runs the template's functions on this machine."""
    runtime: str = template.document["Globals"]["Function"]["Runtime"]
    return f"public.ecr.aws/lambda/{runtime.replace('python', 'python:')}-{architecture()}"


@contextmanager
def _let_in(host: Host, port: int) -> Iterator[None]:
    """Containers reach the emulator by the host's name, until the end of the block."""
    with forwarding(host.name, port, host.bridge, port) if host.bridge else nullcontext():
        print(f"Containers reach the emulator of AWS at http://{host.name}:{port}", file=sys.stderr)
        yield


@contextmanager
def running_sam(command: Sequence[str], running: Running) -> Iterator["subprocess.Popen[bytes]"]:
    """SAM CLI, which is told to end, and given the time to remove its containers, in the end of the block."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # It asks AWS whose credentials it has, at every start.
    own = {**CREDENTIALS, "AWS_ENDPOINT_URL": running.aws.endpoint_url, "SAM_CLI_TELEMETRY": "0"}
    # A session of its own: Ctrl-C comes to this process alone, which then ends the other.
    with subprocess.Popen(  # noqa: S603 - the operator's own command
        command, cwd=PROJECT, env={**inherited, **own}, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOPPED_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
