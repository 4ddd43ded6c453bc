"""The service as the benchmarks meet it: its settings, and what its table holds, with the stub in AWS's place."""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from bench.stub import Stub
from promotion_jobs.aws import keys
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import to_value
from promotion_jobs.codes.plan import ONE_RUN, Plan
from promotion_jobs.codes.spaces import FIRST_VERSION
from promotion_jobs.jobs.job import (
    ExportParameters,
    GenerateParameters,
    ImportParameters,
    Job,
    JobStatus,
    JobType,
    Upload,
)
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey, Status
from promotion_jobs.settings import Settings
from promotion_jobs.tokens.token import Client, Grant, Token
from promotion_jobs.tokens.tokens import hash_secret
from promotion_jobs.values import to_text
from promotion_jobs.wiring import Service

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "promotion-jobs-Table"
BUCKET = "promotion-jobs-exports"
PROMOTION_ID = "019e82fb-4a00-7000-8000-00000000000a"
JOB_ID = "019e82fb-4a00-7000-8000-00000000000b"
CLIENT_ID = "shop"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
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
        created_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )


def export_job() -> Job:
    """One that is claimed: a worker asks now and then whether it still is."""
    job = replace(generate_job(1), job_type=JobType.CODE_EXPORT, status=JobStatus.PROCESSING)
    return replace(job, parameters=ExportParameters(), plan=ONE_RUN)


def import_job(size: int) -> Job:
    """One that is claimed, of a file of so many bytes."""
    job = replace(generate_job(1), job_type=JobType.CODE_IMPORT, status=JobStatus.PROCESSING)
    return replace(
        job, parameters=ImportParameters(JOB_ID), plan=ONE_RUN, upload=Upload("uploads/file", size, '"file"')
    )


@dataclass(frozen=True, slots=True)
class _Recorder:
    """In the place of DynamoDB's client: what the stores want to put."""

    items: list[Item] = field(default_factory=list)

    def transact_write_items(self, *, TransactItems: list[Mapping[str, Any]]) -> None:  # noqa: N803 - AWS's name
        self.items.extend(action["Put"]["Item"] for action in TransactItems if "Put" in action)

    def service(self) -> Service:
        clients = Clients()
        clients.dynamodb = cast("DynamoDBClient", self)
        return Service(clients, lambda: NOW, secrets.randbits, Settings({"TABLE_NAME": TABLE}))


def job_items(job: Job) -> list[Item]:
    recorder = _Recorder()
    recorder.service().job_store.add(job)
    return recorder.items


def run_items(job: Job, status: RunStatus) -> list[Item]:
    """All runs of the job in this state, in which an update would leave them."""
    recorder = _Recorder()
    runs = recorder.service().runs
    for number in range(job.plan.runs):
        runs.take(job, number, "bench", NOW)
    return [item | {"status": to_value(status)} for item in recorder.items]


def chunk_item(job: Job, number: int, packed: bytes) -> Item:
    recorder = _Recorder()
    service = recorder.service()
    service.table.transact(service.code_store.put_chunk(job.id, job.plan.run_of(number), number, packed))
    return recorder.items[0]


def space_items(*lengths: int, given: int = 0) -> list[Item]:
    """The spaces of these lengths, of which so many indices are given, and the key."""
    recorder = _Recorder()
    service = recorder.service()
    space = {"next": given, "version": FIRST_VERSION, "first_1": 0}
    puts = [service.table.put(keys.space(length), space) for length in lengths]
    service.table.transact(*puts)
    service.keyring.add(FIRST_VERSION)
    return recorder.items


def allocation_item(job: Job) -> Item:
    """What says that its indices are the job's."""
    recorder = _Recorder()
    service = recorder.service()
    service.table.transact(service.spaces.put_allocation(job.allocation))
    return recorder.items[0]


def promotion_items(max_codes: int) -> list[Item]:
    """A promotion that lasts."""
    recorder = _Recorder()
    period = {"start": to_text(NOW), "end": "9999-01-01T00:00:00.000Z"}
    fields = {"name": "Summer sale", "description": "10 dollars off", "enabled": True, **period}
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
    recorder.service().promotion_store.add(promotion)
    return recorder.items


def usage_items(usages: Iterable[Redemption]) -> list[Item]:
    recorder = _Recorder()
    store = recorder.service().redemption_store
    for usage in usages:
        store.add(usage, None)
    return recorder.items


def usage(key: RedemptionKey, promotion_id: str, used_on: datetime) -> Redemption:
    """Of an order of the shop's."""
    return Redemption(
        key=key,
        id="order-4711",
        promotion_id=promotion_id,
        code="WELCOME-10",
        status=Status.REDEEMED,
        units=1,
        kept=1,
        drawn={},
        order_id="order-4711",
        customer_id="4711",
        customer_email="shopper@example.com",
        created_by=CLIENT_ID,
        used_on=used_on,
        updated_at=used_on,
    )


def token_items(access_token: str) -> list[Item]:
    """A client and its token, which does not expire while a benchmark runs."""
    recorder = _Recorder()
    tokens = recorder.service().tokens.store
    tokens.add_client(Client(CLIENT_ID, "shop", hash_secret("secret"), NOW))
    expires_at = datetime.now(UTC) + timedelta(days=1)
    tokens.add_token(hash_secret(access_token), Token(CLIENT_ID, Grant.CLIENT_CREDENTIALS, expires_at))
    return recorder.items
