"""The ports, in memory. Every write says what it is about to do and what it has done, so that a test can step in."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from promotion_jobs.codes.code import Chunk, Slot
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    IdempotencyKeyReused,
    PromotionNotFound,
    RequestRepeated,
    TooManyJobs,
)
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus, JobType, KeyedRequest, Message
from promotion_jobs.jobs.read import Claim, Counts
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.tokens.token import Client, Grant, Token


class Died(BaseException):
    """The worker is gone. No code of ours catches it."""


@dataclass
class Steps:
    """What the fakes were asked for, in order. Something else can be made to happen at any of these points."""

    taken: list[str] = field(default_factory=list)
    interruptions: dict[int, Callable[[], None]] = field(default_factory=dict)
    dead: bool = False

    def die(self) -> None:
        """From now on nothing works for this worker, whatever it tries to tidy up."""
        self.dead = True
        raise Died

    def at(self, name: str, happens: Callable[[], None]) -> None:
        """Let something happen the next time that this step is taken."""

        def look() -> None:
            if self.taken[-1] == name:
                happens()
            else:
                self.interruptions[len(self.taken)] = look

        self.interruptions[len(self.taken)] = look

    def take(self, name: str) -> None:
        if self.dead:
            raise Died
        interruption = self.interruptions.pop(len(self.taken), None)
        self.taken.append(name)
        if interruption:
            interruption()

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        self.take(name)
        yield
        self.take(f"{name}: done")


class OwnedCode(NamedTuple):
    source: str
    slot: Slot
    code: str


@dataclass
class State:
    """Everything that the fakes store. ``by_hand`` has the promotion of each source that is no job."""

    steps: Steps = field(default_factory=Steps)
    promotions: dict[str, Promotion] = field(default_factory=dict)
    deleted: dict[str, datetime] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    codes: dict[str, OwnedCode] = field(default_factory=dict)
    chunks: dict[tuple[str, int], Chunk] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)
    requests: dict[tuple[str, str, str], tuple[KeyedRequest, str]] = field(default_factory=dict)
    notes: dict[tuple[str, int], list[tuple[Slot, int]]] = field(default_factory=dict)
    unlisted: dict[str, Chunk] = field(default_factory=dict)

    def visible(self, promotion_id: str) -> Promotion | None:
        """None for a promotion that is deleted, as for one that never was."""
        return None if promotion_id in self.deleted else self.promotions.get(promotion_id)

    def promotion_of(self, source: str) -> str | None:
        job = self.jobs.get(source)
        return job.promotion_id if job else self.by_hand.get(source)

    def occupy(self, codes: Iterable[str], source: str = "another job") -> None:
        self.codes |= {code.casefold(): OwnedCode(source, slot, code) for slot, code in enumerate(codes)}

    def codes_of(self, job: Job) -> list[tuple[Slot, str]]:
        """Each code of the job with its slot, in the order of the slots, which should have one each."""
        return sorted((owned.slot, owned.code) for owned in self.codes.values() if owned.source == job.id)

    def remove_own(self, chunk: Chunk) -> None:
        """Remove the chunk's codes that are still its own."""
        job = self.jobs.get(chunk.source)
        first = chunk.number * (job.chunk_codes if job else 0)
        for slot, code in enumerate(chunk.codes, first):
            if self.codes.get(code.casefold()) == OwnedCode(chunk.source, slot, code):
                del self.codes[code.casefold()]

    def listed_codes(self, job: Job) -> list[str]:
        listed = (chunk for (source, _), chunk in sorted(self.chunks.items()) if source == job.id)
        return [code for chunk in listed for code in chunk.codes]


def _name(request: KeyedRequest) -> tuple[str, str, str]:
    return request.client_id, request.promotion_id, request.key


