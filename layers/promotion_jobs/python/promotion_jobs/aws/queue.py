"""The queue that wakes the worker."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from promotion_jobs.jobs.job import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs.client import SQSClient


def read_message(body: str) -> Message:
    return Message(**json.loads(body))


@dataclass(frozen=True, slots=True)
class SqsJobQueue:
    """``client`` makes the client when it is first needed: small jobs send no message."""

    client: "Callable[[], SQSClient]"
    url: str

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        # Without a condition: a message sent twice is a delivery like any other.
        self.client().send_message(
            QueueUrl=self.url, MessageBody=json.dumps(asdict(message)), DelaySeconds=int(delay.total_seconds())
        )
