"""Whole and plausible values; a test names only what it is about."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from promotion_jobs.codes.code import Chunk, Code, NewCode, Terms, WrittenChunk
from promotion_jobs.codes.format import NOTATION
from promotion_jobs.codes.plan import ONE_RUN, Plan
from promotion_jobs.jobs.job import (
    DeleteParameters,
    ExportFile,
    ExportParameters,
    GenerateParameters,
    Job,
    JobStatus,
    JobType,
    Message,
)
from promotion_jobs.promotions.promotion import Promotion

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW_TEXT = "2026-06-01T12:00:00.000Z"

PROMOTION_ID = "019e82fb-4a00-7000-8000-00000000000a"
JOB_ID = "019e82fb-4a00-7000-8000-00000000000b"
HAND_ID = "019e82fb-4a00-7000-8000-00000000000c"
UNKNOWN_ID = "019e82fb-4a00-7000-8000-0000000000ff"
CLIENT_ID = "shop"

MALFORMED_IDS = ("1", "not-an-id", f"{PROMOTION_ID}0", PROMOTION_ID.replace("-", ""), f"\uff10{PROMOTION_ID[1:]}")

HOLDER = "holder"
"""Of a run's lease."""

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
        created_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(job, **changes)


def export_job(**changes: Any) -> Job:
    whole = replace(generate_job(job_type=JobType.CODE_EXPORT), parameters=ExportParameters(), plan=ONE_RUN)
    return replace(whole, **changes)


def delete_job(source: str | None = None, **changes: Any) -> Job:
    """A pending code_delete job: of the codes of the job of this id, or of all."""
    whole = replace(export_job(), job_type=JobType.CODE_DELETE, parameters=DeleteParameters(source))
    return replace(whole, **changes)


def packed(*codes: str) -> bytes:
    """Codes without a prefix, all of the same length, as a chunk keeps them."""
    readings = [NOTATION.readings(code)[-1] for code in codes]
    assert {it.head for it in readings} == {""}
    return b"".join(it.body.to_bytes(NOTATION.width(it.length)) for it in readings)


def chunk(*codes: str, number: int = 0, job: Job | None = None) -> Chunk:
    """Codes of a job that is completed, of two unless it says otherwise."""
    codes = codes or ("bcdf-ghjk", "mnpq-rstv")
    return Chunk((job or generated_job(len(codes))).maker, number, packed(*codes))


def generated_job(number_of_codes: int, **changes: Any) -> Job:
    """A job that is completed."""
    given = {"generated": number_of_codes, "status": JobStatus.COMPLETED, "first_index": 0, "key_version": 1}
    return generate_job(Plan(number_of_codes), **{**given, **changes})


def by_hand(*codes: str, id: str = HAND_ID, removed: Iterable[int] = (), user: str | None = None) -> WrittenChunk:  # noqa: A002 - as it is called
    made = [NewCode(code, Terms(user=user)) for code in codes]
    return WrittenChunk(id, made, CLIENT_ID, NOW, frozenset(removed))


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
