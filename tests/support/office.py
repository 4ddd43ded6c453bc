"""The real service on AWS in memory, its time standing still: what unit tests of use cases work with.

A test puts promotions, jobs and runs as they are stored, calls a part of `service`, and looks at what is stored and
sent then. `calls` names every call to AWS in order; a test can step in before or after any of them.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import chain, repeat
from random import Random
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Backoff, Item, from_item
from promotion_jobs.codes.code import AnyChunk, Chunk, WrittenChunk
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, Message
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.jobs.worker import Worker
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.values import to_text
from promotion_jobs.wiring import Service
from tests.aws.bus import MemoryBus
from tests.aws.dynamodb import MemoryDynamoDB
from tests.aws.files import MemoryFiles
from tests.aws.queue import MemoryQueue
from tests.support.builders import NOW, PROMOTION_ID, Clock, generated_job, promotion
from tests.support.meter import MemoryMeter

VISIBILITY = timedelta(minutes=12)
"""After so long the message of a worker that died comes back: its lease is past by then."""


class Died(BaseException):
    """The worker is gone. No code of ours catches it."""


class Unavailable(Exception):
    """AWS does not answer."""


def _write(action: dict[str, Any]) -> str:
    """The kind of an action and of its item, such as ``Put CODES``."""
    ((kind, request),) = action.items()
    key = from_item({name: (request.get("Key") or request["Item"])[name] for name in ("pk", "sk")})
    sort = key["sk"].partition("#")[0]
    return f"{kind} {sort if sort in {'JOB', 'RUN'} else key['pk'].partition('#')[0]}"


def _steps(operation: str, arguments: dict[str, Any]) -> list[str]:
    if operation == "transact_write_items":
        return [", ".join(map(_write, arguments["TransactItems"]))]
    return [operation]


@dataclass
class Calls:
    """The operations that were asked for, in order: ``transact_write_items``, ``send_message``, …

    ``steps`` says more of a transaction: all that it writes or checks, as in ``Put CODES, Update RUN``.
    """

    made: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    dead: bool = False
    _before: dict[str, list[Callable[[], object]]] = field(default_factory=dict)
    _after: dict[str, list[Callable[[], object]]] = field(default_factory=dict)

    def before(self, operation: str, *happens: Callable[[], object]) -> None:
        """Let one thing after the other happen before the next calls of the operation, or of a step, with ``*``."""
        self._before.setdefault(operation, []).extend(happens)

    def after(self, operation: str, *happens: Callable[[], object]) -> None:
        """Likewise after them."""
        self._after.setdefault(operation, []).extend(happens)

    def die(self) -> None:
        """From now on nothing works for this worker, whatever it tries to tidy up."""
        self.dead = True
        raise Died

    def refuse(self) -> None:
        raise Unavailable

    def make(self, operation: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        if self.dead:
            raise Died
        steps = _steps(operation, arguments)
        self.made.append(operation)
        self.steps += steps
        self._step(self._before, {operation, steps[0]})
        answer = function(**arguments)
        self._step(self._after, {operation, steps[0]})
        return answer

    def _step(self, waiting: dict[str, list[Callable[[], object]]], names: set[str]) -> None:
        for pattern, happens in list(waiting.items()):
            if happens and any(fnmatchcase(name, pattern) for name in names):
                happens.pop(0)()


@dataclass(frozen=True, slots=True)
class WatchedClient:
    client: Any
    calls: Calls

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if name in {"exceptions", "get_paginator", "generate_presigned_url"} or not callable(attribute):
            return attribute
        return lambda **arguments: self.calls.make(name, attribute, arguments)


def entropy(seed: int) -> Callable[[int], int]:
    return Random(seed).getrandbits  # noqa: S311 - a test must come again, not be secret


class Office:
    """``runs_ahead`` of 1 makes one run after the other."""

    def __init__(self, *stored: Promotion | Job, runs_ahead: int = 1, least_guess_odds: int = 100_000) -> None:
        self.clock, self.meter, self.calls = Clock(), MemoryMeter(), Calls()
        self.dynamodb, self.files, self.bus = MemoryDynamoDB(), MemoryFiles(), MemoryBus()
        self.queue = MemoryQueue(self._seconds)
        environment = {
            "TABLE_NAME": self.dynamodb.table_name,
            "JOB_QUEUE_URL": self.queue.url,
            "EXPORT_BUCKET": self.files.bucket,
            "EVENT_BUS_NAME": "bus",
            "EXPORT_LIFE_DAYS": "7",
            "LEAST_GUESS_ODDS": str(least_guess_odds),
            "WORKER_CONCURRENCY": str(2 * runs_ahead),
            "WORKER_TIMEOUT_SECONDS": "120",
        }
        self.service = Service(self._clients(), self.clock, entropy(0), Settings(environment), self.meter)
        self.service.table = replace(self.service.table, backoff=Backoff(lambda _: None, meter=self.meter))
        # The test's own puts and reads are no calls of the service.
        self._own = Service(Clients(), self.clock, entropy(1), Settings(environment))
        self._own.clients.dynamodb = self.dynamodb  # type: ignore[assignment]
        self.put(*stored)

    def _seconds(self) -> float:
        return (self.clock() - NOW).total_seconds()

    def _clients(self) -> Clients:
        clients = Clients()
        clients.dynamodb, clients.s3 = self._watched(self.dynamodb), self._watched(self.files)
        clients.sqs, clients.events = self._watched(self.queue), self._watched(self.bus)
        return clients

    def _watched(self, client: Any) -> Any:
        return WatchedClient(client, self.calls)

    # Items

    def put(self, *things: Promotion | Job) -> None:
        """Store promotions and jobs as they are, in any state; each that is there already is replaced.

        A job is listed as open work, whatever its state. It holds its promotion only if that says so.
        """
        for it in things:
            if isinstance(it, Promotion):
                self._remove(keys.promotion(it.id), keys.promotion_entry(it.id))
                self._own.promotion_store.add(it)
            else:
                self._remove(keys.job(it.promotion_id, it.id), keys.open_job(it.id))
                self._put_job(it)

    def _remove(self, *found: keys.Key) -> None:
        table = self._own.table
        table.transact(*(table.delete(key) for key in found))

    def _put_job(self, job: Job) -> None:
        table = self._own.table
        table.transact(*self._own.job_store.put(job))
        later = {
            "generated": job.generated or None,
            "deleted": job.deleted or None,
            "error": job.error,
            "failure": job.failure,
            "files": list(map(asdict, job.files)) or None,
            "started_at": to_text(job.started_at) if job.started_at else None,
            "stopped_at": to_text(job.stopped_at) if job.stopped_at else None,
        }
        known = {name: value for name, value in later.items() if value is not None}
        if known:
            update = "SET " + ", ".join(f"#{name} = :{name}" for name in known)
            table.transact(table.update(keys.job(job.promotion_id, job.id), update, "", **known))

    def put_run(self, job_id: str, number: int, run: Run) -> None:
        """Store a run as it is; one that is there already is replaced."""
        table, key = self._own.table, keys.run(job_id, number)
        lease = run.lease or Lease("gone", datetime.fromtimestamp(0, UTC))
        counts = {name: getattr(run, name) for name in ("generated", "deleted", "exported", "tries")}
        held = {"lease": lease.holder, "lease_until": int(lease.until.timestamp() * 1000)}
        files = {"files": list(map(asdict, run.files))} if run.files else {}
        self._remove(key)
        table.transact(table.put(key, {"status": run.status, **counts, **held, **files}))

    def put_chunk(self, chunk: AnyChunk, promotion_id: str = PROMOTION_ID) -> None:
        """Store a chunk, and the items of codes made by hand. Nothing counts them."""
        store = self._own.code_store
        if isinstance(chunk, Chunk):
            puts = [store.put_chunk(chunk.maker.id, chunk.run, chunk.number, chunk.packed)]
        else:
            puts = store.put_by_hand(promotion_id, chunk)
        store.table.transact(*puts)
        if chunk.removed:
            store.table.transact(*store.mark_removed(promotion_id, chunk, chunk.removed))

    def put_generated(self, chunk: Chunk) -> None:
        """Store a chunk with its job, which is completed, and the one run that made it; and count its codes."""
        removed, maker = len(chunk.removed), chunk.maker
        plan = maker.plan
        parameters = GenerateParameters(plan.number_of_codes, maker.terms.consume_unit, maker.terms.max_uses)
        made = {"id": maker.id, "deleted": removed, "parameters": parameters, "created_by": maker.created_by}
        job = generated_job(plan.number_of_codes, **made)
        self.put(job)
        self.put_run(job.id, 0, Run(RunStatus.COMPLETED, generated=plan.number_of_codes, deleted=removed))
        self.put_chunk(chunk)

    def promotion(self, promotion_id: str = PROMOTION_ID) -> Promotion | None:
        return self._own.promotion_store.get(promotion_id)

    def job(self, job: Job) -> Job:
        """The job as it is stored now."""
        found = self._own.job_store.get(job.promotion_id, job.id)
        assert found
        return found

    def jobs(self, promotion_id: str = PROMOTION_ID) -> list[Job]:
        """Newest first."""
        return list(self._own.job_store.list(promotion_id))

    def run(self, job_id: str, number: int) -> Run | None:
        return self._own.runs.get(job_id, number)

    def chunks(self, job: Job) -> list[Chunk]:
        """All that a job has put, whatever its state."""
        maker, store = self.job(job).maker, self._own.code_store
        return [chunk for run in range(job.plan.runs) for chunk in store.chunks(maker, job.plan.chunks_of(run))]

    def by_hand(self, promotion_id: str = PROMOTION_ID) -> list[WrittenChunk]:
        return list(self._own.code_store.chunks_by_hand(promotion_id))

    def visible(self, promotion_id: str = PROMOTION_ID) -> list[str]:
        """The codes that the promotion lists, in their order."""
        chunks = self._own.code_lists.chunks(promotion_id)
        return [code.code for chunk, _ in chunks for code in chunk.visible()]

    def items(self) -> list[Item]:
        """Everything in the table, as plain values."""
        return [from_item(item) for _, item in self.dynamodb.table]

    def is_announced(self, job_id: str) -> bool:
        """Whether the job is not listed as open work any more."""
        return not self._own.job_store.open_work.is_listed(job_id)

    def assert_exact(self, job: Job) -> None:
        """All that must hold of a generate job that is completed, the only one of its promotion."""
        number, chunks, stored = job.plan.number_of_codes, self.chunks(job), self.job(job)
        listed = [code for chunk in chunks for code in chunk.texts()]
        assert len({code.casefold() for code in listed}) == len(listed) == number
        sizes = {chunk: job.plan.codes_in(chunk) for chunk in range(job.plan.chunks)}
        assert {chunk.number: len(chunk.texts()) for chunk in chunks} == sizes
        assert (stored.status, stored.generated, stored.deleted) == (JobStatus.COMPLETED, number, 0)
        assert self.visible() == listed
        assert {self._own.codes.get(self._promotion(), code).job_id for code in listed[:50]} == {job.id}
        self._assert_released(number)

    def assert_undone(self, job: Job, status: JobStatus, error: str | None = None) -> None:
        """All that must hold of a generate job of which nothing is to stay, the only one of its promotion."""
        stored = self.job(job)
        assert (stored.status, stored.error, stored.failure) == (status, error, None)
        assert stored.generated == stored.deleted
        assert self.chunks(job) == []
        self._assert_released(0)

    def _promotion(self) -> Promotion:
        found = self.promotion()
        assert found
        return found

    def _assert_released(self, codes: int) -> None:
        found = self._promotion()
        assert found == promotion(max_codes=found.max_codes, room=found.max_codes - codes, codes=codes)

    # Messages

    def messages(self) -> list[Message]:
        """Those that wait in the queue, in the order in which they were sent."""
        return [Message.of(it.body) for it in self.queue.waiting]

    def delays(self) -> list[tuple[Message, timedelta]]:
        """The same, each with how long it is still hidden."""
        now = self._seconds()
        return [(Message.of(it.body), timedelta(seconds=it.visible_at - now)) for it in self.queue.waiting]

    def send(self, message: Message) -> None:
        """Let a message wait in the queue."""
        self.queue.send_message(QueueUrl=self.queue.url, MessageBody=json.dumps(asdict(message)))

    def worker(self) -> Worker:
        return self.service.worker(lambda job: {"id": job.id, "status": job.status})

    def deliver(self, message: Message, seconds_left: float = 60) -> None:
        """Deliver to a worker that begins with a minute, of which so much is left as soon as it works."""
        self.calls.dead = False
        times = chain([60.0], repeat(seconds_left))
        self.worker().deliver(message, lambda: timedelta(seconds=next(times)))

    def deliver_all(self, after_each: Callable[[Message], None] = lambda _: None) -> None:
        """Deliver until nothing waits, in no less time than messages are hidden.

        A message whose worker dies comes back, as from the queue.
        """
        while self.queue.waiting:
            waiting = min(self.queue.waiting, key=lambda it: it.visible_at)
            message = Message.of(waiting.body)
            now = self._seconds()
            self.clock.advance(seconds=max(0.0, waiting.visible_at - now))
            try:
                self.deliver(message)
            except Died:
                waiting.visible_at = self._seconds() + VISIBILITY.total_seconds()
                continue
            self.queue.waiting.remove(waiting)
            after_each(message)
