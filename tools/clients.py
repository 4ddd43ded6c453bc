"""`make client`: create, list and revoke the clients that may call the API, on AWS or on the local stack.

A secret is shown once, when its client is created: the table has its hash alone.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from promotion_jobs.aws.clients import Clients
from promotion_jobs.settings import Settings
from promotion_jobs.tokens.tokens import Tokens
from promotion_jobs.values import to_text
from promotion_jobs.wiring import Service

LOCAL = Path(".local/stack.json")
STACK = "promotion-jobs"

_USAGE = 'make client ARGS="[--local | --stack NAME] {create NAME | list | revoke ID}"'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='make client ARGS="…"', description="Who may call the API.", usage=_USAGE)
    parser.add_argument("--local", action="store_true", help="on the stack that `make serve` runs")
    parser.add_argument("--description", type=Path, default=LOCAL, help="where that stack has described itself")
    parser.add_argument("--stack", default=STACK, help="the CloudFormation stack (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="create a client and show its secret, once")
    create.add_argument("name", help="whose client it is")
    commands.add_parser("list", help="list the clients")
    revoke = commands.add_parser("revoke", help="refuse a client and its tokens, within a minute")
    revoke.add_argument("client_id")
    given = parser.parse_args(arguments)
    try:
        tokens = _tokens(_session(given.description if given.local else None), given.stack)
        if given.command == "create":
            return _create(tokens, given.name)
        return _list(tokens) if given.command == "list" else _revoke(tokens, given.client_id)
    except (BotoCoreError, ClientError, OSError, LookupError) as error:
        print(f"It did not work. {error}", file=sys.stderr)
        return 1


def _session(local: Path | None) -> tuple[boto3.Session, str | None]:
    """The session and, on the local stack that the file describes, its endpoint. Raises OSError without that file."""
    if local is None:
        return boto3.Session(), None
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    return session, json.loads(local.read_text())["aws_endpoint_url"]


def _tokens(place: tuple[boto3.Session, str | None], stack: str) -> Tokens:
    session, endpoint = place
    (described,) = session.client("cloudformation", endpoint_url=endpoint).describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    clients, settings = Clients(), Settings({"TABLE_NAME": outputs["TableName"]})
    clients.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    return Service(clients, lambda: datetime.now(UTC), secrets.randbits, settings).tokens


def _create(tokens: Tokens, name: str) -> int:
    client_id, client_secret = secrets.token_hex(20), secrets.token_hex(32)
    tokens.register_client(client_id, client_secret, name)
    print(f"client_id={client_id}\nclient_secret={client_secret}")
    return 0


def _list(tokens: Tokens) -> int:
    for client in tokens.clients():
        print(f"{client.id}  {to_text(client.created_at)}  {client.name}")
    return 0


def _revoke(tokens: Tokens, client_id: str) -> int:
    if not tokens.revoke_client(client_id):
        print(f"There is no client {client_id}", file=sys.stderr)
        return 1
    print("Revoked. Its tokens are refused within a minute.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
