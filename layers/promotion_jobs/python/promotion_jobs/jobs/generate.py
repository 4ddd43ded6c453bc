"""Generating codes: the codes of one chunk, exactly once under at-least-once delivery, and how they go again.

Whatever dies, and however often a chunk is delivered, the same protocol holds (docs/architecture.md says why):

1. The codes come from a stream seeded per job and chunk, so that every delivery asks for the same ones.
2. Each is inserted on the condition that nobody has it. One that an earlier delivery of this chunk inserted is ours.
3. A slot whose code is somebody else's takes its next attempt, noted *before* it is inserted, so that any later
   delivery knows what may have been left behind.
4. The list of the chunk's codes commits together with the run's counter, if nobody committed the chunk before.
5. Whoever finds the chunk committed removes what it inserted and the list does not name.

To undo a chunk, everything that any delivery can have inserted is removed, by the seed and the collision records; then
its list goes, in one transaction with the run's count of deleted codes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import ClassVar

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Chunk, Slot, Terms
from promotion_jobs.codes.format import chunk_codes, replacement_code
from promotion_jobs.codes.inserts import CodeItems
from promotion_jobs.codes.store import CodeStore
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, Parameters, Plan
from promotion_jobs.jobs.kind import Estimate, Hold, writing_estimate
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.limits import RUNS_AHEAD
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion

_UNITS_PER_CODE = Decimal("1.03")


@dataclass(frozen=True, slots=True)
class Choices:
    """Which codes the slots of a job ask for."""

    seed: bytes = field(repr=False)
    plan: Plan
    parameters: GenerateParameters

    @classmethod
    def of(cls, job: Job) -> "Choices":
        return cls(job.seed, job.plan, job.parameters.of(GenerateParameters))

    def slots(self, chunk: int) -> range:
        first = chunk * self.plan.chunk_codes
        return range(first, first + self.plan.codes_in(chunk))

    def first(self, chunk: int) -> dict[Slot, str]:
        slots = self.slots(chunk)
        return dict(zip(slots, chunk_codes(self.seed, chunk, len(slots), self.parameters.code_format), strict=True))

    def choice(self, chunk: int, slot: Slot, attempt: int) -> str:
        """What a slot asks for when ``attempt`` choices before were taken."""
        if attempt == 0:
            return self.first(chunk)[slot]
        return replacement_code(self.seed, chunk, slot, attempt, self.parameters.code_format)

    def replacements(self, chunk: int, attempts: Mapping[Slot, int]) -> list[tuple[Slot, str]]:
        """All that the slots may have asked for after their first choices, up to the attempts that are noted."""
        return [
            (slot, self.choice(chunk, slot, attempt))
            for slot, highest in attempts.items()
            for attempt in range(1, highest + 1)
        ]


@dataclass(frozen=True, slots=True)
class Generate:
    codes: CodeStore
    items: CodeItems
    runs: RunStore
    meter: Meter = unmeasured
    fences_undo: ClassVar = True
    gives_up: ClassVar = True

    def forecast(self, _promotion: Promotion, parameters: Parameters) -> Estimate:
        plan = Plan(parameters.codes)
        return writing_estimate(plan.number_of_codes, _UNITS_PER_CODE, workers=min(plan.runs, RUNS_AHEAD))

    def progress(self, job: Job) -> tuple[int, int] | None:
        sums = self.runs.sums(job.id)
        if job.status is JobStatus.CANCELLING:
            return sums.deleted, sums.generated
        return sums.generated, job.plan.number_of_codes

    # Working

    def work(self, hold: Hold) -> bool:
        job, number = hold.job, hold.number
        chunks = job.plan.chunks_of(number)
        committed = self.codes.numbers(job.promotion_id, job.id, chunks) if hold.run.generated else frozenset()
        left = [chunk for chunk in chunks if chunk not in committed]
        for chunk in left:
            if chunk != left[0] and hold.deadline.is_near():
                return False
            if not self.generate(job, number, chunk):
                return False
        self.revisit(job, number)
        return True

    def generate(self, job: Job, number: int, chunk: int) -> bool:
        """Make the codes of one chunk; False if the run is stopped: nothing of it commits from now on."""
        choices, parameters = Choices.of(job), job.parameters.of(GenerateParameters)
        codes = self._insert(job, choices, chunk)
        listed = [codes[slot] for slot in choices.slots(chunk)]
        terms = Terms(parameters.consume_unit, parameters.max_uses_per_code)
        try:
            self.codes.table.transact(
                self.codes.put_chunk(
                    job.promotion_id, Chunk(job.id, chunk, listed, job.created_by, job.created_at, terms)
                ),
                self.runs.count_generated(job.id, number, len(codes)),
            )
        except ConditionLost as error:
            is_committed = 0 in error.lost
            if is_committed:
                # An earlier or a concurrent delivery was first.
                self._remove_unlisted(job, choices, chunk, codes.items())
            return is_committed
        self.meter(Measure.CODES_GENERATED, len(codes))
        return True

    def _insert(self, job: Job, choices: Choices, chunk: int) -> dict[Slot, str]:
        """Insert a code for every slot of the chunk, attempt after attempt until each has its own."""
        inserted: dict[Slot, str] = {}
        attempts: dict[Slot, int] = {}
        wanted = choices.first(chunk)
        while wanted:
            # Of two slots that chose the same code the first has it: a batch must not name a key twice.
            first_to_choose = {code.casefold(): slot for slot, code in reversed(wanted.items())}
            unique = {slot: code for slot, code in wanted.items() if first_to_choose[code.casefold()] == slot}
            taken = self.items.insert(job.promotion_id, job.id, unique) | (wanted.keys() - unique.keys())
            inserted |= {slot: code for slot, code in wanted.items() if slot not in taken}
            attempts = {slot: attempts.get(slot, 0) + 1 for slot in sorted(taken)}
            if attempts:
                self.meter(Measure.COLLISIONS, len(attempts))
                self.items.note_attempts(job.id, chunk, attempts)
            wanted = {slot: choices.choice(chunk, slot, attempt) for slot, attempt in attempts.items()}
        return inserted

    def revisit(self, job: Job, number: int) -> None:
        """Remove what deliveries that died left behind in the run's chunks, all of which are committed."""
        choices = Choices.of(job)
        for chunk, attempts in self.items.attempts(job.id, job.plan.chunks_of(number)).items():
            first = [(slot, choices.choice(chunk, slot, 0)) for slot in attempts]
            self._remove_unlisted(job, choices, chunk, [*first, *choices.replacements(chunk, attempts)])

    def _remove_unlisted(self, job: Job, choices: Choices, chunk: int, codes: Iterable[tuple[Slot, str]]) -> None:
        listed = self._listed(job, choices, chunk)
        self.items.remove(job.id, [(slot, code) for slot, code in codes if listed.get(slot) != code])

    def _listed(self, job: Job, choices: Choices, chunk: int) -> Mapping[Slot, str]:
        """The codes that the chunk's list names; none without a list, which goes when the job is undone or purged."""
        found = self.codes.chunk(job.promotion_id, job.id, chunk)
        slots = choices.slots(chunk)
        return {slots[at]: code for at, code in enumerate(found.codes) if at not in found.removed} if found else {}

    # Undoing

    def undo(self, hold: Hold) -> bool:
        job, number, undone = hold.job, hold.number, hold.run.undone
        # Chunks are begun in their order: none was after the first that is not committed.
        begun = job.plan.chunks_of(number)[: ceil(hold.run.generated / job.plan.chunk_codes) + 1]
        attempts = self.items.attempts(job.id, begun)
        for position, chunk in enumerate(begun[undone:], undone):
            if position > undone and hold.deadline.is_near():
                return False
            self._undo_chunk(job, number, chunk, position, attempts.get(chunk, {}))
        return True

    def _undo_chunk(self, job: Job, number: int, chunk: int, position: int, attempts: Mapping[Slot, int]) -> None:
        choices, codes = Choices.of(job), job.plan.codes_in(chunk)
        self.items.remove(job.id, [*choices.first(chunk).items(), *choices.replacements(chunk, attempts)])
        # Before the chunk counts as undone: no delivery comes back to it then.
        self.items.forget_attempts(job.id, chunk)
        try:
            self.codes.table.transact(
                self.codes.remove_chunk(job.promotion_id, job.id, chunk),
                self.runs.count_undone(job.id, number, codes, position + 1),
            )
        except ConditionLost:
            # Without a list there is nothing to count, and a run that is clean has counted it.
            codes = 0
        self.meter(Measure.CODES_DELETED, codes)
