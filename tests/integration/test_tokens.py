"""POST /oauth/access_token, and what a token is good for (contract 4, decision 16)."""

from base64 import b64encode
from itertools import product
from typing import Any

import pytest

from promotion_jobs.api.routes import Route
from promotion_jobs.tokens.token import Grant, Right, Token
from promotion_jobs.tokens.tokens import hash_secret
from tests.support import template
from tests.support.answers import FORBIDDEN, UNAUTHORIZED, UNKNOWN_CLIENT
from tests.support.builders import CLIENT_ID, NOW
from tests.support.cloud import CLIENT_SECRET, JSON_HEADERS, Answer, Cloud, forget_caches
from tests.support.events import http_event
from tests.support.matchers import A_TOKEN

ANOTHER_SECRET = "07e2" * 10
FORM = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"


def _issued(cloud: Cloud, form: str | bytes, content_type: str | None = "application/x-www-form-urlencoded") -> Answer:
    return cloud.call("issue_token", body=form, headers={"authorization": None, "content-type": content_type})


@pytest.mark.parametrize(
    ("form", "identifier"),
    [(FORM, "client_credentials"), (f"grant_type=implicit&client_id={CLIENT_ID}", "implicit")],
)
def test_a_client_gets_a_token(cloud: Cloud, form: str, identifier: str) -> None:
    status, answer = _issued(cloud, form)
    expires = answer.pop("expires")
    assert (status, answer) == (
        200,
        {"access_token": A_TOKEN, "expires_in": 3600, "identifier": identifier, "token_type": "Bearer"},
    )
    stored = cloud.table.get({"pk": f"TOKEN#{hash_secret(answer['access_token'])}", "sk": "TOKEN"})
    assert stored is not None
    assert (stored["client_id"], stored["grant"], stored["expires_at"]) == (CLIENT_ID, identifier, expires)


def test_a_token_that_was_issued_opens_the_api(cloud: Cloud) -> None:
    _, answer = _issued(cloud, FORM)
    status, _ = cloud.call("list_promotions", headers={"authorization": f"Bearer {answer['access_token']}"})
    assert status == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream", None])
def test_the_form_is_read_whatever_its_content_type(cloud: Cloud, content_type: str | None) -> None:
    status, _ = _issued(cloud, FORM, content_type)
    assert status == 200


@pytest.mark.parametrize(
    ("form", "detail"),
    [
        ("", "The field 'grant_type' is required"),
        ('{"grant_type": "implicit"}', "The field 'grant_type' is required"),
        ("grant_type=password", "The field 'grant_type' must be client_credentials or implicit"),
        ("grant_type=implicit", "The field 'client_id' is required"),
        ("grant_type=client_credentials&client_id=shop", "The field 'client_secret' is required"),
    ],
)
def test_a_form_that_lacks_a_field_is_refused(cloud: Cloud, form: str, detail: str) -> None:
    before = cloud.items()
    assert _issued(cloud, form) == (400, {"errors": [{"status": "400", "title": "Bad Request", "detail": detail}]})
    assert cloud.items() == before


@pytest.mark.parametrize(
    "form",
    [
        f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret=wrong",
        f"grant_type=client_credentials&client_id=nobody&client_secret={CLIENT_SECRET}",
        "grant_type=implicit&client_id=nobody",
        f"grant_type=implicit&client_id={'x' * 3_000}",
    ],
)
def test_a_client_that_is_unknown_or_has_another_secret_gets_none(cloud: Cloud, form: str) -> None:
    before = cloud.items()
    assert _issued(cloud, form) == UNKNOWN_CLIENT
    assert cloud.items() == before


PROTECTED: list[tuple[str, Any]] = [
    ("create_promotion", {"data": {}}),
    ("list_promotions", None),
    ("get_promotion", None),
    ("update_promotion", {"data": {}}),
    ("delete_promotion", None),
    ("list_codes", None),
    ("add_codes", {"data": {}}),
    ("delete_codes", {"data": {}}),
    ("get_code", None),
    ("delete_code", None),
    ("validate_code", {"data": {}}),
    ("redeem_code", {"data": {}}),
    ("roll_back_redemption", {"data": {}}),
    ("list_usages", None),
    ("get_usage", None),
    ("list_code_usages", None),
    ("anonymize_usages", {"data": {}}),
    ("create_upload", {"data": {}}),
    ("create_job", {"data": {}}),
    ("list_jobs", None),
    ("get_job", None),
    ("cancel_job", None),
    ("get_job_file", None),
]
OPEN_TO_ALL = {"issue_token", "get_openapi", "show_console", "show_docs", "reject_unknown_route"}


def test_every_function_but_those_that_are_open_to_all_is_tried() -> None:
    http = {name for name in template.functions() if any(template.events(name, "HttpApi"))}
    assert {function for function, _ in PROTECTED} == http - OPEN_TO_ALL


AUTHORIZATIONS = (None, "Bearer", f"Bearer {'0' * 40}", "Basic c2hvcDpvcGVuIHNlc2FtZQ==")


def test_without_a_token_of_ours_nothing_opens(cloud: Cloud) -> None:
    before = cloud.items()
    for (function, data), authorization in product(PROTECTED, AUTHORIZATIONS):
        answer = cloud.call(function, data=data, headers={"authorization": authorization})
        assert (function, authorization, answer) == (function, authorization, UNAUTHORIZED)
    assert cloud.items() == before


def test_an_expired_token_opens_nothing(cloud: Cloud) -> None:
    cloud.tokens.store.add_token(hash_secret("a1" * 20), Token(CLIENT_ID, Grant.CLIENT_CREDENTIALS, NOW.replace(2020)))
    assert cloud.call("list_promotions", headers={"authorization": f"Bearer {'a1' * 20}"}) == UNAUTHORIZED


