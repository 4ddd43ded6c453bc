"""The codes of a promotion as its owner sees them: listed, looked up, made and removed by hand (contract 2).

Visible are those of finished jobs, and those made by hand, in the order of publication.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Code, Makers, NewCode, Place, WrittenChunk
from promotion_jobs.codes.lists import CodeLists
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.codes.uses import UsesStore
from promotion_jobs.errors import AutomaticPromotion, CodeNotFound, DuplicateCode, PromotionFull, WriteConflict
from promotion_jobs.limits import CHUNK_CODES, WRITE_ATTEMPTS
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import PromotionStore
from promotion_jobs.values import canonical_code, canonical_identifier, is_identifier

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {
    "code": canonical_code,
    "job_id": canonical_identifier,
    # The JavaScript SDK sends the filter of the last list of jobs along: asked for, and ignored (decision 12).
    "job_type": str,
    "status": str,
}
"""The attributes by which a list of codes can be filtered."""

_PROMOTION = 0
"""The position of the promotion in the transaction that adds codes."""


@dataclass(frozen=True, slots=True)
class Codes:
    store: CodeStore
    uses: UsesStore
    lists: CodeLists
    lookup: Lookup
    reserver: Reserver
    promotions: PromotionStore
    makers: Makers
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    # Reading

    def list(self, promotion: Promotion, page: Page, wanted: Mapping[str, set[str]]) -> Listing[Code]:
        """``wanted`` is what :func:`pages.parse_filter` made of the filter."""
        codes, jobs = wanted.get("code", set()), wanted.get("job_id", set())
        if len(codes) > 1 or len(jobs) > 1 or not all(map(is_identifier, jobs)):
            return Listing([], 0, page)
        if codes:
            found = [self._shown(it) for it in self._visible(promotion, codes).values()]
            found = [code for code in found if jobs <= {code.job_id}]
            return Listing(found[page.offset : page.offset + page.limit], len(found), page)
        job_id = next(iter(jobs), None)
        total = promotion.codes if job_id is None else self._visible_of(promotion, job_id)
        if page.offset >= total:
            return Listing([], total, page)
        return Listing(self._page(promotion, job_id, page), total, page)

    def get(self, promotion: Promotion, code: str) -> Code:
        """Raises CodeNotFound."""
        for place in self._visible(promotion, [code]).values():
            return self._shown(place)
        raise CodeNotFound

    def _shown(self, place: Place) -> Code:
        at = place.position
        taken = self.uses.taken_in(place.chunk, range(at, at + 1), self.now())
        return place.chunk.code_at(at, taken.get(at, 0))

    def _visible(self, promotion: Promotion, codes: Collection[str]) -> Mapping[str, Place]:
        """Code in lower case → where it is kept, for those of the codes that the promotion shows."""
        places = self.lookup.places(codes)
        return {code: it for code, it in places.items() if it.promotion_id == promotion.id and it.is_published}

    def _visible_of(self, promotion: Promotion, job_id: str) -> int:
        return sum(maker.visible_codes for maker in self.makers.get(promotion.id, [job_id]).values())

    def _page(self, promotion: Promotion, job_id: str | None, page: Page) -> Sequence[Code]:
        likely = ceil(page.limit / CHUNK_CODES) + 1
        listed: list[Code] = []
        for chunk, skipped in self.lists.chunks(promotion.id, job_id, offset=page.offset, likely=likely):
            shown = skipped, page.limit - len(listed)
            listed += chunk.visible(*shown, self.uses.taken_of(chunk, *shown, self.now()))
            if len(listed) == page.limit:
                break
        return listed

    # Changing by hand: one transaction each, so that the promotion's numbers are exact at any moment

    def add(self, promotion: Promotion, new: Sequence[NewCode], client_id: str) -> Promotion:
        """Add codes made by hand, all or nothing; returns the promotion with these beside those that it was read with.

        Raises DuplicateCode, also for one that is named twice, PromotionFull, AutomaticPromotion and PromotionNotFound.
        """
        if len({code.code.casefold() for code in new}) < len(new):
            raise DuplicateCode
        # Codes that the promotion refuses reserve nothing.
        if promotion.automatic:
            raise AutomaticPromotion
        if len(new) > promotion.room:
            raise PromotionFull(promotion.max_codes)
        self.reserver.reserve([code.code for code in new])
        now = self.now()
        chunk = WrittenChunk(self.new_id(now), new, client_id, now)
        try:
            self.store.table.transact(
                self.promotions.add_codes(promotion.id, len(new)), *self.store.put_by_hand(promotion.id, chunk)
            )
        except ConditionLost as error:
            found = error.lost.get(_PROMOTION)
            raise (DuplicateCode() if found is None else self.promotions.room_refusal(found)) from error
        return replace(promotion, codes=promotion.codes + len(new), room=promotion.room - len(new))

    def remove(self, promotion: Promotion, codes: Collection[str]) -> None:
        """Remove those of the codes that are there and visible; each chunk's share all or nothing.

        Raises WriteConflict if others go on changing the same codes.
        """
        left: Collection[str] = codes
        for _ in range(WRITE_ATTEMPTS):
            left = self._remove_visible(promotion, left)
            if not left:
                return
        raise WriteConflict

    def _remove_visible(self, promotion: Promotion, codes: Collection[str]) -> Collection[str]:
        """Returns those that were changed at the same time, and may still be there."""
        shares: defaultdict[tuple[str, int], dict[str, Place]] = defaultdict(dict)
        for code, place in self._visible(promotion, codes).items():
            shares[place.chunk.name][code] = place
        refused = [share for share in shares.values() if not self._remove_share(promotion, share)]
        return [code for share in refused for code in share]

    def _remove_share(self, promotion: Promotion, share: Mapping[str, Place]) -> bool:
        """Remove codes of one chunk; False if one of them is gone meanwhile, and nothing has changed."""
        chunk = next(iter(share.values())).chunk
        try:
            self.store.table.transact(
                self.promotions.remove_codes(promotion.id, len(share)),
                *self.store.mark_removed(promotion.id, chunk, {it.position for it in share.values()}),
                *self.makers.count_removed_of(chunk, len(share)),
            )
        except ConditionLost:
            return False
        return True
