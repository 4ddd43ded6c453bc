"""A table and a bucket of a test's own on the emulator, and the real worker on top of them, in this process.

What a worker does on the queue is collected in a list, so that a test decides which message is delivered, when and how
often.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest

from local.aws import Aws
from promotion_jobs.aws.files import S3FileStore
from promotion_jobs.aws.table import Backoff, Item, Table, from_item
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.jobs.announcements import Announcer
from promotion_jobs.jobs.delete import Deleter
from promotion_jobs.jobs.delete_store import DynamoDeletionStore
from promotion_jobs.jobs.export import Exporter
from promotion_jobs.jobs.generate import Generator
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, JobType, Message, Plan
from promotion_jobs.jobs.purge import Purger
from promotion_jobs.jobs.purge_store import DynamoPurgeStore
from promotion_jobs.jobs.run_store import DynamoRunStore
from promotion_jobs.jobs.store import DynamoJobStore
from promotion_jobs.jobs.sweep import Sweeper
from promotion_jobs.jobs.sweep_store import DynamoSweepStore
from promotion_jobs.jobs.undo import Undoer
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.measures import Measure
from promotion_jobs.promotions.promotions import NewPromotion, Promotions
from promotion_jobs.promotions.store import DynamoPromotionStore
from promotion_jobs.values import uuid7
from tests.stack.faults import Crash
from tests.support.memory import MemoryEventBus
from tests.support.meter import MemoryMeter

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEED = bytes(range(32))
TIMEOUT = timedelta(minutes=2)
RUNS_AHEAD = 2
_ROUNDS = 500
FOREIGN_JOB = "00000000-0000-7000-8000-00000000f0e1"

PLAN = Plan(90, chunk_codes=20, run_chunks=2)
"""Five chunks, the last one short, in three runs."""

_FIRST_CHOICES = chunk_codes(SEED, 0, 20, GenerateParameters(90, code_prefix="Summer").code_format)
FOREIGN = {slot: _FIRST_CHOICES[slot] for slot in (0, 7, 19)}
"""Codes that the plan's job would have chosen, and another has."""


@dataclass
class Clock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, time: timedelta) -> None:
        self.moment += time


@dataclass
class CollectedMessages:
    clock: Clock = field(default_factory=Clock)
    waiting: list[Message] = field(default_factory=list)

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        # Nothing else happens meanwhile, so the time may as well pass now.
        self.clock.pass_by(delay)
        self.waiting.append(message)


@dataclass(frozen=True, slots=True)
class SmallAlphabetParameters(GenerateParameters):
    """256 codes in all, so that a job of some dozens collides with itself all the time."""

    @property
    def code_format(self) -> CodeFormat:
        return CodeFormat(8, self.code_prefix, alphabet="bc")


@dataclass(frozen=True, slots=True)
class SmallAlphabetStore(DynamoJobStore):
    def get(self, promotion_id: str, job_id: str) -> Job | None:
        job = super(SmallAlphabetStore, self).get(promotion_id, job_id)
        if job is None or job.parameters is None:
            return job
        return replace(job, parameters=SmallAlphabetParameters(**asdict(job.parameters)))


