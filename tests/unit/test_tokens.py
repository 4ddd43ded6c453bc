"""Clients and their access tokens (contract 4, decision 16)."""

import re
from datetime import timedelta

import pytest

from promotion_jobs.errors import Forbidden, TokenRequestInvalid, Unauthorized, UnknownClient
from promotion_jobs.tokens import Client, Grant, Token, Tokens, hash_secret
from tests.support.builders import NOW, Clock
from tests.support.memory import MemoryTokenStore

SECRET = "open sesame"
FIRST, SECOND = "a1" * 20, "b2" * 20


class Desk:
    """Tokens in memory, at a time that the test sets, with one client registered."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryTokenStore()
        new_tokens = iter([FIRST, SECOND])
        self.tokens = Tokens(self.store, self.clock, lambda: next(new_tokens))
        self.tokens.register_client("shop", SECRET, "Our shop")

    def issue(self, grant: str = "client_credentials") -> str:
        access_token, _ = self.tokens.issue(grant, "shop", SECRET)
        return access_token


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_of_a_secret_only_the_hash_is_stored(desk: Desk) -> None:
    assert desk.store.registered == {"shop": Client("shop", "Our shop", hash_secret(SECRET), NOW)}
    assert re.fullmatch(r"[0-9a-f]{64}", hash_secret(SECRET))


def test_of_a_token_only_the_hash_is_stored(desk: Desk) -> None:
    issued = desk.tokens.issue("client_credentials", "shop", SECRET)
    token = Token("shop", Grant.CLIENT_CREDENTIALS, NOW + timedelta(hours=1))
    assert issued == (FIRST, token)
    assert desk.store.tokens == {hash_secret(FIRST): token}


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
    assert desk.store.tokens == {}


@pytest.mark.parametrize(
    ("grant_type", "client_id", "client_secret"),
    [
        ("client_credentials", "shop", "wrong"),
        ("client_credentials", "shop", SECRET.upper()),
        ("client_credentials", "nobody", SECRET),
        ("client_credentials", "no such id!", SECRET),
        ("client_credentials", "x" * 65, SECRET),
        ("implicit", "nobody", None),
    ],
)
def test_a_client_that_is_unknown_or_has_another_secret_gets_no_token(
    desk: Desk, grant_type: str, client_id: str, client_secret: str | None
) -> None:
    with pytest.raises(UnknownClient):
        desk.tokens.issue(grant_type, client_id, client_secret)
    assert desk.store.tokens == {}


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_token_authenticates_its_client(desk: Desk, scheme: str) -> None:
    assert desk.tokens.authenticate(scheme + desk.issue()) == "shop"


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
        desk.tokens.authenticate(authorization)


def test_an_implicit_token_has_no_right_to_promotions(desk: Desk) -> None:
    access_token = desk.issue("implicit")
    with pytest.raises(Forbidden):
        desk.tokens.authenticate(f"Bearer {access_token}")


def test_a_token_ends_after_an_hour_to_the_second_whether_looked_up_or_remembered(desk: Desk) -> None:
    access_token = desk.issue()
    desk.clock.advance(minutes=59, seconds=59)
    assert desk.tokens.authenticate(f"Bearer {access_token}") == "shop"
    desk.clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {access_token}")
    assert desk.store.looked_up == 1


def test_an_expired_implicit_token_is_unauthorized_rather_than_forbidden(desk: Desk) -> None:
    access_token = desk.issue("implicit")
    desk.clock.advance(hours=1)
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {access_token}")


def test_a_token_is_looked_up_once_a_minute(desk: Desk) -> None:
    access_token = desk.issue()
    for seconds in (0, 59, 1, 59):
        desk.clock.advance(seconds=seconds)
        desk.tokens.authenticate(f"Bearer {access_token}")
    assert desk.store.looked_up == 2


def test_a_revoked_token_stops_working_within_a_minute(desk: Desk) -> None:
    access_token = desk.issue()
    desk.tokens.authenticate(f"Bearer {access_token}")
    desk.store.tokens.clear()
    desk.clock.advance(seconds=60)
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {access_token}")


def test_the_tokens_of_a_revoked_client_stop_working_within_a_minute(desk: Desk) -> None:
    known, unknown = desk.issue(), desk.issue()
    desk.tokens.authenticate(f"Bearer {known}")
    assert desk.tokens.revoke_client("shop") is True
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {unknown}")
    desk.clock.advance(seconds=59)
    assert desk.tokens.authenticate(f"Bearer {known}") == "shop"
    desk.clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {known}")


def test_a_revoked_client_gets_no_token(desk: Desk) -> None:
    desk.tokens.revoke_client("shop")
    with pytest.raises(UnknownClient):
        desk.issue()
    with pytest.raises(UnknownClient):
        desk.issue("implicit")


def test_a_client_is_revoked_once_and_no_other_with_it(desk: Desk) -> None:
    desk.tokens.register_client("another", SECRET, "Another")
    assert [desk.tokens.revoke_client(client) for client in ("shop", "shop", "nobody")] == [True, False, False]
    assert desk.tokens.clients() == [Client("another", "Another", hash_secret(SECRET), NOW)]


def test_clients_are_listed(desk: Desk) -> None:
    desk.clock.advance(days=1)
    desk.tokens.register_client("another", "another secret", "Another")
    assert desk.tokens.clients() == [
        Client("another", "Another", hash_secret("another secret"), desk.clock()),
        Client("shop", "Our shop", hash_secret(SECRET), NOW),
    ]


def test_a_container_remembers_a_thousand_tokens_at_most(desk: Desk) -> None:
    tokens = [f"{number:040x}" for number in range(1_001)]
    for token in tokens:
        desk.store.add_token(hash_secret(token), Token("shop", Grant.CLIENT_CREDENTIALS, NOW + timedelta(hours=1)))
        desk.tokens.authenticate(f"Bearer {token}")
    assert desk.store.looked_up == 1_001
    desk.tokens.authenticate(f"Bearer {tokens[-1]}")
    assert desk.store.looked_up == 1_001
    desk.tokens.authenticate(f"Bearer {tokens[0]}")
    assert desk.store.looked_up == 1_002


def test_a_token_that_was_unknown_works_as_soon_as_it_is_issued(desk: Desk) -> None:
    with pytest.raises(Unauthorized):
        desk.tokens.authenticate(f"Bearer {FIRST}")
    desk.issue()
    assert desk.tokens.authenticate(f"Bearer {FIRST}") == "shop"


def test_two_tokens_of_a_client_live_side_by_side(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue()
    assert {desk.tokens.authenticate(f"Bearer {token}") for token in (first, second)} == {"shop"}
