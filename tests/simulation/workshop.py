"""The real service on a simulation: its clients are the simulation's, and so are time and chance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from promotion_jobs.api import answers
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Backoff
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import NO_PARAMETERS, DeleteParameters, GenerateParameters, Job, JobType, Message, Plan
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service
from tests.simulation.executor import InlineExecutor
from tests.simulation.faults import Faults, NoFaults
from tests.simulation.invariants import wrong_locks_now
from tests.simulation.simulation import Simulation, TimeLeft, is_outage
from tests.support.small_alphabet import ALPHABET, with_small_alphabet

CLIENT_ID = "shop"
PART_BYTES = 1_000
"""Some ten codes each, so that an export has several."""


@dataclass
class Workshop:
    """Everything by one seed. Codes are of a small alphabet, so that jobs collide all the time.

    ``answered`` has the keys of requests with the jobs that answered them. ``mutate`` may change the worker.
    ``fenced`` is whether a worker is gone when its lease is over. Where it is not, what is rolled back may leave codes.
    """

    seed: int | str
    faults: Faults = field(default_factory=NoFaults)
    workers: int = 4
    sticky: float | None = None
    chunk_codes: int = 8
    run_chunks: int = 2
    runs_ahead: int = 2
    fenced: bool = True
    mutate: Callable[[Worker], Worker] = lambda worker: worker

    def __post_init__(self) -> None:
        self.answered: list[tuple[str, str]] = []
        self.random, self.entropy = random_of("test", self.seed), random_of("entropy", self.seed)
        self.simulation = Simulation(
            random_of("schedule", self.seed),
            self.faults,
            deliver=self._deliver,
            workers=self.workers,
            sticky=self.sticky,
            tolerated=lambda error: isinstance(error, PromotionJobsError) or is_outage(error),
        )
        self.simulation.watch = lambda: wrong_locks_now(self.simulation.dynamodb)
        self.simulation.files.least_part_bytes = PART_BYTES
        self.clock = self.simulation.clock
        self.service = self._service()

    def _service(self) -> Service:
        """As on AWS, but for smaller codes, chunks, runs and parts."""
        simulation = self.simulation
        clients = Clients()
        clients.dynamodb, clients.sqs = simulation.client("dynamodb"), simulation.client("sqs")
        clients.s3, clients.events = simulation.client("s3"), simulation.client("events")
        clients.threads = InlineExecutor(self.entropy)
        environment = {
            "TABLE_NAME": simulation.dynamodb.table_name,
            "JOB_QUEUE_URL": simulation.queue.url,
            "EXPORT_BUCKET": simulation.files.bucket,
            "EVENT_BUS_NAME": "bus",
            "WORKER_CONCURRENCY": str(2 * self.runs_ahead),
            "WORKER_TIMEOUT_SECONDS": str(int(simulation.function_seconds)),
            "LEAST_GUESS_ODDS": "0",
        }
        service = Service(clients, self.clock, self.entropy.getrandbits, Settings(environment))
        service.table = replace(service.table, backoff=Backoff(simulation.sleep, self.entropy.getrandbits))
        service.job_store = with_small_alphabet(service.job_store)
        service.files = replace(service.files, part_bytes=PART_BYTES)
        service.job_creator = replace(
            service.job_creator, plan=lambda codes: Plan(codes, self.chunk_codes, self.run_chunks)
        )
        return service

    def new_id(self) -> str:
        return self.service.new_id(self.clock())

    def worker(self) -> Worker:
        return self.mutate(self.service.worker(answers.job))

    def _deliver(self, body: str, time_left: TimeLeft) -> None:
        self.worker().deliver(Message.of(body), time_left)

    def deliver_all(self) -> None:
        """Every message that waits and those that they send, at once and without faults; outside of an actor."""
        waiting = self.simulation.queue.waiting
        while waiting:
            self._deliver(waiting.pop(0).body, lambda: timedelta(minutes=1))

    def sweep_until_nothing_is_open(self) -> None:
        """Every minute, as an actor that dies like any other."""
        patience = timedelta(seconds=self.simulation.function_seconds)
        sweeper = replace(self.service.sweeper, patience=patience)
        self.simulation.act_every(60, "sweep", sweeper.sweep, until=self.nothing_is_open)

    def nothing_is_open(self) -> bool:
        return not self.simulation.dynamodb.table.partition("OPEN")

    # What a schedule is about; outside of an actor it happens at once and without faults

    def add_promotion(self, max_codes: int = 1_000) -> Promotion:
        return self.service.promotions.create(NewPromotion({"name": "x"}, max_codes=max_codes), CLIENT_ID)

    def add_job(self, promotion: Promotion, number_of_codes: int | None, key: str | None = None) -> Job:
        """A job with its message; an export where no number is named. It is called by its request's key."""
        parameters = GenerateParameters(number_of_codes) if number_of_codes else NO_PARAMETERS
        job_type = JobType.CODE_GENERATE if number_of_codes else JobType.CODE_EXPORT
        job, _ = self.service.job_creator.create(promotion.id, NewJob(job_type, key, parameters), CLIENT_ID, key)
        if key:
            self.answered.append((key, job.id))
        return job

    def add_deletion(self, promotion: Promotion, job_id: str | None = None) -> Job:
        """A deletion with its message: of all codes, or of those of one job."""
        new = NewJob(JobType.CODE_DELETE, parameters=DeleteParameters(job_id))
        job, _ = self.service.job_creator.create(promotion.id, new, CLIENT_ID)
        return job

    def random_code(self) -> str:
        symbols = "".join(self.random.choices(ALPHABET, k=8))
        return f"{symbols[:4]}-{symbols[4:]}"

    def listed_codes(self, promotion: Promotion) -> Sequence[str]:
        return [code for chunk in self.service.code_store.chunks(promotion.id) for code in chunk.codes]

    def add_codes(self, promotion: Promotion, codes: Sequence[str]) -> None:
        """By hand, as a shop would."""
        self.service.codes.add(promotion, [NewCode(code, Terms(user="somebody")) for code in codes], CLIENT_ID)

    def act(self, name: str, function: Callable[[], object], *, after: float = 0.0) -> None:
        self.simulation.act(name, function, after=after)


def random_of(purpose: str, seed: int | str) -> Random:
    return Random(f"{purpose} {seed}")  # noqa: S311 - a schedule must come again, not be secret