@dataclass
class Workshop:
    """``instrument`` may wrap every AWS client that the worker uses; ``job_store`` is what it takes for jobs."""

    aws: Aws
    threads: Executor
    instrument: Callable[[Any], Any] = lambda client: client
    name: str = field(default_factory=lambda: f"workshop-{uuid4().hex}")
    queue: CollectedMessages = field(default_factory=CollectedMessages)
    job_store: type[DynamoJobStore] = DynamoJobStore
    bus: MemoryEventBus = field(default_factory=MemoryEventBus)
    meter: MemoryMeter = field(default_factory=MemoryMeter)

    @property
    def clock(self) -> Clock:
        return self.queue.clock

    def create(self) -> "Workshop":
        self.aws.dynamodb.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )
        self.aws.s3.create_bucket(Bucket=self.name)
        return self

    @cached_property
    def table(self) -> Table:
        """The table without instruments: what a test looks at, and prepares, it with."""
        return Table(self.aws.dynamodb, self.name)

    @property
    def jobs(self) -> DynamoJobStore:
        return DynamoJobStore(self.table)

    @property
    def promotions(self) -> Promotions:
        return Promotions(DynamoPromotionStore(self.table), lambda: NOW, lambda now: uuid7(now, uuid4().int))

    def worker(self) -> Worker:
        table = Table(self.instrument(self.aws.dynamodb), self.name, Backoff(sleep=lambda _: None))
        jobs, runs = self.job_store(table), DynamoRunStore(table)
        codes, s3 = DynamoCodeStore(table, self.threads), self.instrument(self.aws.s3)
        files, deleter = S3FileStore(lambda: s3, self.name), Deleter(DynamoDeletionStore(table, codes))
        announcer = Announcer(jobs, self.bus)
        return Worker(
            store=jobs,
            runs=runs,
            queue=self.queue,
            generator=Generator(codes, self.meter),
            undoer=Undoer(jobs, runs, codes, deleter, self.queue, self.clock.now, RUNS_AHEAD),
            exporter=Exporter(DynamoCodeReader(table), files, lambda: uuid4().hex),
            deleter=deleter,
            purger=Purger(DynamoPurgeStore(table, codes), Generator(codes), files, self.queue, announcer),
            announcer=announcer,
            now=self.clock.now,
            new_holder=lambda: uuid4().hex,
            runs_ahead=RUNS_AHEAD,
        )

    def sweep(self) -> int:
        """Look for what got lost, an hour later: every lease is past, and everything is due."""
        self.clock.pass_by(timedelta(hours=1, seconds=1))
        table = Table(self.instrument(self.aws.dynamodb), self.name, Backoff(sleep=lambda _: None))
        store, runs = DynamoSweepStore(table), DynamoRunStore(table)
        return Sweeper(store, runs, self.queue, self.clock.now, TIMEOUT, RUNS_AHEAD).sweep()

    def deliver(self, message: Message) -> int:
        """Returns how many codes were made meanwhile."""
        before = self.meter.of(Measure.CODES_GENERATED)
        self.worker().deliver(message, lambda: TIMEOUT)
        return self.meter.of(Measure.CODES_GENERATED) - before

    def deliver_all(self) -> None:
        """Deliver every message, and those that they send, once."""
        while self.queue.waiting:
            self.deliver(self.queue.waiting.pop(0))

    def deliver_once(self) -> None:
        """Deliver the first message, whose worker may die: then it comes back."""
        with suppress(Crash):
            self.deliver(self.queue.waiting[0])
            self.queue.waiting.pop(0)

    def deliver_until_nothing_is_open(self) -> int:
        """Deliver, and sweep where nothing waits, until all that is open has ended; returns how often a worker died."""
        deaths = 0
        for _ in range(_ROUNDS):
            try:
                if self.queue.waiting:
                    self.deliver(self.queue.waiting[0])
                    self.queue.waiting.pop(0)
                elif self.items("OPEN"):
                    self.sweep()
                else:
                    return deaths
            except Crash:
                # The message comes back. That the lease is past is the sweep's business.
                deaths += 1
        pytest.fail("it does not end")

    def add_job(self, plan: Plan | None, *, max_codes: int = 1_000, promotion_id: str | None = None) -> Job:
        """A job with its message, on a promotion of its own if none is named; an export where there is no plan."""
        promotion_id = promotion_id or self.promotions.create(NewPromotion({"name": "x"}, max_codes=max_codes), "me").id
        job = Job(
            id=uuid7(datetime.now(UTC), uuid4().int),
            promotion_id=promotion_id,
            job_type=JobType.CODE_GENERATE if plan else JobType.CODE_EXPORT,
            status=JobStatus.PENDING,
            parameters=GenerateParameters(plan.number_of_codes, code_prefix="Summer") if plan else None,
            plan=plan,
            seed=SEED if plan else b"",
            created_by="me",
            created_at=NOW,
            updated_at=NOW,
        )
        self.jobs.add(job)
        self.queue.send(Message(promotion_id, job.id))
        return job

    def occupy(self, codes: dict[int, str]) -> None:
        """Give codes to another job of another promotion, so that nobody else can have them."""
        job = Job(
            id=FOREIGN_JOB,
            promotion_id=FOREIGN_JOB,
            job_type=JobType.CODE_GENERATE,
            status=JobStatus.COMPLETED,
            created_by="them",
            created_at=NOW,
            updated_at=NOW,
        )
        assert DynamoCodeStore(self.table, self.threads).insert(job, codes) == set()

    def items(self, kind: str) -> list[Item]:
        """Every item whose partition starts with ``kind``."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        found = (from_item(item) for page in pages for item in page["Items"])
        return [item for item in found if item["pk"].startswith(kind)]
