"""`make serve`: the stack on this machine until Ctrl-C, with the variables for `sam local` by which a function in a
container finds its data plane.
"""

import argparse
import fcntl
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import StackError
from local.api import Api
from local.aws import CREDENTIALS, REGION
from local.stack import STATE, TEMPLATE, Client, LocalStack, exit_on_signals, local_stack, write_private
from promotion_jobs.limits import TOKEN_LIFE


def main() -> int:
    arguments = _parse_arguments()
    exit_on_signals(0)
    try:
        _serve(arguments.port, arguments.state, arguments.template)
    except StackError as error:
        print(f"The local stack cannot run. {error}", file=sys.stderr)
        return 1
    return 0


def _serve(port: int, state: Path, template: Path) -> None:
    client = Client.kept_in(state / "client.json")
    with _alone(state), local_stack(client, port=port, state=state, template=template) as stack:
        description = {
            "base_url": stack.base_url,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "aws_endpoint_url": stack.aws_endpoint_url,
        }
        files = {"stack.json": description, **sam_files(stack)}
        try:
            for name, content in files.items():
                write_private(state / name, json.dumps(content, indent=2) + "\n")
            print(
                f"Promotion Jobs is at {stack.base_url}/ with client_id={client.client_id}"
                f" client_secret={client.client_secret} (Ctrl-C stops it)\n"
                f"Its console, signed in for an hour: {_console(stack)}",
                flush=True,
            )
            while True:
                time.sleep(1)
                stack.check()
        finally:
            for name in files:
                (state / name).unlink(missing_ok=True)


def _console(stack: LocalStack) -> str:
    """A link with a token, in the part of the address that a browser sends to no server."""
    token = Api.signed_in(stack.base_url, stack.client).token
    expires = int((datetime.now(UTC) + TOKEN_LIFE).timestamp())
    return f"{stack.base_url}/console#token={token}&expires={expires}&client_id={stack.client.client_id}"


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Raises StackError where another stack describes itself in the same folder."""
    with (state / "client.json").open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            description = state / "stack.json"
            is_there = f"runs already, and is described in {description}"
            reason = is_there if description.exists() else f"is starting or ending, in {state}"
            raise StackError(f"Another one {reason}") from None
        yield


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.serve", description="Run the stack on this machine.")
    parser.add_argument("--port", type=int, default=8080, help="where the API is served (default: %(default)s)")
    parser.add_argument("--state", type=Path, default=STATE, help="folder for credentials, logs and stack.json")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="the SAM template")
    return parser.parse_args()


_HOST = "host.docker.internal"
"""This machine, as a container sees it."""


def sam_files(stack: LocalStack) -> Mapping[str, Any]:
    """Name of a file → its variables."""
    return {"sam-env.json": _declared_variables(stack), "sam-container-env.json": _container_variables(stack)}


def _declared_variables(stack: LocalStack) -> dict[str, dict[str, str]]:
    """The variables that the template declares for each function, in the format of ``--env-vars``."""
    logical_ids = {physical: logical for logical, physical in stack.resources.items()}
    # As the emulator calls itself in the address of the queue.
    own, seen = f"//localhost:{stack.emulator.port}/", f"//{_HOST}:{stack.emulator.port}/"
    pages = stack.aws.functions.get_paginator("list_functions").paginate()
    return {
        logical_ids[function["FunctionName"]]: {
            name: value.replace(own, seen) for name, value in function["Environment"]["Variables"].items()
        }
        for page in pages
        for function in page["Functions"]
    }


def _container_variables(stack: LocalStack) -> dict[str, str]:
    """The variables that no function declares, for ``--container-env-vars``: SAM CLI drops them from ``--env-vars``."""
    return {
        "AWS_ENDPOINT_URL": f"http://{_HOST}:{stack.emulator.port}",
        # The functions put a bucket's name in front, and the emulator takes it for one in front of "s3." alone.
        "AWS_ENDPOINT_URL_S3": f"http://s3.{_HOST}:{stack.emulator.port}",
        **CREDENTIALS,
        "AWS_REGION": REGION,
        # Without the variables of the shell that calls SAM CLI.
        "AWS_SESSION_TOKEN": "",
    }


if __name__ == "__main__":
    sys.exit(main())
