"""A subscriber of the deployment's bus hears of the end of every job (docs/use/events.md)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.api import Api
from local.stack import LocalStack
from tests.stack.journeys import eventually, finished, get_job, new_job, new_promotion, paused_worker

Events = list[tuple[str, Any]]


@pytest.fixture
def subscribe(stack: LocalStack) -> Callable[[str], Callable[[int], Events]]:
    """A queue of one's own for the events of a promotion; what it returns waits for so many, and gives them all."""

    def subscribed(promotion: str) -> Callable[[int], Events]:
        aws, bus = stack.aws, stack.resources["EventBus"]
        url = aws.sqs.create_queue(QueueName=f"events-{promotion}")["QueueUrl"]
        arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["promotion-jobs"], "detail": {"promotion_id": [promotion]}}
        aws.events.put_rule(Name=promotion, EventBusName=bus, EventPattern=json.dumps(pattern))
        aws.events.put_targets(Rule=promotion, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        received: list[Any] = []

        def events(number: int) -> Events:
            def all_are_there() -> bool:
                messages = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
                received.extend(json.loads(message["Body"]) for message in messages)
                return len(received) >= number

            eventually(all_are_there)
            return [(event["detail-type"], event["detail"]) for event in received]

        return events

    return subscribed


def test_a_subscriber_hears_of_each_job_as_the_api_shows_it(
    api: Api, subscribe: Callable[[str], Callable[[int], Events]]
) -> None:
    promotion = new_promotion(api)
    events = subscribe(promotion)
    generated = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=10))
    exported = finished(api, promotion, new_job(api, promotion, "code_export"))
    failed = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=1_000))
    assert failed["error"] == "codes limit exceeded"
    assert sorted(events(3), key=str) == sorted(
        [
            ("Promotion Job Completed", generated),
            ("Promotion Job Completed", exported),
            ("Promotion Job Failed", failed),
        ],
        key=str,
    )


def test_a_subscriber_hears_of_a_job_that_is_cancelled(
    stack: LocalStack, api: Api, subscribe: Callable[[str], Callable[[int], Events]]
) -> None:
    promotion = new_promotion(api)
    events = subscribe(promotion)
    with paused_worker(stack):
        job = new_job(api, promotion, "code_export")
        assert api.call("POST", f"/v2/promotions/{promotion}/jobs/{job}/cancel").status == 200
    assert events(1) == [("Promotion Job Cancelled", get_job(api, promotion, job))]
