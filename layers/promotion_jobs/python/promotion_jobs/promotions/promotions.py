"""Promotions, as far as jobs need them (contract 3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from promotion_jobs.codes.format import is_code
from promotion_jobs.errors import PromotionNotFound, WriteConflict
from promotion_jobs.jobs.job import Message
from promotion_jobs.jobs.read import JobQueue
from promotion_jobs.limits import CODES_PER_PROMOTION
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import is_identifier

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {"code": str.casefold}
"""What the list of promotions can be filtered by."""

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class NewPromotion:
    fields: Mapping[str, Any]
    automatic: bool = False
    max_codes: int = CODES_PER_PROMOTION


class PromotionStore(Protocol):
    def add(self, promotion: Promotion) -> None: ...

    def get(self, promotion_id: str) -> Promotion | None:
        """None also for one that is deleted and about to be cleared away."""
        ...

    def list(self, page: Page) -> tuple[Sequence[Promotion], int]:
        """One page, newest first, and how many there are."""
        ...

    def holder(self, code: str) -> Promotion | None:
        """The promotion that has the code, visible or about to be."""
        ...

    def change(self, seen: Promotion, new: NewPromotion, client_id: str, now: datetime) -> bool:
        """Change a promotion that is as it was seen; False where it has been changed since.

        Raises PromotionNotFound, CodesInUse where it holds more codes than it would be allowed, and PromotionInUse
        where it has codes or an open job and would become automatic.
        """
        ...

    def delete(self, promotion_id: str, purge_id: str, now: datetime) -> None:
        """Take the promotion out of sight and hold its lock for the purge, for good.

        Raises PromotionNotFound, and PromotionInUse while a job is open.
        """


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

    def list(self, page: Page, wanted: Mapping[str, set[str]]) -> Listing[Promotion]:
        """Newest first; ``wanted`` is what :func:`pages.parse_filter` made of the filter."""
        if "code" not in wanted:
            items, total = self.store.list(page)
            return Listing(items, total, page)
        codes = [code for code in wanted["code"] if is_code(code)]
        holder = self.store.holder(codes[0]) if len(codes) == len(wanted["code"]) == 1 else None
        found = [holder] if holder else []
        return Listing(found[page.offset : page.offset + page.limit], len(found), page)

    def change(self, promotion_id: str, changed: Callable[[Promotion], NewPromotion], client_id: str) -> Promotion:
        """The promotion as ``changed`` makes it of what it is.

        Raises PromotionNotFound, CodesInUse, PromotionInUse, what ``changed`` raises, and WriteConflict where others
        go on changing it.
        """
        for _ in range(_ATTEMPTS):
            seen = self.get(promotion_id)
            if self.store.change(seen, changed(seen), client_id, self.now()):
                return self.get(promotion_id)
        raise WriteConflict


@dataclass(frozen=True, slots=True)
class PromotionRemover:
    """Deleting: out of sight at once, its codes, jobs and files in the background (decision 19)."""

    store: PromotionStore
    queue: JobQueue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def delete(self, promotion_id: str) -> None:
        """Raises PromotionNotFound, and PromotionInUse while a job is open."""
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        now = self.now()
        purge_id = self.new_id(now)
        self.store.delete(promotion_id, purge_id, now)
        self.queue.send(Message(promotion_id, purge_id, purge=True))
