"""A test of the tests: where a protective condition is missing, a schedule notices.

The stand-in takes the condition for true, as if nobody had written it. What is protected by the order of two steps, a
mutant does in another one. How many schedules that takes is no promise; the limit is several times what it took when
this was written.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, cast

import pytest

from promotion_jobs.codes.code import Slot
from promotion_jobs.codes.inserts import CodeItems
from promotion_jobs.jobs.delete import Delete
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.kind import Hold
from promotion_jobs.jobs.open_work import Announcer
from promotion_jobs.jobs.runs import Lease, RunStatus, RunStore
from promotion_jobs.jobs.store import Outcome
from promotion_jobs.jobs.worker import Worker
from tests.aws.dynamodb import Ignore
from tests.aws.values import KeyPair
from tests.simulation import small_stories, stories
from tests.simulation.faults import Fault, OneFault
from tests.simulation.schedules import Story, Violation, play, random_workshop
from tests.simulation.small_stories import small_workshop
from tests.simulation.workshop import Workshop

Condition = tuple[str, str]
"""The kind of item that it protects, and its text."""

LEASE = ("RUN", "#status = :processing AND #lease_until < :now")
UNDO_LEASE = ("RUN", "#status = :cancelling AND #lease_until < :now")
PROCESSING = ("JOB", "#status = :processing AND attribute_not_exists(#failure)")
NOT_STOPPED = ("RUN", "#status = :processing OR #status = :completed")
FREE = "attribute_exists(pk) AND attribute_not_exists(#open_job)"
FREE_FOR_CODES = f"{FREE} AND #automatic = :false AND #max_codes >= :codes"
ROOM = ("PROMOTION", "#room >= :codes AND #open_job = :job")
ROOM_BY_HAND = ("PROMOTION", "#automatic = :false AND #room >= :codes AND attribute_not_exists(#deleted_at)")
DONE = ("RUN", "#status = :before AND #lease = :lease")
ALL_DONE = ("JOB", "#status = :before AND #runs_done = :runs AND attribute_not_exists(#failure)")


@dataclass(frozen=True, slots=True)
class LateNotes(CodeItems):
    """Notes which attempt a slot inserts after that."""

    late: list[tuple[str, int, Mapping[Slot, int]]] = field(default_factory=list)

    def note_attempts(self, job_id: str, chunk: int, attempts: Mapping[Slot, int]) -> None:
        self.late.append((job_id, chunk, attempts))

    def insert(self, promotion_id: str, job_id: str, codes: Mapping[Slot, str]) -> set[Slot]:
        taken = super(LateNotes, self).insert(promotion_id, job_id, codes)
        while self.late:
            super(LateNotes, self).note_attempts(*self.late.pop())
        return taken


@dataclass(frozen=True, slots=True)
class EarlyOutcomes(RunStore):
    """Adds up the runs whatever state they are in."""

    def outcome(self, job: Job, status: RunStatus) -> Outcome | None:
        del status
        return self.sums(job.id)


@dataclass(frozen=True, slots=True)
class ForgetfulDelete(Delete):
    """Leaves alone what a worker before it has unlisted and not deleted."""

    def work(self, hold: Hold) -> bool:
        for chunk in list(self.codes.chunks(hold.job.promotion_id)):
            if hold.deadline.is_near() or not self.unlist(hold, chunk):
                return False
            self.delete_unlisted(hold.job)
        return True


class HastyWorker(Worker):
    """Releases a run whatever has happened."""

    @contextmanager
    def _holding(self, job: Job, number: int, lease: Lease) -> Iterator[None]:
        try:
            yield
        finally:
            self.runs.release(job.id, number, lease)


class ClosingAnnouncer(Announcer):
    """Takes a job off the list of open work, and then announces its end."""

    def announce(self, job: Job) -> None:
        if not job.status.is_open and self.store.is_listed(job.id):
            self.close(job.id)
            self.bus.publish("Promotion Job", self.render(job), job.updated_at)


def _same(part: Any, mutant: type[Any]) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)})


def _noted_late(workshop: Workshop) -> None:
    workshop.service.code_items = _same(workshop.service.code_items, LateNotes)
    small_stories.cancel_half_way(workshop)


def _let_go_at_once(workshop: Workshop) -> None:
    workshop.mutate = lambda worker: cast("Worker", _same(worker, HastyWorker))
    small_stories.cancel_half_way(workshop)


def _read_early(workshop: Workshop) -> None:
    workshop.service.runs = _same(workshop.service.runs, EarlyOutcomes)
    stories.generate(workshop)


def _forgotten(workshop: Workshop) -> None:
    workshop.service.delete = _same(workshop.service.delete, ForgetfulDelete)
    small_stories.delete_codes(workshop)


def _closed_first(workshop: Workshop) -> None:
    workshop.mutate = lambda worker: replace(worker, announcer=_same(worker.announcer, ClosingAnnouncer))
    small_stories.generate(workshop)


class Mutation(NamedTuple):
    """What goes wrong where the ``removed`` conditions are missing, or where a ``mutant`` tells the story.

    A condition that another one hides is missed only ``without`` that one too, as long as the story goes well without
    that one alone. Faults are random, or else ``fault`` is met by one call after the other.
    """

    what: str
    story: Story
    removed: AbstractSet[Condition] = frozenset()
    mutant: Story | None = None
    without: AbstractSet[Condition] = frozenset()
    fault: Fault | None = None
    schedules: int = 60


MUTATIONS = [
    # The lock: taken only if nobody has it,
    Mutation("a generate job ignores the lock", stories.generate, {("PROMOTION", FREE_FOR_CODES)}),
    Mutation("a deletion ignores the lock", stories.delete, {("PROMOTION", FREE)}),
    # and released only by the job that has it. That a job ends but once hides this.
    Mutation(
        "a job releases another one's lock",
        small_stories.cancel_pending,
        {("PROMOTION", "#open_job = :job")},
        without={("JOB", "#status = :before")},
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=600,
    ),
    # A chunk's list only if there is none. The lease, which keeps workers of one run apart, hides this.
    Mutation(
        "a chunk is committed twice",
        stories.overtime,
        {("CODES", "attribute_not_exists(pk)")},
        without={LEASE},
        schedules=150,
    ),
    # The run's status in the commit. That cleaning waits for the worker's lease hides this.
    Mutation(
        "a chunk of a stopped run is committed",
        small_stories.cancel_half_way,
        {("RUN", "#status = :processing")},
        without={UNDO_LEASE},
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=200,
    ),
    # Cleaning only when no worker holds the run.
    Mutation(
        "a run is cleaned while a worker holds it",
        small_stories.cancel_half_way,
        {UNDO_LEASE},
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=200,
    ),
    # Letting go of a run only when nothing of the worker's can take effect any more.
    Mutation(
        "a run is let go of while an insert is on its way",
        small_stories.cancel_half_way,
        mutant=_let_go_at_once,
        fault=Fault.ANSWER_TOO_LATE,
        schedules=200,
    ),
    # The collision record before the replacement.
    Mutation(
        "a replacement is inserted before it is noted",
        small_stories.cancel_half_way,
        mutant=_noted_late,
        fault=Fault.CRASH_AFTER,
        schedules=200,
    ),
    # The announcement before the job is closed.
    Mutation(
        "a job is closed before its end is announced",
        small_stories.generate,
        mutant=_closed_first,
        fault=Fault.CRASH_AFTER,
        schedules=200,
    ),
    # A request with a key only once. That most of its attempts find the job, or its lock, hides this for a while.
    Mutation(
        "a request makes a second job",
        stories.repeat,
        {("REQUEST", "attribute_not_exists(pk) OR #expires_at <= :now")},
        schedules=1_000,
    ),
    # Codes only if there is room for them.
    Mutation("a job takes room that is not there", stories.generate, {ROOM}),
    Mutation("codes made by hand take room that is not there", stories.generate, {ROOM_BY_HAND}),
    # A run is put only if there is none, and changed only as its status allows.
    Mutation("a run that exists is started anew", stories.generate, {("RUN", "attribute_not_exists(pk)")}),
    Mutation("a run is counted as done twice", stories.overtime, {DONE}, schedules=400),
    # That one worker undoes a run at a time hides this.
    Mutation(
        "a run is counted as clean twice",
        stories.cancel,
        {("RUN", "#status = :before")},
        without={UNDO_LEASE},
        schedules=300,
    ),
    Mutation("a clean run is stopped once more", small_stories.cancel_deletion, {NOT_STOPPED}, fault=Fault.PAUSE),
    Mutation("a chunk that is gone is uncommitted", stories.cancel, {("CODES", "attribute_exists(pk)")}),
    # A job completes when its runs are done, and with what they have made then. The reading hides the condition.
    Mutation("a job with unfinished runs completes", _read_early, {ALL_DONE}),
    Mutation("a job counts what its runs have not done yet", stories.generate, mutant=_read_early, schedules=2_000),
    # A code is inserted only if nobody has it, and deleted only as this job's and this slot's.
    Mutation("a code is inserted over another", stories.generate, {("CODE", "INSERT")}),
    Mutation("a code made by hand replaces another", stories.generate, {("CODE", "attribute_not_exists(pk)")}),
    Mutation("a clean-up deletes another job's code", stories.generate, {("CODE", "job")}),
    Mutation("a clean-up deletes another slot's code", stories.generate, {("CODE", "slot")}),
    Mutation("a code that changed hands is deleted", stories.delete, {("CODE", "#job = :source AND #slot = :slot")}),
    # A chunk is unlisted as it was read, by a run that goes on, and its codes are removed whoever unlisted them.
    Mutation(
        "a chunk of which codes were removed is unlisted as a whole",
        stories.delete_codes,
        {("CODES", "attribute_exists(pk) AND attribute_not_exists(#removed)")},
    ),
    Mutation(
        "a chunk of which more codes were removed is unlisted",
        stories.delete_codes,
        {("CODES", "size(#removed) = :removed")},
    ),
    Mutation(
        "a stopped deletion goes on",
        small_stories.cancel_deletion,
        {("RUN", "#status = :processing AND #lease = :lease")},
        # The job, which is asked too, hides this, and so does the wait for its worker.
        without={PROCESSING, UNDO_LEASE},
        fault=Fault.PAUSE,
    ),
    Mutation(
        "a deletion unlists when its lease is over",
        stories.delete_codes_overtime,
        {("RUN", "#status = :processing AND #lease = :lease")},
        schedules=400,
    ),
    Mutation(
        "what a dead worker has unlisted stays",
        small_stories.delete_codes,
        mutant=_forgotten,
        fault=Fault.CRASH_AFTER,
        schedules=100,
    ),
]

_CALLS = 70
"""How many calls of a small story meet the fault before it is told by another seed."""


def _workshop(mutation: Mutation, number: int) -> Workshop:
    if mutation.fault is None:
        return random_workshop(f"{mutation.story.__name__} {number}")
    seed, call = divmod(number, _CALLS)
    return small_workshop(OneFault(mutation.fault, call), seed)


def _without(conditions: AbstractSet[Condition], met: set[Condition]) -> Ignore:
    def ignore(key: KeyPair, text: str) -> bool:
        kind = next((sort for sort in ("RUN", "JOB") if key.sk.startswith(f"{sort}#")), key.pk.split("#")[0])
        is_missing = (kind, text) in conditions
        met.update({(kind, text)} if is_missing else ())
        return is_missing

    return ignore


def _fails(story: Story, workshop: Workshop, ignore: Ignore) -> bool:
    workshop.simulation.dynamodb.ignore = ignore
    try:
        play(story, workshop)
    except Violation:
        return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    met: set[Condition] = set()
    missing = mutation.removed | mutation.without

    def is_noticed(number: int) -> bool:
        mutated, alike = _workshop(mutation, number), _workshop(mutation, number)
        story, unchanged = mutation.mutant or mutation.story, mutation.story
        return _fails(story, mutated, _without(missing, met)) and not _fails(
            unchanged, alike, _without(mutation.without, set())
        )

    assert any(map(is_noticed, range(mutation.schedules)))
    # Or a condition is written otherwise now, and something else was noticed.
    assert met == missing
