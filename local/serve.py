"""`make serve`: the stack on this machine until Ctrl-C, with the files by which `sam local` runs functions on it."""

import argparse
import fcntl
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local import StackError
from local.api import Api
from local.deploy import Template
from local.engine import host_of_engine
from local.events import EVENTS
from local.sam_files import sam_files
from local.stack import CACHE, STATE, TEMPLATE, Client, LocalStack, exit_on_signals, local_stack, write_private
from local.worker import set_worker
from promotion_jobs.limits import TOKEN_LIFE


def main() -> int:
    arguments = _parse_arguments()
    exit_on_signals(0)
    try:
        _serve(arguments.port, arguments.state, arguments.template, works=arguments.worker == "on")
    except StackError as error:
        print(f"The local stack cannot run. {error}", file=sys.stderr)
        return 1
    return 0


def _serve(port: int, state: Path, template: Path, *, works: bool) -> None:
    client = Client.kept_in(state / "client.json")
    with _alone(state), local_stack(client, port=port, state=state, template=template) as stack:
        description = {
            "base_url": stack.base_url,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "aws_endpoint_url": stack.aws_endpoint_url,
        }
        if not works:
            set_worker(stack.aws, stack.resources, works=False)
        document = Template.read(template, {})
        files = {
            "stack.json": json.dumps(description, indent=2) + "\n",
            **sam_files(stack.aws, stack.resources, document, host_of_engine(), CACHE),
        }
        try:
            for name, content in files.items():
                write_private(state / name, content)
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
            shutil.rmtree(state / EVENTS, ignore_errors=True)


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
    worker = "off: jobs wait for a worker of your own, or for `sam local invoke RunJobFunction` (default: %(default)s)"
    parser.add_argument("--worker", choices=["on", "off"], default="on", help=worker)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
