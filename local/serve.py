"""`make serve`: the stack on this machine until Ctrl-C."""

import argparse
import fcntl
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.client import Client
from local.errors import StackError
from local.files import write_private
from local.sam import sam_files
from local.signals import exit_on_signals
from local.stack import STATE, TEMPLATE, local_stack


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
                f" client_secret={client.client_secret} (Ctrl-C stops it)",
                flush=True,
            )
            while True:
                time.sleep(1)
                stack.check()
        finally:
            for name in files:
                (state / name).unlink(missing_ok=True)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Raises StackError where another stack describes itself in the same folder."""
    with (state / "client.json").open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"Another one runs already, and is described in {state / 'stack.json'}") from None
        yield


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.serve", description="Run the stack on this machine.")
    parser.add_argument("--port", type=int, default=8080, help="where the API is served (default: %(default)s)")
    parser.add_argument("--state", type=Path, default=STATE, help="folder for credentials, logs and stack.json")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="the SAM template")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
