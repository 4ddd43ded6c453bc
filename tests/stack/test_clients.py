"""`make client`: who may call the API."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import randbits, token_hex

import pytest

from local import StackError
from local.api import Api, send
from local.stack import Client, LocalStack
from promotion_jobs.api.routes import Route
from promotion_jobs.aws.clients import Clients
from promotion_jobs.errors import TooManyTokens
from promotion_jobs.limits import TOKENS_PER_MINUTE
from promotion_jobs.settings import Settings
from promotion_jobs.tokens.token import Right
from promotion_jobs.tokens.tokens import hash_secret
from promotion_jobs.wiring import Service
from tests.stack.checkout import (
    Shop,
    counted,
    held,
    hold,
    left,
    list_usages,
    look_up,
    redeem,
    refused,
    replayed,
    roll_back,
    rolled_back,
    valid,
    validate,
)
from tests.support.builders import JOB_ID, NOW, PROMOTION_ID
from tools.clients import main

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@dataclass(frozen=True)
class Command:
    """The command against the stack under test."""

    description: Path
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["--local", f"--description={self.description}", *arguments])
        output = self.captured.readouterr()
        return status, output.out, output.err


@pytest.fixture
def command(stack: LocalStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    description = tmp_path / "stack.json"
    description.write_text(json.dumps({"aws_endpoint_url": stack.aws_endpoint_url}))
    return Command(description, capsys)


def test_a_created_client_may_call_until_it_is_revoked(stack: LocalStack, command: Command) -> None:
    status, output, _ = command.run("create", "Newsletter service")
    client = Client(**dict(line.split("=") for line in output.splitlines()))
    assert (status, len(client.client_secret)) == (0, 64)
    assert Api.signed_in(stack.base_url, client).call("GET", "/v2/promotions").status == 200
    assert f"{client.client_id}  " in command.run("list")[1]
    assert "Newsletter service" in command.run("list")[1]

    token = Api.signed_in(stack.base_url, client).token
    assert command.run("revoke", client.client_id)[0] == 0
    assert client.client_id not in command.run("list")[1]
    with pytest.raises(StackError, match="knows no such client"):
        Api.signed_in(stack.base_url, client)
    # No container has seen this token, so none trusts it for another minute.
    refused = send("GET", f"{stack.base_url}/v2/promotions", {"authorization": f"Bearer {token}"})
    assert (refused.status, refused.json) == (401, {"errors": [{"status": 401, "title": "Unauthorized"}]})


FORBIDDEN = (403, {"errors": [{"status": 403, "title": "Forbidden"}]})
PROMOTION_NOT_FOUND = (404, {"errors": [{"status": 404, "title": "Not Found", "detail": "promotion not found"}]})
OF_NONE = f"/v2/promotions/{PROMOTION_ID}"
"""A promotion that is not there."""


@pytest.mark.parametrize(("only", "read"), [("read", PROMOTION_NOT_FOUND), ("redeem", FORBIDDEN)])
def test_a_client_created_with_only_may_do_no_more_than_that(
    stack: LocalStack, command: Command, only: str, read: tuple[int, object]
) -> None:
    status, output, _ = command.run("create", "Checkout", "--only", only)
    client = Client(**dict(line.split("=") for line in output.splitlines()))
    api = Api.signed_in(stack.base_url, client)
    asked = [("GET", OF_NONE), ("DELETE", OF_NONE), ("POST", f"{OF_NONE}/jobs"), ("PUT", OF_NONE)]
    answers = [(answer.status, answer.json) for answer in (api.call(method, path) for method, path in asked)]
    assert (status, answers) == (0, [read, FORBIDDEN, FORBIDDEN, FORBIDDEN])


@pytest.fixture
def shop(stack: LocalStack, api: Api) -> Shop:
    return Shop.opened(api, stack.client.client_id, uses=2)


def _confined(shop: Shop, command: Command, only: str) -> Shop:
    """The same shop, as a client sees it that may do no more."""
    _, output, _ = command.run("create", "Checkout", "--only", only)
    client = Client(**dict(line.split("=") for line in output.splitlines()))
    return replace(shop, api=Api.signed_in(shop.api.base_url, client))


def _refused(shop: Shop, usage: str, right: Right) -> dict[Route, tuple[int, object]]:
    """The answers, each to what would change or show a thing of the shop, to calls that take another right."""
    places = {"promotion_id": shop.promotion, "code": shop.code, "usage_id": usage, "job_id": JOB_ID}
    answers = {it: shop.api.call(it.method, it.path.format(**places)) for it in Route if it.right not in {right, None}}
    return {route: (answer.status, answer.json) for route, answer in answers.items()}


def test_a_checkout_validates_redeems_and_rolls_back_and_does_nothing_else(shop: Shop, command: Command) -> None:
    checkout = _confined(shop, command, "redeem")
    assert validate("a")(checkout) == valid(2)(shop)
    asked = redeem("a")(checkout), redeem("a")(checkout), hold("b")(checkout), redeem("b")(checkout)
    assert asked == (counted("a")(shop), replayed("a")(shop), held("b")(shop), counted("b")(shop))
    assert (redeem("c")(checkout), look_up()(shop)) == (refused("exhausted", 0)(shop), left(0)(shop))
    assert roll_back("b")(checkout) == rolled_back("b")(shop)
    usage = asked[0][1]["data"]["id"]
    answers = _refused(checkout, usage, Right.REDEEM)
    assert answers == dict.fromkeys(answers, FORBIDDEN)
    assert list_usages()(shop) == [("a", "redeemed", 1), ("b", "rolled_back", 0)]
    by_id = checkout.call("POST", "/redemptions/rollback", {"usage_id": usage})
    assert (by_id, look_up()(shop)) == (rolled_back("a")(shop), left(2)(shop))


def test_who_may_only_read_changes_no_usage(shop: Shop, command: Command) -> None:
    usage = redeem("a")(shop)[1]["data"]["id"]
    reader = _confined(shop, command, "read")
    answers = _refused(reader, usage, Right.READ)
    assert answers == dict.fromkeys(answers, FORBIDDEN)
    assert [step(reader) for step in (validate(), redeem("b"), hold("b"), roll_back("a"))] == [FORBIDDEN] * 4
    assert list_usages()(reader) == list_usages()(shop) == [("a", "redeemed", 1)]
    assert look_up()(reader) == left(1)(shop)


def test_the_list_says_what_each_client_may_do(command: Command) -> None:
    kinds: list[tuple[str, ...]] = [(), ("--only", "read"), ("--only", "redeem")]
    outputs = [command.run("create", "Our shop", *kind)[1] for kind in kinds]
    ids = [output.splitlines()[0].removeprefix("client_id=") for output in outputs]
    listed = {line.split("  ")[0]: line for line in command.run("list")[1].splitlines()}
    shown = [re.sub(TIME, "TIME", listed[client_id].removeprefix(client_id)) for client_id in ids]
    assert shown == ["  TIME  everything  Our shop", "  TIME  read        Our shop", "  TIME  redeem      Our shop"]


@pytest.mark.parametrize("only", ["change", "delete", "", "Read"])
def test_a_client_cannot_be_confined_to_anything_else(command: Command, only: str) -> None:
    before = command.run("list")
    refusal = (
        'usage: make client ARGS="[--local | --stack NAME] {create NAME [--only RIGHT] | list | revoke ID}"\n'
        f"make client create: error: argument --only: {only!r} is neither read (GET requests) nor redeem "
        "(validate, redeem and roll back); without --only the client may do everything\n"
    )
    with pytest.raises(SystemExit) as ended:
        command.run("create", "Checkout", "--only", only)
    assert (ended.value.code, command.captured.readouterr()) == (2, ("", refusal))
    assert command.run("list") == before


def test_only_the_hash_of_a_secret_is_stored(stack: LocalStack, command: Command) -> None:
    secret = command.run("create", "Newsletter service")[1].split("client_secret=")[1].strip()
    scanned = stack.aws.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
    assert secret not in str([page["Items"] for page in scanned])


def test_of_many_requests_at_once_exactly_so_many_as_a_minute_allows_get_a_token(stack: LocalStack) -> None:
    clients = Clients()
    clients.dynamodb = stack.aws.dynamodb
    tokens = Service(clients, lambda: NOW, randbits, Settings({"TABLE_NAME": stack.table_name})).tokens
    client_id, client_secret = token_hex(20), token_hex(32)
    tokens.register_client(client_id, client_secret, "Impatient service")

    def ask(_: int) -> str | None:
        try:
            return tokens.issue("client_credentials", client_id, client_secret)[0]
        except TooManyTokens:
            return None

    with ThreadPoolExecutor(8) as threads:
        issued = list(filter(None, threads.map(ask, range(2 * TOKENS_PER_MINUTE))))
    assert len(set(issued)) == len(issued) == TOKENS_PER_MINUTE
    assert [tokens.store.token(hash_secret(token)) is not None for token in issued] == [True] * TOKENS_PER_MINUTE


def test_who_is_not_there_cannot_be_revoked(command: Command) -> None:
    assert command.run("revoke", "nobody") == (1, "", "There is no client nobody\n")


def test_without_a_stack_the_command_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--local", f"--description={tmp_path / 'stack.json'}", "list"]) == 1
    assert capsys.readouterr().err.startswith("It did not work. ")
