"""The items of promotions: one each, and an entry in the list of all.

No other module names their attributes. What changes a promotion together with something else does so by an action:
`PromotionStore` makes it, and the caller puts it into a transaction.

- ``open_job`` is the lock: the id of the job that holds the promotion. A job takes it with its creation and releases it
  with its end, so at most one job of a promotion is open.
- ``room`` is what is left of ``max_codes``. Codes take room before they are made and give it back when they are gone.
- ``codes`` is how many codes are visible.
- ``deleted_at`` makes the promotion count as not there. Then its purge holds the lock for good.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesInUse,
    CodesLimitExceeded,
    PromotionFull,
    PromotionInUse,
    PromotionJobsError,
    PromotionNotFound,
    TooManyJobs,
)
from promotion_jobs.pages import Page
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.values import from_text, to_text

_IS_MINE = "#open_job = :job"
_IS_NOT_DELETED = "attribute_not_exists(#deleted_at)"


def _to_values(promotion: Promotion) -> Item:
    return {
        # As text: it may hold fractions, which DynamoDB takes otherwise, and nothing here needs to look inside.
        "fields": json.dumps(promotion.fields),
        "automatic": promotion.automatic,
        "max_codes": promotion.max_codes,
        "room": promotion.room,
        "codes": promotion.codes,
        "open_job": promotion.open_job,
        "version": promotion.version,
        "created_by": promotion.created_by,
        "updated_by": promotion.updated_by,
        "created_at": to_text(promotion.created_at),
        "updated_at": to_text(promotion.updated_at),
    }


def _is_there(item: Item) -> bool:
    return bool(item) and "deleted_at" not in item


def to_promotion(item: Item) -> Promotion | None:
    """None for an empty item, and for a promotion that is deleted and about to be cleared away."""
    if not _is_there(item):
        return None
    return Promotion(
        id=keys.identifier(item),
        fields=json.loads(item["fields"]),
        automatic=item["automatic"],
        max_codes=item["max_codes"],
        room=item["room"],
        codes=item["codes"],
        open_job=item.get("open_job"),
        version=item["version"],
        created_by=item["created_by"],
        updated_by=item["updated_by"],
        created_at=from_text(item["created_at"]),
        updated_at=from_text(item["updated_at"]),
    )


@dataclass(frozen=True, slots=True)
class PromotionStore:
    table: Table

    # Reading and changing a promotion by itself

    def add(self, promotion: Promotion) -> None:
        self.table.transact(
            self.table.put(keys.promotion(promotion.id), _to_values(promotion)),
            self.table.put(keys.promotion_entry(promotion.id), {}),
        )

    def get(self, promotion_id: str) -> Promotion | None:
        """None also for one that is deleted and about to be cleared away."""
        return to_promotion(self.table.get(keys.promotion(promotion_id)) or {})

    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        """One page, newest first, and how many there are."""
        # Entries are small: some 10,000 of them come in one Query page.
        ids = [entry["sk"] for entry in self.table.query(Range(keys.PROMOTIONS), ScanIndexForward=False)]
        wanted = ids[page.offset : page.offset + page.limit]
        found = {item["pk"]: item for item in self.table.get_all([keys.promotion(id_) for id_ in wanted])}
        listed = (to_promotion(found.get(keys.promotion(id_)["pk"], {})) for id_ in wanted)
        return [promotion for promotion in listed if promotion], len(ids)

    def change(self, seen: Promotion, new: NewPromotion, client_id: str, now: datetime) -> bool:
        """Change a promotion that is as it was seen; False if it has been changed since.

        Raises PromotionNotFound, CodesInUse if it holds more codes than it would be allowed, and PromotionInUse if it
        has codes or an open job and would become automatic.
        """
        added = new.max_codes - seen.max_codes
        condition = f"#version = :seen AND {_IS_NOT_DELETED} AND #room >= :given_up"
        values: dict[str, Any] = {"seen": seen.version, "given_up": max(-added, 0)}
        if new.automatic and not seen.automatic:
            condition += " AND #codes = :none AND attribute_not_exists(#open_job)"
            values["none"] = 0
        try:
            self.table.transact(
                self.table.update(
                    keys.promotion(seen.id),
                    "SET #fields = :fields, #automatic = :automatic, #max_codes = :max_codes, #room = #room + :added, "
                    "#updated_by = :client, #updated_at = :now, #version = #version + :one",
                    condition,
                    fields=json.dumps(new.fields),
                    automatic=new.automatic,
                    max_codes=new.max_codes,
                    added=added,
                    client=client_id,
                    now=to_text(now),
                    one=1,
                    **values,
                )
            )
        except ConditionLost as error:
            return self._explain(seen, new, error.lost[0])
        return True

    def _explain(self, seen: Promotion, new: NewPromotion, found: Item) -> bool:
        """Why a promotion, as it stands, was not changed."""
        if not _is_there(found):
            raise PromotionNotFound
        if found["version"] != seen.version:
            return False
        in_use = found["max_codes"] - found["room"]
        if new.max_codes < in_use:
            raise CodesInUse(in_use)
        raise PromotionInUse("A promotion with codes or an open job cannot be made automatic")

    # Actions for the transactions of others

    def lock(self, promotion_id: str, job_id: str, codes: int) -> Action:
        """Take the lock for a job that will make so many codes; `lock_refusal` says why that failed."""
        condition, values = "attribute_exists(pk) AND attribute_not_exists(#open_job)", dict[str, Any]()
        if codes:
            condition += " AND #automatic = :false AND #max_codes >= :codes"
            values = {"false": False, "codes": codes}
        return self.table.update(keys.promotion(promotion_id), "SET #open_job = :job", condition, job=job_id, **values)

    def lock_refusal(self, found: Item, job_id: str, codes: int) -> PromotionJobsError | None:
        """Why a promotion, as it was found, did not give its lock to the job, in the order of decision 6.

        None if the job has the lock: then an attempt whose answer was lost has succeeded.
        """
        if found.get("open_job") == job_id:
            return None
        if not _is_there(found):
            return PromotionNotFound()
        if codes > found["max_codes"]:
            return CodesLimitExceeded(found["max_codes"])
        if codes and found["automatic"]:
            return AutomaticPromotion()
        return TooManyJobs(found["open_job"])

    def take_room(self, promotion_id: str, job_id: str, codes: int) -> Action:
        """Take room for the codes of a job that holds the lock, if there is enough."""
        key, condition = keys.promotion(promotion_id), f"#room >= :codes AND {_IS_MINE}"
        return self.table.update(key, "SET #room = #room - :codes", condition, codes=codes, job=job_id)

    def release(self, promotion_id: str, job_id: str, *, published: int = 0, returned: int = 0) -> Action:
        """Release the lock if it is the job's; publish so many codes, or give back so much room, with that."""
        return self.table.update(
            keys.promotion(promotion_id),
            "SET #codes = #codes + :published, #room = #room + :returned REMOVE #open_job",
            _IS_MINE,
            job=job_id,
            published=published,
            returned=returned,
        )

    def add_codes(self, promotion_id: str, codes: int) -> Action:
        """Take room for codes made by hand and count them as visible; `room_refusal` says why that failed."""
        return self.table.update(
            keys.promotion(promotion_id),
            "SET #codes = #codes + :codes, #room = #room - :codes",
            f"#automatic = :false AND #room >= :codes AND {_IS_NOT_DELETED}",
            codes=codes,
            false=False,
        )

    def room_refusal(self, found: Item) -> PromotionJobsError:
        """Why a promotion, as it was found, took no codes made by hand, in the order of decision 6."""
        if not _is_there(found):
            return PromotionNotFound()
        return AutomaticPromotion() if found["automatic"] else PromotionFull(found["max_codes"])

    def remove_codes(self, promotion_id: str, codes: int, job_id: str | None = None) -> Action:
        """Count so many codes as gone and give their room back: for a job that holds the lock, or by hand."""
        condition, values = (_IS_MINE, {"job": job_id}) if job_id else (_IS_NOT_DELETED, {})
        return self.table.update(
            keys.promotion(promotion_id),
            "SET #codes = #codes - :codes, #room = #room + :codes",
            condition,
            codes=codes,
            **values,
        )

    def mark_as_deleted(self, promotion_id: str, purge_id: str, now: datetime) -> Sequence[Action]:
        """Take the promotion out of sight and give its lock to the purge; `deletion_refusal` says why that failed."""
        return [
            self.table.update(
                keys.promotion(promotion_id),
                "SET #open_job = :purge, #deleted_at = :now",
                "attribute_exists(pk) AND attribute_not_exists(#open_job)",
                purge=purge_id,
                now=to_text(now),
            ),
            # Without a condition of its own: the first action has it.
            self.table.delete(keys.promotion_entry(promotion_id)),
        ]

    def deletion_refusal(self, found: Item, purge_id: str) -> PromotionJobsError | None:
        """Why a promotion, as it was found, was not deleted; None if it was, by an attempt whose answer was lost."""
        if found.get("open_job") == purge_id:
            return None
        if not _is_there(found):
            return PromotionNotFound()
        return PromotionInUse("A promotion with an open job cannot be deleted")

    def remove(self, promotion_id: str, purge_id: str) -> Action:
        """Remove a deleted promotion whose lock is this purge's."""
        return self.table.delete(keys.promotion(promotion_id), "#open_job = :purge", purge=purge_id)
