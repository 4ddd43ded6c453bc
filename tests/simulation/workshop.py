"""The real use cases and adapters on a simulation, as ``wiring`` puts them together on AWS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from promotion_jobs.api import answers
from promotion_jobs.aws.bus import EventBridgeBus
from promotion_jobs.aws.files import S3FileStore
from promotion_jobs.aws.queue import SqsJobQueue, read_message
from promotion_jobs.aws.table import Backoff, Table
from promotion_jobs.codes.changes import DynamoCodeEditor
from promotion_jobs.codes.code import Terms
from promotion_jobs.codes.codes import CodeChanges, NewCode
from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.jobs.announcements import Announcer
from promotion_jobs.jobs.create import JobCreator, JobStore, NewJob
from promotion_jobs.jobs.delete import Deleter
from promotion_jobs.jobs.delete_store import DynamoDeletionStore
from promotion_jobs.jobs.export import Exporter
from promotion_jobs.jobs.generate import Generator
from promotion_jobs.jobs.job import DeleteParameters, GenerateParameters, Job, JobType, KeyedRequest, Plan
from promotion_jobs.jobs.purge import Purger
from promotion_jobs.jobs.purge_store import DynamoPurgeStore
from promotion_jobs.jobs.read import JobCanceller, Jobs
from promotion_jobs.jobs.run_store import DynamoRunStore
from promotion_jobs.jobs.sweep import Sweeper
from promotion_jobs.jobs.sweep_store import DynamoSweepStore
from promotion_jobs.jobs.undo import Undoer
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.promotions import NewPromotion, PromotionRemover, Promotions
from promotion_jobs.promotions.store import DynamoPromotionStore
from promotion_jobs.values import uuid7
from tests.simulation.executor import InlineExecutor
from tests.simulation.faults import Faults, NoFaults
from tests.simulation.invariants import wrong_locks_now
from tests.simulation.simulation import Simulation, TimeLeft, is_outage
from tests.stack.workshop import SmallAlphabetStore

ALPHABET = "bc"
CLIENT_ID = "shop"
PART_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class PlannedStore:
    """Divides each job as a test says, and not as the limits do."""

    store: JobStore
    chunk_codes: int
    run_chunks: int

    def earlier(self, request: KeyedRequest, now: datetime) -> Job | None:
        return self.store.earlier(request, now)

    def add(self, job: Job, request: KeyedRequest | None) -> None:
        plan = Plan(job.plan.number_of_codes, self.chunk_codes, self.run_chunks) if job.plan else None
        self.store.add(replace(job, plan=plan), request)

    def visible_codes(self, promotion_id: str, job_id: str) -> int:
        return self.store.visible_codes(promotion_id, job_id)

    def withdraw(self, job: Job) -> None:
        self.store.withdraw(job)


@dataclass
class Workshop:
    """Everything by one seed. Codes are of ``ALPHABET``: 256 in all, so that jobs collide all the time.

    ``answered`` has the keys of requests with the jobs that answered them.
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
    code_store: type[DynamoCodeStore] = DynamoCodeStore
    deleter: type[Deleter] = Deleter
    worker_type: type[Worker] = Worker

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
        self.clock = self.simulation.clock
        backoff = Backoff(self.simulation.sleep, self.entropy.uniform)
        self.table = Table(self.simulation.client("dynamodb"), self.simulation.dynamodb.table_name, backoff)
        self.job_store, self.runs = SmallAlphabetStore(self.table), DynamoRunStore(self.table)
        self.queue = SqsJobQueue(lambda: self.simulation.client("sqs"), self.simulation.queue.url)
        # Some ten codes each, so that an export has several.
        self.simulation.files.least_part_bytes = PART_BYTES
        self.files = S3FileStore(lambda: self.simulation.client("s3"), self.simulation.files.bucket, PART_BYTES)
        bus = EventBridgeBus(lambda: self.simulation.client("events"), "bus", answers.job)
        self.announcer = Announcer(self.job_store, bus)
        promotions = DynamoPromotionStore(self.table)
        self.promotions = Promotions(promotions, self.clock, self.new_id)
        self.remover = PromotionRemover(promotions, self.queue, self.clock, self.new_id)
        self.creator = JobCreator(
            PlannedStore(self.job_store, self.chunk_codes, self.run_chunks),
            self.promotions,
            self.queue,
            self.clock,
            self.new_id,
            lambda: self.entropy.randbytes(32),
            least_guess_odds=0,
        )
        self.canceller = JobCanceller(Jobs(self.job_store, self.clock), self.job_store, self.queue, self.clock)
        reader, editor = DynamoCodeReader(self.table), DynamoCodeEditor(self.table)
        self.code_changes = CodeChanges(reader, editor, self.clock, self.new_id)

    def new_id(self, now: object = None) -> str:
        del now
        return uuid7(self.clock(), self.entropy.getrandbits(74))

    def worker(self) -> Worker:
        codes = self.code_store(self.table, InlineExecutor(self.entropy))
        deleter = self.deleter(DynamoDeletionStore(self.table, codes))
        return self.worker_type(
            store=self.job_store,
            runs=self.runs,
            queue=self.queue,
            generator=Generator(codes),
            undoer=Undoer(self.job_store, self.runs, codes, deleter, self.queue, self.clock, self.runs_ahead),
            exporter=Exporter(DynamoCodeReader(self.table), self.files, self.new_id),
            deleter=deleter,
            purger=Purger(
                DynamoPurgeStore(self.table, codes), Generator(codes), self.files, self.queue, self.announcer
            ),
            announcer=self.announcer,
            now=self.clock,
            new_holder=self.new_id,
            runs_ahead=self.runs_ahead,
        )

    def _deliver(self, body: str, time_left: TimeLeft) -> None:
        self.worker().deliver(read_message(body), time_left)

    def deliver_all(self) -> None:
        """Every message that waits and those that they send, at once and without faults; outside of an actor."""
        waiting = self.simulation.queue.waiting
        while waiting:
            self._deliver(waiting.pop(0).body, lambda: timedelta(minutes=1))

    def sweep_until_nothing_is_open(self) -> None:
        """Every minute, as an actor that dies like any other."""
        sweeper = Sweeper(
            store=DynamoSweepStore(self.table),
            runs=self.runs,
            queue=self.queue,
            now=self.clock,
            patience=timedelta(seconds=self.simulation.function_seconds),
            runs_ahead=self.runs_ahead,
        )
        self.simulation.act_every(60, "sweep", sweeper.sweep, until=self.nothing_is_open)

    def nothing_is_open(self) -> bool:
        return not self.simulation.dynamodb.table.partition("OPEN")

    # What a schedule is about; outside of an actor it happens at once and without faults

    def add_promotion(self, max_codes: int = 1_000) -> Promotion:
        return self.promotions.create(NewPromotion({"name": "x"}, max_codes=max_codes), CLIENT_ID)

    def add_job(self, promotion: Promotion, number_of_codes: int | None, key: str | None = None) -> Job:
        """A job with its message; an export where no number is named. It is called by its request's key."""
        parameters = GenerateParameters(number_of_codes) if number_of_codes else None
        job_type = JobType.CODE_GENERATE if parameters else JobType.CODE_EXPORT
        job, _ = self.creator.create(promotion.id, NewJob(job_type, key, parameters), CLIENT_ID, key)
        if key:
            self.answered.append((key, job.id))
        return job

    def add_deletion(self, promotion: Promotion, job_id: str | None = None) -> Job:
        """A deletion with its message: of all codes, or of those of one job."""
        new = NewJob(JobType.CODE_DELETE, deletion=DeleteParameters(job_id))
        job, _ = self.creator.create(promotion.id, new, CLIENT_ID)
        return job

    def random_code(self) -> str:
        symbols = "".join(self.random.choices(ALPHABET, k=8))
        return f"{symbols[:4]}-{symbols[4:]}"

    def listed_codes(self, promotion: Promotion) -> Sequence[str]:
        return [code for chunk in DynamoCodeReader(self.table).chunks(promotion.id) for code in chunk.codes]

    def add_codes(self, promotion: Promotion, codes: Sequence[str]) -> None:
        """By hand, as a shop would."""
        self.code_changes.add(promotion, [NewCode(code, Terms(user="somebody")) for code in codes], CLIENT_ID)

    def act(self, name: str, function: Callable[[], object], *, after: float = 0.0) -> None:
        self.simulation.act(name, function, after=after)


def random_of(purpose: str, seed: int | str) -> Random:
    return Random(f"{purpose} {seed}")  # noqa: S311 - a schedule must come again, not be secret
