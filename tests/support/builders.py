"""Whole and plausible values; a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from promotion_jobs.codes.code import Chunk, Code, Terms
from promotion_jobs.jobs.job import (
    NO_PARAMETERS,
    ONE_RUN,
    DeleteParameters,
    ExportFile,
    GenerateParameters,
    Job,
    JobStatus,
    JobType,
    Message,
    Plan,
)
from promotion_jobs.jobs.runs import Lease
from promotion_jobs.promotions.promotion import Promotion

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW_TEXT = "2026-06-01T12:00:00.000Z"

PROMOTION_ID = "019e82fb-4a00-7000-8000-00000000000a"
JOB_ID = "019e82fb-4a00-7000-8000-00000000000b"
UNKNOWN_ID = "019e82fb-4a00-7000-8000-0000000000ff"
CLIENT_ID = "shop"

SEED = bytes(range(32))
MALFORMED_IDS = ("1", "not-an-id", PROMOTION_ID.upper(), f"{PROMOTION_ID}0", PROMOTION_ID.replace("-", ""))

LEASE = Lease("holder", NOW + timedelta(minutes=1))

EXPORT_FILE = ExportFile(key=f"{PROMOTION_ID}/{JOB_ID}/1.csv", rows=2, size=120, sha256="0" * 64)


class Clock:
    """The time, which stands still until it is moved on."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


def promotion(**changes: Any) -> Promotion:
    whole = Promotion(
        id=PROMOTION_ID,
        fields={"name": "Summer sale"},
        automatic=False,
        max_codes=1_000,
        room=1_000,
        codes=0,
        created_by=CLIENT_ID,
        updated_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(whole, **changes)


def generate_job(plan: Plan | None = None, **changes: Any) -> Job:
    """A pending code_generate job of as many codes as its plan says."""
    plan = plan or Plan(100)
    job = Job(
        id=JOB_ID,
        promotion_id=PROMOTION_ID,
        job_type=JobType.CODE_GENERATE,
        status=JobStatus.PENDING,
        parameters=GenerateParameters(plan.number_of_codes),
        plan=plan,
        seed=SEED,
        created_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(job, **changes)


def export_job(**changes: Any) -> Job:
    return replace(
        generate_job(job_type=JobType.CODE_EXPORT, seed=b""), parameters=NO_PARAMETERS, plan=ONE_RUN, **changes
    )


def delete_job(source: str | None = None, **changes: Any) -> Job:
    """A pending code_delete job: of the codes of the job of this id, or of all."""
    whole = replace(export_job(), job_type=JobType.CODE_DELETE, parameters=DeleteParameters(source))
    return replace(whole, **changes)


def chunk(**changes: Any) -> Chunk:
    whole = Chunk(
        source=JOB_ID,
        number=0,
        codes=["bcdf-ghjk", "mnpq-rstv"],
        created_by=CLIENT_ID,
        created_at=NOW,
    )
    return replace(whole, **changes)


def code(**changes: Any) -> Code:
    whole = Code(
        code="bcdf-ghjk",
        terms=Terms(),
        job_id=JOB_ID,
        created_by=CLIENT_ID,
        created_at=NOW,
    )
    return replace(whole, **changes)


def message(run: int = 0) -> Message:
    return Message(PROMOTION_ID, JOB_ID, run)
