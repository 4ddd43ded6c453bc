"""Every condition that the service sends, recorded while it does all that it can do.

AWS refuses arithmetic in a condition; the emulator computes it, and computes it wrongly. So no other test here would
notice.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from local.stack import LocalStack
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import DeleteParameters, Job, JobType
from promotion_jobs.pages import Page
from promotion_jobs.promotions.promotion import NewPromotion
from tests.stack.workshop import Workshop
from tests.support.builders import NOW

CONDITIONS = {"ConditionExpression", "FilterExpression", "KeyConditionExpression"}
ARITHMETIC = re.compile(r"[-+*/%]")

CHANGED = "#version = :seen AND attribute_not_exists(#deleted_at) AND #room >= :given_up"
EXPECTED = {
    "#automatic = :false AND #room >= :codes AND attribute_not_exists(#deleted_at)",
    "#status = :completed",
    CHANGED,
    f"{CHANGED} AND #codes = :none AND attribute_not_exists(#open_job)",
    "#next = :next AND #version = :version",
    "#version = :before",
    "attribute_exists(pk)",
    "attribute_exists(pk) AND NOT contains(#removed, :at_0)",
    "attribute_exists(pk) AND attribute_not_exists(#removed)",
    "size(#removed) = :removed",
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
    "#status = :processing AND attribute_not_exists(#failure)",
    "#status = :before",
    "#status = :before AND attribute_not_exists(#failure)",
    "#status = :before AND #runs_done = :runs AND attribute_not_exists(#failure)",
    "#status = :before AND #runs_clean = :runs",
    "#status = :cancelling",
    "#status = :processing AND attribute_not_exists(#file)",
    "#status = :processing AND #lease_until < :now",
    "#lease = :lease",
    "#status = :processing AND #exported < :rows",
    "#open_job = :purge",
    "#sent_at = :seen AND #sends = :before",
    "#status = :processing OR #status = :completed",
}


@dataclass
class Recorder:
    conditions: set[str] = field(default_factory=set)

    def instrument(self, client: Any) -> "RecordedClient":
        return RecordedClient(client, self)

    def record(self, value: Any) -> None:
        if isinstance(value, dict):
            self.conditions |= {text for name, text in value.items() if name in CONDITIONS}
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
    do_all_there_is(Workshop(aws).create())
    return recorder.conditions


def do_all_there_is(workshop: Workshop) -> None:
    issue_tokens(workshop)
    job = generate_and_export(workshop)
    change_by_hand(workshop, job)
    end_early(workshop, job.promotion_id)
    undo_and_purge(workshop)
    delete_codes(workshop, job)
    look(workshop, job)


def issue_tokens(workshop: Workshop) -> None:
    tokens, secret = workshop.service.tokens, "0" * 40
    tokens.register_client("me", secret, "Me")
    token, _ = tokens.issue("client_credentials", "me", secret)
    assert tokens.authenticate(f"Bearer {token}") == "me"
    assert [client.id for client in tokens.clients()] == ["me"]
    assert tokens.revoke_client("me")


def generate_and_export(workshop: Workshop) -> Job:
    job = workshop.add_job(Plan(45, chunk_codes=20, run_chunks=1))
    first = workshop.queue.waiting[0]
    workshop.deliver_all()
    workshop.deliver(first)
    export = workshop.add_export(job.promotion_id)
    workshop.deliver_all()
    workshop.service.runs.note_exported(export.id, 1, NOW)
    workshop.service.rotation.rotate()
    return job


def end_early(workshop: Workshop, promotion_id: str) -> None:
    service, new = workshop.service, NewJob(JobType.CODE_EXPORT)
    service.job_store.refuse(workshop.add_export(promotion_id), "no more", NOW)
    service.job_store.withdraw(workshop.add_export(promotion_id))
    job, _ = service.job_creator.create(promotion_id, new, "me", "key")
    assert service.job_creator.create(promotion_id, new, "me", "key") == (job, False)
    service.job_canceller.cancel(promotion_id, job.id)
    workshop.deliver_all()


def undo_and_purge(workshop: Workshop) -> None:
    service = workshop.service
    job = workshop.add_job(Plan(45, chunk_codes=20, run_chunks=1))
    workshop.deliver(workshop.queue.waiting.pop())
    service.runs.take(job, 1, "a worker", NOW)
    service.runs.take(job, 1, "a worker", NOW + timedelta(seconds=1))
    service.runs.release(job.id, 1, "a worker")
    service.job_store.give_up(job, "no more", NOW)
    workshop.queue.waiting.clear()
    workshop.deliver_until_nothing_is_open()
    service.promotion_remover.delete(job.promotion_id, "me")
    workshop.deliver_until_nothing_is_open()


def change_by_hand(workshop: Workshop, job: Job) -> None:
    service = workshop.service
    promotion = service.promotions.get(job.promotion_id)
    service.codes.add(promotion, [NewCode("by-hand", Terms()), NewCode("by-hand-2", Terms())], "me")
    service.codes.remove(promotion, ["by-hand"])
    service.codes.remove(promotion, workshop.chunks(job)[0].texts(limit=1))
    service.promotions.change(promotion.id, lambda seen: NewPromotion(seen.fields, max_codes=seen.max_codes), "me")
    empty = workshop.add_promotion().id
    service.promotions.change(empty, lambda seen: NewPromotion(seen.fields, automatic=True), "me")
    service.promotion_remover.delete(empty, "me")
    workshop.deliver_all()


def delete_codes(workshop: Workshop, job: Job) -> None:
    """Those of a job, one of which was removed by hand, and then all."""
    for parameters in (DeleteParameters(job.id), DeleteParameters()):
        new = NewJob(JobType.CODE_DELETE, parameters=parameters)
        workshop.service.job_creator.create(job.promotion_id, new, "me")
        workshop.deliver_all()
    assert workshop.service.promotions.get(job.promotion_id).codes == 0


def look(workshop: Workshop, job: Job) -> None:
    service, page = workshop.service, Page()
    promotion = service.promotions.get(job.promotion_id)
    service.jobs.list(job.promotion_id, page, {})
    service.codes.list(promotion, page, {})
    service.promotions.list(page, {})


def test_no_condition_calculates(recorded: set[str]) -> None:
    assert {condition for condition in recorded if ARITHMETIC.search(condition)} == set()


def test_the_conditions_are_those_that_are_known(recorded: set[str]) -> None:
    """A new one is to be listed, and so to be thought about."""
    assert recorded == EXPECTED


@pytest.mark.parametrize("condition", ["#room - :codes >= :zero", "#a + :b = :c", "#room -:codes > :zero"])
def test_arithmetic_would_be_noticed(condition: str) -> None:
    assert ARITHMETIC.search(condition)
