"""The codes of a promotion as its owner sees them: listed, looked up, made and removed by hand (contract 2).

Visible are those of finished jobs, and those made by hand, in the order of publication.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import ceil

from promotion_jobs.aws.table import Action, ConditionLost
from promotion_jobs.codes.code import Chunk, Code, Location, NewCode, Slot
from promotion_jobs.codes.format import is_code
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.errors import CodeNotFound, DuplicateCode, WriteConflict
from promotion_jobs.limits import CHUNK_CODES, HAND_MADE_CODES, WRITE_ATTEMPTS
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import PromotionStore
from promotion_jobs.values import is_identifier

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {
    "code": str.casefold,
    "job_id": str,
    # The JavaScript SDK sends the filter of the last list of jobs along: asked for, and ignored (decision 12).
    "job_type": str,
    "status": str,
}
"""What a list of codes can be filtered by."""

_PROMOTION = 0
"""The position of the promotion in the transaction that adds codes."""


@dataclass(frozen=True, slots=True)
class Makers:
    """What codes ask of the jobs that made them. The composition hands it in, since jobs import codes.

    ``chunk_sizes`` gives the codes per chunk of those of the ids that are jobs of the promotion; ``visible_codes`` how
    many codes of a job are visible; ``count_removed`` the action that counts codes as removed from a completed job.
    """

    chunk_sizes: Callable[[str, Collection[str]], Mapping[str, int]]
    visible_codes: Callable[[str, str], int]
    count_removed: Callable[[str, str, int], Action]


@dataclass(frozen=True, slots=True)
class Codes:
    store: CodeStore
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
            code = self._find(promotion, *codes)
            found = [code] if code and jobs <= {code.job_id} else []
            return Listing(found[page.offset : page.offset + page.limit], len(found), page)
        job_id = next(iter(jobs), None)
        total = promotion.codes if job_id is None else self.makers.visible_codes(promotion.id, job_id)
        end = min(page.offset + page.limit, total)
        if page.offset >= end:
            return Listing([], total, page)
        return Listing(list(islice(self._visible(promotion, job_id, page.offset, end), end - page.offset)), total, page)

    def get(self, promotion: Promotion, code: str) -> Code:
        """Raises CodeNotFound."""
        found = self._find(promotion, code)
        if found is None:
            raise CodeNotFound
        return found

    def _find(self, promotion: Promotion, code: str) -> Code | None:
        location = self._locate(promotion.id, [code]).get(code.casefold()) if is_code(code) else None
        if location is None or location.source == promotion.open_job:
            return None
        chunk = self.store.chunk(promotion.id, location.source, location.chunk)
        if chunk is None or location.position in chunk.removed:
            return None
        return chunk.code_at(location.position, chunk.codes[location.position])

    def _visible(self, promotion: Promotion, job_id: str | None, offset: int, end: int) -> Iterable[Code]:
        """Those behind ``offset``; chunks that lie before it altogether are only counted."""
        for chunk in self.store.chunks(promotion.id, job_id, ceil(end / CHUNK_CODES) + 1):
            # What an open job has committed is published by its completion, all at once.
            visible = 0 if chunk.source == promotion.open_job else chunk.visible_codes
            if offset < visible:
                yield from chunk.visible(offset)
            offset = max(offset - visible, 0)

    def _locate(self, promotion_id: str, codes: Sequence[str]) -> Mapping[str, Location]:
        """Code in lower case → its location, for those of the codes that the promotion has."""
        places = self.store.places(promotion_id, codes)
        sizes = self.makers.chunk_sizes(promotion_id, {source for source, _ in places.values()})
        return {code: self._location(source, slot, sizes.get(source)) for code, (source, slot) in places.items()}

    def _location(self, source: str, slot: Slot, chunk_size: int | None) -> Location:
        chunk, position = divmod(slot, chunk_size or HAND_MADE_CODES)
        return Location(source, slot, chunk, position, by_hand=chunk_size is None)

    # Changing by hand: one transaction each, so that the promotion's numbers are exact at any moment

    def add(self, promotion: Promotion, new: Sequence[NewCode], client_id: str) -> None:
        """Add codes made by hand, all or nothing.

        Raises DuplicateCode, also for one that is named twice, PromotionFull, AutomaticPromotion and PromotionNotFound.
        """
        if len({code.code.casefold() for code in new}) < len(new):
            raise DuplicateCode
        now = self.now()
        chunk = Chunk(
            source=self.new_id(now),
            number=0,
            codes=[code.code for code in new],
            own_terms=[code.terms for code in new],
            created_by=client_id,
            created_at=now,
        )
        try:
            self.store.table.transact(
                self.promotions.add_codes(promotion.id, len(new)),
                self.store.put_chunk(promotion.id, chunk),
                *(self.store.put_code(promotion.id, chunk.source, *named) for named in enumerate(chunk.codes)),
            )
        except ConditionLost as error:
            found = error.lost.get(_PROMOTION)
            raise (DuplicateCode() if found is None else self.promotions.room_refusal(found)) from error

    def remove(self, promotion: Promotion, codes: Collection[str]) -> None:
        """Remove those of the codes that are there and visible; each chunk's share all or nothing.

        Raises WriteConflict if others go on changing the same codes.
        """
        left = {code.casefold() for code in codes if is_code(code)}
        for _ in range(WRITE_ATTEMPTS):
            if left:
                left = self._remove_visible(promotion, left)
        if left:
            raise WriteConflict

    def _remove_visible(self, promotion: Promotion, codes: Collection[str]) -> set[str]:
        """Returns those that were changed at the same time, and may still be there."""
        shares: defaultdict[tuple[str, int], dict[str, Location]] = defaultdict(dict)
        for code, location in self._locate(promotion.id, sorted(codes)).items():
            if location.source != promotion.open_job:
                shares[location.source, location.chunk][code] = location
        refused = [share for share in shares.values() if not self._remove_share(promotion, share)]
        return {code for share in refused for code in share}

    def _remove_share(self, promotion: Promotion, share: Mapping[str, Location]) -> bool:
        """Remove codes of one chunk; False if one of them is gone meanwhile or not visible, and nothing has changed."""
        (location,) = islice(share.values(), 1)
        source, number = location.source, location.chunk
        counted = [] if location.by_hand else [self.makers.count_removed(promotion.id, source, len(share))]
        try:
            self.store.table.transact(
                self.promotions.remove_codes(promotion.id, len(share)),
                self.store.mark_removed(promotion.id, source, number, {it.position for it in share.values()}),
                *counted,
                *(self.store.remove_code(code, it) for code, it in share.items()),
            )
        except ConditionLost:
            # Codes that no list names any more are being removed already.
            return self.store.chunk(promotion.id, source, number) is None
        return True
