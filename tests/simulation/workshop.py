"""The real service on a simulation: its clients are the simulation's, and so are time and chance."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from promotion_jobs.api import answers
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Backoff
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.plan import Plan
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import (
    DeleteParameters,
    ExportParameters,
    ImportParameters,
    Job,
    JobType,
    Message,
    Parameters,
)
from promotion_jobs.jobs.reading import Batch
from promotion_jobs.jobs.uploads import uploads_of
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service
from tests.simulation.faults import Faults, NoFaults
from tests.simulation.invariants import too_many_messages, wrong_at_any_moment, wrong_locks_now
from tests.simulation.scheduler import Endless
from tests.simulation.simulation import Simulation, TimeLeft, is_outage
from tests.support.small_notation import SMALL, SmallParameters, make_small

CLIENT_ID = "shop"
PART_BYTES = 1_000
"""Some ten codes each, so that an export has several."""

READ_BYTES = 40
"""So that a file is read in several pieces."""

ROWS_PER_FILE = 15
TOGETHER, SCANNED = Batch(codes=3, rows=5, size=1_000), Batch(codes=12, rows=12, size=1_000)
"""Of an import."""

_MOST_DELIVERIES = 100
"""At once: the stories have some dozens of runs at the most."""

PREFIXES = (None, None, "P", "q-", "bc", "BC-", "cb", "Bb-cC", "cc-bc", "x-bc", "bc-P", "b", "bcb", "cb-")


@dataclass(frozen=True, slots=True)
class NotingReserver:
    """Notes what another one finds free."""

    reserver: Reserver
    free: set[str]

    @property
    def lookup(self) -> Lookup:
        return self.reserver.lookup

    def reserve(self, codes: Collection[str]) -> None:
        self.reserver.reserve(codes)
        self.free.update(code.casefold() for code in codes)

    def taken(self, codes: Collection[str]) -> Mapping[str, str]:
        taken = self.reserver.taken(codes)
        self.free.update(code.casefold() for code in codes if code not in taken)
        return taken


@dataclass
class Workshop:
    """Everything by one seed. Codes are of two symbols, so that every string has several readings.

    ``answered`` has the keys of requests with the jobs that answered them; ``free`` the codes of which it was said that
    no job has made them, and none ever will. ``checks`` say what is wrong when all is done. ``mutate`` may change the
    worker.
    """

    seed: int | str
    faults: Faults = field(default_factory=NoFaults)
    workers: int = 4
    sticky: float | None = None
    chunk_codes: int = 3
    run_chunks: int = 2
    spares: int = 3
    lengths: Sequence[int] = (8, 8, 8, 7, 6, 6, 5, 4)
    prefixes: Sequence[str | None] = PREFIXES
    runs_ahead: int = 2
    mutate: Callable[[Worker], Worker] = lambda worker: worker
    watchful: bool = False
    """Whether all that must hold at any moment is looked at after every transaction, which takes its time."""
    asks_for_codes: bool = True
    """Whether codes are looked up, and made by hand, when all is done, which takes its time."""

    def __post_init__(self) -> None:
        self.answered: list[tuple[str, str]] = []
        self.free: set[str] = set()
        self.checks: list[Callable[[], Iterable[str]]] = []
        self.random, self.entropy = random_of("test", self.seed), random_of("entropy", self.seed)
        self.simulation = Simulation(
            random_of("schedule", self.seed),
            self.faults,
            deliver=self._deliver,
            workers=self.workers,
            sticky=self.sticky,
            tolerated=lambda error: isinstance(error, PromotionJobsError) or is_outage(error),
        )
        watch = wrong_at_any_moment if self.watchful else wrong_locks_now
        self.simulation.watch = lambda: [*watch(self.simulation.dynamodb), *too_many_messages(self.simulation.queue)]
        self.simulation.files.least_part_bytes = PART_BYTES
        self.clock = self.simulation.clock
        self.service = self._service(self.simulation.client, self.entropy.getrandbits)
        self.have_reserver(Reserver)
        self.own = self._service(self.simulation.stand_in, random_of("own", self.seed).getrandbits)
        self.groups = [random_of("groups", self.seed).choice(("bc", "cb", "bb")) for _ in range(2)]

    def have_reserver(self, kind: type[Reserver], **changes: Any) -> None:
        """Have codes made by hand, or imported, looked at by a reserver of this kind; note which it finds free."""
        service = self.service
        parts = {"spaces": service.spaces, "readings": service.readings, "lookup": service.lookup}
        noting: Any = NotingReserver(kind(**{**parts, **changes}), self.free)
        service.codes = replace(service.codes, reserver=noting)
        service.importer = replace(
            service.importer,
            reading=replace(service.importer.reading, between=SCANNED),
            reserver=noting,
            together=TOGETHER,
        )

    def _service(self, client: Callable[[str], Any], bits: Callable[[int], int]) -> Service:
        """As on AWS, but for smaller codes, chunks, runs and parts. ``own`` is for what a test looks at itself."""
        simulation = self.simulation
        clients = Clients()
        clients.dynamodb, clients.sqs = client("dynamodb"), client("sqs")
        clients.s3, clients.events = client("s3"), client("events")
        environment = {
            "TABLE_NAME": simulation.dynamodb.table_name,
            "JOB_QUEUE_URL": simulation.queue.url,
            "EXPORT_BUCKET": simulation.files.bucket,
            "EVENT_BUS_NAME": "bus",
            "WORKER_CONCURRENCY": str(2 * self.runs_ahead),
            "WORKER_TIMEOUT_SECONDS": str(int(simulation.function_seconds)),
            "LEAST_GUESS_ODDS": "0",
        }
        service = Service(clients, self.clock, bits, Settings(environment))
        service.table = replace(service.table, backoff=Backoff(simulation.sleep, bits))
        make_small(service)
        service.files = replace(service.files, part_bytes=PART_BYTES, read_bytes=READ_BYTES)
        service.job_creator = replace(
            service.job_creator, plan=lambda codes: Plan(codes, self.chunk_codes, self.run_chunks, self.spares)
        )
        return service

    def new_id(self) -> str:
        return self.service.new_id(self.clock())

    def worker(self) -> Worker:
        return self.mutate(self.service.worker(answers.job))

    def _deliver(self, body: str, time_left: TimeLeft) -> None:
        self.worker().deliver(Message.of(body), time_left)

    def deliver(self, job: Job) -> None:
        """The first message of a job, at once and without faults; it may come again."""
        self._deliver(json.dumps({"promotion_id": job.promotion_id, "job_id": job.id}), lambda: timedelta(minutes=1))

    def deliver_a_part(self, job: Job) -> None:
        """Likewise to a worker whose time is up as soon as it has done something."""
        seconds = iter([60.0])
        body = json.dumps({"promotion_id": job.promotion_id, "job_id": job.id})
        self._deliver(body, lambda: timedelta(seconds=next(seconds, 0.0)))

    def deliver_all(self) -> None:
        """Every message that waits and those that they send, when they can be seen and without faults; by no actor.

        Raises Endless.
        """
        waiting = self.simulation.queue.waiting
        for _ in range(_MOST_DELIVERIES):
            if not waiting:
                return
            message = waiting.pop(0)
            self.simulation.sleep(max(0.0, message.visible_at - self.simulation.clock.seconds))
            self._deliver(message.body, lambda: timedelta(minutes=1))
        raise Endless(f"{_MOST_DELIVERIES} deliveries, and there are more")

    def sweep_until_nothing_is_open(self) -> None:
        """Every minute, as an actor that dies like any other."""
        patience = timedelta(seconds=self.simulation.function_seconds)
        sweeper = replace(self.service.sweeper, patience=patience)
        self.simulation.act_every(60, "sweep", sweeper.sweep, until=self.nothing_is_open)

    def nothing_is_open(self) -> bool:
        return not self.simulation.dynamodb.table.partition("OPEN")

    # Acts of a schedule; outside of an actor they happen at once and without faults

    def add_promotion(self, max_codes: int = 1_000) -> Promotion:
        return self.service.promotions.create(NewPromotion({"name": "x"}, max_codes=max_codes), CLIENT_ID)

    def add_job(
        self,
        promotion: Promotion,
        number_of_codes: int | None,
        key: str | None = None,
        *,
        length: int = 8,
        prefix: str | None = None,
    ) -> Job:
        """A job with its message; an export where no number is named. It is called by its request's key."""
        parameters: Parameters = ExportParameters(rows_per_file=ROWS_PER_FILE)
        if number_of_codes:
            parameters = SmallParameters(number_of_codes, code_length=length, code_prefix=prefix)
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

    def add_upload(self, promotion: Promotion, rows: Sequence[str], header: str = "code") -> str:
        """The id of an upload that was sent: a file with these codes."""
        content = "".join(f"{it}\n" for it in (header, *rows)).encode()
        announced = self.service.uploads.announce(promotion, len(content), None, CLIENT_ID)
        self.simulation.files.files[f"{uploads_of(promotion.id)}{announced.id}"] = content
        return announced.id

    def add_import(self, promotion: Promotion, upload_id: str, key: str | None = None, **parameters: Any) -> Job:
        """An import with its message, called by its request's key."""
        new = NewJob(JobType.CODE_IMPORT, key, ImportParameters(upload_id, **parameters))
        job, _ = self.service.job_creator.create(promotion.id, new, CLIENT_ID, key)
        if key:
            self.answered.append((key, job.id))
        return job

    def add_some_job(self, promotion: Promotion, number_of_codes: int | None, key: str | None = None) -> Job:
        """Likewise, with codes of some length behind some prefix."""
        length = self.random.choice(self.lengths)
        return self.add_job(promotion, number_of_codes, key, length=length, prefix=self._prefix(length))

    def _prefix(self, length: int) -> str | None:
        """Often the first groups of a longer code."""
        longer = [it for it in self.lengths if it > length and it % 2 == length % 2]
        if longer and self.random.random() < 0.6:
            return "-".join(self.groups[: (max(longer) - length) // SMALL.group])
        return self.random.choice(self.prefixes)

    def random_code(self) -> str:
        """Often one whose index is about to be given, or was given just now."""
        length = self.random.choice(self.lengths)
        body = self._body(length)
        code_format = CodeFormat(length, self._prefix(length), SMALL)
        (code,) = code_format.write(body.to_bytes(code_format.width))
        return code.upper() if self.random.random() < 0.3 else code

    def _body(self, length: int) -> int:
        space, size = self.own.spaces.get(length), SMALL.size(length)
        if not space.is_stored or self.random.random() < 0.2:
            return self.random.randrange(size)
        version = self.random.choice((space.version, space.version, self.random.randint(1, space.version)))
        index = min(max(space.next + self.random.randint(-8, 8), 0), size - 1)
        (body,) = self.own.keyring.permutation(length, version).encrypt([index])
        return body

    def listed_codes(self, promotion: Promotion) -> Sequence[str]:
        """The codes that the promotion shows."""
        chunks = self.own.code_lists.chunks(promotion.id)
        return [code.code for chunk, _ in chunks for code in chunk.visible()]

    def add_codes(self, promotion: Promotion, codes: Sequence[str]) -> None:
        """By hand, as a shop would."""
        self.service.codes.add(promotion, [NewCode(code, Terms(user="a shopper")) for code in codes], CLIENT_ID)

    def act(self, name: str, function: Callable[[], object], *, after: float = 0.0) -> None:
        self.simulation.act(name, function, after=after)


def random_of(purpose: str, seed: int | str) -> Random:
    return Random(f"{purpose} {seed}")  # noqa: S311 - a schedule must come again, not be secret
