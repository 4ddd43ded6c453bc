"""Bulk deletion in the table: a chunk's list and all that counts its codes go together, then the codes."""

from collections.abc import Iterable
from dataclasses import dataclass

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Action, ConditionLost, Table
from promotion_jobs.codes.changes import count_deleted
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.run_store import check_processing
from promotion_jobs.jobs.runs import Lease, RunStatus

_LIST = 0
"""The position of the chunk's list in the transaction."""


@dataclass(frozen=True, slots=True)
class DynamoDeletionStore:
    table: Table
    codes: DynamoCodeStore

    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterable[Chunk]:
        return DynamoCodeReader(self.table).chunks(promotion_id, source, likely)

    def unlist(self, job: Job, lease: Lease, chunk: Chunk) -> int | None:
        codes = chunk.visible_codes
        try:
            self.table.transact(
                self._delete_list(job, chunk),
                self.table.update(
                    keys.promotion(job.promotion_id),
                    "SET #codes = #codes - :codes, #room = #room + :codes",
                    "#open_job = :job",
                    codes=codes,
                    job=job.id,
                ),
                self.table.update(
                    keys.run(job.id, 0),
                    "SET #deleted = #deleted + :codes, #unlisted = :chunk, #tries = :none",
                    "#status = :processing AND #lease = :lease",
                    codes=codes,
                    lease=lease.holder,
                    chunk={
                        "source": chunk.source,
                        "first_slot": self.codes.first_slot(job.promotion_id, chunk),
                        "codes": "\n".join(chunk.codes),
                    },
                    none=0,
                    processing=RunStatus.PROCESSING,
                ),
                # Or a cancel would stop nothing before somebody takes up its message.
                check_processing(self.table, job),
                *([count_deleted(self.table, job.promotion_id, chunk.job_id, codes)] if chunk.job_id else []),
            )
        except ConditionLost as error:
            return 0 if list(error.lost) == [_LIST] else None
        return codes

    def _delete_list(self, job: Job, chunk: Chunk) -> Action:
        key = keys.chunk(job.promotion_id, chunk.source, chunk.number)
        if not chunk.removed:
            return self.table.delete(key, "attribute_exists(pk) AND attribute_not_exists(#removed)")
        # What is removed by hand is only ever added to: as many as there were are the same.
        return self.table.delete(key, "size(#removed) = :removed", removed=len(chunk.removed))

    def free_unlisted(self, job: Job) -> None:
        run = self.table.get(keys.run(job.id, 0))
        if run and "unlisted" in run:
            unlisted = run["unlisted"]
            codes = enumerate(unlisted["codes"].split("\n"), unlisted["first_slot"])
            self.codes.remove_of(unlisted["source"], codes)
