"""The real worker on the ports in memory, with one job waiting to be done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from promotion_jobs.codes import CodeFormat
from promotion_jobs.exports import Exporter
from promotion_jobs.generation import Generator
from promotion_jobs.model import GenerateParameters, Job, JobStatus, Message, Promotion
from promotion_jobs.worker import Worker
from tests.support.builders import Clock, message, promotion
from tests.support.memory import MemoryFiles, MemoryJobStore, MemoryQueue, State
from tests.support.memory_codes import MemoryCodeReader, MemoryCodeStore

FOREIGN_JOB = "another job"


class Died(BaseException):
    """The worker is gone. No code of ours catches it."""


@dataclass(frozen=True, slots=True)
class FewCodes(GenerateParameters):
    """Codes of two symbols, so that slots of one job often choose the same."""

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(length=8, alphabet="bc")


class Workshop:
    def __init__(self, job: Job, room: int = 1_000) -> None:
        self.job = job
        self.max_codes = room
        self.state = State(
            promotions={job.promotion_id: promotion(open_job=job.id, max_codes=room, room=room)}, jobs={job.id: job}
        )
        self.queue = MemoryQueue(self.state.steps, waiting=[message()])
        self.files = MemoryFiles()
        self.clock = Clock()
        self.worker = Worker(
            store=MemoryJobStore(self.state),
            queue=self.queue,
            generator=Generator(MemoryCodeStore(self.state)),
            exporter=Exporter(MemoryCodeReader(self.state), self.files, lambda: str(len(self.files.contents))),
            now=self.clock,
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

    def deliver(self, message: Message, seconds_left: float = 60) -> int:
        return self.worker.deliver(message, lambda: timedelta(seconds=seconds_left))

    def deliver_all(self, after_each: Callable[[Message], None] = lambda _: None) -> None:
        """Deliver until nothing waits. A message whose worker dies comes back, as from the queue."""
        while self.queue.waiting:
            message = self.queue.waiting[0]
            try:
                self.deliver(message)
            except Died:
                continue
            self.queue.waiting.remove(message)
            after_each(message)

    def assert_exact(self) -> None:
        """All that must hold of a generate job that is completed."""
        number = self.job.parameters.number_of_codes if self.job.parameters else 0
        listed = self.state.listed_codes(self.job)
        assert len({code.casefold() for code in listed}) == len(listed) == number
        assert self.state.codes_of(self.job) == list(enumerate(listed))
        assert (self.stored.status, self.stored.generated) == (JobStatus.COMPLETED, number)
        holder = promotion(max_codes=self.max_codes, room=self.max_codes - number, codes=number)
        assert self.promotion == holder