def test_an_implicit_token_has_no_right_to_promotions(cloud: Cloud) -> None:
    token, _ = cloud.tokens.issue("implicit", CLIENT_ID, CLIENT_SECRET)
    before = cloud.items()
    for function, data in PROTECTED:
        answer = cloud.call(function, data=data, headers={"authorization": f"Bearer {token}"})
        assert (function, answer) == (function, FORBIDDEN)
    assert cloud.items() == before


def _answers(cloud: Cloud, token: str) -> dict[str, Answer]:
    """Function → what it answers to the token, to a request that changes nothing."""
    headers = {"authorization": f"Bearer {token}"}
    return {function: cloud.call(function, data=data, headers=headers) for function, data in PROTECTED}


def test_a_client_with_every_right_is_answered_by_every_route(cloud: Cloud) -> None:
    found = _answers(cloud, cloud.token)
    statuses = {function: status for function, (status, _) in found.items()}
    # No promotion is there, and what names none lacks everything.
    without = ("create_promotion", "validate_code", "redeem_code", "roll_back_redemption", "anonymize_usages")
    expected = {function: 404 for function, _ in PROTECTED} | {"list_promotions": 200} | dict.fromkeys(without, 400)
    assert statuses == expected


@pytest.mark.parametrize("only", Right)
def test_a_client_that_was_confined_to_a_right_is_answered_by_its_routes_alone(cloud: Cloud, only: Right) -> None:
    cloud.tokens.register_client("another", ANOTHER_SECRET, "Another", only)
    token, _ = cloud.tokens.issue("client_credentials", "another", ANOTHER_SECRET)
    before = cloud.items()
    opened = _answers(cloud, cloud.token)
    rights = {route.function: route.right for route in Route if route.right is not None}
    assert _answers(cloud, token) == {
        function: opened[function] if right is only else FORBIDDEN for function, right in rights.items()
    }
    assert cloud.items() == before


def test_a_call_without_the_right_is_forbidden_before_anything_is_said_of_its_body(cloud: Cloud) -> None:
    cloud.tokens.register_client("another", ANOTHER_SECRET, "Another", Right.REDEEM)
    token, _ = cloud.tokens.issue("client_credentials", "another", ANOTHER_SECRET)
    promotion_id = cloud.create_promotion()
    for body, content_type in product(("{", "{}", "x" * 1_000_001), ("application/json", "text/plain")):
        headers = {"authorization": f"Bearer {token}", "content-type": content_type}
        assert cloud.call("create_job", promotion_id, body=body, headers=headers) == FORBIDDEN


def _listed(cloud: Cloud, token: str) -> Answer:
    return cloud.call("list_promotions", headers={"authorization": f"Bearer {token}"})


def test_the_tokens_of_a_revoked_client_open_nothing(cloud: Cloud) -> None:
    cloud.tokens.register_client("another", CLIENT_SECRET, "Another")
    token, _ = cloud.tokens.issue("client_credentials", "another", CLIENT_SECRET)
    assert cloud.tokens.revoke_client("another") is True
    assert _listed(cloud, token) == UNAUTHORIZED
    assert _listed(cloud, cloud.token)[0] == 200


def test_a_container_that_knows_a_token_refuses_it_when_its_memory_has_gone(cloud: Cloud) -> None:
    assert _listed(cloud, cloud.token)[0] == 200
    cloud.tokens.revoke_client(CLIENT_ID)
    assert _listed(cloud, cloud.token)[0] == 200
    forget_caches()
    assert _listed(cloud, cloud.token) == UNAUTHORIZED


def test_a_revoked_client_gets_no_token(cloud: Cloud) -> None:
    cloud.tokens.revoke_client(CLIENT_ID)
    assert _issued(cloud, FORM) == UNKNOWN_CLIENT
    assert _issued(cloud, f"grant_type=implicit&client_id={CLIENT_ID}") == UNKNOWN_CLIENT


def test_clients_are_listed_without_their_secrets_and_revoked_once(cloud: Cloud) -> None:
    cloud.tokens.register_client("another", ANOTHER_SECRET, "Another")
    listed = [(client.id, client.name, client.secret_hash) for client in cloud.tokens.clients()]
    assert listed == [
        ("another", "Another", hash_secret(ANOTHER_SECRET)),
        (CLIENT_ID, "Our shop", hash_secret(CLIENT_SECRET)),
    ]
    assert [cloud.tokens.revoke_client(client) for client in ("another", "another", "nobody")] == [True, False, False]
    assert [client.id for client in cloud.tokens.clients()] == [CLIENT_ID]


def test_neither_a_secret_nor_a_token_is_in_the_table(cloud: Cloud) -> None:
    _, answer = _issued(cloud, FORM)
    stored = str(cloud.items())
    for secret in (CLIENT_SECRET, cloud.token, answer["access_token"]):
        assert secret not in stored


def test_a_client_gets_a_token_by_http_basic(cloud: Cloud) -> None:
    credentials = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "content-type": "application/x-www-form-urlencoded"}
    status, answer = cloud.call("issue_token", body="grant_type=client_credentials", headers=headers)
    assert (status, answer["identifier"]) == (200, "client_credentials")
    wrong = b64encode(f"{CLIENT_ID}:wrong".encode()).decode()
    headers["authorization"] = f"Basic {wrong}"
    assert cloud.call("issue_token", body="grant_type=client_credentials", headers=headers) == UNKNOWN_CLIENT


def test_an_answer_with_a_token_is_kept_by_no_cache(cloud: Cloud) -> None:
    event = http_event("issue_token", body=f"grant_type=implicit&client_id={CLIENT_ID}")
    _, headers, _ = cloud.reply("issue_token", event)
    assert headers == JSON_HEADERS | {"Cache-Control": "no-store"}
