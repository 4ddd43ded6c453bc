"""Making the codes of one chunk, exactly once under at-least-once delivery.

Whatever dies, and however often a chunk is delivered, the same protocol holds (docs/architecture.md says why):

1. The codes come from a stream seeded per job and chunk, so that every delivery asks for the same ones.
2. Each is inserted on the condition that nobody has it. One that an earlier delivery of this chunk inserted is ours.
3. A slot whose code is somebody else's takes its next attempt, noted *before* it is inserted, so that any later
   delivery knows what may have been left behind.
4. The list of the chunk's codes commits together with the run's counter, if nobody committed the chunk before.
5. Whoever finds the chunk committed removes what it inserted and the list does not name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promotion_jobs.codes.code import Chunk, Slot, Terms
from promotion_jobs.codes.format import chunk_codes, replacement_code
from promotion_jobs.jobs.job import GenerateParameters, Job, Plan
from promotion_jobs.jobs.runs import Commit
from promotion_jobs.measures import Measure, Meter, unmeasured


class CodeStore(Protocol):
    def insert(self, job: Job, codes: Mapping[Slot, str]) -> set[Slot]:
        """Insert each code that nobody has; no two of them are the same.

        Returns the slots whose code belongs to another job, or to another slot of this one.
        """
        ...

    def note_attempts(self, job: Job, chunk: int, attempts: Mapping[Slot, int]) -> None:
        """Note, for good, which attempt each slot is about to insert."""

    def attempts(self, job: Job, chunks: range) -> Mapping[int, Mapping[Slot, int]]:
        """Chunk → slot → the highest attempt noted, for those chunks of the range that have any."""
        ...

    def commit(self, chunk: Chunk, promotion_id: str, run: int) -> Commit:
        """Add the chunk's list and count its codes in the run, both or neither."""
        ...

    def committed_codes(self, job: Job, chunk: int) -> Sequence[str | None]:
        """The codes of a committed chunk, in the order of their slots; None for one that was removed since.

        None at all where there is no such chunk any more.
        """
        ...

    def uncommit(self, job: Job, run: int, chunk: int) -> int:
        """Remove a committed chunk's list and count its codes as deleted in the run, both or neither; and the notes.

        Returns how many codes were counted.
        """
        ...

    def remove(self, job: Job, codes: Iterable[tuple[Slot, str]]) -> None:
        """Remove each code that is this job's and this slot's; any other is left alone."""


@dataclass(frozen=True, slots=True)
class GenerateWork:
    """A code_generate job with what makes it one, known to be there."""

    job: Job
    parameters: GenerateParameters
    plan: Plan

    @classmethod
    def of(cls, job: Job) -> "GenerateWork":
        if job.parameters is None or job.plan is None:
            msg = f"job {job.id} is not a code_generate job"
            raise TypeError(msg)
        return cls(job, job.parameters, job.plan)

    def slots(self, chunk: int) -> range:
        first = chunk * self.plan.chunk_codes
        return range(first, first + self.plan.codes_in(chunk))

    def first_choices(self, chunk: int) -> dict[Slot, str]:
        slots = self.slots(chunk)
        return dict(zip(slots, chunk_codes(self.job.seed, chunk, len(slots), self.parameters.code_format), strict=True))

    def choice(self, chunk: int, slot: Slot, attempt: int) -> str:
        """What a slot asks for when ``attempt`` choices before were taken."""
        if attempt == 0:
            return self.first_choices(chunk)[slot]
        return replacement_code(self.job.seed, chunk, slot, attempt, self.parameters.code_format)


@dataclass(frozen=True, slots=True)
class Generator:
    store: CodeStore
    meter: Meter = unmeasured

    def generate(self, work: GenerateWork, run: int, chunk: int) -> Commit:
        codes = self._insert(work, chunk)
        outcome = self.store.commit(
            Chunk(
                source=work.job.id,
                number=chunk,
                codes=[codes[slot] for slot in work.slots(chunk)],
                terms=Terms(work.parameters.consume_unit, work.parameters.max_uses_per_code),
                created_by=work.job.created_by,
                created_at=work.job.created_at,
            ),
            work.job.promotion_id,
            run,
        )
        if outcome is Commit.COMMITTED:
            self.meter(Measure.CODES_GENERATED, len(codes))
        if outcome is Commit.ALREADY_COMMITTED:
            self._remove_unlisted(work, chunk, codes.items())
        return outcome

    def _insert(self, work: GenerateWork, chunk: int) -> dict[Slot, str]:
        """Insert a code for every slot of the chunk, attempt after attempt until each has its own."""
        inserted: dict[Slot, str] = {}
        attempts: dict[Slot, int] = {}
        wanted = work.first_choices(chunk)
        while wanted:
            # Of two slots that chose the same code the first has it: a batch must not name a key twice.
            first_to_choose = {code.casefold(): slot for slot, code in reversed(wanted.items())}
            unique = {slot: code for slot, code in wanted.items() if first_to_choose[code.casefold()] == slot}
            taken = self.store.insert(work.job, unique) | (wanted.keys() - unique.keys())
            inserted |= {slot: code for slot, code in wanted.items() if slot not in taken}
            attempts = {slot: attempts.get(slot, 0) + 1 for slot in sorted(taken)}
            if attempts:
                self.meter(Measure.COLLISIONS, len(attempts))
                self.store.note_attempts(work.job, chunk, attempts)
            wanted = {slot: work.choice(chunk, slot, attempt) for slot, attempt in attempts.items()}
        return inserted

    def remove_strays(self, work: GenerateWork, run: int) -> None:
        """Remove what deliveries that died left behind in the run's chunks, all of which are committed."""
        for chunk, attempts in self.store.attempts(work.job, work.plan.chunks_of(run)).items():
            choices = [
                (slot, work.choice(chunk, slot, attempt))
                for slot, highest in attempts.items()
                for attempt in range(highest + 1)
            ]
            self._remove_unlisted(work, chunk, choices)

    def _remove_unlisted(self, work: GenerateWork, chunk: int, codes: Iterable[tuple[Slot, str]]) -> None:
        # Without a list, which goes when the job is undone or its promotion purged, nothing is listed.
        listed = dict(zip(work.slots(chunk), self.store.committed_codes(work.job, chunk), strict=False))
        self.store.remove(work.job, [(slot, code) for slot, code in codes if listed.get(slot) != code])
