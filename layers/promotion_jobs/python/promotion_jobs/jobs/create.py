"""Creating a job: checked, locked, stored and queued, once for each request (contract 1, decisions 6, 8 and 18).

Or only forecast: a dry run checks the same and writes nothing (decisions, "Beyond the contract").
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from promotion_jobs.codes.format import enough_length
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    CodeSpaceTooSmall,
    PromotionNotFound,
    RequestRepeated,
)
from promotion_jobs.jobs.estimates import Estimate, delete_estimate, export_estimate, generate_estimate
from promotion_jobs.jobs.job import (
    DeleteParameters,
    GenerateParameters,
    Job,
    JobStatus,
    JobType,
    KeyedRequest,
    Message,
    Plan,
)
from promotion_jobs.jobs.read import JobQueue
from promotion_jobs.limits import IDEMPOTENCY_KEY_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import is_identifier


@dataclass(frozen=True, slots=True)
class NewJob:
    """``parameters`` belong to a code_generate job alone, ``deletion`` to a code_delete job."""

    job_type: JobType
    name: str | None = None
    parameters: GenerateParameters | None = None
    deletion: DeleteParameters | None = None

    def fingerprint(self) -> str:
        """The same for any two that ask for the same, also of a version that knows of less to ask for."""
        asked = asdict(self, dict_factory=lambda pairs: {name: it for name, it in pairs if it is not None})
        return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class JobStore(Protocol):
    def earlier(self, request: KeyedRequest, now: datetime) -> Job | None:
        """The job that the request has created already.

        Raises IdempotencyKeyReused where it asked for something else, and PromotionNotFound.
        """
        ...

    def add(self, job: Job, request: KeyedRequest | None) -> None:
        """Add the job, take its promotion's lock and remember the request, all or nothing.

        Raises RequestRepeated where the request is remembered; else, in this order, PromotionNotFound,
        CodesLimitExceeded, AutomaticPromotion, and TooManyJobs where another job holds the lock.
        """

    def visible_codes(self, promotion_id: str, job_id: str) -> int:
        """How many codes of the job are visible; none while it is open."""
        ...

    def withdraw(self, job: Job) -> None:
        """Take back a job that could not be queued, with its lock; one that runs all the same is left alone."""


class PromotionReader(Protocol):
    def get(self, promotion_id: str) -> Promotion:
        """Raises PromotionNotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of a job if it was created now; ``codes`` is how many it would make, export or remove."""

    lock_is_free: bool
    room_is_enough: bool
    room: int
    codes: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class JobCreator:
    store: JobStore
    promotions: PromotionReader
    queue: JobQueue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]
    new_seed: Callable[[], bytes]
    least_guess_odds: int

    def create(self, promotion_id: str, new: NewJob, client_id: str, key: str | None = None) -> tuple[Job, bool]:
        """The job, stored and queued, and whether it is new: the same ``key`` again gives the same job.

        Raises CodeSpaceTooSmall, IdempotencyKeyReused and what JobStore.add raises; then nothing has changed. Whatever
        the queue raises, a job without a key is taken back, and one with a key is there for the next attempt.
        """
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        now = self.now()
        request = (
            KeyedRequest(client_id, promotion_id, key, new.fingerprint(), now + IDEMPOTENCY_KEY_LIFE) if key else None
        )
        if request and (earlier := self.store.earlier(request, now)):
            return earlier, False
        if self._is_guessable(new):
            # What else is wrong comes first, and only the promotion knows.
            self._check(self.promotions.get(promotion_id), new)
        job = self._job(promotion_id, new, client_id, now)
        try:
            self.store.add(job, request)
        except RequestRepeated:
            # Another of the same was faster.
            return self.create(promotion_id, new, client_id, key)
        try:
            self.queue.send(Message(promotion_id, job.id))
        except BaseException:
            # Another attempt of a request with a key may have been answered with this job; the sweep queues it.
            if request is None:
                self.store.withdraw(job)
            raise
        return job, True

    def forecast(self, promotion_id: str, new: NewJob) -> Forecast:
        """Raises what :meth:`create` would, but for the lock."""
        promotion = self.promotions.get(promotion_id)
        self._check(promotion, new)
        codes, estimate = self._extent(promotion, new)
        return Forecast(
            lock_is_free=promotion.open_job is None,
            room_is_enough=new.parameters is None or codes <= promotion.room,
            room=promotion.room,
            codes=codes,
            estimate=estimate,
        )

    def _extent(self, promotion: Promotion, new: NewJob) -> tuple[int, Estimate]:
        if new.parameters:
            plan = Plan(new.parameters.number_of_codes)
            return plan.number_of_codes, generate_estimate(plan)
        if new.deletion and new.deletion.job_id:
            codes = self.store.visible_codes(promotion.id, new.deletion.job_id)
        else:
            codes = promotion.codes
        return codes, delete_estimate(codes) if new.deletion else export_estimate(codes)

    def _job(self, promotion_id: str, new: NewJob, client_id: str, now: datetime) -> Job:
        return Job(
            id=self.new_id(now),
            promotion_id=promotion_id,
            job_type=new.job_type,
            status=JobStatus.PENDING,
            name=new.name,
            parameters=new.parameters,
            deletion=new.deletion,
            plan=Plan(new.parameters.number_of_codes) if new.parameters else None,
            seed=self.new_seed() if new.parameters else b"",
            created_by=client_id,
            created_at=now,
            updated_at=now,
        )

    def _is_guessable(self, new: NewJob) -> bool:
        return new.parameters is not None and new.parameters.guess_odds < self.least_guess_odds

    def _check(self, promotion: Promotion, new: NewJob) -> None:
        if new.parameters is None:
            return
        number, odds = new.parameters.number_of_codes, new.parameters.guess_odds
        if number > promotion.max_codes:
            raise CodesLimitExceeded(promotion.max_codes)
        if self._is_guessable(new):
            enough = enough_length(number, self.least_guess_odds)
            raise CodeSpaceTooSmall(odds=odds, least_odds=self.least_guess_odds, enough=enough)
        if promotion.automatic:
            raise AutomaticPromotion
