"""Answers as examples, rendered by the code that renders the real ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from promotion_jobs.api import answers
from promotion_jobs.codes.code import Code, NewCode, Place, Terms, WrittenChunk
from promotion_jobs.jobs.create import Forecast, NewJob
from promotion_jobs.jobs.generate import Generate
from promotion_jobs.jobs.job import (
    Announced,
    DeleteParameters,
    ExportFile,
    ExportParameters,
    GenerateParameters,
    ImportParameters,
    Job,
    JobStatus,
    JobType,
)
from promotion_jobs.jobs.read import Download, Progress
from promotion_jobs.limits import TOKEN_LIFE, UPLOAD_LINK_LIFE
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.redemptions.redeem import Validity
from promotion_jobs.redemptions.redemption import MASKED, Redemption, RedemptionKey, Status
from promotion_jobs.tokens.token import Grant, Token

THEN = datetime(2026, 6, 1, 12, 0, 0, 587_000, tzinfo=UTC)
LATER = THEN + timedelta(seconds=7)
PROMOTION_ID = "019e830e-1a4b-7a31-9c1f-7b1f0d6f3a52"
GENERATE_ID = "019e830e-3c9e-7d02-8f4e-2a9d1c7b5e10"
EXPORT_ID = "019e830e-5d21-7e44-b3aa-91c02f6d8e77"
DELETE_ID = "019e830e-7b06-7c15-a6d2-4e8f30b9c1d4"
IMPORT_ID = "019e830e-a9f0-7b62-8c3d-1f5e7a90b2c4"
UPLOAD_ID = "019e830e-9c11-7d8e-b1a4-6c2d8e4f7a03"
CLIENT_ID = "3f1c9a7be2"

PROMOTION = Promotion(
    id=PROMOTION_ID,
    fields={
        "name": "Summer sale",
        "description": "10 dollars off",
        "enabled": True,
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
        "start": "2026-06-01T00:00:00Z",
        "end": "2026-08-31T00:00:00Z",
    },
    automatic=False,
    max_codes=500_000,
    room=499_000,
    codes=1_000,
    created_by=CLIENT_ID,
    updated_by=CLIENT_ID,
    created_at=THEN,
    updated_at=THEN,
)


GENERATE = Job(
    id=GENERATE_ID,
    promotion_id=PROMOTION_ID,
    job_type=JobType.CODE_GENERATE,
    status=JobStatus.COMPLETED,
    name="summer sale job",
    parameters=GenerateParameters(1_000, max_uses_per_code=1, code_prefix="summer"),
    generated=1_000,
    created_by=CLIENT_ID,
    created_at=THEN,
    updated_at=LATER,
)
CODE = Code("summer-bcdf-ghjk", Terms(max_uses=1), GENERATE_ID, CLIENT_ID, THEN)
EXPORT = replace(
    GENERATE,
    id=EXPORT_ID,
    job_type=JobType.CODE_EXPORT,
    name=None,
    parameters=ExportParameters(),
    files=[ExportFile("", 1_000, 93_067, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")],
)
DELETION = replace(
    GENERATE,
    id=DELETE_ID,
    job_type=JobType.CODE_DELETE,
    name=None,
    parameters=DeleteParameters(GENERATE_ID),
    generated=0,
    deleted=1_000,
)

IMPORT = replace(
    GENERATE,
    id=IMPORT_ID,
    job_type=JobType.CODE_IMPORT,
    name=None,
    parameters=ImportParameters(UPLOAD_ID, "skip", max_uses_per_code=1),
    generated=4_980,
    duplicates=15,
    invalid=5,
    files=[ExportFile("", 20, 1_042, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")],
)
_ANNOUNCED = Announced(
    UPLOAD_ID,
    f"https://bucket.s3.eu-west-1.amazonaws.com/uploads/{PROMOTION_ID}/{UPLOAD_ID}?X-Amz-Signature=…",
    {"Content-Type": "text/csv; charset=utf-8"},
    THEN + UPLOAD_LINK_LIFE,
)

_PLACE = Place(
    PROMOTION_ID,
    WrittenChunk("019e830e-90c4-7f3b-8a10-5d2e7b9c4f60", [NewCode("WELCOME-10", Terms(max_uses=100))], CLIENT_ID, THEN),
    0,
)
USAGE = Redemption(
    key=RedemptionKey.of(_PLACE.code_id, 100, "order-4711"),
    id="order-4711",
    promotion_id=PROMOTION_ID,
    code="WELCOME-10",
    status=Status.REDEEMED,
    units=1,
    kept=1,
    drawn={0: 1},
    order_id="order-4711",
    customer_id="4711",
    customer_email=None,
    created_by=CLIENT_ID,
    used_on=LATER,
    updated_at=LATER,
)
_MASKED = replace(USAGE, customer_email=MASKED, anonymized_by=CLIENT_ID)


_NOT_ASKED: Any = None
_GENERATOR = Generate(*[_NOT_ASKED] * 5)
"""It forecasts from what it is given: of stores it asks nothing."""


def _page(items: list[Any], render: Any, path: str) -> Any:
    event: Any = _Event(path)
    return answers.listing(Listing(items, len(items), Page()), render, event, filter_=None)


class _Event:
    """The parts of a listing's links."""

    def __init__(self, path: str) -> None:
        self.headers = {"host": "api.example.com"}
        self.raw_path = f"/v2/promotions{path}"


