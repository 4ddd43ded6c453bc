"""The real worker on the ports in memory, with one job waiting to be done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, count, repeat

from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.jobs.announcements import Announcer
from promotion_jobs.jobs.delete import Deleter
from promotion_jobs.jobs.export import Exporter
from promotion_jobs.jobs.generate import Generator
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, Message
from promotion_jobs.jobs.purge import Purger
from promotion_jobs.jobs.runs import Run
from promotion_jobs.jobs.undo import Undoer
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.measures import Measure
from promotion_jobs.promotions.promotion import Promotion
from tests.support.builders import Clock, message, promotion
from tests.support.memory import Died, MemoryEventBus, MemoryFiles, MemoryJobStore, MemoryQueue, State
from tests.support.memory_codes import MemoryCodeReader, MemoryCodeStore, MemoryDeletionStore
from tests.support.memory_runs import MemoryPurgeStore, MemoryRunStore
from tests.support.meter import MemoryMeter

FOREIGN_JOB = "another job"
VISIBILITY = timedelta(minutes=12)
"""After so long the message of a worker that died comes back: its lease is past by then."""


@dataclass(frozen=True, slots=True)
class FewCodes(GenerateParameters):
    """Codes of two symbols, so that slots of one job often choose the same."""

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(length=8, alphabet="bc")


class Workshop:
    """``runs_ahead`` of 1 makes one run after the other."""

    def __init__(self, job: Job, room: int = 1_000, runs_ahead: int = 1) -> None:
        self.job = job
        self.max_codes = room
        self.state = State(
            promotions={job.promotion_id: promotion(open_job=job.id, max_codes=room, room=room)}, jobs={job.id: job}
        )
        self.queue = MemoryQueue(self.state.steps, waiting=[message()])
        self.files = MemoryFiles()
        self.events = MemoryEventBus(self.state.steps)
        self.clock = Clock()
        self.meter = MemoryMeter()
        self.worker = self._worker(runs_ahead)

    def _worker(self, runs_ahead: int) -> Worker:
        jobs, runs, codes = MemoryJobStore(self.state), MemoryRunStore(self.state), MemoryCodeStore(self.state)
        announcer = Announcer(jobs, self.events, self.meter)
        generator = Generator(codes, self.meter)
        deleter = Deleter(MemoryDeletionStore(self.state), self.meter)
        attempts, holders = map(str, count()), map("holder {}".format, count(1))
        return Worker(
            store=jobs,
            runs=runs,
            queue=self.queue,
            generator=generator,
            undoer=Undoer(jobs, runs, codes, deleter, self.queue, self.clock, runs_ahead, self.meter),
            exporter=Exporter(MemoryCodeReader(self.state), self.files, lambda: next(attempts)),
            deleter=deleter,
            purger=Purger(MemoryPurgeStore(self.state), generator, self.files, self.queue, announcer),
            announcer=announcer,
            now=self.clock,
            new_holder=lambda: next(holders),
            runs_ahead=runs_ahead,
            meter=self.meter,
        )

    @property
    def stored(self) -> Job:
        return self.state.jobs[self.job.id]

    @property
    def promotion(self) -> Promotion:
        return self.state.promotions[self.job.promotion_id]

    def occupy(self, codes: list[str]) -> None:
        self.state.occupy(codes, FOREIGN_JOB)

    def free_foreign_codes(self) -> None:
        self.state.codes = {key: owned for key, owned in self.state.codes.items() if owned.source != FOREIGN_JOB}

    def run(self, number: int) -> Run:
        return self.state.runs[self.job.id, number]

    def deliver(self, message: Message, seconds_left: float = 60) -> int:
        """Deliver to a worker that begins with a minute, of which so much is left as soon as it works.

        Returns how many codes it made.
        """
        self.state.steps.dead = False
        times = chain([60.0], repeat(seconds_left))
        before = self.meter.of(Measure.CODES_GENERATED)
        self.worker.deliver(message, lambda: timedelta(seconds=next(times)))
        return self.meter.of(Measure.CODES_GENERATED) - before

    def deliver_all(self, after_each: Callable[[Message], None] = lambda _: None) -> None:
        """Deliver until nothing waits, in no less time than messages are delayed.

        A message whose worker dies comes back, as from the queue.
        """
        while self.queue.waiting:
            message, sent = self.queue.waiting[0], len(self.queue.sent)
            try:
                self.deliver(message)
            except Died:
                self.clock.time += VISIBILITY
                continue
            self.clock.time += max((delay for _, delay in self.queue.sent[sent:]), default=timedelta())
            self.queue.waiting.remove(message)
            after_each(message)

    def assert_undone(self, status: JobStatus, error: str | None = None) -> None:
        """All that must hold of a generate job of which nothing is to stay."""
        assert (self.stored.status, self.stored.error, self.stored.failure) == (status, error, None)
        assert self.stored.generated == self.stored.deleted
        assert {owned.source for owned in self.state.codes.values()} <= {FOREIGN_JOB}
        assert (self.state.chunks, self.state.notes) == ({}, {})
        assert self.promotion == promotion(max_codes=self.max_codes, room=self.max_codes)

    def assert_exact(self) -> None:
        """All that must hold of a generate job that is completed."""
        number = self.job.parameters.number_of_codes if self.job.parameters else 0
        listed = self.state.listed_codes(self.job)
        assert len({code.casefold() for code in listed}) == len(listed) == number
        assert self.state.codes_of(self.job) == list(enumerate(listed))
        assert (self.stored.status, self.stored.generated) == (JobStatus.COMPLETED, number)
        holder = promotion(max_codes=self.max_codes, room=self.max_codes - number, codes=number)
        assert self.promotion == holder
