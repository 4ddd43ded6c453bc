"""`make client`: create, list and revoke the clients that may call the API, on AWS or on the local stack.

A secret is shown once, when its client is created: the table has its hash alone.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

from promotion_jobs.tokens.token import Right
from promotion_jobs.tokens.tokens import Tokens
from promotion_jobs.values import to_text
from promotion_jobs.wiring import Service
from tools import stacks

_USAGE = 'make client ARGS="[--local | --stack NAME] {create NAME [--only RIGHT] | list | revoke ID}"'
_KINDS = (Right.READ, Right.REDEEM)
_ALL_RIGHTS = "everything"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='make client ARGS="…"', description="Who may call the API.", usage=_USAGE)
    stacks.add_arguments(parser)
    commands = parser.add_subparsers(dest="command", required=True, prog="make client")
    create = commands.add_parser("create", usage=_USAGE, help="create a client and show its secret, once")
    create.add_argument("name", help="whose client it is")
    create.add_argument("--only", type=_kind, metavar="RIGHT", help="read or redeem; everything unless told")
    commands.add_parser("list", help="list the clients")
    revoke = commands.add_parser("revoke", help="refuse a client and its tokens, within a minute")
    revoke.add_argument("client_id")
    given = parser.parse_args(arguments)

    def command(service: Service) -> int:
        if given.command == "create":
            return _create(service.tokens, given.name, given.only)
        return _list(service.tokens) if given.command == "list" else _revoke(service.tokens, given.client_id)

    return stacks.run(given, command)


def _kind(text: str) -> Right:
    """Raises ArgumentTypeError for what no client can be confined to."""
    if text not in _KINDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither read (GET requests) nor redeem (validate, redeem and roll back); "
            "without --only the client may do everything"
        )
    return Right(text)


def _create(tokens: Tokens, name: str, only: Right | None) -> int:
    client_id, client_secret = secrets.token_hex(20), secrets.token_hex(32)
    tokens.register_client(client_id, client_secret, name, only)
    print(f"client_id={client_id}\nclient_secret={client_secret}")
    return 0


def _list(tokens: Tokens) -> int:
    for client in tokens.clients():
        may = client.only or _ALL_RIGHTS
        print(f"{client.id}  {to_text(client.created_at)}  {may:{len(_ALL_RIGHTS)}}  {client.name}")
    return 0


def _revoke(tokens: Tokens, client_id: str) -> int:
    if not tokens.revoke_client(client_id):
        print(f"There is no client {client_id}", file=sys.stderr)
        return 1
    print("Revoked. Its tokens are refused within a minute.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
