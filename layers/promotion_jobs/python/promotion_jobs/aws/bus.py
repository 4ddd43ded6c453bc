"""The bus to which the end of every job is told (docs/events.md has the schema)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promotion_jobs.jobs.job import Job

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

SOURCE = "promotion-jobs"


class EventRefused(Exception):
    """The bus did not take an event."""


def detail_type(job: Job) -> str:
    return f"Promotion Job {job.status.capitalize()}"


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """``client`` makes the client when it is first needed; ``render`` gives the job as the API shows it."""

    client: "Callable[[], EventBridgeClient]"
    name: str
    render: Callable[[Job], Mapping[str, Any]]

    def publish(self, job: Job) -> None:
        """Raises EventRefused."""
        # Without a condition: who listens knows that an event may come twice.
        answer = self.client().put_events(
            Entries=[
                {
                    "EventBusName": self.name,
                    "Source": SOURCE,
                    "DetailType": detail_type(job),
                    "Time": job.updated_at,
                    "Detail": json.dumps(self.render(job)),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise EventRefused(answer["Entries"][0]["ErrorCode"])
