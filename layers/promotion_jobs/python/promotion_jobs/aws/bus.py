"""The bus that tells the deployment what has happened (docs/use/events.md has the schema of its events)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from promotion_jobs.aws.pressure import unless_busy

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

SOURCE = "promotion-jobs"


class EventRefused(Exception):
    """The bus did not take an event."""


@dataclass(frozen=True, slots=True)
class EventBus:
    """``client`` makes the client when it is first needed."""

    client: "Callable[[], EventBridgeClient]"
    name: str

    def publish(self, detail_type: str, detail: Mapping[str, Any], time: datetime) -> None:
        """Raises EventRefused and StoreBusy."""
        event = {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": detail_type,
            "Time": time,
            "Detail": json.dumps(detail),
        }
        # Without a condition: subscribers know that an event may come twice.
        with unless_busy():
            answer = self.client().put_events(Entries=[event])  # type: ignore[list-item]
        if answer["FailedEntryCount"]:
            raise EventRefused(answer["Entries"][0]["ErrorCode"])
