"""The codes of a promotion as its owner sees them: listed, looked up, made and removed by hand (contract 2).

Visible are those of finished jobs, and those made by hand, in the order of publication.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import ceil
from typing import Protocol

from promotion_jobs.codes.code import Chunk, Code, Location, Terms
from promotion_jobs.codes.format import is_code
from promotion_jobs.errors import CodeNotFound, DuplicateCode, WriteConflict
from promotion_jobs.limits import CHUNK_CODES
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import is_identifier

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {
    "code": str.casefold,
    "job_id": str,
    # The JavaScript SDK sends the filter of the last list of jobs along: asked for, and ignored (decision 12).
    "job_type": str,
    "status": str,
}
"""What a list of codes can be filtered by."""


_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class NewCode:
    code: str
    terms: Terms


class CodeReader(Protocol):
    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterable[Chunk]:
        """The chunks of the promotion, or of one source, in the order they were published, read page by page.

        ``likely`` is how many will probably do.
        """
        ...

    def locate(self, promotion_id: str, codes: Sequence[str]) -> Mapping[str, Location]:
        """Where those of the codes are that the promotion has, by the code without regard to case."""
        ...

    def chunk(self, promotion_id: str, location: Location) -> Chunk | None: ...


class CodeCounter(Protocol):
    def visible_codes(self, promotion_id: str, job_id: str) -> int:
        """How many codes of the job are visible; none while it is open."""
        ...


class CodeEditor(Protocol):
    def add(self, promotion_id: str, chunk: Chunk) -> None:
        """Add the codes and their chunk and take room for them, all or nothing.

        Raises DuplicateCode, PromotionFull, AutomaticPromotion and PromotionNotFound.
        """

    def remove(self, promotion_id: str, codes: Mapping[str, Location]) -> bool:
        """Remove codes of one chunk and give their room back, all or nothing.

        Returns False where one of them is gone meanwhile, or not visible: then nothing has changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class PromotionCodes:
    store: CodeReader
    jobs: CodeCounter

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
        total = promotion.codes if job_id is None else self.jobs.visible_codes(promotion.id, job_id)
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
        location = self.store.locate(promotion.id, [code]).get(code.casefold()) if is_code(code) else None
        if location is None or location.source == promotion.open_job:
            return None
        chunk = self.store.chunk(promotion.id, location)
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


@dataclass(frozen=True, slots=True)
class CodeChanges:
    reader: CodeReader
    editor: CodeEditor
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def add(self, promotion: Promotion, new: Sequence[NewCode], client_id: str) -> None:
        """Add codes made by hand, all or nothing.

        Raises DuplicateCode, also for one that is named twice, and what CodeEditor.add raises.
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
        self.editor.add(promotion.id, chunk)

    def remove(self, promotion: Promotion, codes: Collection[str]) -> None:
        """Remove those of the codes that are there and visible; each chunk's share all or nothing.

        Raises WriteConflict where others go on changing the same codes.
        """
        left = {code.casefold() for code in codes if is_code(code)}
        for _ in range(_ATTEMPTS):
            if left:
                left = self._remove_visible(promotion, left)
        if left:
            raise WriteConflict

    def _remove_visible(self, promotion: Promotion, codes: Collection[str]) -> set[str]:
        """Returns those that were changed at the same time, and may still be there."""
        chunks: defaultdict[tuple[str, int], dict[str, Location]] = defaultdict(dict)
        for code, location in self.reader.locate(promotion.id, sorted(codes)).items():
            if location.source != promotion.open_job:
                chunks[location.source, location.chunk][code] = location
        refused = [share for share in chunks.values() if not self._remove_share(promotion, share)]
        return {code for share in refused for code in share}

    def _remove_share(self, promotion: Promotion, share: Mapping[str, Location]) -> bool:
        (location,) = islice(share.values(), 1)
        # Codes that no list names any more are being removed already.
        return self.editor.remove(promotion.id, share) or self.reader.chunk(promotion.id, location) is None
