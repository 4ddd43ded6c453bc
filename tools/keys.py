"""`make key`: rotate the key that codes are made with, or list its versions, on AWS or on the local stack.

Nothing of a key is ever shown. A rotation that was cut short is finished by the next one (docs/understand/codes.md).
"""

import argparse
import sys
from collections.abc import Sequence

from promotion_jobs.values import to_text
from promotion_jobs.wiring import Service
from tools import stacks

_USAGE = 'make key ARGS="[--local | --stack NAME] {rotate | list}"'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='make key ARGS="…"', description="What codes are made with.", usage=_USAGE)
    stacks.add_arguments(parser)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rotate", help="make codes with a new key from now on; those that there are stay as they are")
    commands.add_parser("list", help="list the versions of the key and when each was made")
    given = parser.parse_args(arguments)
    return stacks.run(given, _rotate if given.command == "rotate" else _list)


def _rotate(service: Service) -> int:
    print(f"Version {service.rotation.rotate()} is in force. Open jobs finish with the version that they began with.")
    return 0


def _list(service: Service) -> int:
    for version, created_at in service.keyring.versions():
        print(f"{version}  {to_text(created_at)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
