"""The service as the benchmarks meet it: its settings, and what its table holds, with the stub in AWS's place."""

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from bench.stub import Stub
from promotion_jobs.aws.table import Table
from promotion_jobs.codes.code import Chunk
from promotion_jobs.codes.store import DynamoCodeStore
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, JobType, Plan
from promotion_jobs.jobs.store import DynamoJobStore
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import DynamoPromotionStore
from promotion_jobs.tokens.store import DynamoTokenStore
from promotion_jobs.tokens.token import Client, Grant, Token
from promotion_jobs.tokens.tokens import hash_secret

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "promotion-jobs-Table"
BUCKET = "promotion-jobs-exports"
PROMOTION_ID = "019e82fb-4a00-7000-8000-00000000000a"
JOB_ID = "019e82fb-4a00-7000-8000-00000000000b"
CLIENT_ID = "shop"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEED = bytes(range(32))
TIME_LEFT = timedelta(minutes=2)
"""Of a delivery: the worker's timeout."""

Item = dict[str, Any]


def use(stub: Stub) -> str:
    """Set what template.yaml sets, for this process and those that it starts; returns the queue's URL."""
    queue = f"{stub.url}/123456789012/promotion-jobs-JobQueue"
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": stub.url,
        "POWERTOOLS_METRICS_NAMESPACE": "PromotionJobs",
        "POWERTOOLS_SERVICE_NAME": "promotion-jobs",
        "EVENT_BUS_NAME": "default",
        "EXPORT_BUCKET": BUCKET,
        "JOB_QUEUE_URL": queue,
        "LEAST_GUESS_ODDS": "100000",
        "TABLE_NAME": TABLE,
        "WORKER_CONCURRENCY": "10",
    }
    return queue


def generate_job(codes: int, length: int | None = None, prefix: str | None = None) -> Job:
    return Job(
        id=JOB_ID,
        promotion_id=PROMOTION_ID,
        job_type=JobType.CODE_GENERATE,
        status=JobStatus.PENDING,
        parameters=GenerateParameters(codes, code_length=length, code_prefix=prefix),
        plan=Plan(codes),
        seed=SEED,
        created_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )


def export_job() -> Job:
    """One that is claimed: a worker asks now and then whether it still is."""
    changes: dict[str, Any] = {"parameters": None, "plan": None, "seed": b"", "status": JobStatus.PROCESSING}
    return replace(generate_job(1), job_type=JobType.CODE_EXPORT, **changes)


@dataclass(frozen=True, slots=True)
class _Recorder:
    """In a client's place: what the adapters want to put."""

    items: list[Item] = field(default_factory=list)

    def transact_write_items(self, *, TransactItems: list[Mapping[str, Any]]) -> None:  # noqa: N803 - as boto3 has it
        self.items.extend(action["Put"]["Item"] for action in TransactItems if "Put" in action)

    def table(self) -> Table:
        return Table(cast("DynamoDBClient", self), TABLE)


def job_items(job: Job) -> list[Item]:
    recorder = _Recorder()
    DynamoJobStore(recorder.table()).add(job)
    return recorder.items


def chunk_item(chunk: Chunk) -> Item:
    recorder = _Recorder()
    DynamoCodeStore(recorder.table(), Executor()).commit(chunk, PROMOTION_ID, run=0)
    return recorder.items[0]


def promotion_items(max_codes: int) -> list[Item]:
    recorder = _Recorder()
    fields = {"name": "Summer sale", "description": "10 dollars off", "enabled": True}
    promotion = Promotion(
        id=PROMOTION_ID,
        fields=fields,
        automatic=False,
        max_codes=max_codes,
        room=max_codes,
        codes=0,
        created_by=CLIENT_ID,
        updated_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )
    DynamoPromotionStore(recorder.table()).add(promotion)
    return recorder.items


def token_items(access_token: str) -> list[Item]:
    """A client and its token, which does not expire while a benchmark runs."""
    recorder = _Recorder()
    tokens = DynamoTokenStore(recorder.table())
    tokens.add_client(Client(CLIENT_ID, "shop", hash_secret("secret"), NOW))
    expires_at = datetime.now(UTC) + timedelta(days=1)
    tokens.add_token(hash_secret(access_token), Token(CLIENT_ID, Grant.CLIENT_CREDENTIALS, expires_at))
    return recorder.items
