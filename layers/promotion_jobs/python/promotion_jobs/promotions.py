"""Promotions, as far as jobs need them (contract 3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from promotion_jobs.errors import PromotionNotFound
from promotion_jobs.identifiers import is_identifier
from promotion_jobs.limits import CODES_PER_PROMOTION
from promotion_jobs.listing import Listing, Page
from promotion_jobs.model import Promotion


@dataclass(frozen=True, slots=True)
class NewPromotion:
    fields: Mapping[str, Any]
    automatic: bool = False
    max_codes: int = CODES_PER_PROMOTION


class PromotionStore(Protocol):
    def add(self, promotion: Promotion) -> None: ...

    def get(self, promotion_id: str) -> Promotion | None: ...

    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        """One page, newest first, and how many there are."""
        ...


@dataclass(frozen=True, slots=True)
class Promotions:
    store: PromotionStore
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def create(self, new: NewPromotion, client_id: str) -> Promotion:
        now = self.now()
        promotion = Promotion(
            id=self.new_id(now),
            fields=new.fields,
            automatic=new.automatic,
            max_codes=new.max_codes,
            room=new.max_codes,
            codes=0,
            created_by=client_id,
            updated_by=client_id,
            created_at=now,
            updated_at=now,
        )
        self.store.add(promotion)
        return promotion

    def get(self, promotion_id: str) -> Promotion:
        """Raises PromotionNotFound, also for what cannot be an id (decision 9)."""
        promotion = self.store.get(promotion_id) if is_identifier(promotion_id) else None
        if promotion is None:
            raise PromotionNotFound
        return promotion

    def list(self, page: Page) -> Listing[Promotion]:
        items, total = self.store.list(page)
        return Listing(items, total, page)
