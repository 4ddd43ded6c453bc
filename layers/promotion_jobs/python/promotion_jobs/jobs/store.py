"""The items of jobs: a job's states, and the requests that created one.

No other module names their attributes. Each change of state is one transaction, on the condition of the state that it
leaves, so a job only ever moves on; each that ends a job releases its promotion's lock. What counts in a job together
with something else is an action, which others put into their transactions.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.codes.code import Publisher
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import IdempotencyKeyReused, PromotionNotFound, RequestRepeated, UploadNotUsable
from promotion_jobs.jobs.job import (
    PARAMETERS,
    ExportFile,
    Intake,
    Job,
    JobStatus,
    JobType,
    KeyedRequest,
    Parameters,
    Upload,
)
from promotion_jobs.jobs.open_work import OpenWorkStore
from promotion_jobs.promotions.store import PromotionStore, to_promotion
from promotion_jobs.values import from_text, to_text

_LOCK, _REQUEST = 0, 3
"""Positions in the transaction that creates a job."""

_NOT_FAILED = "attribute_not_exists(#failure)"

States = tuple[JobStatus, JobStatus]

_CLAIM = (JobStatus.PENDING, JobStatus.PROCESSING)
_REFUSE = (JobStatus.PENDING, JobStatus.FAILED)
_CANCEL_PENDING = (JobStatus.PENDING, JobStatus.CANCELLED)
_CANCEL_PROCESSING = (JobStatus.PROCESSING, JobStatus.CANCELLING)
_GIVE_UP = (JobStatus.PROCESSING, JobStatus.PROCESSING)
_CANCELLED = (JobStatus.CANCELLING, JobStatus.CANCELLED)
_FAILED = (JobStatus.PROCESSING, JobStatus.FAILED)
_COMPLETE = (JobStatus.PROCESSING, JobStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The number of a job's runs and their sums, the files of an export, and what an import has taken in."""

    runs: int = 1
    generated: int = 0
    deleted: int = 0
    exported: int = 0
    files: Sequence[ExportFile] = ()
    intake: Intake | None = None


def _to_values(job: Job) -> Item:
    return {
        "job_type": job.job_type,
        "status": job.status,
        "name": job.name,
        "parameters": job.parameters.given(),
        "plan": asdict(job.plan),
        "first_index": job.first_index,
        "key_version": job.key_version,
        "upload": asdict(job.upload) if job.upload else None,
        "runs_done": 0,
        "runs_clean": 0,
        "created_by": job.created_by,
        "created_at": to_text(job.created_at),
        "updated_at": to_text(job.updated_at),
    }


def _makers(jobs: Iterable[Job]) -> Iterator[Publisher]:
    for job in jobs:
        if job.plan.number_of_codes:
            yield job.maker
        elif job.parameters.adds_codes:
            yield job.publisher


def _request_key(request: KeyedRequest) -> Key:
    return keys.request(request.client_id, request.promotion_id, request.key)