@dataclass
class MemoryJobStore:
    """JobStore, JobReader, CancelStore, WorkStore and UndoStore."""

    state: State

    def get(self, promotion_id: str, job_id: str) -> Job | None:
        job = self.state.jobs.get(job_id)
        return job if job and job.promotion_id == promotion_id else None

    def find(self, promotion_id: str, job_id: str) -> Job | None:
        if self.state.visible(promotion_id) is None:
            raise PromotionNotFound
        return self.get(promotion_id, job_id)

    def counts(self, job_id: str) -> Counts:
        runs = [run for (owner, _), run in self.state.runs.items() if owner == job_id]
        return Counts(*(sum(getattr(run, name) for run in runs) for name in ("generated", "deleted", "exported")))

    def visible_codes(self, promotion_id: str, job_id: str | None = None) -> int:
        if job_id is None:
            return self.state.promotions[promotion_id].codes
        job = self.get(promotion_id, job_id)
        return job.visible_codes if job else 0

    def earlier(self, request: KeyedRequest, now: datetime) -> Job | None:
        with self.state.steps.around("look for the request"):
            remembered, job_id = self.state.requests.get(_name(request), (None, ""))
            if remembered is None or remembered.expires_at <= now:
                return None
            if remembered.fingerprint != request.fingerprint:
                raise IdempotencyKeyReused
            return self.state.jobs[job_id]

    def add(self, job: Job, request: KeyedRequest | None = None) -> None:
        remembered, _ = self.state.requests.get(_name(request), (None, "")) if request else (None, "")
        if remembered and remembered.expires_at > job.created_at:
            raise RequestRepeated
        promotion = self.state.visible(job.promotion_id)
        if promotion is None:
            raise PromotionNotFound
        if job.plan and job.plan.number_of_codes > promotion.max_codes:
            raise CodesLimitExceeded(promotion.max_codes)
        if job.plan and promotion.automatic:
            raise AutomaticPromotion
        if promotion.open_job:
            raise TooManyJobs(promotion.open_job)
        self.state.promotions[promotion.id] = replace(promotion, open_job=job.id)
        self.state.jobs[job.id] = job
        if request:
            self.state.requests[_name(request)] = request, job.id

    def withdraw(self, job: Job) -> None:
        if self.state.jobs[job.id].status is JobStatus.PENDING:
            self._release(job)
            del self.state.jobs[job.id]

    def cancel_pending(self, job: Job, now: datetime) -> bool:
        with self.state.steps.around("cancel pending"):
            if self.state.jobs[job.id].status is not JobStatus.PENDING:
                return False
            self._change(job, status=JobStatus.CANCELLED, updated_at=now)
            self._release(job)
            return True

    def cancel_processing(self, job: Job, now: datetime) -> bool:
        with self.state.steps.around("cancel processing"):
            stored = self.state.jobs[job.id]
            if stored.status is not JobStatus.PROCESSING or stored.failure:
                return False
            self._change(job, status=JobStatus.CANCELLING, stopped_at=now, updated_at=now)
            return True

    def claim(self, job: Job, now: datetime) -> Claim:
        with self.state.steps.around("claim"):
            stored, promotion = self.state.jobs[job.id], self.state.promotions[job.promotion_id]
            wanted = job.plan.number_of_codes if job.plan else 0
            if stored.status is not JobStatus.PENDING:
                return Claim.NOT_PENDING
            if promotion.room < wanted:
                return Claim.NO_ROOM
            self.state.promotions[promotion.id] = replace(promotion, room=promotion.room - wanted)
            self._change(job, status=JobStatus.PROCESSING, started_at=now, updated_at=now)
            return Claim.CLAIMED

    def awaits_announcement(self, job_id: str) -> bool:
        return job_id not in self.state.announced

    def close(self, job_id: str) -> None:
        with self.state.steps.around("close"):
            self.state.announced.add(job_id)

    def refuse(self, job: Job, error: str, now: datetime) -> None:
        with self.state.steps.around("refuse"):
            if self.state.jobs[job.id].status is JobStatus.PENDING:
                self._change(job, status=JobStatus.FAILED, error=error, updated_at=now)
                self._release(job)

    def give_up(self, job: Job, failure: str, now: datetime) -> None:
        with self.state.steps.around("give up"):
            stored = self.state.jobs[job.id]
            if stored.status is JobStatus.PROCESSING and not stored.failure:
                self._change(job, failure=failure, updated_at=now)

    def end_undo(self, job: Job, generated: int, deleted: int, now: datetime) -> None:
        with self.state.steps.around("end undo"):
            stored, promotion = self.state.jobs[job.id], self.state.promotions[job.promotion_id]
            clean = [key for key, run in self.state.runs.items() if key[0] == job.id and run.status is RunStatus.CLEAN]
            if not stored.is_undone or len(clean) != (0 if job.job_type is JobType.CODE_EXPORT else job.runs):
                return
            ended = JobStatus.FAILED if stored.failure else JobStatus.CANCELLED
            counts = {"generated": generated, "deleted": deleted}
            self._change(job, status=ended, error=stored.failure, failure=None, updated_at=now, **counts)
            returned = job.plan.number_of_codes if job.plan else 0
            self.state.promotions[promotion.id] = replace(promotion, room=promotion.room + returned)
            self._release(job)

    def complete_generate(self, job: Job, now: datetime) -> None:
        with self.state.steps.around("complete"):
            stored, promotion = self.state.jobs[job.id], self.state.promotions[job.promotion_id]
            open_ = stored.status is JobStatus.PROCESSING and not stored.failure
            if job.plan and open_ and stored.runs_done == job.plan.runs:
                generated = job.plan.number_of_codes
                self._change(job, status=JobStatus.COMPLETED, generated=generated, updated_at=now)
                self.state.promotions[promotion.id] = replace(promotion, codes=promotion.codes + generated)
                self._release(job)

    def complete_export(self, job: Job, file: ExportFile, now: datetime) -> bool:
        with self.state.steps.around("complete"):
            stored = self.state.jobs[job.id]
            if stored.status is not JobStatus.PROCESSING or stored.failure:
                return False
            self._change(job, status=JobStatus.COMPLETED, file=file, updated_at=now)
            self._release(job)
            return True

    def complete_delete(self, job: Job, lease: Lease, now: datetime) -> None:
        with self.state.steps.around("complete"):
            stored, run = self.state.jobs[job.id], self.state.runs[job.id, 0]
            open_ = stored.status is JobStatus.PROCESSING and not stored.failure
            if open_ and run.status is RunStatus.PROCESSING and run.lease == lease:
                self.state.runs[job.id, 0] = replace(run, status=RunStatus.COMPLETED)
                self.state.unlisted.pop(job.id, None)
                self._change(job, status=JobStatus.COMPLETED, deleted=run.deleted, updated_at=now)
                self._release(job)

    def _change(self, job: Job, **changes: Any) -> None:
        self.state.jobs[job.id] = replace(self.state.jobs[job.id], **changes)

    def _release(self, job: Job) -> None:
        promotion = self.state.promotions[job.promotion_id]
        self.state.promotions[promotion.id] = replace(promotion, open_job=None)

    # Last, since it hides the built-in of its name from what follows in the class.
    def list(self, promotion_id: str) -> Sequence[Job]:
        jobs = (job for job in self.state.jobs.values() if job.promotion_id == promotion_id)
        return sorted(jobs, key=lambda job: job.id, reverse=True)


