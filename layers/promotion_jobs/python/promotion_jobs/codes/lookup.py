"""Finding where codes are kept: a written one by its item, a generated one by what it decrypts to.

That an index is given is for ever. So a guess of a code that was never issued is refused by the item that it would have
if it was made by hand or imported, and by the spaces of the lengths that it could be read at.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from promotion_jobs.codes.code import Maker, Makers, Place, Publisher, WrittenChunk
from promotion_jobs.codes.readings import Issue, Readings
from promotion_jobs.codes.store import CodeStore, WrittenPlace
from promotion_jobs.values import is_code


@dataclass(frozen=True, slots=True)
class Lookup:
    store: CodeStore
    readings: Readings
    makers: Makers

    def places(self, codes: Collection[str]) -> Mapping[str, Place]:
        """Code in lower case → where it is kept, for those that are there; also codes of a job that is open."""
        wanted = {code.casefold() for code in codes if is_code(code)}
        written = self._written(wanted)
        return {**self._generated(wanted - written.keys()), **written}

    def owner_of(self, code: str) -> str | None:
        """The id of the promotion that has the code, visible or about to be."""
        return next((place.promotion_id for place in self.places([code]).values()), None)

    def _written(self, codes: Collection[str]) -> Mapping[str, Place]:
        kept = self.store.written_places(codes)
        chunks = self._chunks_of(kept.values())
        return {
            code: Place(it.promotion_id, chunk, it.position)
            for code, it in kept.items()
            if (chunk := chunks.get((it.source, it.number or 0))) and it.position not in chunk.removed
        }

    def _chunks_of(self, places: Collection[WrittenPlace]) -> Mapping[tuple[str, int], WrittenChunk]:
        """Name → chunk, for those that are there."""
        by_hand = self.store.chunks_by_hand_of({(it.promotion_id, it.source) for it in places if it.number is None})
        imported = [(it.promotion_id, it.source, it.number) for it in places if it.number is not None]
        makers = self._makers((promotion_id, job_id) for promotion_id, job_id, _ in imported)
        numbers = {(makers[job_id], number) for _, job_id, number in imported if job_id in makers}
        chunks = self.store.imported_of(numbers) if numbers else {}
        return {**{chunk.name: chunk for chunk in by_hand.values()}, **chunks}

    def _generated(self, codes: Collection[str]) -> Mapping[str, Place]:
        readings = {reading: code for code in codes for reading in self.readings.of(code)}
        issues = self.readings.seen_issues(readings, self.readings.spaces_of(readings))
        return {readings[it.reading]: place for it, place in self.placed(issues, self.makers_of(issues)).items()}

    def makers_of(self, issues: Iterable[Issue]) -> Mapping[str, Maker]:
        """Id → job, for those of the jobs that are there."""
        makers = self._makers((it.allocation.promotion_id, it.job_id) for it in issues)
        return {id_: it for id_, it in makers.items() if isinstance(it, Maker)}

    def _makers(self, named: Iterable[tuple[str, str]]) -> Mapping[str, Publisher]:
        """Likewise of jobs that are named by their promotions and their ids."""
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for promotion_id, job_id in named:
            ids[promotion_id].add(job_id)
        return {
            it.id: it for promotion_id, wanted in ids.items() for it in self.makers.get(promotion_id, wanted).values()
        }

    def placed(self, issues: Collection[Issue], makers: Mapping[str, Maker]) -> Mapping[Issue, Place]:
        """Issue → its place, for those that the chunks of these jobs have."""
        chunks = self.store.chunks_of({(makers[it.job_id], it.chunk) for it in issues if it.job_id in makers})
        places = {}
        for issue in issues:
            chunk = chunks.get((issue.job_id, issue.chunk))
            position = chunk.position(issue.reading.body) if chunk else None
            if chunk and position is not None:
                places[issue] = Place(issue.allocation.promotion_id, chunk, position)
        return places
