"""The queue that wakes the worker."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from promotion_jobs.aws.pressure import unless_busy

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True)
class Queue:
    """``client`` makes the client when it is first needed: small jobs send no message."""

    client: "Callable[[], SQSClient]"
    url: str

    def send(self, message: "DataclassInstance", delay: timedelta = timedelta()) -> None:
        """Send a value of plain fields as a JSON object. Raises StoreBusy."""
        # Without a condition: a message sent twice is a delivery like any other.
        with unless_busy():
            self.client().send_message(
                QueueUrl=self.url, MessageBody=json.dumps(asdict(message)), DelaySeconds=int(delay.total_seconds())
            )
