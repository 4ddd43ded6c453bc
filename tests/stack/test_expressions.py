"""Every condition that the service sends, recorded while it does all that it can do.

AWS refuses arithmetic in a condition; the emulator computes it, and computes it wrongly. So no other test here would
notice.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from local.stack import LocalStack
from promotion_jobs.codes.changes import DynamoCodeEditor
from promotion_jobs.codes.code import Terms
from promotion_jobs.codes.codes import CodeChanges, NewCode
from promotion_jobs.codes.format import CodeFormat, chunk_codes
from promotion_jobs.codes.store import DynamoCodeReader, DynamoCodeStore
from promotion_jobs.jobs.job import Job, KeyedRequest, Plan
from promotion_jobs.jobs.run_store import DynamoRunStore
from promotion_jobs.jobs.runs import Lease
from promotion_jobs.pages import Page
from promotion_jobs.promotions.promotions import NewPromotion
from promotion_jobs.promotions.store import DynamoPromotionStore
from promotion_jobs.tokens.store import DynamoTokenStore
from promotion_jobs.tokens.token import Client, Grant, Token
from promotion_jobs.values import uuid7
from tests.stack.workshop import NOW, SEED, Workshop

CONDITIONS = {"ConditionExpression", "FilterExpression", "KeyConditionExpression"}
ARITHMETIC = re.compile(r"[-+*/%]")

CHANGED = "#version = :seen AND attribute_not_exists(#deleted_at) AND #room >= :given_up"
EXPECTED = {
    "#automatic = :false AND #room >= :codes AND attribute_not_exists(#deleted_at)",
    "#job = :source AND #slot = :slot",
    "#status = :completed",
    CHANGED,
    f"{CHANGED} AND #codes = :none AND attribute_not_exists(#open_job)",
    "attribute_exists(pk)",
    "attribute_not_exists(#deleted_at)",
    "attribute_exists(pk) AND attribute_not_exists(#open_job)",
    "attribute_exists(pk) AND attribute_not_exists(#open_job) AND #automatic = :false AND #max_codes >= :codes",
    "attribute_not_exists(pk) OR #expires_at <= :now",
    "attribute_not_exists(pk) OR #issued < :most",
    "attribute_not_exists(pk)",
    "pk = :pk",
    "pk = :pk AND sk BETWEEN :first AND :last",
    "#open_job = :job",
    "#room >= :codes AND #open_job = :job",
    "#status = :pending",
    "#status = :processing",
    "#status = :before",
    "#status = :before AND attribute_not_exists(#failure)",
    "#status = :before AND #runs_done = :runs AND attribute_not_exists(#failure)",
    "#status = :before AND #runs_clean = :runs",
    "#status = :cancelling",
    "#status = :open",
    "#status = :processing AND #lease_until < :now",
    "#lease = :lease",
    "#lease = :lease AND (attribute_not_exists(#exported) OR #exported < :rows)",
    "#open_job = :purge",
    "#sent_at = :seen AND #sends = :before",
    "attribute_not_exists(pk) OR #status = :processing OR #status = :completed",
    '"pk" = ? AND "sk" = ? AND "job" = ? AND "slot" = ?',
}


@dataclass
class Recorder:
    conditions: set[str] = field(default_factory=set)

    def instrument(self, client: Any) -> "RecordedClient":
        return RecordedClient(client, self)

    def record(self, value: Any) -> None:
        if isinstance(value, dict):
            self.conditions |= {text for name, text in value.items() if name in CONDITIONS}
            if "WHERE" in value.get("Statement", ""):
                self.conditions.add(value["Statement"].partition("WHERE ")[2])
        for member in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
            self.record(member)


@dataclass
class RecordedClient:
    client: Any
    recorder: Recorder

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if name == "exceptions" or not callable(attribute):
            return attribute

        def call(*positional: Any, **arguments: Any) -> Any:
            self.recorder.record(arguments)
            return attribute(*positional, **arguments)

        return call


@pytest.fixture(scope="module")
def recorded(stack: LocalStack) -> set[str]:
    recorder = Recorder()
    aws: Any = SimpleNamespace(dynamodb=recorder.instrument(stack.aws.dynamodb), s3=recorder.instrument(stack.aws.s3))
    with ThreadPoolExecutor(1) as threads:
        do_all_there_is(Workshop(aws, threads).create())
    return recorder.conditions


def do_all_there_is(workshop: Workshop) -> None:
    tokens, codes = DynamoTokenStore(workshop.table), DynamoCodeReader(workshop.table)
    tokens.add_client(Client("me", "Me", "hash", NOW))
    tokens.count_token("me", Grant.CLIENT_CREDENTIALS, NOW, 1)
    tokens.add_token("hash", Token("me", Grant.CLIENT_CREDENTIALS, NOW))
    workshop.occupy(dict(enumerate(chunk_codes(SEED, 0, 1, CodeFormat(prefix="Summer")))))
    job = workshop.add_job(Plan(45, chunk_codes=20, run_chunks=1))
    first = workshop.queue.waiting[0]
    workshop.deliver_all()
    workshop.worker().deliver(first, lambda: timedelta(minutes=1))
    DynamoCodeStore(workshop.table, workshop.threads).remove(job, [(0, "nobody's")])
    workshop.add_job(None, promotion_id=job.promotion_id)
    workshop.deliver_all()
    workshop.jobs.refuse(workshop.add_job(None, promotion_id=job.promotion_id), "no more", NOW)
    workshop.jobs.withdraw(workshop.add_job(None, promotion_id=job.promotion_id))
    export = replace(workshop.add_job(None, promotion_id=job.promotion_id), id=uuid7(NOW, 4))
    workshop.jobs.cancel_pending(workshop.jobs.list(job.promotion_id)[0], NOW)
    request = KeyedRequest("me", job.promotion_id, "key", "fingerprint", NOW)
    workshop.jobs.add(export, request)
    workshop.jobs.cancel_pending(export, NOW)
    DynamoRunStore(workshop.table).note_exported(job, Lease("somebody", NOW), 1)
    workshop.jobs.cancel_pending(workshop.add_job(None, promotion_id=job.promotion_id), NOW)
    undo_and_purge(workshop)
    change_by_hand(workshop, job)
    workshop.jobs.counts(job.id)
    workshop.jobs.list(job.promotion_id)
    list(codes.chunks(job.promotion_id))
    workshop.promotions.list(Page(), {})


def undo_and_purge(workshop: Workshop) -> None:
    job = workshop.add_job(Plan(45, chunk_codes=20, run_chunks=1))
    workshop.deliver(workshop.queue.waiting.pop())
    runs, lease = DynamoRunStore(workshop.table), Lease("somebody", NOW)
    runs.take(job, 1, lease, NOW)
    runs.take(job, 1, lease, NOW + timedelta(seconds=1))
    workshop.jobs.give_up(job, "no more", NOW)
    workshop.deliver_until_nothing_is_open()
    DynamoPromotionStore(workshop.table).delete(job.promotion_id, uuid7(NOW, 3), NOW)
    workshop.deliver_until_nothing_is_open()


def change_by_hand(workshop: Workshop, job: Job) -> None:
    reader, editor = DynamoCodeReader(workshop.table), DynamoCodeEditor(workshop.table)
    changes = CodeChanges(reader, editor, lambda: NOW, lambda now: uuid7(now, 1))
    promotion = workshop.promotions.get(job.promotion_id)
    changes.add(promotion, [NewCode("by-hand", Terms())], "me")
    changes.remove(promotion, ["by-hand", next(iter(reader.chunks(promotion.id, job.id))).codes[0]])
    workshop.promotions.change(promotion.id, lambda seen: NewPromotion(seen.fields, max_codes=seen.max_codes), "me")
    empty = workshop.promotions.create(NewPromotion({"name": "x"}), "me").id
    workshop.promotions.change(empty, lambda seen: NewPromotion(seen.fields, automatic=True), "me")
    workshop.jobs.cancel_processing(job, NOW)
    DynamoPromotionStore(workshop.table).delete(empty, uuid7(NOW, 2), NOW)
    DynamoTokenStore(workshop.table).remove_client("me")


def test_no_condition_calculates(recorded: set[str]) -> None:
    assert {condition for condition in recorded if ARITHMETIC.search(condition)} == set()


def test_the_conditions_are_those_that_are_known(recorded: set[str]) -> None:
    """A new one is to be listed, and so to be thought about."""
    assert recorded == EXPECTED


@pytest.mark.parametrize("condition", ["#room - :codes >= :zero", "#a + :b = :c", "#room -:codes > :zero"])
def test_arithmetic_would_be_noticed(condition: str) -> None:
    assert ARITHMETIC.search(condition)
