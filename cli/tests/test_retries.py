"""Which requests are sent again: none that could do twice what it asks for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.tests.conftest import Chances
from cli.tests.service import CLOSED, LOST, PROMOTION_ID, Fault, Service, refused
from promojobs import Client, NotSignedIn, Refused, Unreachable

STALLED = Fault(stalls=True)
REQUEST = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 1}}


@pytest.mark.parametrize("fault", [CLOSED, LOST, refused(429), refused(503), refused(502), refused(504, is_done=True)])
def test_whatever_is_lost_there_is_one_job(service: Service, api: Client, fault: Fault) -> None:
    service.faults["generate"].extend([fault, fault])
    job = api.generate(PROMOTION_ID, 1_000)
    assert list(service.jobs) == [job.id]
    assert service.count("generate") == 3
    assert set(service.keys) == {"key-0"}


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(service: Service, api: Client) -> None:
    service.faults["generate"].append(STALLED)
    api.generate(PROMOTION_ID, 1_000)
    assert (service.count("generate"), len(service.jobs)) == (2, 1)


@pytest.mark.parametrize("fault", [CLOSED, LOST])
def test_a_post_without_a_key_is_sent_once_if_its_answer_is_lost(service: Service, api: Client, fault: Fault) -> None:
    service.faults["generate"].append(fault)
    with pytest.raises(Unreachable, match="may have been done: the connection was closed"):
        api.call("POST", f"/v2/promotions/{PROMOTION_ID}/jobs", REQUEST)
    assert service.count("generate") == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_post_without_a_key_is_sent_again_if_it_was_turned_away(service: Service, api: Client, status: int) -> None:
    service.faults["generate"].append(refused(status))
    api.call("POST", f"/v2/promotions/{PROMOTION_ID}/jobs", REQUEST)
    assert service.count("generate") == 2


@pytest.mark.parametrize(
    ("what", "call", "times"),
    [
        ("promotions", lambda api: api.create_promotion({"name": "Summer sale"}), 1),
        ("codes", lambda api: api.add_codes(PROMOTION_ID, ["WELCOME-10"]), 1),
        ("codes", lambda api: api.remove_codes(PROMOTION_ID, ["WELCOME-10"]), 2),
        (PROMOTION_ID, lambda api: api.update_promotion(PROMOTION_ID, name="Summer sale"), 2),
        (PROMOTION_ID, lambda api: api.delete_promotion(PROMOTION_ID), 2),
        (PROMOTION_ID, lambda api: api.promotion(PROMOTION_ID), 2),
        ("export", lambda api: api.export(PROMOTION_ID), 2),
        ("delete", lambda api: api.delete_codes(PROMOTION_ID), 2),
        ("generate", lambda api: api.estimate(PROMOTION_ID, REQUEST), 2),
        ("validate", lambda api: api.validate("WELCOME-10"), 2),
        ("redemptions", lambda api: api.redeem("WELCOME-10", "order-4711"), 2),
        ("rollback", lambda api: api.roll_back("WELCOME-10", "order-4711"), 2),
        ("token", lambda api: api.sign_in(), 2),
    ],
)
def test_what_may_come_twice_is_asked_for_again(
    service: Service, api: Client, what: str, call: Callable[[Client], Any], times: int
) -> None:
    service.faults[what].extend([CLOSED, refused(400)])
    with pytest.raises(Unreachable if times == 1 else Refused):
        call(api)
    assert service.count(what) == times


def test_a_cancellation_whose_answer_was_lost_is_no_refusal(service: Service, api: Client) -> None:
    service.looks = 10_000
    job = api.generate(PROMOTION_ID, 1_000)
    service.faults["cancel"].extend([LOST, refused(422, "Only open jobs can be cancelled")])
    assert api.cancel(PROMOTION_ID, job.id).status == "cancelling"


def test_a_job_that_has_ended_is_not_cancelled(service: Service, api: Client) -> None:
    job = api.wait(api.generate(PROMOTION_ID, 1_000))
    service.faults["cancel"].append(refused(422, "Only open jobs can be cancelled"))
    with pytest.raises(Refused, match="Only open jobs can be cancelled"):
        api.cancel(PROMOTION_ID, job.id)


def test_waits_grow_with_full_jitter_and_end(service: Service, api: Client, chances: Chances) -> None:
    service.faults["generate"].extend([refused(503)] * 6)
    with pytest.raises(Unreachable) as raised:
        api.generate(PROMOTION_ID, 1_000)
    assert chances.waits == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert (raised.value.status, raised.value.exit_code) == (503, 9)
    assert service.count("generate") == 6


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wednesday, 21-Oct-26 07:29:00 GMT", 60.0),
        ("Wed Oct 21 07:29:00 2026", 60.0),
        ("Wed, 21 Oct 2026 07:27:59 GMT", 0.0),
        # What can't be read says nothing.
        ("soon", 0.25),
        ("-1", 0.25),
        ("\u00b2", 0.25),
    ],
)
def test_the_service_says_how_long_to_wait(
    service: Service, api: Client, chances: Chances, retry_after: str, seconds: float
) -> None:
    service.faults["generate"].append(refused(429, retry_after=retry_after))
    api.generate(PROMOTION_ID, 1_000)
    assert chances.waits == [seconds]


def test_a_token_that_is_over_is_renewed_once(service: Service, api: Client) -> None:
    service.faults["generate"].append(refused(401))
    api.generate(PROMOTION_ID, 1_000)
    assert (service.count("token"), service.count("generate")) == (2, 2)
    service.faults["generate"].extend([refused(401)] * 2)
    with pytest.raises(NotSignedIn):
        api.generate(PROMOTION_ID, 1_000)


def test_a_refusal_has_the_errors_of_the_api_and_is_not_repeated(service: Service, api: Client) -> None:
    service.faults["generate"].append(refused(400, "Only 1 job is allowed"))
    with pytest.raises(Refused) as raised:
        api.generate(PROMOTION_ID, 1_000)
    assert raised.value.document() == {
        "error": {
            "kind": "refused",
            "message": "Refused: Only 1 job is allowed",
            "errors": [{"status": "400", "title": "Refused", "detail": "Only 1 job is allowed"}],
            "status": 400,
            "request_id": "request-1",
        }
    }
    assert service.count("generate") == 1


def test_a_service_that_is_not_there_is_said_so(chances: Chances, service: Service) -> None:
    del service
    with (
        Client("http://127.0.0.1:1", "shop", "secret", sleep=chances.sleep, chance=lambda: 1.0) as api,
        pytest.raises(Unreachable, match="cannot be reached: no connection"),
    ):
        api.sign_in()
    assert chances.waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_file_whose_upload_broke_off_is_sent_again_from_its_beginning(
    service: Service, api: Client, tmp_path: Path
) -> None:
    content = b"code\r\n" + b"PRINTED-1\r\n" * 20_000
    (tmp_path / "codes.csv").write_bytes(content)
    service.faults["bucket-of-uploads"].extend([CLOSED, refused(503)])
    assert api.upload(PROMOTION_ID, tmp_path / "codes.csv") == "U"
    assert service.put == [content] * 3
