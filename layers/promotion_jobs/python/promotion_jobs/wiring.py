"""The composition root: the one place where ports meet adapters, and where time and randomness come from.

Every factory is cached, so a container makes each use case once, and imports what it takes when it is first needed: a
function that reads a job loads nothing of what makes codes.
"""

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from promotion_jobs.aws.table import Backoff, Table
from promotion_jobs.observe import measure
from promotion_jobs.settings import settings
from promotion_jobs.values import uuid7

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from promotion_jobs.aws.files import S3FileStore
    from promotion_jobs.aws.queue import SqsJobQueue
    from promotion_jobs.codes.codes import CodeChanges, PromotionCodes
    from promotion_jobs.jobs.announcements import Announcer
    from promotion_jobs.jobs.create import JobCreator
    from promotion_jobs.jobs.export import Downloads
    from promotion_jobs.jobs.read import JobCanceller, Jobs
    from promotion_jobs.jobs.sweep import Sweeper
    from promotion_jobs.jobs.worker import Worker
    from promotion_jobs.promotions.promotions import PromotionRemover, Promotions
    from promotion_jobs.tokens.tokens import Tokens


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
    from promotion_jobs.aws import clients

    return Table(clients.dynamodb(), settings().table_name, Backoff(meter=measure))


@cache
def _queue() -> "SqsJobQueue":
    from promotion_jobs.aws import clients
    from promotion_jobs.aws.queue import SqsJobQueue

    return SqsJobQueue(clients.sqs, settings().job_queue_url)


@cache
def _files() -> "S3FileStore":
    from promotion_jobs.aws import clients
    from promotion_jobs.aws.files import S3FileStore

    return S3FileStore(clients.s3, settings().export_bucket)


@cache
def _announcer() -> "Announcer":
    from promotion_jobs.api import answers
    from promotion_jobs.aws import clients
    from promotion_jobs.aws.bus import EventBridgeBus
    from promotion_jobs.jobs.announcements import Announcer
    from promotion_jobs.jobs.store import DynamoJobStore

    bus = EventBridgeBus(clients.events, settings().event_bus_name, answers.job)
    return Announcer(DynamoJobStore(_table()), bus, measure)


def tokens_in(client: "DynamoDBClient", table_name: str) -> "Tokens":
    return _tokens(Table(client, table_name))


def _tokens(table: Table) -> "Tokens":
    from promotion_jobs.tokens.store import DynamoTokenStore
    from promotion_jobs.tokens.tokens import Tokens

    return Tokens(DynamoTokenStore(table), _now, _new_token)


@cache
def tokens() -> "Tokens":
    return _tokens(_table())


@cache
def promotions() -> "Promotions":
    from promotion_jobs.promotions.promotions import Promotions
    from promotion_jobs.promotions.store import DynamoPromotionStore

    return Promotions(DynamoPromotionStore(_table()), _now, _new_id)


@cache
def promotion_remover() -> "PromotionRemover":
    from promotion_jobs.promotions.promotions import PromotionRemover
    from promotion_jobs.promotions.store import DynamoPromotionStore

    return PromotionRemover(DynamoPromotionStore(_table()), _queue(), _now, _new_id)


@cache
def promotion_codes() -> "PromotionCodes":
    from promotion_jobs.codes.codes import PromotionCodes
    from promotion_jobs.codes.store import DynamoCodeReader
    from promotion_jobs.jobs.store import DynamoJobStore

    return PromotionCodes(DynamoCodeReader(_table()), DynamoJobStore(_table()))


@cache
def code_changes() -> "CodeChanges":
    from promotion_jobs.codes.changes import DynamoCodeEditor
    from promotion_jobs.codes.codes import CodeChanges
    from promotion_jobs.codes.store import DynamoCodeReader

    return CodeChanges(DynamoCodeReader(_table()), DynamoCodeEditor(_table()), _now, _new_id)


@cache
def jobs() -> "Jobs":
    from promotion_jobs.jobs.read import Jobs
    from promotion_jobs.jobs.store import DynamoJobStore

    return Jobs(DynamoJobStore(_table()), _now)


@cache
def job_creator() -> "JobCreator":
    from promotion_jobs.jobs.create import JobCreator
    from promotion_jobs.jobs.store import DynamoJobStore

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
def job_canceller() -> "JobCanceller":
    from promotion_jobs.jobs.read import JobCanceller
    from promotion_jobs.jobs.store import DynamoJobStore

    return JobCanceller(jobs(), DynamoJobStore(_table()), _queue(), _now)


@cache
def downloads() -> "Downloads":
    from promotion_jobs.jobs.export import Downloads

    return Downloads(jobs(), _files(), _now, settings().export_life)


def _runs_ahead() -> int:
    """Fewer than there are workers, so that one job never takes all of them."""
    from promotion_jobs.limits import RUNS_AHEAD

    return max(1, min(RUNS_AHEAD, settings().worker_concurrency // 2))


@cache
def worker() -> "Worker":
    from concurrent.futures import ThreadPoolExecutor

    from promotion_jobs.aws.clients import INSERT_THREADS
    from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
    from promotion_jobs.jobs.delete import Deleter
    from promotion_jobs.jobs.delete_store import DynamoDeletionStore
    from promotion_jobs.jobs.export import Exporter
    from promotion_jobs.jobs.generate import Generator
    from promotion_jobs.jobs.purge import Purger
    from promotion_jobs.jobs.purge_store import DynamoPurgeStore
    from promotion_jobs.jobs.run_store import DynamoRunStore
    from promotion_jobs.jobs.store import DynamoJobStore
    from promotion_jobs.jobs.undo import Undoer
    from promotion_jobs.jobs.worker import Worker

    table, queue, files = _table(), _queue(), _files()
    jobs_, runs = DynamoJobStore(table), DynamoRunStore(table)
    codes = DynamoCodeStore(table, ThreadPoolExecutor(INSERT_THREADS))
    generator, deleter = Generator(codes, measure), Deleter(DynamoDeletionStore(table, codes), measure)
    return Worker(
        store=jobs_,
        runs=runs,
        queue=queue,
        generator=generator,
        undoer=Undoer(jobs_, runs, codes, deleter, queue, _now, _runs_ahead(), measure),
        exporter=Exporter(DynamoCodeReader(table), files, lambda: _new_id(_now())),
        deleter=deleter,
        purger=Purger(DynamoPurgeStore(table, codes), generator, files, queue, _announcer()),
        announcer=_announcer(),
        now=_now,
        new_holder=lambda: _new_id(_now()),
        runs_ahead=_runs_ahead(),
        meter=measure,
    )


@cache
def sweeper() -> "Sweeper":
    from promotion_jobs.jobs.run_store import DynamoRunStore
    from promotion_jobs.jobs.sweep import Sweeper
    from promotion_jobs.jobs.sweep_store import DynamoSweepStore

    return Sweeper(
        store=DynamoSweepStore(_table()),
        runs=DynamoRunStore(_table()),
        queue=_queue(),
        now=_now,
        patience=settings().worker_timeout,
        runs_ahead=_runs_ahead(),
        meter=measure,
    )
