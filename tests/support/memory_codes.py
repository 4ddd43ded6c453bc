"""The ports of codes, in memory: what the worker makes, what lists read, and what people change by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from promotion_jobs.codes.code import Chunk, Location, Slot
from promotion_jobs.errors import AutomaticPromotion, DuplicateCode, PromotionFull, PromotionNotFound
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.runs import Commit, Lease, RunStatus
from promotion_jobs.limits import HAND_MADE_CODES
from tests.support.memory import OwnedCode, State

LONGEST_KEY_BYTES = 2_048
LONGEST_SORT_KEY_BYTES = 1_024


class KeyTooLong(Exception):
    """As DynamoDB refuses even to look such a key up, which moto does not."""


@dataclass
class MemoryCodeStore:
    state: State

    def insert(self, job: Job, codes: Mapping[Slot, str]) -> set[Slot]:
        assert len({code.casefold() for code in codes.values()}) == len(codes)
        taken = set()
        for slot, code in codes.items():
            with self.state.steps.around("insert"):
                mine = OwnedCode(job.id, slot, code)
                if self.state.codes.setdefault(code.casefold(), mine) != mine:
                    taken.add(slot)
        return taken

    def note_attempts(self, job: Job, chunk: int, attempts: Mapping[Slot, int]) -> None:
        with self.state.steps.around("note"):
            self.state.notes.setdefault((job.id, chunk), []).extend(attempts.items())

    def attempts(self, job: Job, chunks: range) -> Mapping[int, Mapping[Slot, int]]:
        found = {chunk: self.state.notes.get((job.id, chunk), []) for chunk in chunks}
        return {chunk: dict(sorted(noted)) for chunk, noted in found.items() if noted}

    def commit(self, chunk: Chunk, promotion_id: str, run: int) -> Commit:
        assert self.state.jobs[chunk.source].promotion_id == promotion_id
        with self.state.steps.around("commit"):
            key, counter = (chunk.source, chunk.number), self.state.runs[chunk.source, run]
            if key in self.state.chunks:
                return Commit.ALREADY_COMMITTED
            if counter.status is not RunStatus.PROCESSING:
                return Commit.STOPPED
            self.state.chunks[key] = chunk
            generated = counter.generated + len(chunk.codes)
            self.state.runs[chunk.source, run] = replace(counter, generated=generated, tries=0)
            return Commit.COMMITTED

    def uncommit(self, job: Job, run: int, chunk: int) -> int:
        codes = 0
        with self.state.steps.around("uncommit"):
            counter = self.state.runs[job.id, run]
            if (job.id, chunk) in self.state.chunks and counter.status is RunStatus.CANCELLING:
                codes = len(self.state.chunks.pop((job.id, chunk)).codes)
                self.state.runs[job.id, run] = replace(counter, deleted=counter.deleted + codes)
        with self.state.steps.around("remove the notes"):
            self.state.notes.pop((job.id, chunk), None)
        return codes

    def committed_codes(self, job: Job, chunk: int) -> Sequence[str | None]:
        self.state.steps.take("read the list")
        committed = self.state.chunks.get((job.id, chunk))
        if committed is None:
            return []
        return [None if position in committed.removed else code for position, code in enumerate(committed.codes)]

    def remove(self, job: Job, codes: Iterable[tuple[Slot, str]]) -> None:
        for slot, code in codes:
            with self.state.steps.around("remove"):
                if self.state.codes.get(code.casefold()) == OwnedCode(job.id, slot, code):
                    del self.state.codes[code.casefold()]


@dataclass
class MemoryCodeReader:
    """CodeReader and ChunkStore."""

    state: State

    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterator[Chunk]:
        assert likely is None or likely > 0
        if source and len(source.encode()) > LONGEST_SORT_KEY_BYTES:
            raise KeyTooLong
        for _, chunk in sorted(self.state.chunks.items(), key=lambda entry: entry[0]):
            if self.state.promotion_of(chunk.source) == promotion_id and source in {None, chunk.source}:
                yield chunk

    def locate(self, promotion_id: str, codes: Sequence[str]) -> dict[str, Location]:
        asked = {code.casefold() for code in codes}
        assert len(asked) == len(codes), "no key is asked for twice"
        if any(len(code.encode()) > LONGEST_KEY_BYTES for code in codes):
            raise KeyTooLong
        found = {code: owned for code, owned in self.state.codes.items() if code in asked}
        return {
            code: self._location(owned)
            for code, owned in found.items()
            if self.state.promotion_of(owned.source) == promotion_id
        }

    def _location(self, owned: OwnedCode) -> Location:
        job = self.state.jobs.get(owned.source)
        chunk, position = divmod(owned.slot, job.plan.chunk_codes if job and job.plan else HAND_MADE_CODES)
        return Location(owned.source, chunk, position, owned.slot, by_hand=job is None)

    def chunk(self, promotion_id: str, location: Location) -> Chunk | None:
        assert self.state.promotion_of(location.source) == promotion_id
        return self.state.chunks.get((location.source, location.chunk))


@dataclass
class MemoryDeletionStore:
    state: State

    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterator[Chunk]:
        return MemoryCodeReader(self.state).chunks(promotion_id, source, likely)

    def unlist(self, job: Job, lease: Lease, chunk: Chunk) -> int | None:
        with self.state.steps.around("unlist"):
            key, run = (chunk.source, chunk.number), self.state.runs[job.id, 0]
            if run.status is not RunStatus.PROCESSING or run.lease != lease:
                return None
            if self.state.jobs[job.id].status is not JobStatus.PROCESSING:
                return None
            if self.state.chunks.get(key) != chunk:
                return 0
            del self.state.chunks[key]
            self.state.unlisted[job.id] = chunk
            codes, promotion = chunk.visible_codes, self.state.promotions[job.promotion_id]
            self.state.runs[job.id, 0] = replace(run, deleted=run.deleted + codes, tries=0)
            self.state.promotions[promotion.id] = replace(
                promotion, codes=promotion.codes - codes, room=promotion.room + codes
            )
            if source := self.state.jobs.get(chunk.source):
                self.state.jobs[source.id] = replace(source, deleted=source.deleted + codes)
            return codes

    def free_unlisted(self, job: Job) -> None:
        with self.state.steps.around("free"):
            if job.id in self.state.unlisted:
                self.state.remove_own(self.state.unlisted[job.id])


@dataclass
class MemoryCodeEditor:
    state: State

    def add(self, promotion_id: str, chunk: Chunk) -> None:
        with self.state.steps.around("add"):
            promotion, number = self.state.visible(promotion_id), len(chunk.codes)
            if promotion is None:
                raise PromotionNotFound
            if promotion.automatic:
                raise AutomaticPromotion
            if promotion.room < number:
                raise PromotionFull(promotion.max_codes)
            owned = {code.casefold(): OwnedCode(chunk.source, slot, code) for slot, code in enumerate(chunk.codes)}
            if owned.keys() & self.state.codes.keys():
                raise DuplicateCode
            assert len(owned) == number
            self.state.codes |= owned
            self.state.chunks[chunk.source, chunk.number] = chunk
            self.state.by_hand[chunk.source] = promotion_id
            self._count(promotion_id, number)

    def remove(self, promotion_id: str, codes: Mapping[str, Location]) -> bool:
        [(source, number)] = {(location.source, location.chunk) for location in codes.values()}
        with self.state.steps.around("remove by hand"):
            if not self._removable(promotion_id, codes):
                return False
            for code in codes:
                del self.state.codes[code]
            chunk = self.state.chunks[source, number]
            removed = chunk.removed | {location.position for location in codes.values()}
            self.state.chunks[source, number] = replace(chunk, removed=removed)
            if job := self.state.jobs.get(source):
                self.state.jobs[source] = replace(job, deleted=job.deleted + len(codes))
            self._count(promotion_id, -len(codes))
            return True

    def _removable(self, promotion_id: str, codes: Mapping[str, Location]) -> bool:
        for code, location in codes.items():
            owned, job = self.state.codes.get(code), self.state.jobs.get(location.source)
            if owned is None or (owned.source, owned.slot) != (location.source, location.slot):
                return False
            if (job is None) != location.by_hand or (job and job.status is not JobStatus.COMPLETED):
                return False
        listed = all((it.source, it.chunk) in self.state.chunks for it in codes.values())
        return listed and self.state.visible(promotion_id) is not None

    def _count(self, promotion_id: str, codes: int) -> None:
        promotion = self.state.promotions[promotion_id]
        self.state.promotions[promotion_id] = replace(
            promotion, codes=promotion.codes + codes, room=promotion.room - codes
        )
