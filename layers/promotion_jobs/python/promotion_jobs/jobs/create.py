"""Creating a job: checked, locked, stored and queued, once for each request (contract 1, decisions 6, 8 and 18).

Or only forecast: a dry run checks the same and writes nothing (decisions, "Beyond the contract").
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING

from promotion_jobs.aws.queue import Queue
from promotion_jobs.codes.format import enough_length
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    CodeSpaceTooSmall,
    PromotionNotFound,
    RequestRepeated,
    TooManyFiles,
    UploadNotUsable,
)
from promotion_jobs.jobs.job import NO_PARAMETERS, Job, JobStatus, JobType, KeyedRequest, Message, Parameters, Upload
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.limits import EXAMPLE_CODES, EXPORT_FILES, IDEMPOTENCY_KEY_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.promotions import Promotions
from promotion_jobs.values import is_identifier

if TYPE_CHECKING:
    from promotion_jobs.jobs.kind import Estimate, OfferedKinds
    from promotion_jobs.jobs.uploads import Uploads


@dataclass(frozen=True, slots=True)
class NewJob:
    job_type: JobType
    name: str | None = None
    parameters: Parameters = NO_PARAMETERS

    def fingerprint(self) -> str:
        """Equal for equal requests, and unchanged when a later version adds optional parameters."""
        asked = {"job_type": self.job_type, "name": self.name, "parameters": self.parameters.given()}
        given = {name: value for name, value in asked.items() if value is not None}
        return sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Forecast:
    """The answer to a dry run: whether the job could be created now, and what it would take."""

    lock_is_free: bool
    room_is_enough: bool
    room: int
    estimate: "Estimate"
    example_codes: Sequence[str] = ()
    """Made-up codes of the form that was asked for; none of a job that makes no codes."""


@dataclass(frozen=True, slots=True)
class JobCreator:
    """``kinds`` is asked for forecasts alone; ``plan`` divides the work of a job that makes so many codes."""

    store: JobStore
    promotions: Promotions
    kinds: "OfferedKinds"
    queue: Queue
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]
    least_guess_odds: int
    bits: Callable[[int], int]
    uploads: "Uploads"
    plan: Callable[[int], Plan] = Plan

    def create(self, promotion_id: str, new: NewJob, client_id: str, key: str | None = None) -> tuple[Job, bool]:
        """The job, stored and queued, and whether it is new: the same ``key`` again gives the same job.

        Raises CodeSpaceTooSmall, TooManyFiles, UploadNotUsable, IdempotencyKeyReused and what JobStore.add raises; then
        nothing has changed. Whatever the queue raises, a job without a key is taken back, and one with a key is there
        for the next attempt.
        """
        if not is_identifier(promotion_id):
            raise PromotionNotFound
        now = self.now()
        request = (
            KeyedRequest(client_id, promotion_id, key, new.fingerprint(), now + IDEMPOTENCY_KEY_LIFE) if key else None
        )
        if request and (earlier := self.store.earlier(request, now)):
            return earlier, False
        upload = None
        if self._is_guessable(new) or new.parameters.most_codes is not None or new.parameters.upload:
            try:
                # Errors that depend on the promotion take precedence (decision 6), so read it first.
                promotion = self.promotions.get(promotion_id)
                upload = self._upload(promotion, new)
                self._check(promotion, new)
            except UploadNotUsable:
                if request and (earlier := self.store.earlier(request, now)):
                    # Another of the same was faster, and uses it.
                    return earlier, False
                raise
        job = self._job(promotion_id, new, client_id, now, upload)
        upload_id = new.parameters.upload
        try:
            self.store.add(job, request, self.uploads.store.use(upload_id, job.id) if upload_id else None)
        except RequestRepeated:
            # Another of the same was faster.
            return self.create(promotion_id, new, client_id, key)
        try:
            self.queue.send(Message(promotion_id, job.id))
        except BaseException:
            # Another attempt of a request with a key may have been answered with this job; the sweep queues it.
            if request is None:
                self.store.withdraw(job, [self.uploads.store.release(upload_id, job.id)] if upload_id else [])
            raise
        return job, True

    def forecast(self, promotion_id: str, new: NewJob) -> Forecast:
        """Raises what :meth:`create` would, but for the lock."""
        promotion = self.promotions.get(promotion_id)
        self._upload(promotion, new)
        self._check(promotion, new)
        return Forecast(
            lock_is_free=promotion.open_job is None,
            room_is_enough=new.parameters.codes <= promotion.room,
            room=promotion.room,
            estimate=self.kinds(new.job_type).forecast(promotion, new.parameters),
            example_codes=new.parameters.example_codes(EXAMPLE_CODES, self.bits),
        )

    def _job(self, promotion_id: str, new: NewJob, client_id: str, now: datetime, upload: Upload | None) -> Job:
        return Job(
            id=self.new_id(now),
            promotion_id=promotion_id,
            job_type=new.job_type,
            status=JobStatus.PENDING,
            name=new.name,
            parameters=new.parameters,
            plan=self.plan(new.parameters.codes),
            upload=upload,
            created_by=client_id,
            created_at=now,
            updated_at=now,
        )

    def _is_guessable(self, new: NewJob) -> bool:
        odds = new.parameters.guess_odds
        return odds is not None and odds < self.least_guess_odds

    def _upload(self, promotion: Promotion, new: NewJob) -> Upload | None:
        """The upload that the job uses, if it uses one. Raises AutomaticPromotion and UploadNotUsable."""
        if not new.parameters.upload:
            return None
        if promotion.automatic:
            raise AutomaticPromotion
        return self.uploads.find(promotion.id, new.parameters.upload)

    def _check(self, promotion: Promotion, new: NewJob) -> None:
        most = new.parameters.most_codes
        if most is not None:
            codes = self.kinds(new.job_type).forecast(promotion, new.parameters).codes
            if codes > most:
                raise TooManyFiles(ceil(codes / EXPORT_FILES))
        number, odds = new.parameters.codes, new.parameters.guess_odds
        if odds is None:
            return
        if number > promotion.max_codes:
            raise CodesLimitExceeded(promotion.max_codes)
        if self._is_guessable(new):
            enough = enough_length(number, self.least_guess_odds)
            raise CodeSpaceTooSmall(odds=odds, least_odds=self.least_guess_odds, enough=enough)
        if promotion.automatic:
            raise AutomaticPromotion
