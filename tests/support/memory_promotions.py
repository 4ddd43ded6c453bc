"""The port of promotions, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotion_jobs.errors import CodesInUse, PromotionInUse, PromotionNotFound
from promotion_jobs.pages import Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.promotions import NewPromotion
from tests.support.memory import State


@dataclass
class MemoryPromotionStore:
    state: State

    def add(self, promotion: Promotion) -> None:
        self.state.promotions[promotion.id] = promotion

    def get(self, promotion_id: str) -> Promotion | None:
        return self.state.visible(promotion_id)

    def holder(self, code: str) -> Promotion | None:
        owned = self.state.codes.get(code.casefold())
        promotion_id = self.state.promotion_of(owned.source) if owned else None
        return self.state.visible(promotion_id) if promotion_id else None

    def change(self, seen: Promotion, new: NewPromotion, client_id: str, now: datetime) -> bool:
        with self.state.steps.around("change"):
            stored = self.state.visible(seen.id)
            if stored is None:
                raise PromotionNotFound
            if stored.version != seen.version:
                return False
            if new.max_codes < (in_use := stored.max_codes - stored.room):
                raise CodesInUse(in_use)
            if new.automatic and not stored.automatic and (stored.codes or stored.open_job):
                raise PromotionInUse("A promotion with codes or an open job cannot be made automatic")
            self.state.promotions[seen.id] = replace(
                stored,
                fields=new.fields,
                automatic=new.automatic,
                max_codes=new.max_codes,
                room=stored.room + new.max_codes - stored.max_codes,
                updated_by=client_id,
                updated_at=now,
                version=stored.version + 1,
            )
            return True

    def delete(self, promotion_id: str, purge_id: str, now: datetime) -> None:
        with self.state.steps.around("delete"):
            stored = self.state.visible(promotion_id)
            if stored is None:
                raise PromotionNotFound
            if stored.open_job:
                raise PromotionInUse("A promotion with an open job cannot be deleted")
            self.state.promotions[promotion_id] = replace(stored, open_job=purge_id)
            self.state.deleted[promotion_id] = now

    # Last, since it hides the built-in of its name from what follows in the class.
    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        found = sorted(filter(None, map(self.state.visible, self.state.promotions)), key=lambda it: it.id, reverse=True)
        return found[page.offset : page.offset + page.limit], len(found)
