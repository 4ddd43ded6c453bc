"""The service of a stack on AWS, or of the one that `make serve` runs, for who operates it."""

import argparse
import json
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from promotion_jobs.aws.clients import Clients
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service

LOCAL = Path(".local/stack.json")
STACK = "promotion-jobs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that say which stack is meant."""
    parser.add_argument("--local", action="store_true", help="on the stack that `make serve` runs")
    parser.add_argument("--description", type=Path, default=LOCAL, help="where that stack has described itself")
    parser.add_argument("--stack", default=STACK, help="the CloudFormation stack (default: %(default)s)")


def run(given: argparse.Namespace, command: Callable[[Service], int]) -> int:
    """The exit status of a command on the stack that is meant; 1, with a sentence, where the stack cannot be used."""
    try:
        return command(_service(*_session(given.description if given.local else None), given.stack))
    except (BotoCoreError, ClientError, OSError, LookupError) as error:
        print(f"It did not work. {error}", file=sys.stderr)
        return 1


def _session(local: Path | None) -> tuple[boto3.Session, str | None]:
    """The session and, on the local stack that the file describes, its endpoint. Raises OSError without that file."""
    if local is None:
        return boto3.Session(), None
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    return session, json.loads(local.read_text())["aws_endpoint_url"]


def _service(session: boto3.Session, endpoint: str | None, stack: str) -> Service:
    (described,) = session.client("cloudformation", endpoint_url=endpoint).describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    clients, settings = Clients(), Settings({"TABLE_NAME": outputs["TableName"]})
    clients.dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    return Service(clients, lambda: datetime.now(UTC), secrets.randbits, settings)
