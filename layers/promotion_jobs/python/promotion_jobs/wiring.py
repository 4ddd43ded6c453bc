"""The composition root: the one place where ports meet adapters, and where time and randomness come from.

Every factory is cached, so a container makes each client once, when it is first needed.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from promotion_jobs.announcements import Announcer
from promotion_jobs.api import answers
from promotion_jobs.creation import JobCreator
from promotion_jobs.dynamodb.code_changes import DynamoCodeEditor
from promotion_jobs.dynamodb.codes import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.dynamodb.jobs import DynamoJobStore
from promotion_jobs.dynamodb.promotions import DynamoPromotionStore
from promotion_jobs.dynamodb.purges import DynamoPurgeStore
from promotion_jobs.dynamodb.runs import DynamoRunStore
from promotion_jobs.dynamodb.sweeps import DynamoSweepStore
from promotion_jobs.dynamodb.table import Table
from promotion_jobs.dynamodb.tokens import DynamoTokenStore
from promotion_jobs.eventbridge import EventBridgeBus
from promotion_jobs.exports import Downloads, Exporter
from promotion_jobs.generation import Generator
from promotion_jobs.identifiers import uuid7
from promotion_jobs.jobs import JobCanceller, Jobs
from promotion_jobs.limits import RUNS_AHEAD
from promotion_jobs.promotion_codes import CodeChanges, PromotionCodes
from promotion_jobs.promotions import PromotionRemover, Promotions
from promotion_jobs.purge import Purger
from promotion_jobs.s3 import S3FileStore
from promotion_jobs.settings import settings
from promotion_jobs.sqs import SqsJobQueue
from promotion_jobs.sweep import Sweeper
from promotion_jobs.tokens import Tokens
from promotion_jobs.undo import Undoer
from promotion_jobs.worker import Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient

_INSERT_THREADS = 8
"""As many as saturate the worker's one vCPU; more only wait for each other."""

_PATIENCE: Any = {"connect_timeout": 1, "read_timeout": 5, "retries": {"mode": "standard", "total_max_attempts": 3}}
"""A call that stalls is asked again while its function still has time."""


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))


def _new_token() -> str:
    return secrets.token_hex(20)


def _new_seed() -> bytes:
    return secrets.token_bytes(32)


@cache
def _table() -> Table:
    config = Config(
        **_PATIENCE,
        max_pool_connections=_INSERT_THREADS + 2,
        # Half of a batch's CPU time is botocore checking values that were made a line above.
        parameter_validation=False,
    )
    return Table(boto3.client("dynamodb", config=config), settings().table_name)


@cache
def _queue() -> SqsJobQueue:
    return SqsJobQueue(boto3.client("sqs", config=Config(**_PATIENCE)), settings().job_queue_url)


@cache
def _files() -> S3FileStore:
    # Or links of most regions are signed for the global endpoint, which redirects to the region's, where they are void.
    regional: Any = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    config = Config(**_PATIENCE, signature_version="s3v4", s3=regional)
    return S3FileStore(boto3.client("s3", config=config), settings().export_bucket)


def tokens_in(client: "DynamoDBClient", table_name: str) -> Tokens:
    return Tokens(DynamoTokenStore(Table(client, table_name)), _now, _new_token)


@cache
def tokens() -> Tokens:
    return Tokens(DynamoTokenStore(_table()), _now, _new_token)


@cache
def promotions() -> Promotions:
    return Promotions(DynamoPromotionStore(_table()), _now, _new_id)


@cache
def promotion_remover() -> PromotionRemover:
    return PromotionRemover(DynamoPromotionStore(_table()), _queue(), _now, _new_id)


@cache
def code_changes() -> CodeChanges:
    return CodeChanges(DynamoCodeReader(_table()), DynamoCodeEditor(_table()), _now, _new_id)


@cache
def job_canceller() -> JobCanceller:
    return JobCanceller(jobs(), DynamoJobStore(_table()), _queue(), _now)


@cache
def promotion_codes() -> PromotionCodes:
    return PromotionCodes(DynamoCodeReader(_table()))


@cache
def job_creator() -> JobCreator:
    return JobCreator(
        store=DynamoJobStore(_table()),
        promotions=promotions(),
        queue=_queue(),
        now=_now,
        new_id=_new_id,
        new_seed=_new_seed,
        least_guess_odds=settings().least_guess_odds,
    )


@cache
def jobs() -> Jobs:
    return Jobs(DynamoJobStore(_table()), _now)


@cache
def downloads() -> Downloads:
    return Downloads(jobs(), _files(), _now, settings().export_life)


@cache
def _events() -> "EventBridgeClient":
    return boto3.client("events", config=Config(**_PATIENCE))


@cache
def _announcer() -> Announcer:
    # Made with the first event: most deliveries have none.
    return Announcer(DynamoJobStore(_table()), EventBridgeBus(_events, settings().event_bus_name, answers.job))


def _runs_ahead() -> int:
    """Fewer than there are workers, so that one job never takes all of them."""
    return max(1, min(RUNS_AHEAD, settings().worker_concurrency // 2))


@cache
def worker() -> Worker:
    table, queue, files = _table(), _queue(), _files()
    jobs_, runs = DynamoJobStore(table), DynamoRunStore(table)
    codes = DynamoCodeStore(table, ThreadPoolExecutor(_INSERT_THREADS))
    generator = Generator(codes)
    return Worker(
        store=jobs_,
        runs=runs,
        queue=queue,
        generator=generator,
        undoer=Undoer(jobs_, runs, codes, queue, _now, _runs_ahead()),
        exporter=Exporter(DynamoCodeReader(table), files, lambda: _new_id(_now())),
        purger=Purger(DynamoPurgeStore(table, codes), generator, files, queue, _announcer()),
        announcer=_announcer(),
        now=_now,
        new_holder=lambda: _new_id(_now()),
        runs_ahead=_runs_ahead(),
    )


@cache
def sweeper() -> Sweeper:
    table = _table()
    return Sweeper(
        store=DynamoSweepStore(table),
        runs=DynamoRunStore(table),
        queue=_queue(),
        now=_now,
        patience=settings().worker_timeout,
        runs_ahead=_runs_ahead(),
    )
