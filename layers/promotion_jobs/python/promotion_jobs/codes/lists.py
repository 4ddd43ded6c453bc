"""The chunks of a promotion in the order of publication, found by counting: chunks before an offset are not read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from promotion_jobs.codes.code import AnyChunk, Maker, Makers, Publisher, WrittenChunk
from promotion_jobs.codes.store import CodeStore


@dataclass(frozen=True, slots=True)
class CodeLists:
    store: CodeStore
    makers: Makers

    def chunks(
        self, promotion_id: str, job_id: str | None = None, *, offset: int = 0, likely: int | None = None
    ) -> Iterator[tuple[AnyChunk, int]]:
        """The chunks with visible codes, from the one that has the code at ``offset``; each with how many to skip.

        Those of the job alone, if one is named. ``likely`` is how many will probably do. Whole jobs, runs and chunks
        are skipped by what they count.
        """
        for part in self._parts(promotion_id, job_id, likely):
            if part.visible_codes <= offset:
                offset -= part.visible_codes
                continue
            if isinstance(part, WrittenChunk):
                yield part, offset
            elif isinstance(part, Maker):
                yield from self._of_job(part, offset, likely)
            else:
                yield from _from(self.store.imported(part, likely), offset)
            offset = 0

    def _parts(self, promotion_id: str, job_id: str | None, likely: int | None) -> Iterator[Publisher | WrittenChunk]:
        if job_id is not None:
            return iter(self.makers.get(promotion_id, [job_id]).values())
        by_hand = self.store.chunks_by_hand(promotion_id, likely)
        # Both have ids that sort by time, and come in their order.
        return merge(self.makers.list(promotion_id), by_hand, key=_id_of)

    def _of_job(self, maker: Maker, offset: int, likely: int | None) -> Iterator[tuple[AnyChunk, int]]:
        plan = maker.plan
        is_whole = maker.visible_codes == plan.number_of_codes
        visible_codes = {} if is_whole else self.makers.visible_codes(maker.id)
        for run in range(plan.runs):
            whole = plan.codes_of(run)
            left = visible_codes.get(run, whole)
            if left <= offset:
                offset -= left
                continue
            skipped = offset // plan.chunk_codes if left == whole else 0
            offset -= skipped * plan.chunk_codes
            yield from _from(self.store.chunks(maker, plan.chunks_of(run)[skipped:], likely), offset)
            offset = 0


def _id_of(part: Publisher | WrittenChunk) -> str:
    return part.source if isinstance(part, WrittenChunk) else part.id


def _from(chunks: Iterable[AnyChunk], offset: int) -> Iterator[tuple[AnyChunk, int]]:
    """The chunks from the one that has the code at the offset, which is in one of them."""
    for chunk in chunks:
        if chunk.visible_codes <= offset:
            offset -= chunk.visible_codes
            continue
        yield chunk, offset
        offset = 0
