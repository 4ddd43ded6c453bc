"""What was redeemed, as the owner of a promotion sees it: listed, read, and made anonymous (contract 6)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.uses import shards
from promotion_jobs.errors import CodeNotFound, TooManyUsages, UsageNotFound, UsagesNotFound
from promotion_jobs.limits import MAX_PAGE_LENGTH, MAX_PAGE_OFFSET
from promotion_jobs.pages import Clause, Listing, Page, invalid_filter
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey
from promotion_jobs.redemptions.store import RedemptionStore
from promotion_jobs.values import canonical_code, to_text

FILTERS: Mapping[str, Collection[str]] = {"id": ["eq"], "code": ["eq"], "used_on": ["gt", "ge", "lt", "le"]}
"""The attributes by which lists of usages can be filtered, and by which operators (contract 6)."""

_BEYOND = {
    "gt": timedelta(milliseconds=1),
    "ge": timedelta(microseconds=999),
    "lt": -timedelta(microseconds=1),
    "le": timedelta(),
}
"""What leads from a bound to the first or the last millisecond that it leaves, where microseconds are cut off."""

_LAST_SEEN = MAX_PAGE_OFFSET + MAX_PAGE_LENGTH
"""Pages go no further, and no total is counted further."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The usages that a filter leaves. ``first`` and ``last`` are times of use, to the millisecond."""

    ids: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    first: str | None = None
    last: str | None = None

    @classmethod
    def of(cls, clauses: Sequence[Clause]) -> "Wanted":
        """Raises InvalidFilter for a time that is none."""
        bounds = [(it.operator, _bound(it)) for it in clauses if it.attribute == "used_on"]
        return cls(
            frozenset(it.value for it in clauses if it.attribute == "id"),
            frozenset(canonical_code(it.value) for it in clauses if it.attribute == "code"),
            max((at for operator, at in bounds if operator in {"gt", "ge"}), default=None),
            min((at for operator, at in bounds if operator in {"lt", "le"}), default=None),
        )

    def has(self, it: Redemption) -> bool:
        used_on = to_text(it.used_on)
        return (
            self.ids <= {it.key.usage_id}
            and self.codes <= {it.code.casefold()}
            and (self.first is None or self.first <= used_on)
            and (self.last is None or used_on <= self.last)
        )

    @property
    def is_empty(self) -> bool:
        """Whether it leaves none, whatever there is."""
        is_backward = self.first is not None and self.last is not None and self.first > self.last
        return len(self.ids) > 1 or len(self.codes) > 1 or is_backward


def _bound(clause: Clause) -> str:
    """The first or the last time of use that the clause leaves; a date is its midnight in UTC. Raises InvalidFilter."""
    try:
        moment = datetime.fromisoformat(clause.value.upper())
        return to_text((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + _BEYOND[clause.operator])
    except (ValueError, OverflowError):
        raise invalid_filter() from None


@dataclass(frozen=True, slots=True)
class Usages:
    lookup: Lookup
    store: RedemptionStore
    now: Callable[[], datetime]

    def list(self, promotion: Promotion, page: Page, wanted: Wanted, *, newest_first: bool) -> Listing[Redemption]:
        """By time of use. The total is counted as far as pages go."""
        if wanted.is_empty:
            return Listing([], 0, page)
        if wanted.ids:
            every = [it for id_ in wanted.ids if (it := self._find(promotion, id_))]
            found = [it for it in every if it.was_redeemed and wanted.has(it)]
            return _page(found, page)
        code = next(iter(wanted.codes), None)
        entries = self.store.usages(promotion.id, wanted.first, wanted.last, code=code, newest_first=newest_first)
        keys = list(islice(entries, _LAST_SEEN))
        shown = keys[page.offset : page.offset + page.limit]
        redemptions = self.store.get_all(shown)
        return Listing([redemptions[it] for it in shown if it in redemptions], len(keys), page)

    def of_code(
        self, promotion: Promotion, code: str, page: Page, wanted: Wanted, *, newest_first: bool
    ) -> Listing[Redemption]:
        """Likewise of one code that is there. Raises CodeNotFound, and TooManyUsages if it has more than pages show."""
        place = next(iter(self.lookup.places([code]).values()), None)
        if place is None or not place.is_published or place.promotion_id != promotion.id:
            raise CodeNotFound
        if wanted.is_empty:
            return Listing([], 0, page)
        every = self.store.of_code(place.code_id, shards(place.code.terms.max_uses))
        found = list(islice((it for it in every if it.was_redeemed and wanted.has(it)), MAX_PAGE_OFFSET + 1))
        if len(found) > MAX_PAGE_OFFSET:
            raise TooManyUsages
        return _page(sorted(found, key=lambda it: (it.used_on, it.key.usage_id), reverse=newest_first), page)

    def get(self, promotion: Promotion, usage_id: str) -> Redemption:
        """Also a hold, and one that was rolled back. Raises UsageNotFound."""
        found = self._find(promotion, usage_id)
        if found is None:
            raise UsageNotFound
        return found

    def _find(self, promotion: Promotion, usage_id: str) -> Redemption | None:
        key = RedemptionKey.parse(usage_id)
        found = self.store.get(key) if key else None
        return found if found and found.promotion_id == promotion.id else None

    def anonymize(self, usage_ids: Sequence[str], client_id: str) -> tuple[Sequence[Redemption], Sequence[str]]:
        """Blank the addresses of these usages; returns them, and the ids of those that there are not.

        Raises UsagesNotFound if there is none of them.
        """
        ids = list(dict.fromkeys(usage_ids))
        wanted = {key: id_ for id_ in ids if (key := RedemptionKey.parse(id_))}
        found = self.store.get_all(wanted)
        changed = {
            wanted[key]: done
            for key, it in found.items()
            if (done := it if it.anonymized_by else self.store.anonymize(it, client_id, self.now()))
        }
        if not changed:
            raise UsagesNotFound(ids)
        return [changed[id_] for id_ in ids if id_ in changed], [id_ for id_ in ids if id_ not in changed]


def _page(found: Sequence[Redemption], page: Page) -> Listing[Redemption]:
    return Listing(found[page.offset : page.offset + page.limit], len(found), page)
