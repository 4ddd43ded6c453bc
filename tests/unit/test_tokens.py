"""Clients and their access tokens (contract 4, decision 16)."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import chain, count, product

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Item
from promotion_jobs.errors import Forbidden, TokenRequestInvalid, TooManyTokens, Unauthorized, UnknownClient
from promotion_jobs.limits import TOKENS_PER_MINUTE
from promotion_jobs.tokens.token import Client, Grant, Right, Token
from promotion_jobs.tokens.tokens import hash_secret
from tests.support.builders import NOW, NOW_TEXT
from tests.support.office import Office

SECRET, ANOTHER_SECRET = "5ec2e7" * 8, "07e2" * 10
FIRST, SECOND = "a1" * 20, "b2" * 20

LOOK_UP = 2
"""Reads of a token that there is: its own, and that of its client."""

SHOP = {
    "pk": "CLIENTS",
    "sk": "shop",
    "name": "Our shop",
    "secret_hash": hash_secret(SECRET),
    "created_at": NOW_TEXT,
}
"""The client that is registered, as it is stored."""


class Desk:
    """Tokens at a time that the test sets, with one client registered."""

    def __init__(self) -> None:
        self.office = Office()
        self.clock, self.items = self.office.clock, self.office.items
        new_tokens = chain([FIRST, SECOND], (f"{number:040x}" for number in count()))
        self.tokens = replace(self.office.service.tokens, new_token=lambda: next(new_tokens))
        self.tokens.register_client("shop", SECRET, "Our shop")

    def issue(self, grant: str = "client_credentials") -> str:
        access_token, _ = self.tokens.issue(grant, "shop", SECRET)
        return access_token

    def authenticate(self, authorization: str | None, right: Right = Right.READ) -> str:
        return self.tokens.authenticate(authorization, right)

    def stored_tokens(self) -> list[Item]:
        return [item for item in self.items() if item["sk"] == "TOKEN"]

    def revoke(self, access_token: str) -> None:
        """Revoke one token, and not its client."""
        table = self.office.service.table
        table.transact(table.delete(keys.token(hash_secret(access_token))))

    def reads(self) -> int:
        """How many there were since they were last asked for."""
        reads = self.office.calls.made.count("get_item")
        self.office.calls.made.clear()
        return reads


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_of_a_secret_only_the_hash_is_stored(desk: Desk) -> None:
    assert desk.items() == [SHOP]
    assert desk.tokens.clients() == [Client("shop", "Our shop", hash_secret(SECRET), NOW)]
    assert re.fullmatch(r"[0-9a-f]{64}", hash_secret(SECRET))


def test_of_a_token_only_the_hash_is_stored(desk: Desk) -> None:
    issued = desk.tokens.issue("client_credentials", "shop", SECRET)
    expires_at = NOW + timedelta(hours=1)
    assert issued == (FIRST, Token("shop", Grant.CLIENT_CREDENTIALS, expires_at))
    stored = {
        "pk": f"TOKEN#{hash_secret(FIRST)}",
        "sk": "TOKEN",
        "client_id": "shop",
        "grant": "client_credentials",
        "expires_at": int(expires_at.timestamp()),
    }
    assert desk.stored_tokens() == [stored]


def test_an_implicit_token_needs_no_secret(desk: Desk) -> None:
    _, token = desk.tokens.issue("implicit", "shop", None)
    assert (token.client_id, token.grant) == ("shop", "implicit")


@pytest.mark.parametrize(
    ("grant_type", "client_id", "client_secret", "detail"),
    [
        (None, None, None, "The field 'grant_type' is required"),
        ("", "shop", SECRET, "The field 'grant_type' is required"),
        ("password", "shop", SECRET, "The field 'grant_type' must be client_credentials or implicit"),
        ("client_credentials", None, SECRET, "The field 'client_id' is required"),
        ("client_credentials", "", SECRET, "The field 'client_id' is required"),
        ("client_credentials", "shop", None, "The field 'client_secret' is required"),
        ("client_credentials", "shop", "", "The field 'client_secret' is required"),
        ("implicit", None, None, "The field 'client_id' is required"),
    ],
)
def test_a_request_that_lacks_a_field_is_told_which(
    desk: Desk, grant_type: str | None, client_id: str | None, client_secret: str | None, detail: str
) -> None:
    with pytest.raises(TokenRequestInvalid) as refusal:
        desk.tokens.issue(grant_type, client_id, client_secret)
    assert refusal.value.detail == detail
    assert desk.items() == [SHOP]


@pytest.mark.parametrize(
    ("grant_type", "client_id", "client_secret"),
    [
        ("client_credentials", "shop", "wrong"),
        ("client_credentials", "shop", SECRET.upper()),
        ("client_credentials", "shop", hash_secret(SECRET)),
        ("client_credentials", "shop", "é\0"),
        ("client_credentials", "no-client", "0"),
        ("client_credentials", "no-client", SECRET),
        ("client_credentials", "no such id!", SECRET),
        ("client_credentials", "x" * 65, SECRET),
        ("implicit", "no-client", None),
    ],
)
def test_a_client_that_is_unknown_or_has_another_secret_gets_no_token(
    desk: Desk, grant_type: str, client_id: str, client_secret: str | None
) -> None:
    with pytest.raises(UnknownClient):
        desk.tokens.issue(grant_type, client_id, client_secret)
    assert desk.items() == [SHOP]


def test_an_unknown_client_and_a_wrong_secret_take_the_same_reads_and_get_the_same_answer(desk: Desk) -> None:
    refusals = []
    for client_id in ("shop", "no-client"):
        desk.office.calls.made.clear()
        with pytest.raises(UnknownClient) as refusal:
            desk.tokens.issue("client_credentials", client_id, ANOTHER_SECRET)
        refusals.append((refusal.value.args, tuple(desk.office.calls.made)))
    assert refusals == [((), ("get_item",))] * 2


@pytest.mark.parametrize(
    "secret", ["", "open sesame", SECRET[:39], SECRET.upper(), f"{SECRET}\n", f" {SECRET}", "0" * 65, "g" * 40]
)
def test_a_secret_that_was_made_up_is_refused(desk: Desk, secret: str) -> None:
    with pytest.raises(ValueError, match=r"^A client's secret is generated: 40 to 64 hexadecimal digits$"):
        desk.tokens.register_client("another", secret, "Another")
    assert desk.items() == [SHOP]


def _issued(desk: Desk, grant: str = "client_credentials", tries: int = 2 * TOKENS_PER_MINUTE) -> list[int]:
    """How many tokens of so many requests were issued, and how long each of the others is to wait."""
    waits = [0]
    for _ in range(tries):
        try:
            desk.issue(grant)
        except TooManyTokens as refusal:
            waits.append(refusal.wait)
        else:
            waits[0] += 1
    return waits


def test_a_client_is_issued_so_many_tokens_a_minute_and_more_in_the_next(desk: Desk) -> None:
    assert _issued(desk, tries=TOKENS_PER_MINUTE + 1) == [TOKENS_PER_MINUTE, 60]
    desk.clock.advance(seconds=59)
    assert _issued(desk, tries=1) == [0, 1]
    desk.clock.advance(seconds=1)
    assert _issued(desk, tries=TOKENS_PER_MINUTE + 1) == [TOKENS_PER_MINUTE, 60]
    assert len(desk.stored_tokens()) == 2 * TOKENS_PER_MINUTE


def test_a_client_that_has_had_its_tokens_leaves_those_of_another_alone(desk: Desk) -> None:
    desk.tokens.register_client("another", ANOTHER_SECRET, "Another")
    assert _issued(desk)[0] == TOKENS_PER_MINUTE
    assert desk.tokens.issue("client_credentials", "another", ANOTHER_SECRET)[1].client_id == "another"


def test_who_knows_the_id_of_a_client_alone_cannot_use_up_its_tokens(desk: Desk) -> None:
    for _ in range(2 * TOKENS_PER_MINUTE):
        with pytest.raises(UnknownClient):
            desk.tokens.issue("client_credentials", "shop", ANOTHER_SECRET)
    assert _issued(desk, "implicit")[0] == TOKENS_PER_MINUTE
    assert _issued(desk)[0] == TOKENS_PER_MINUTE


def test_ids_of_no_client_leave_nothing_behind(desk: Desk) -> None:
    for number in range(1_000):
        with pytest.raises(UnknownClient):
            desk.tokens.issue("implicit", f"client-{number}", None)
    assert desk.items() == [SHOP]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_token_authenticates_its_client(desk: Desk, scheme: str) -> None:
    assert desk.authenticate(scheme + desk.issue()) == "shop"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        FIRST,
        "Bearer",
        "Bearer ",
        f"Basic {FIRST}",
        f"Bearer {FIRST[1:]}",
        f"Bearer {FIRST}0",
        f"Bearer {SECOND}",
    ],
)
def test_a_request_without_a_token_of_ours_is_unauthorized(desk: Desk, authorization: str | None) -> None:
    desk.issue()
    with pytest.raises(Unauthorized):
        desk.authenticate(authorization)


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {FIRST.upper()}",
        f"Bearer {FIRST}\n",
        f"Bearer {FIRST} ",
        f" Bearer {FIRST}",
        f"Bearer\t{FIRST}",
        f"Bearer{FIRST}",
        f"Bearer {FIRST},Bearer {FIRST}",
        f'Bearer "{FIRST}"',
        f"Bearer {FIRST[:-1]}\0",
        f"Bearer {FIRST[:-2]}é",
        f"Bearer {'a' * 8_000}",
        f"{'Bearer ' * 1_000}{FIRST}",
        f"Bearer{' ' * 8_000}",
        f"Basic {FIRST}",
    ],
)
def test_a_header_that_is_malformed_is_refused_before_anything_is_read(desk: Desk, authorization: str) -> None:
    desk.issue()
    desk.office.calls.made.clear()
    with pytest.raises(Unauthorized):
        desk.authenticate(authorization)
    assert desk.office.calls.made == []


def test_an_implicit_token_has_no_right_to_promotions(desk: Desk) -> None:
    access_token = desk.issue("implicit")
    with pytest.raises(Forbidden):
        desk.authenticate(f"Bearer {access_token}")


@pytest.mark.parametrize("right", Right)
def test_a_client_has_every_right_unless_it_was_confined_to_one(desk: Desk, right: Right) -> None:
    assert desk.authenticate(f"Bearer {desk.issue()}", right) == "shop"


@pytest.mark.parametrize(("only", "right"), list(product(Right, Right)))
def test_a_client_that_was_confined_to_a_right_has_no_other(desk: Desk, only: Right, right: Right) -> None:
    desk.tokens.register_client("another", SECRET, "Another", only)
    access_token, _ = desk.tokens.issue("client_credentials", "another", SECRET)
    # Looked up, then remembered.
    for _ in range(2):
        if right is only:
            assert desk.authenticate(f"Bearer {access_token}", right) == "another"
        else:
            with pytest.raises(Forbidden):
                desk.authenticate(f"Bearer {access_token}", right)
    assert desk.reads() == 1 + LOOK_UP


def test_the_right_that_a_client_was_confined_to_is_stored_with_it(desk: Desk) -> None:
    desk.tokens.register_client("another", ANOTHER_SECRET, "Another", Right.REDEEM)
    another = SHOP | {"sk": "another", "name": "Another", "secret_hash": hash_secret(ANOTHER_SECRET), "only": "redeem"}
    assert desk.items() == [another, SHOP]
    assert desk.tokens.clients() == [
        Client("another", "Another", hash_secret(ANOTHER_SECRET), NOW, Right.REDEEM),
        Client("shop", "Our shop", hash_secret(SECRET), NOW),
    ]


def test_an_implicit_token_has_not_even_the_right_of_its_client(desk: Desk) -> None:
    desk.tokens.register_client("another", SECRET, "Another", Right.READ)
    access_token, _ = desk.tokens.issue("implicit", "another", None)
    with pytest.raises(Forbidden):
        desk.authenticate(f"Bearer {access_token}", Right.READ)


def test_the_expired_token_of_a_client_without_the_right_is_unauthorized_rather_than_forbidden(desk: Desk) -> None:
    desk.tokens.register_client("another", SECRET, "Another", Right.READ)
    access_token, _ = desk.tokens.issue("client_credentials", "another", SECRET)
    desk.clock.advance(hours=1)
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {access_token}", Right.CHANGE)


def test_a_token_ends_after_an_hour_to_the_second_whether_looked_up_or_remembered(desk: Desk) -> None:
    access_token = desk.issue()
    desk.reads()
    desk.clock.advance(minutes=59, seconds=59)
    assert desk.authenticate(f"Bearer {access_token}") == "shop"
    desk.clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {access_token}")
    assert desk.reads() == LOOK_UP


def test_an_expired_implicit_token_is_unauthorized_rather_than_forbidden(desk: Desk) -> None:
    access_token = desk.issue("implicit")
    desk.clock.advance(hours=1)
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {access_token}")


def test_a_token_is_looked_up_once_a_minute(desk: Desk) -> None:
    access_token = desk.issue()
    desk.reads()
    for seconds in (0, 59, 1, 59):
        desk.clock.advance(seconds=seconds)
        desk.authenticate(f"Bearer {access_token}")
    assert desk.reads() == 2 * LOOK_UP


def test_a_revoked_token_stops_working_within_a_minute(desk: Desk) -> None:
    access_token = desk.issue()
    desk.authenticate(f"Bearer {access_token}")
    desk.revoke(access_token)
    desk.clock.advance(seconds=60)
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {access_token}")


def test_the_tokens_of_a_revoked_client_stop_working_within_a_minute(desk: Desk) -> None:
    known, unknown = desk.issue(), desk.issue()
    desk.authenticate(f"Bearer {known}")
    assert desk.tokens.revoke_client("shop") is True
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {unknown}")
    desk.clock.advance(seconds=59)
    assert desk.authenticate(f"Bearer {known}") == "shop"
    desk.clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {known}")


def test_a_revoked_client_gets_no_token(desk: Desk) -> None:
    desk.tokens.revoke_client("shop")
    with pytest.raises(UnknownClient):
        desk.issue()
    with pytest.raises(UnknownClient):
        desk.issue("implicit")


def test_a_client_is_revoked_once_and_no_other_with_it(desk: Desk) -> None:
    desk.tokens.register_client("another", SECRET, "Another")
    assert [desk.tokens.revoke_client(client) for client in ("shop", "shop", "no-client")] == [True, False, False]
    assert desk.tokens.clients() == [Client("another", "Another", hash_secret(SECRET), NOW)]


def test_clients_are_listed(desk: Desk) -> None:
    desk.clock.advance(days=1)
    desk.tokens.register_client("another", ANOTHER_SECRET, "Another")
    assert desk.tokens.clients() == [
        Client("another", "Another", hash_secret(ANOTHER_SECRET), desk.clock()),
        Client("shop", "Our shop", hash_secret(SECRET), NOW),
    ]


def test_a_container_remembers_a_thousand_tokens_at_most(desk: Desk) -> None:
    tokens = [f"{number:040x}" for number in range(1_001)]
    for token in tokens:
        live = Token("shop", Grant.CLIENT_CREDENTIALS, NOW + timedelta(hours=1))
        desk.tokens.store.add_token(hash_secret(token), live)
        desk.authenticate(f"Bearer {token}")
    assert desk.reads() == 1_001 * LOOK_UP
    desk.authenticate(f"Bearer {tokens[-1]}")
    assert desk.reads() == 0
    desk.authenticate(f"Bearer {tokens[0]}")
    assert desk.reads() == LOOK_UP


def test_a_container_remembers_no_wrong_token(desk: Desk) -> None:
    desk.authenticate(f"Bearer {desk.issue()}")
    desk.reads()
    for number in range(2_000):
        with pytest.raises(Unauthorized):
            desk.authenticate(f"Bearer {number:040x}")
    assert desk.reads() == 2_000
    desk.authenticate(f"Bearer {FIRST}")
    assert desk.reads() == 0


def test_a_token_that_was_unknown_works_as_soon_as_it_is_issued(desk: Desk) -> None:
    with pytest.raises(Unauthorized):
        desk.authenticate(f"Bearer {FIRST}")
    desk.issue()
    assert desk.authenticate(f"Bearer {FIRST}") == "shop"


def test_two_tokens_of_a_client_live_side_by_side(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue()
    assert {desk.authenticate(f"Bearer {token}") for token in (first, second)} == {"shop"}
