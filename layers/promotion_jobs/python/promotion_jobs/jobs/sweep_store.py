"""What is open, as the sweep sees it: one small item for each job and purge, in a partition of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import ConditionLost, Table
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.store import DynamoJobStore
from promotion_jobs.jobs.sweep import OpenWork
from promotion_jobs.values import from_text, to_text


@dataclass(frozen=True, slots=True)
class DynamoSweepStore:
    table: Table

    def open_work(self) -> Sequence[OpenWork]:
        return [
            OpenWork(
                promotion_id=item["promotion_id"],
                id=item["sk"],
                purge=item["purge"],
                opened_at=from_text(item["opened_at"]),
                sent_at=from_text(item["sent_at"]),
                sends=item["sends"],
                progress=item["progress"],
            )
            for item in self.table.query(Range(keys.OPEN_JOBS))
        ]

    def get(self, promotion_id: str, job_id: str) -> Job | None:
        return DynamoJobStore(self.table).get(promotion_id, job_id)

    def note(self, seen: OpenWork, *, sent_at: datetime, sends: int, progress: int) -> bool:
        try:
            self.table.transact(
                self.table.update(
                    keys.open_job(seen.id),
                    "SET #sent_at = :now, #sends = :sends, #progress = :progress",
                    "#sent_at = :seen AND #sends = :before",
                    now=to_text(sent_at),
                    sends=sends,
                    progress=progress,
                    seen=to_text(seen.sent_at),
                    before=seen.sends,
                )
            )
        except ConditionLost:
            return False
        return True
