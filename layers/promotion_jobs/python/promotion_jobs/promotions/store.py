"""Promotions in the table: one item each, and an entry in the list of all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import ConditionLost, Item, Table
from promotion_jobs.errors import CodesInUse, PromotionInUse, PromotionNotFound
from promotion_jobs.jobs.open_work import opened
from promotion_jobs.pages import Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.promotions import NewPromotion
from promotion_jobs.values import from_text, to_text


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


def _from_item(item: Item) -> Promotion:
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
class DynamoPromotionStore:
    table: Table

    def add(self, promotion: Promotion) -> None:
        self.table.transact(
            self.table.put(keys.promotion(promotion.id), _to_values(promotion)),
            self.table.put(keys.promotion_entry(promotion.id), {}),
        )

    def get(self, promotion_id: str) -> Promotion | None:
        item = self.table.get(keys.promotion(promotion_id))
        return _from_item(item) if item and "deleted_at" not in item else None

    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        # Entries are small: some 10,000 of them come in one Query page.
        ids = [entry["sk"] for entry in self.table.query(Range(keys.PROMOTIONS), ScanIndexForward=False)]
        wanted = ids[page.offset : page.offset + page.limit]
        found = {item["pk"]: item for item in self.table.get_all([keys.promotion(id_) for id_ in wanted])}
        items = [found.get(keys.promotion(id_)["pk"]) for id_ in wanted]
        return [_from_item(item) for item in items if item], len(ids)

    def holder(self, code: str) -> Promotion | None:
        item = self.table.get(keys.code(code))
        return self.get(item["promotion"]) if item else None

    def change(self, seen: Promotion, new: NewPromotion, client_id: str, now: datetime) -> bool:
        added = new.max_codes - seen.max_codes
        condition = "#version = :seen AND attribute_not_exists(#deleted_at) AND #room >= :given_up"
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
        if not found or "deleted_at" in found:
            raise PromotionNotFound
        if found["version"] != seen.version:
            return False
        in_use = found["max_codes"] - found["room"]
        if new.max_codes < in_use:
            raise CodesInUse(in_use)
        raise PromotionInUse("A promotion with codes or an open job cannot be made automatic")

    def delete(self, promotion_id: str, purge_id: str, now: datetime) -> None:
        try:
            self.table.transact(
                self.table.update(
                    keys.promotion(promotion_id),
                    "SET #open_job = :purge, #deleted_at = :now",
                    "attribute_exists(pk) AND attribute_not_exists(#open_job)",
                    purge=purge_id,
                    now=to_text(now),
                ),
                self.table.delete(keys.promotion_entry(promotion_id)),
                self.table.put(keys.open_job(purge_id), opened(promotion_id, now, purge=True)),
            )
        except ConditionLost as error:
            found = error.lost[0]
            # A first attempt whose answer was lost has deleted it.
            if found.get("open_job") == purge_id:
                return
            if not found or "deleted_at" in found:
                raise PromotionNotFound from error
            raise PromotionInUse("A promotion with an open job cannot be deleted") from error
