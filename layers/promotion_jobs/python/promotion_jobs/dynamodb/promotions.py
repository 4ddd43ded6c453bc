"""Promotions in the table: one item each, and an entry in the list of all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from promotion_jobs.dynamodb import keys
from promotion_jobs.dynamodb.table import Item, Table
from promotion_jobs.listing import Page
from promotion_jobs.model import Promotion
from promotion_jobs.timestamps import from_text, to_text


def _to_values(promotion: Promotion) -> Item:
    return {
        # As text: its numbers keep the digits that they came with, and nothing here needs to look inside.
        "fields": json.dumps(promotion.fields),
        "automatic": promotion.automatic,
        "max_codes": promotion.max_codes,
        "room": promotion.room,
        "codes": promotion.codes,
        "open_job": promotion.open_job,
        "created_by": promotion.created_by,
        "updated_by": promotion.updated_by,
        "created_at": to_text(promotion.created_at),
        "updated_at": to_text(promotion.updated_at),
    }


def _from_item(item: Item) -> Promotion:
    return Promotion(
        id=item["pk"].removeprefix("PROMOTION#"),
        fields=json.loads(item["fields"]),
        automatic=item["automatic"],
        max_codes=item["max_codes"],
        room=item["room"],
        codes=item["codes"],
        open_job=item.get("open_job"),
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
        return _from_item(item) if item else None

    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        # Entries are small: some 10,000 of them come in one Query page.
        ids = [entry["sk"] for entry in self.table.query(keys.PROMOTIONS, ScanIndexForward=False)]
        wanted = ids[page.offset : page.offset + page.limit]
        found = {item["pk"]: item for item in self.table.get_all([keys.promotion(id_) for id_ in wanted])}
        items = [found.get(keys.promotion(id_)["pk"]) for id_ in wanted]
        return [_from_item(item) for item in items if item], len(ids)
