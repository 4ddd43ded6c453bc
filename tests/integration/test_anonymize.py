"""Holds and addresses, which are shown as little as can be (contract 6, decision 20)."""

from datetime import UTC, datetime
from typing import Any

from promotion_jobs.jobs.job import Message
from tests.integration.checkout import LIMITED, PLAIN, UNLIMITED, open_promotion, redeemed_at
from tests.support.answers import failure, invalid, required, shown_usage, usages_not_found
from tests.support.builders import CLIENT_ID
from tests.support.cloud import BUCKET, Answer, Cloud
from tests.support.matchers import A_TIME

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EMAIL = "jo@example.com"


def _listed(answer: Answer) -> Any:
    status, body = answer
    return status, body["data"], body["meta"]["results"]["total"]


NONE: Any = (200, [], 0)


def test_a_hold_is_read_by_its_id_and_in_no_list(cloud: Cloud) -> None:
    promotion_id = open_promotion(cloud)
    sent = {"code": LIMITED, "id": "A", "hold_seconds": 60}
    held = cloud.call("redeem_code", data=sent)[1]["data"]
    assert held == shown_usage(promotion_id, LIMITED, "A", status="held", expires_at=A_TIME)
    assert cloud.call("get_usage", promotion_id, held["id"]) == (200, {"data": held})
    assert _listed(cloud.call("list_usages", promotion_id)) == NONE
    assert _listed(cloud.call("list_code_usages", promotion_id, LIMITED)) == NONE
    # Nor is one that was rolled back: it has never been a use.
    assert cloud.call("roll_back_redemption", data={"usage_id": held["id"]})[0] == 200
    assert _listed(cloud.call("list_code_usages", promotion_id, LIMITED)) == NONE


# Making anonymous


def _redeem(cloud: Cloud, id: str) -> dict[str, Any]:  # noqa: A002
    sent = {"code": UNLIMITED, "id": id, "customer_id": "4711", "customer_email": EMAIL}
    status, answer = cloud.call("redeem_code", data=sent)
    assert status == 201
    usage: dict[str, Any] = answer["data"]
    return usage


def _anonymize(cloud: Cloud, *usage_ids: str) -> Answer:
    return cloud.call("anonymize_usages", data={"data": {"usage_ids": usage_ids}})


def _blank(usage: dict[str, Any]) -> dict[str, Any]:
    changed = {"customer_email": "**", "anonymized": True, "updated_by": CLIENT_ID}
    return usage | changed | {"meta": {"timestamps": {"updated_at": A_TIME}}}


def test_usages_are_made_anonymous_in_the_order_in_which_they_are_named(cloud: Cloud) -> None:
    promotion_id = open_promotion(cloud)
    first, second, third = (_redeem(cloud, id_) for id_ in "ABC")
    named = [second["id"], first["id"], second["id"]]
    answer = _anonymize(cloud, *named)
    assert answer == (200, {"data": [_blank(second), _blank(first)]})
    assert _anonymize(cloud, *named) == answer
    listed = cloud.call("list_usages", promotion_id, query="sort=used_on")[1]["data"]
    assert sorted(listed, key=lambda it: str(it["redemption_id"])) == [_blank(first), _blank(second), third]
    assert cloud.call("get_usage", promotion_id, first["id"]) == (200, {"data": _blank(first)})
    # The counts stand, and the request that redeemed it may come again.
    sent = {"code": UNLIMITED, "id": "A", "customer_id": "4711", "customer_email": EMAIL}
    assert cloud.call("redeem_code", data=sent) == (200, {"data": _blank(first)})


def test_unknown_usages_stand_in_errors_beside_those_that_are_known(cloud: Cloud) -> None:
    open_promotion(cloud)
    known = _redeem(cloud, "A")
    unknown = ["A" * 47, "none", "none"]
    error = usages_not_found("A" * 47, "none")
    assert _anonymize(cloud, *unknown, known["id"]) == (200, {"data": [_blank(known)], "errors": [error]})
    assert _anonymize(cloud, *unknown) == failure(404, error)
    long = "x" * 10_000
    assert _anonymize(cloud, long) == failure(404, usages_not_found(f"{long[:100]}…"))


def test_a_body_that_names_no_usages_is_refused(cloud: Cloud) -> None:
    for sent, faults in (
        ({}, [required("data.usage_ids")]),
        ({"usage_ids": "x"}, [invalid("data.usage_ids", "must be a list")]),
        ({"usage_ids": []}, [invalid("data.usage_ids", "must have at least 1 entries")]),
        ({"usage_ids": ["x"] * 101}, [invalid("data.usage_ids", "must have at most 100 entries")]),
        ({"usage_ids": ["x", 5]}, [invalid("data.usage_ids.1", "must be text")]),
    ):
        assert cloud.call("anonymize_usages", data={"data": sent}) == failure(400, *faults)


def test_a_hundred_usages_are_made_anonymous_by_one_call(cloud: Cloud) -> None:
    open_promotion(cloud)
    known = [redeemed_at(cloud, NOON, code=UNLIMITED, id=f"{it}", customer_email=EMAIL) for it in range(100)]
    status, answer = _anonymize(cloud, *[it.key.usage_id for it in known])
    assert (status, answer.keys(), len(answer["data"])) == (200, {"data"}, 100)
    assert {(it["customer_email"], it["anonymized"]) for it in answer["data"]} == {("**", True)}
    assert EMAIL not in str(cloud.items())


# Privacy


def test_an_address_is_in_the_redemption_alone_and_in_no_event_or_file(cloud: Cloud) -> None:
    promotion_id = open_promotion(cloud)
    usage = _redeem(cloud, "A")
    for hold in ({"hold_seconds": 60}, {}):
        sent = {"code": PLAIN, "id": "B", "customer_email": EMAIL} | hold
        assert cloud.call("redeem_code", data=sent)[0] in {200, 201}
    assert [item["pk"]["S"].partition("#")[0] for item in cloud.items() if EMAIL in str(item)] == ["USE", "USE"]
    cloud.create_job(promotion_id)
    cloud.deliver(*(Message(**it) for it in cloud.messages()))
    (file,) = cloud.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    content = cloud.s3.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read().decode()
    assert [name for name, _ in cloud.account.published] == ["Promotion Job Completed"]
    assert "jo@" not in content + str(cloud.account.published)
    other = cloud.call("list_usages", promotion_id, query=f"filter=eq(code,{PLAIN})")[1]["data"][0]
    assert _anonymize(cloud, usage["id"], other["id"])[0] == 200
    assert EMAIL not in str(cloud.items())
