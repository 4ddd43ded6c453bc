"""Jobs in the table: the promotion's lock, the states of a job and of its runs.

Each method that writes is one transaction. The lock is the promotion's attribute ``open_job``; it is taken with the
job's creation and released with its last state, on the condition that it is this job's.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, ConditionLost, Item, Table
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    IdempotencyKeyReused,
    PromotionJobsError,
    PromotionNotFound,
    RequestRepeated,
    TooManyJobs,
)
from promotion_jobs.jobs.job import (
    DeleteParameters,
    ExportFile,
    GenerateParameters,
    Job,
    JobStatus,
    JobType,
    KeyedRequest,
    Plan,
)
from promotion_jobs.jobs.open_work import opened
from promotion_jobs.jobs.read import Claim, Counts
from promotion_jobs.jobs.runs import Lease, RunStatus
from promotion_jobs.values import from_text, to_text

_LOCK, _REQUEST = 0, 3
"""Positions in the transaction that creates a job."""

_MINE = "#open_job = :job"
_NOT_FAILED = "attribute_not_exists(#failure)"

States = tuple[JobStatus, JobStatus]

_CLAIM: States = (JobStatus.PENDING, JobStatus.PROCESSING)
_REFUSE: States = (JobStatus.PENDING, JobStatus.FAILED)
_CANCEL_PENDING: States = (JobStatus.PENDING, JobStatus.CANCELLED)
_CANCEL_PROCESSING: States = (JobStatus.PROCESSING, JobStatus.CANCELLING)
_GIVE_UP: States = (JobStatus.PROCESSING, JobStatus.PROCESSING)
_CANCELLED: States = (JobStatus.CANCELLING, JobStatus.CANCELLED)
_FAILED: States = (JobStatus.PROCESSING, JobStatus.FAILED)
_COMPLETE: States = (JobStatus.PROCESSING, JobStatus.COMPLETED)


def _to_values(job: Job) -> Item:
    return {
        "job_type": job.job_type,
        "status": job.status,
        "name": job.name,
        "parameters": asked.given() if (asked := job.parameters or job.deletion) else None,
        "plan": asdict(job.plan) if job.plan else None,
        "seed": job.seed or None,
        "runs_done": job.runs_done,
        "runs_clean": 0,
        "created_by": job.created_by,
        "created_at": to_text(job.created_at),
        "updated_at": to_text(job.updated_at),
    }


def from_item(item: Item) -> Job:
    job_type = JobType(item["job_type"])
    return Job(
        id=keys.identifier(item),
        promotion_id=keys.promotion_of(item),
        job_type=job_type,
        status=JobStatus(item["status"]),
        name=item.get("name"),
        parameters=GenerateParameters(**item["parameters"]) if job_type is JobType.CODE_GENERATE else None,
        deletion=DeleteParameters(item["parameters"].get("job_id")) if job_type is JobType.CODE_DELETE else None,
        plan=Plan(**item["plan"]) if "plan" in item else None,
        seed=item.get("seed", b""),
        runs_done=item["runs_done"],
        generated=item.get("generated", 0),
        deleted=item.get("deleted", 0),
        error=item.get("error"),
        failure=item.get("failure") if item["status"] == JobStatus.PROCESSING else None,
        file=ExportFile(**item["file"]) if "file" in item else None,
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
        updated_at=from_text(item["updated_at"]),
        started_at=from_text(item["started_at"]) if "started_at" in item else None,
        stopped_at=from_text(item["stopped_at"]) if "stopped_at" in item else None,
    )


def _request_key(request: KeyedRequest) -> Key:
    return keys.request(request.client_id, request.promotion_id, request.key)


def _refusal(promotion: Item, job: Job) -> PromotionJobsError:
    """Why a promotion, as it stands, did not give its lock to the job; in the order of decision 6."""
    if not promotion or "deleted_at" in promotion:
        return PromotionNotFound()
    if job.plan and job.plan.number_of_codes > promotion["max_codes"]:
        return CodesLimitExceeded(promotion["max_codes"])
    if job.plan and promotion["automatic"]:
        return AutomaticPromotion()
    return TooManyJobs(promotion["open_job"])


@dataclass(frozen=True, slots=True)
class DynamoJobStore:
    table: Table

    # Reading

    def get(self, promotion_id: str, job_id: str) -> Job | None:
        item = self.table.get(keys.job(promotion_id, job_id))
        return from_item(item) if item else None

    def list(self, promotion_id: str) -> Sequence[Job]:
        return [from_item(item) for item in self.table.query(keys.jobs(promotion_id), ScanIndexForward=False)]

    def find(self, promotion_id: str, job_id: str) -> Job | None:
        items = self.table.get_all([keys.promotion(promotion_id), keys.job(promotion_id, job_id)])
        by_key = {item["sk"]: item for item in items}
        promotion = by_key.get(keys.promotion(promotion_id)["sk"])
        if promotion is None or "deleted_at" in promotion:
            raise PromotionNotFound
        job = by_key.get(keys.job(promotion_id, job_id)["sk"])
        return from_item(job) if job else None

    def counts(self, job_id: str) -> Counts:
        runs = list(self.table.query(keys.runs(job_id)))
        return Counts(*(sum(run.get(name, 0) for run in runs) for name in ("generated", "deleted", "exported")))

    def visible_codes(self, promotion_id: str, job_id: str | None = None) -> int:
        if job_id is not None:
            job = self.get(promotion_id, job_id)
            return job.visible_codes if job else 0
        promotion = self.table.get(keys.promotion(promotion_id))
        return promotion["codes"] if promotion else 0

    # Creating

    def earlier(self, request: KeyedRequest, now: datetime) -> Job | None:
        item = self.table.get(_request_key(request))
        if item is None or item["expires_at"] <= int(now.timestamp()):
            return None
        if item["fingerprint"] != request.fingerprint:
            raise IdempotencyKeyReused
        job = self.find(request.promotion_id, item["job"])
        if job is None:
            # A job lives as long as its promotion, of which the purge has come as far as this.
            raise PromotionNotFound
        return job

    def add(self, job: Job, request: KeyedRequest | None = None) -> None:
        condition = "attribute_exists(pk) AND attribute_not_exists(#open_job)"
        values: dict[str, Any] = {"job": job.id}
        if job.plan:
            condition += " AND #automatic = :false AND #max_codes >= :codes"
            values |= {"false": False, "codes": job.plan.number_of_codes}
        try:
            self.table.transact(
                self.table.update(keys.promotion(job.promotion_id), "SET #open_job = :job", condition, **values),
                self.table.put(keys.job(job.promotion_id, job.id), _to_values(job)),
                self.table.put(keys.open_job(job.id), opened(job.promotion_id, job.created_at)),
                *([self._remember(job, request)] if request else []),
            )
        except ConditionLost as error:
            if error.lost.get(_REQUEST, {}).get("job", job.id) != job.id:
                raise RequestRepeated from error
            promotion = error.lost.get(_LOCK)
            # An attempt whose answer was lost finds its own lock, or its own job, and has succeeded (decision 18).
            if promotion is None or promotion.get("open_job") == job.id:
                return
            raise _refusal(promotion, job) from error

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

    def withdraw(self, job: Job) -> None:
        key = keys.job(job.promotion_id, job.id)
        change = self.table.delete(key, "#status = :pending", pending=JobStatus.PENDING)
        self._end(job, change, also=[self.table.delete(keys.open_job(job.id))])

    # Cancelling

    def cancel_pending(self, job: Job, now: datetime) -> bool:
        return self._end(job, self._move(job, _CANCEL_PENDING, now))

    def cancel_processing(self, job: Job, now: datetime) -> bool:
        try:
            also = {"also_set": "#stopped_at = :now", "also_if": _NOT_FAILED}
            self.table.transact(self._move(job, _CANCEL_PROCESSING, now, **also))
        except ConditionLost:
            return False
        return True

    # Working

    def claim(self, job: Job, now: datetime) -> Claim:
        actions = [self._move(job, _CLAIM, now, also_set="#started_at = :now")]
        if job.plan:
            actions.append(self._take_room(job, job.plan.number_of_codes))
        try:
            self.table.transact(*actions)
        except ConditionLost as error:
            return Claim.NOT_PENDING if 0 in error.lost else Claim.NO_ROOM
        return Claim.CLAIMED

    def _take_room(self, job: Job, number_of_codes: int) -> Action:
        key, condition = keys.promotion(job.promotion_id), f"#room >= :codes AND {_MINE}"
        return self.table.update(key, "SET #room = #room - :codes", condition, codes=number_of_codes, job=job.id)

    def refuse(self, job: Job, error: str, now: datetime) -> None:
        self._end(job, self._move(job, _REFUSE, now, also_set="#error = :error", error=error))

    def give_up(self, job: Job, failure: str, now: datetime) -> None:
        # In the same state, but marked: it shows processing until it is clean (decision 21).
        with suppress(ConditionLost):
            self.table.transact(
                self._move(job, _GIVE_UP, now, also_set="#failure = :failure", also_if=_NOT_FAILED, failure=failure)
            )

    def complete_generate(self, job: Job, now: datetime) -> None:
        if job.plan is None:
            return
        codes, runs = job.plan.number_of_codes, job.plan.runs
        also_set, also_if = "#generated = :codes", f"#runs_done = :runs AND {_NOT_FAILED}"
        change = self._move(job, _COMPLETE, now, also_set=also_set, also_if=also_if, codes=codes, runs=runs)
        self._end(job, change, published=codes)

    def complete_export(self, job: Job, file: ExportFile, now: datetime) -> bool:
        also = {"also_set": "#file = :file", "also_if": _NOT_FAILED}
        return self._end(job, self._move(job, _COMPLETE, now, **also, file=asdict(file)))

    def complete_delete(self, job: Job, lease: Lease, now: datetime) -> None:
        run = self.table.get(keys.run(job.id, 0))
        deleted = run["deleted"] if run else 0
        self._end(
            job,
            self._move(job, _COMPLETE, now, also_set="#deleted = :deleted", also_if=_NOT_FAILED, deleted=deleted),
            also=[
                self.table.update(
                    keys.run(job.id, 0),
                    "SET #status = :completed REMOVE #unlisted",
                    "#status = :processing AND #lease = :lease AND #deleted = :deleted",
                    completed=RunStatus.COMPLETED,
                    processing=RunStatus.PROCESSING,
                    lease=lease.holder,
                    deleted=deleted,
                )
            ],
        )

    def end_undo(self, job: Job, generated: int, deleted: int, now: datetime) -> None:
        runs = 0 if job.job_type is JobType.CODE_EXPORT else job.runs
        counts = "#generated = :generated, #deleted = :deleted"
        values = {"generated": generated, "deleted": deleted, "runs": runs}
        clean = "#runs_clean = :runs"
        if job.failure is None:
            change = self._move(job, _CANCELLED, now, also_set=counts, also_if=clean, **values)
        else:
            failed = f"{counts}, #error = :error"
            change = self._move(job, _FAILED, now, also_set=failed, also_if=clean, error=job.failure, **values)
        self._end(job, change, returned=job.plan.number_of_codes if job.plan else 0)

    # Announcing

    def awaits_announcement(self, job_id: str) -> bool:
        return self.table.get(keys.open_job(job_id)) is not None

    def close(self, job_id: str) -> None:
        # Without a condition: a job that has ended is never open again.
        self.table.transact(self.table.delete(keys.open_job(job_id)))

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

        So many of its codes are published with that, or so much room is given back. It stays listed as open work until
        its end is announced.
        """
        counted = "SET #codes = #codes + :published, #room = #room + :returned REMOVE #open_job"
        try:
            self.table.transact(
                change,
                self.table.update(
                    keys.promotion(job.promotion_id),
                    counted,
                    _MINE,
                    job=job.id,
                    published=published,
                    returned=returned,
                ),
                *also,
            )
        except ConditionLost:
            return False
        return True
