"""A table and a bucket of a test's own on the emulator, and the real worker on top of them, in this process.

What a worker sends is collected in a list, so that a test decides which message is delivered, when and how often.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from secrets import randbits
from typing import Any
from uuid import uuid4

import pytest

from local.aws import Aws
from promotion_jobs.api import answers
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Backoff, Item, from_item
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import ExportParameters, GenerateParameters, Job, JobType, Message
from promotion_jobs.measures import Measure
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service
from tests.aws.bus import MemoryBus
from tests.stack.faults import Crash
from tests.support.builders import Clock
from tests.support.meter import MemoryMeter

TIMEOUT = timedelta(minutes=2)
RUNS_AHEAD = 2
_ROUNDS = 500
_QUEUE_URL = "queue"
PLAN = Plan(90, chunk_codes=20, run_chunks=2)
"""Five chunks, the last one short, in three runs."""


def codes_of(run: int) -> int:
    """How many codes a run of the plan has."""
    return sum(map(PLAN.codes_in, PLAN.chunks_of(run)))


@dataclass
class CollectedMessages:
    """In the place of the queue's client."""

    clock: Clock = field(default_factory=Clock)
    waiting: list[Message] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert QueueUrl == _QUEUE_URL
        # Nothing else happens meanwhile, so the time may as well pass now.
        self.clock.advance(seconds=DelaySeconds)
        self.waiting.append(Message.of(MessageBody))
        return {}


@dataclass
class Workshop:
    """``instrument`` may wrap every AWS client that workers and sweeps use."""

    aws: Aws
    instrument: Callable[[Any], Any] = lambda client: client
    name: str = field(default_factory=lambda: f"workshop-{uuid4().hex}")
    queue: CollectedMessages = field(default_factory=CollectedMessages)
    bus: MemoryBus = field(default_factory=MemoryBus)
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
    def service(self) -> Service:
        """The service without instruments: what a test prepares things with, and looks at them."""
        return self._service(lambda client: client)

    def worker_service(self) -> Service:
        """The service of one worker, or of one sweep."""
        return self._service(self.instrument)

    def _service(self, instrument: Callable[[Any], Any]) -> Service:
        clients = Clients()
        clients.dynamodb, clients.s3 = instrument(self.aws.dynamodb), instrument(self.aws.s3)
        clients.sqs, clients.events = instrument(self.queue), instrument(self.bus)
        environment = {
            "TABLE_NAME": self.name,
            "JOB_QUEUE_URL": _QUEUE_URL,
            "EXPORT_BUCKET": self.name,
            "EVENT_BUS_NAME": "bus",
            "LEAST_GUESS_ODDS": "0",
            "WORKER_CONCURRENCY": str(2 * RUNS_AHEAD),
            "WORKER_TIMEOUT_SECONDS": str(int(TIMEOUT.total_seconds())),
        }
        service = Service(clients, self.clock, randbits, Settings(environment), self.meter)
        service.table = replace(service.table, backoff=Backoff(lambda _: None, meter=self.meter))
        return service

    def sweep(self) -> int:
        """Look for what got lost, an hour later: every lease is past, and everything is due."""
        self.clock.advance(hours=1, seconds=1)
        return self.worker_service().sweeper.sweep()

    def deliver(self, message: Message) -> int:
        """Returns how many codes were made meanwhile."""
        before = self.meter.of(Measure.CODES_GENERATED)
        self.worker_service().worker(answers.job).deliver(message, lambda: TIMEOUT)
        return self.meter.of(Measure.CODES_GENERATED) - before

    def deliver_all(self) -> None:
        """Deliver every message, and those that they send, once."""
        while self.queue.waiting:
            self.deliver(self.queue.waiting.pop(0))

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

    def add_promotion(self, max_codes: int = 1_000) -> Promotion:
        return self.service.promotions.create(NewPromotion({"name": "x"}, max_codes=max_codes), "me")

    def add_job(self, plan: Plan, promotion_id: str = "") -> Job:
        """A job that makes codes by the plan, with its message; on a promotion of its own if none is named."""
        creator = replace(self.service.job_creator, plan=lambda _: plan)
        new = NewJob(JobType.CODE_GENERATE, parameters=GenerateParameters(plan.number_of_codes, code_prefix="Summer"))
        job, _ = creator.create(promotion_id or self.add_promotion().id, new, "me")
        return job

    def add_export(self, promotion_id: str) -> Job:
        """An export with its message."""
        new = NewJob(JobType.CODE_EXPORT, parameters=ExportParameters())
        job, _ = self.service.job_creator.create(promotion_id, new, "me")
        return job

    def chunks(self, job: Job) -> list[Chunk]:
        """All that a job has put, whatever its state."""
        stored = self.service.job_store.get(job.promotion_id, job.id)
        assert stored is not None
        store, plan = self.service.code_store, job.plan
        return [chunk for run in range(plan.runs) for chunk in store.chunks(stored.maker, plan.chunks_of(run))]

    def items(self, kind: str) -> list[Item]:
        """Every item whose partition starts with ``kind``."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        found = (from_item(item) for page in pages for item in page["Items"])
        return [item for item in found if item["pk"].startswith(kind)]
