"""Clearing a deleted promotion out of the table."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key, Range
from promotion_jobs.aws.table import ConditionLost, Table
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.store import from_item

_ACTIONS = 100


@dataclass(frozen=True, slots=True)
class DynamoPurgeStore:
    table: Table
    codes: DynamoCodeStore

    def chunks(self, promotion_id: str) -> Iterable[Chunk]:
        return DynamoCodeReader(self.table).chunks(promotion_id)

    def remove_chunk(self, promotion_id: str, chunk: Chunk) -> None:
        self.codes.remove_of(chunk.source, enumerate(chunk.codes, self.codes.first_slot(promotion_id, chunk)))
        self._remove([keys.chunk(promotion_id, chunk.source, chunk.number)])

    def jobs(self, promotion_id: str) -> Sequence[Job]:
        return [from_item(item) for item in self.table.query(keys.jobs(promotion_id))]

    def remove_job(self, promotion_id: str, job_id: str) -> None:
        for items in (keys.runs(job_id), Range(keys.collisions(job_id, 0)["pk"])):
            self._remove([{"pk": item["pk"], "sk": item["sk"]} for item in self.table.query(items)])
        self._remove([keys.job(promotion_id, job_id)])

    def remove_promotion(self, promotion_id: str, purge_id: str) -> None:
        with suppress(ConditionLost):
            self.table.transact(
                self.table.delete(keys.promotion(promotion_id), "#open_job = :purge", purge=purge_id),
                self.table.delete(keys.open_job(purge_id)),
            )

    def _remove(self, found: Sequence[Key]) -> None:
        # Without conditions: the promotion is locked for good, so nobody else writes below it.
        for first in range(0, len(found), _ACTIONS):
            self.table.transact(*(self.table.delete(key) for key in found[first : first + _ACTIONS]))
