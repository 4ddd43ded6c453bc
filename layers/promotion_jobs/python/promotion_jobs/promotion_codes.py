"""The codes of a promotion as its owner sees them (contract 2): those of finished jobs, in the order of publication."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Protocol

from promotion_jobs.limits import CHUNK_CODES
from promotion_jobs.listing import Listing, Page
from promotion_jobs.model import Chunk, Code, Promotion

FILTER_ATTRIBUTES: Mapping[str, Callable[[str], str]] = {"code": str.casefold}
"""What a list of codes can be filtered by."""


class CodeReader(Protocol):
    def chunks(self, promotion_id: str, likely: int | None = None) -> Iterable[Chunk]:
        """Every chunk of the promotion in the order it was published, read page by page.

        ``likely`` is how many will probably do.
        """
        ...

    def find(self, promotion_id: str, code: str) -> Code | None:
        """The promotion's code of that text without regard to case, if it has one."""
        ...


def _codes_of(chunk: Chunk) -> Iterable[Code]:
    for code in chunk.codes:
        yield Code(
            code=code,
            job_id=chunk.job_id,
            consume_unit=chunk.consume_unit,
            max_uses=chunk.max_uses,
            uses=chunk.max_uses,
            created_by=chunk.created_by,
            created_at=chunk.created_at,
        )


@dataclass(frozen=True, slots=True)
class PromotionCodes:
    store: CodeReader

    def list(self, promotion: Promotion, page: Page, wanted: Mapping[str, set[str]]) -> Listing[Code]:
        """``wanted`` is what :func:`listing.parse_filter` made of the filter."""
        if "code" in wanted:
            found = self._find(promotion, wanted["code"])
            return Listing(found[page.offset : page.offset + page.limit], len(found), page)
        end = max(page.offset, min(page.offset + page.limit, promotion.codes))
        return Listing(list(islice(self._visible(promotion, end), page.offset, end)), promotion.codes, page)

    def _find(self, promotion: Promotion, codes: set[str]) -> Sequence[Code]:
        code = self.store.find(promotion.id, next(iter(codes))) if len(codes) == 1 else None
        return [code] if code and code.job_id != promotion.open_job else []

    def _visible(self, promotion: Promotion, likely: int) -> Iterable[Code]:
        # What an open job has committed is published by its completion, all at once.
        for chunk in self.store.chunks(promotion.id, ceil(likely / CHUNK_CODES) + 1):
            if chunk.job_id != promotion.open_job:
                yield from _codes_of(chunk)
