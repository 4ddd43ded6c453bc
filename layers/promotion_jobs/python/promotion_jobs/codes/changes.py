"""Codes made and removed by hand: one transaction each, so that the promotion's numbers are exact at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.codes.code import Chunk, Location
from promotion_jobs.codes.store import to_values
from promotion_jobs.errors import (
    AutomaticPromotion,
    DuplicateCode,
    PromotionFull,
    PromotionJobsError,
    PromotionNotFound,
)
from promotion_jobs.jobs.job import JobStatus

_PROMOTION = 0
"""The position of the promotion in each transaction."""


def _refusal(promotion: Item | None) -> PromotionJobsError:
    """Why codes were not added, by the promotion as it stands if its condition was lost; in the order of decision 6."""
    if promotion is None:
        return DuplicateCode()
    if not promotion or "deleted_at" in promotion:
        return PromotionNotFound()
    return AutomaticPromotion() if promotion["automatic"] else PromotionFull(promotion["max_codes"])


def count_deleted(table: Table, promotion_id: str, job_id: str, codes: int) -> Action:
    """The action that counts codes of a job that are removed from it."""
    # A job's codes are visible when it is completed, and not before.
    return table.update(
        keys.job(promotion_id, job_id),
        "ADD #deleted :codes",
        "#status = :completed",
        codes=codes,
        completed=JobStatus.COMPLETED,
    )


@dataclass(frozen=True, slots=True)
class DynamoCodeEditor:
    table: Table

    def add(self, promotion_id: str, chunk: Chunk) -> None:
        codes = [self._new_code(promotion_id, chunk, slot, code) for slot, code in enumerate(chunk.codes)]
        try:
            self.table.transact(
                self.table.update(
                    keys.promotion(promotion_id),
                    "SET #codes = #codes + :codes, #room = #room - :codes",
                    "#automatic = :false AND #room >= :codes AND attribute_not_exists(#deleted_at)",
                    codes=len(chunk.codes),
                    false=False,
                ),
                self.table.put(keys.chunk(promotion_id, chunk.source, chunk.number), to_values(chunk)),
                *codes,
            )
        except ConditionLost as error:
            raise _refusal(error.lost.get(_PROMOTION)) from error

    def _new_code(self, promotion_id: str, chunk: Chunk, slot: int, code: str) -> Action:
        return self.table.put(
            keys.code(code), {"promotion": promotion_id, "job": chunk.source, "slot": slot, "code": code}
        )

    def remove(self, promotion_id: str, codes: Mapping[str, Location]) -> bool:
        (location,) = islice(codes.values(), 1)
        try:
            self.table.transact(
                self.table.update(
                    keys.promotion(promotion_id),
                    "SET #codes = #codes - :codes, #room = #room + :codes",
                    "attribute_not_exists(#deleted_at)",
                    codes=len(codes),
                ),
                self.table.update(
                    keys.chunk(promotion_id, location.source, location.chunk),
                    "ADD #removed :positions",
                    "attribute_exists(pk)",
                    positions={location.position for location in codes.values()},
                ),
                *([] if location.by_hand else [count_deleted(self.table, promotion_id, location.source, len(codes))]),
                *(self._delete_code(code, location) for code, location in codes.items()),
            )
        except ConditionLost:
            return False
        return True

    def _delete_code(self, code: str, location: Location) -> Action:
        condition = "#job = :source AND #slot = :slot"
        return self.table.delete(keys.code(code), condition, source=location.source, slot=location.slot)