class QueueUnavailable(Exception):
    pass


@dataclass
class MemoryQueue:
    """``waiting`` is what nobody took yet, ``sent`` everything that was ever sent, with its delay."""

    steps: Steps = field(default_factory=Steps)
    available: bool = True
    waiting: list[Message] = field(default_factory=list)
    sent: list[tuple[Message, timedelta]] = field(default_factory=list)

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        if not self.available:
            raise QueueUnavailable
        with self.steps.around("send"):
            self.waiting.append(message)
            self.sent.append((message, delay))


@dataclass
class MemoryFiles:
    """FileStore and FileRemover: a file is there when its upload ended well; every piece of it is stored at once."""

    contents: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def upload(self, key: str) -> Iterator[Callable[[bytes], bool]]:
        assert key not in self.contents
        pieces: list[bytes] = []

        def write(piece: bytes) -> bool:
            pieces.append(piece)
            return True

        yield write
        self.contents[key] = b"".join(pieces)

    def remove(self, key: str) -> None:
        self.contents.pop(key, None)

    def remove_all(self, prefix: str) -> None:
        for key in [key for key in self.contents if key.startswith(prefix)]:
            self.remove(key)

    def link(self, key: str, file_name: str, life: timedelta) -> str:
        return f"memory:{key}?name={file_name}&seconds={life.total_seconds():.0f}"


@dataclass
class MemoryEventBus:
    steps: Steps = field(default_factory=Steps)
    published: list[Job] = field(default_factory=list)
    available: bool = True

    def publish(self, job: Job) -> None:
        if not self.available:
            raise RuntimeError
        with self.steps.around("publish"):
            self.published.append(job)


@dataclass
class MemoryTokenStore:
    registered: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    counted: Counter[tuple[str, Grant, datetime]] = field(default_factory=Counter)
    looked_up: int = 0
    clients_looked_up: int = 0

    def add_client(self, client: Client) -> None:
        self.registered[client.id] = client

    def client(self, client_id: str) -> Client | None:
        self.clients_looked_up += 1
        return self.registered.get(client_id)

    def clients(self) -> Sequence[Client]:
        return [client for _, client in sorted(self.registered.items())]

    def remove_client(self, client_id: str) -> bool:
        return self.registered.pop(client_id, None) is not None

    def count_token(self, client_id: str, grant: Grant, minute: datetime, most: int) -> bool:
        counter = client_id, grant, minute
        if self.counted[counter] == most:
            return False
        self.counted[counter] += 1
        return True

    def add_token(self, token_hash: str, token: Token) -> None:
        self.tokens[token_hash] = token

    def token(self, token_hash: str) -> Token | None:
        self.looked_up += 1
        return self.tokens.get(token_hash)