@dataclass(frozen=True, slots=True)
class JobStore:
    """``parameters`` says how those of each type are read."""

    table: Table
    promotions: PromotionStore
    open_work: OpenWorkStore
    parameters: Mapping[JobType, Callable[[Mapping[str, Any]], Parameters]] = field(default_factory=lambda: PARAMETERS)

    # Reading

    def get(self, promotion_id: str, job_id: str) -> Job | None:
        item = self.table.get(keys.job(promotion_id, job_id))
        return self._from_item(item) if item else None

    def list(self, promotion_id: str) -> Sequence[Job]:
        """Newest first."""
        return [self._from_item(item) for item in self.table.query(keys.jobs(promotion_id), ScanIndexForward=False)]

    def find(self, promotion_id: str, job_id: str) -> Job | None:
        """None if the promotion has no such job. Raises PromotionNotFound."""
        items = self.table.get_all([keys.promotion(promotion_id), keys.job(promotion_id, job_id)])
        by_key = {item["sk"]: item for item in items}
        if to_promotion(by_key.get(keys.promotion(promotion_id)["sk"], {})) is None:
            raise PromotionNotFound
        job = by_key.get(keys.job(promotion_id, job_id)["sk"])
        return self._from_item(job) if job else None

    def visible_codes(self, promotion_id: str, job_id: str | None) -> int:
        """How many codes of a job are visible, none while it is open; of the whole promotion for None."""
        if job_id is None:
            promotion = self.promotions.get(promotion_id)
            return promotion.codes if promotion else 0
        job = self.get(promotion_id, job_id)
        return job.visible_codes if job else 0

    def makers(self, promotion_id: str, job_ids: Collection[str]) -> Mapping[str, Publisher]:
        """Id → job, for those of the jobs that add codes."""
        items = self.table.get_all([keys.job(promotion_id, job_id) for job_id in job_ids])
        return {maker.id: maker for maker in _makers(map(self._from_item, items))}

    def all_makers(self, promotion_id: str) -> Sequence[Publisher]:
        """All jobs of the promotion that add codes, oldest first."""
        return list(_makers(map(self._from_item, self.table.query(keys.jobs(promotion_id)))))

    def _from_item(self, item: Item) -> Job:
        job_type = JobType(item["job_type"])
        return Job(
            id=keys.identifier(item),
            promotion_id=keys.promotion_of(item),
            job_type=job_type,
            status=JobStatus(item["status"]),
            name=item.get("name"),
            parameters=self.parameters[job_type](item.get("parameters", {})),
            plan=Plan(**item["plan"]),
            first_index=item.get("first_index"),
            key_version=item.get("key_version"),
            generated=item.get("generated", 0),
            deleted=item.get("deleted", 0),
            duplicates=item.get("duplicates", 0),
            invalid=item.get("invalid", 0),
            upload=Upload(**item["upload"]) if "upload" in item else None,
            error=item.get("error"),
            failure=item.get("failure") if item["status"] == JobStatus.PROCESSING else None,
            files=tuple(ExportFile(**file) for file in item.get("files", ())),
            created_by=item["created_by"],
            created_at=from_text(item["created_at"]),
            updated_at=from_text(item["updated_at"]),
            started_at=from_text(item["started_at"]) if "started_at" in item else None,
            stopped_at=from_text(item["stopped_at"]) if "stopped_at" in item else None,
        )

    # Creating

    def earlier(self, request: KeyedRequest, now: datetime) -> Job | None:
        """The job that the request has created already.

        Raises IdempotencyKeyReused if it asked for something else, and PromotionNotFound.
        """
        item = self.table.get(_request_key(request))
        if item is None or item["expires_at"] <= int(now.timestamp()):
            return None
        if item["fingerprint"] != request.fingerprint:
            raise IdempotencyKeyReused
        job = self.find(request.promotion_id, item["job"])
        if job is None:
            # A job lives as long as its promotion, which is being purged.
            raise PromotionNotFound
        return job

    def add(self, job: Job, request: KeyedRequest | None = None, use: Action | None = None) -> None:
        """Add the job, take its promotion's lock, remember the request, and use an upload, all or nothing.

        Raises RequestRepeated if the request is remembered; else, in this order, PromotionNotFound,
        CodesLimitExceeded, AutomaticPromotion, TooManyJobs if another job holds the lock, and UploadNotUsable.
        """
        codes = job.plan.number_of_codes or int(job.parameters.adds_codes)
        actions = [
            self.promotions.lock(job.promotion_id, job.id, codes),
            *self.put(job),
            *([self._remember(job, request)] if request else []),
            *([use] if use else []),
        ]
        try:
            self.table.transact(*actions)
        except ConditionLost as error:
            upload = error.lost.get(len(actions) - 1) if use else None
            if request and error.lost.get(_REQUEST, {}).get("job", job.id) != job.id:
                raise RequestRepeated from error
            # If the lock was not lost the job was there: an attempt whose answer was lost has succeeded (decision 18).
            found = error.lost.get(_LOCK)
            refusal = None if found is None else self.promotions.lock_refusal(found, job.id, codes)
            if refusal:
                raise refusal from error
            if upload is not None:
                # It may have expired just now.
                raise (UploadNotUsable.used(upload["job"]) if upload else UploadNotUsable.unknown()) from error

    def put(self, job: Job) -> Sequence[Action]:
        """Put a new job, and list it as open work."""
        return [
            self.table.put(keys.job(job.promotion_id, job.id), _to_values(job)),
            self.open_work.put(job.promotion_id, job.id, job.created_at),
        ]

    def _remember(self, job: Job, request: KeyedRequest) -> Action:
        # An expired one may still be there: the table's clean-up takes days.
        return self.table.update(
            _request_key(request),
            "SET #job = :job, #fingerprint = :fingerprint, #expires_at = :expires_at",
            "attribute_not_exists(pk) OR #expires_at <= :now",
            job=job.id,
            fingerprint=request.fingerprint,
            expires_at=int(request.expires_at.timestamp()),
            now=int(job.created_at.timestamp()),
        )

    def withdraw(self, job: Job, also: Sequence[Action] = ()) -> None:
        """Take back a job that could not be queued, with its lock; one that runs all the same is left alone."""
        key = keys.job(job.promotion_id, job.id)
        change = self.table.delete(key, "#status = :pending", pending=JobStatus.PENDING)
        self._end(job, change, also=[self.open_work.remove(job.id), *also])

    # Cancelling

    def cancel_pending(self, job: Job, now: datetime) -> bool:
        """Make a pending job cancelled and release its lock; False if it is not pending any more."""
        return self._end(job, self._move(job, _CANCEL_PENDING, now))

    def cancel_processing(self, job: Job, now: datetime) -> bool:
        """Make a processing job cancelling; False if it is not processing any more."""
        try:
            also = {"also_set": "#stopped_at = :now", "also_if": _NOT_FAILED}
            self.table.transact(self._move(job, _CANCEL_PROCESSING, now, **also))
        except ConditionLost:
            return False
        return True

    # Working

    def claim(self, job: Job, now: datetime) -> Action:
        """Make a pending job processing, with the indices of its codes if it makes any."""
        given: dict[str, Any] = (
            {"first_index": job.first_index, "key_version": job.key_version} if job.plan.number_of_codes else {}
        )
        also_set = ", ".join(["#started_at = :now", *(f"#{name} = :{name}" for name in given)])
        return self._move(job, _CLAIM, now, also_set=also_set, **given)

    def is_processing(self, promotion_id: str, job_id: str) -> bool:
        """Whether the job is processing now, and not rolled back."""
        job = self.get(promotion_id, job_id)
        return job is not None and job.status is JobStatus.PROCESSING and not job.is_undone

    def check_processing(self, job: Job) -> Action:
        """Let no other action of its transaction be made unless the job is processing, and not rolled back."""
        key = keys.job(job.promotion_id, job.id)
        return self.table.check(key, f"#status = :processing AND {_NOT_FAILED}", processing=JobStatus.PROCESSING)

    def count_run(self, job: Job, now: datetime, *, clean: bool) -> Action:
        """Count a run of the job as done, or as clean, with what makes it so."""
        # Without a condition: the run is in this transaction, and moves on once; and none outlives its job.
        change = f"SET #updated_at = :now ADD #{'runs_clean' if clean else 'runs_done'} :one"
        return self.table.update(keys.job(job.promotion_id, job.id), change, "", one=1, now=to_text(now))

    def count_removed(self, promotion_id: str, job_id: str, codes: int) -> Action:
        """Count codes of a completed job that are removed: before that its codes are not visible."""
        return self.table.update(
            keys.job(promotion_id, job_id),
            "ADD #deleted :codes",
            "#status = :completed",
            codes=codes,
            completed=JobStatus.COMPLETED,
        )

    # Ending

    def refuse(self, job: Job, error: str, now: datetime) -> None:
        """Make a pending job failed and release its lock; one that is not pending any more is left alone."""
        self._end(job, self._move(job, _REFUSE, now, also_set="#error = :error", error=error))

    def give_up(self, job: Job, failure: str, now: datetime) -> None:
        """Have a job that is processing rolled back; any other is left alone."""
        with suppress(ConditionLost):
            self.table.transact(self.mark_failed(job, failure, now))

    def mark_failed(self, job: Job, failure: str, now: datetime) -> Action:
        """Have a job that is processing, and not rolled back yet, rolled back."""
        # In the same state, but marked: it shows processing until it is clean (decision 21).
        also = {"also_set": "#failure = :failure", "also_if": _NOT_FAILED}
        return self._move(job, _GIVE_UP, now, **also, failure=failure)

    def complete(self, job: Job, outcome: Outcome, now: datetime) -> None:
        """Complete a job whose runs are all done, publish its codes and release its lock; any other is left alone."""
        counts, values = self._counts(outcome)
        returned = outcome.intake.room - outcome.generated if outcome.intake else 0
        if outcome.files:
            counts, values = f"{counts}, #files = :files", values | {"files": list(map(asdict, outcome.files))}
        all_done = f"#runs_done = :runs AND {_NOT_FAILED}"
        change = self._move(job, _COMPLETE, now, also_set=counts, also_if=all_done, **values)
        self._end(job, change, published=outcome.generated, returned=returned)

    def end_undo(self, job: Job, outcome: Outcome, now: datetime) -> None:
        """End a job whose runs are all clean, as cancelled or failed; any other is left alone."""
        counts, values = self._counts(outcome)
        states = _CANCELLED
        if job.failure is not None:
            states, counts, values = _FAILED, f"{counts}, #error = :error", values | {"error": job.failure}
        change = self._move(job, states, now, also_set=counts, also_if="#runs_clean = :runs", **values)
        self._end(job, change, returned=outcome.intake.room if outcome.intake else job.plan.number_of_codes)

    def _counts(self, outcome: Outcome) -> tuple[str, dict[str, Any]]:
        counts = {"generated": outcome.generated, "deleted": outcome.deleted}
        if outcome.intake:
            counts |= {"duplicates": outcome.intake.duplicates, "invalid": outcome.intake.invalid}
        return ", ".join(f"#{name} = :{name}" for name in counts), {**counts, "runs": outcome.runs}

    def remove(self, promotion_id: str, job_id: str) -> Action:
        """Remove a job of a promotion that is purged."""
        # Without a condition: the promotion is locked for good, and late workers are refused by their job's state.
        return self.table.delete(keys.job(promotion_id, job_id))

    def _move(
        self, job: Job, states: States, now: datetime, *, also_set: str = "", also_if: str = "", **values: Any
    ) -> Action:
        """The action that moves a job from the first state to the second, with what else it sets and requires."""
        before, after = states
        return self.table.update(
            keys.job(job.promotion_id, job.id),
            f"SET #status = :after, #updated_at = :now, {also_set}".removesuffix(", "),
            f"#status = :before AND {also_if}" if also_if else "#status = :before",
            before=before,
            after=after,
            now=to_text(now),
            **values,
        )

    def _end(
        self, job: Job, change: Action, published: int = 0, returned: int = 0, also: Sequence[Action] = ()
    ) -> bool:
        """Make the last change of a job and release its lock; False if it ended otherwise.

        It stays listed as open work until its end is announced.
        """
        release = self.promotions.release(job.promotion_id, job.id, published=published, returned=returned)
        try:
            self.table.transact(change, release, *also)
        except ConditionLost:
            return False
        return True
