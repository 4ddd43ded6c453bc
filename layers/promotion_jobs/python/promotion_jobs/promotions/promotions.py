"""Promotions, as far as jobs need them (contract 3). Deleting one is a job: see :mod:`promotion_jobs.jobs.purge`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from promotion_jobs.errors import PromotionNotFound, WriteConflict
from promotion_jobs.limits import WRITE_ATTEMPTS
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.promotions.store import PromotionStore
from promotion_jobs.values import canonical_code, is_identifier

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {"code": canonical_code}
"""The attributes by which the list of promotions can be filtered."""


@dataclass(frozen=True, slots=True)
class Promotions:
    """``owner_of`` gives the id of the promotion that has a code, visible or about to be; codes know that."""

    store: PromotionStore
    owner_of: Callable[[str], str | None]
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
        """Raises PromotionNotFound, also for a text that cannot be an id (decision 9)."""
        promotion = self.store.get(promotion_id) if is_identifier(promotion_id) else None
        if promotion is None:
            raise PromotionNotFound
        return promotion

    def list(self, page: Page, wanted: Mapping[str, set[str]]) -> Listing[Promotion]:
        """Newest first; ``wanted`` is what :func:`pages.parse_filter` made of the filter."""
        if "code" not in wanted:
            items, total = self.store.list(page)
            return Listing(items, total, page)
        codes = list(wanted["code"])
        owner = self.owner_of(codes[0]) if len(codes) == 1 else None
        promotion = self.store.get(owner) if owner else None
        found = [promotion] if promotion else []
        return Listing(found[page.offset : page.offset + page.limit], len(found), page)

    def change(self, promotion_id: str, changed: Callable[[Promotion], NewPromotion], client_id: str) -> Promotion:
        """The promotion as ``changed`` makes it of what it is.

        Raises PromotionNotFound, CodesInUse, PromotionInUse, what ``changed`` raises, and WriteConflict if others go
        on changing it.
        """
        for _ in range(WRITE_ATTEMPTS):
            seen = self.get(promotion_id)
            if self.store.change(seen, changed(seen), client_id, self.now()):
                return self.get(promotion_id)
        raise WriteConflict