token = answers.token(
    "4f0c9d1a7b2e3c5d6f708192a3b4c5d6e7f80912",
    Token(CLIENT_ID, Grant.CLIENT_CREDENTIALS, LATER),
    int(TOKEN_LIFE.total_seconds()),
)
promotion = {"data": answers.promotion(PROMOTION)}
changed_promotion = {"data": answers.promotion(replace(PROMOTION, max_codes=1_000_000, updated_at=LATER))}
promotions = _page([PROMOTION], answers.promotion, "")
pending = {"data": answers.job(replace(GENERATE, status=JobStatus.PENDING, updated_at=THEN))}
forecast = {
    "data": answers.forecast(
        PROMOTION_ID,
        NewJob(GENERATE.job_type, GENERATE.name, GENERATE.parameters),
        Forecast(
            lock_is_free=True,
            room_is_enough=True,
            room=499_000,
            estimate=_GENERATOR.forecast(PROMOTION, GENERATE.parameters),
            example_codes=("summer-bcdf-ghjk", "summer-4x9z-2mwq", "summer-tvrs-7k3n"),
        ),
    )
}
_BIG = replace(GENERATE, parameters=GenerateParameters(100_000, code_prefix="summer"), status=JobStatus.PROCESSING)
processing = {"data": answers.job(_BIG, Progress(25_000, 100_000, 3_571, LATER + timedelta(seconds=21)))}
cancelling = {"data": answers.job(replace(GENERATE, status=JobStatus.CANCELLING))}
upload = {"data": answers.upload(_ANNOUNCED)}
jobs = _page([IMPORT, DELETION, EXPORT, replace(GENERATE, deleted=1_000)], answers.job, f"/{PROMOTION_ID}/jobs")
validity = {"data": answers.validity("welcome-10", Validity(None, _PLACE, PROMOTION, units=1, uses=99))}
usage = {"data": answers.usage(USAGE)}
rolled_back = {"data": answers.usage(replace(USAGE, status=Status.ROLLED_BACK, kept=0))}
usages = _page([USAGE], answers.usage, f"/{PROMOTION_ID}/usages")
code_usages = _page([USAGE], answers.usage, f"/{PROMOTION_ID}/codes/WELCOME-10/usages")
anonymized = answers.anonymized([_MASKED], ["AZ6DDpDEfzuKEF0ue5xPYAAAAAAAAAEAAAAAAAAAAAAAAAA"])
code = {"data": answers.code(CODE)}
code_by_hand = {"data": answers.code(Code("WELCOME-10", Terms(max_uses=1), None, CLIENT_ID, THEN))}
codes = _page([CODE], answers.code, f"/{PROMOTION_ID}/codes")
_LINK = "https://bucket.s3.eu-west-1.amazonaws.com/…/….csv?X-Amz-Signature=…"
files = answers.links([Download(_LINK, f"{PROMOTION_ID}_{EXPORT_ID}_20260601_120007_codes.csv", EXPORT.files[0])])
