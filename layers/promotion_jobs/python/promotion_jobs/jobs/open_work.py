"""What is open, as the sweep will see it: an item for each job and purge, put with it."""

from datetime import datetime

from promotion_jobs.aws.table import Item
from promotion_jobs.values import to_text


def opened(promotion_id: str, now: datetime, *, purge: bool = False) -> Item:
    """What the sweep knows of a job, or of a purge, whose message was sent now."""
    opened_at = to_text(now)
    return {
        "promotion_id": promotion_id,
        "purge": purge,
        "opened_at": opened_at,
        "sent_at": opened_at,
        "sends": 0,
        "progress": 0,
    }
