"""Guessing tokens, secrets or codes tells nothing, locks no client out and leaves nothing (docs/run/security.md)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import from_item
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.limits import BODY_BYTES, TOKENS_PER_MINUTE
from promotion_jobs.tokens.token import Grant
from tests.support import generated
from tests.support.answers import CODE_NOT_FOUND, TOO_LARGE, UNAUTHORIZED, UNKNOWN_CLIENT
from tests.support.builders import CLIENT_ID
from tests.support.cloud import CLIENT_SECRET, JSON_HEADERS, Answer, Cloud
from tests.support.events import http_event
from tests.support.matchers import Like

GUESSES = 200
FORM = "application/x-www-form-urlencoded"


def _token_request(client_id: str, client_secret: str) -> dict[str, Any]:
    form = f"grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
    return http_event("issue_token", body=form, headers={"content-type": FORM})


def _asked(cloud: Cloud, client_id: str, client_secret: str) -> Answer:
    return cloud.send("issue_token", _token_request(client_id, client_secret))


def test_hundreds_of_wrong_tokens_get_one_answer_and_leave_nothing_behind(cloud: Cloud) -> None:
    before = cloud.items()
    guesses = (f"Bearer {number:040x}" for number in range(GUESSES))
    answers = [cloud.call("list_promotions", headers={"authorization": guess}) for guess in guesses]
    assert answers == [UNAUTHORIZED] * GUESSES
    assert cloud.items() == before


def test_hundreds_of_wrong_secrets_get_the_answer_of_an_unknown_client_and_lock_nobody_out(cloud: Cloud) -> None:
    before = cloud.items()
    answers = [_asked(cloud, CLIENT_ID, f"{number:064x}") for number in range(GUESSES)]
    assert answers == [UNKNOWN_CLIENT] * GUESSES
    assert _asked(cloud, "nobody", CLIENT_SECRET) == UNKNOWN_CLIENT
    assert cloud.items() == before
    status, _ = _asked(cloud, CLIENT_ID, CLIENT_SECRET)
    assert status == 200


def _use_up(cloud: Cloud, client_id: str) -> list[datetime]:
    """The tokens of this minute and of the next, so that a test may run from one into the other."""
    this = datetime.now(UTC).replace(second=0, microsecond=0)
    minutes = [this, this + timedelta(minutes=1)]
    for minute in minutes:
        while cloud.tokens.store.count_token(client_id, Grant.CLIENT_CREDENTIALS, minute, TOKENS_PER_MINUTE):
            pass
    return minutes


def test_a_client_that_has_had_its_tokens_hears_when_there_are_more(cloud: Cloud) -> None:
    minutes = _use_up(cloud, CLIENT_ID)
    before = cloud.items()
    refusal = {"status": "429", "title": "Too Many Requests", "detail": "A client gets at most 60 tokens a minute"}
    assert cloud.reply("issue_token", _token_request(CLIENT_ID, CLIENT_SECRET)) == (
        429,
        {**JSON_HEADERS, "Retry-After": Like("[1-9]|[1-5][0-9]|60")},
        {"errors": [refusal]},
    )
    assert cloud.items() == before
    counts = [item for item in map(from_item, before) if item["pk"] == f"RATE#{CLIENT_ID}"]
    for minute in minutes:
        [counted] = [it for it in counts if it["expires_at"] == int(minute.timestamp()) + 60]
        assert counted["issued"] == TOKENS_PER_MINUTE


def test_with_a_wrong_secret_nobody_hears_that_a_client_has_had_its_tokens(cloud: Cloud) -> None:
    _use_up(cloud, CLIENT_ID)
    assert _asked(cloud, CLIENT_ID, "0" * 64) == UNKNOWN_CLIENT


def test_a_client_that_has_had_its_tokens_may_go_on_with_those_it_has(cloud: Cloud) -> None:
    _use_up(cloud, CLIENT_ID)
    assert cloud.call("list_promotions")[0] == 200


def test_guesses_of_codes_find_none_and_read_only_what_would_say_so(cloud: Cloud, promotion_id: str) -> None:
    generated.generate(cloud, promotion_id, generated.texts(1_000))
    size = CodeFormat().size
    guesses = [generated.texts(1, first=size - 1 - number)[0][0] for number in range(GUESSES)]
    cloud.account.asked.clear()
    answers = [cloud.call("get_code", promotion_id, guess) for guess in guesses]
    assert answers == [CODE_NOT_FOUND] * GUESSES
    read = {key for request in cloud.account.asked["get_code"] for key in request.leading_keys}
    codes = {keys.code(guess)["pk"] for guess in guesses}
    assert read - codes - {keys.promotion(promotion_id)["pk"]} - _of_tokens(read) == {keys.space(8)["pk"], keys.KEYS}


def _of_tokens(read: set[str]) -> set[str]:
    return {key for key in read if key.startswith(("TOKEN#", "CLIENTS"))}


@pytest.mark.parametrize("filling", ["[", "a=1&", "%", "\0", "é"])
@pytest.mark.parametrize(
    ("function", "content_type"), [("issue_token", FORM), ("create_promotion", "application/json")]
)
def test_a_body_over_the_limit_is_refused_before_anything_looks_into_it(
    cloud: Cloud, function: str, content_type: str, filling: str
) -> None:
    """None of these is JSON, or a form with a grant: who parsed them would answer 400."""
    body = filling * (BODY_BYTES // len(filling.encode()) + 1)
    assert cloud.call(function, body=body, headers={"content-type": content_type}) == TOO_LARGE
