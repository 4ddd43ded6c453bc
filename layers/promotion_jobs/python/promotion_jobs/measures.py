"""The metrics of the service; docs/run/operations.md says how to use each."""

from enum import StrEnum
from typing import Protocol


class Measure(StrEnum):
    """Counts, but for what is named after its unit."""

    JOBS_CREATED = "JobsCreated"
    JOBS_ENDED = "JobsEnded"
    """By ``job_type`` and ``outcome``; at least once, as their events."""

    JOBS_GIVEN_UP = "JobsGivenUp"
    SCHEDULED_JOBS_STARTED = "ScheduledJobsStarted"
    SCHEDULED_JOBS_REFUSED = "ScheduledJobsRefused"
    CODES_GENERATED = "CodesGenerated"
    CODES_IMPORTED = "CodesImported"
    ROWS_REFUSED = "RowsRefused"
    """Of imported files, by ``reason``: duplicate or invalid."""

    CODES_DELETED = "CodesDeleted"
    """By deletions and by the undoing of jobs; not those that are removed by hand."""

    VALIDATIONS = "Validations"
    REDEMPTIONS = "Redemptions"
    REPLAYS = "Replays"
    """Redemptions that were asked for again, and counted once."""

    REDEMPTIONS_REFUSED = "RedemptionsRefused"
    """By ``reason``."""

    UNKNOWN_CODES = "UnknownCodes"
    """Asked for by validations, redemptions and rollbacks."""

    HOLDS = "Holds"
    HOLDS_TAKEN_BACK = "HoldsTakenBack"
    ROLLBACKS = "Rollbacks"
    STORE_RETRIES = "StoreRetries"
    """Transactions and batches that were asked for once more, after a conflict or a throttle."""

    MESSAGES_SENT_AGAIN = "MessagesSentAgain"
    OLDEST_OPEN_JOB_SECONDS = "OldestOpenJobSeconds"


class Meter(Protocol):
    def __call__(self, measure: Measure, value: float = 1, /, **dimensions: str) -> None: ...


def unmeasured(_measure: Measure, _value: float = 1, /, **_dimensions: str) -> None:
    """Counts nothing."""
