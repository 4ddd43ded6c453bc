"""The stand-in answers every kind of request that the simulation makes as the emulator does, and changes the same."""

import os
from collections.abc import Sequence

import pytest

from local.aws import Aws
from promotion_jobs.errors import UploadNotUsable
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import ExportParameters, JobType
from promotion_jobs.pages import Clause, Page
from promotion_jobs.promotions.promotion import NewPromotion
from promotion_jobs.redemptions.usages import Wanted
from promotion_jobs.tokens.token import Right
from tests.simulation import import_stories, import_use_stories, redemption_stories, small_stories, stories
from tests.simulation.faults import NoFaults
from tests.simulation.replay import Place, Recorder, Request
from tests.simulation.schedules import Story, play, random_workshop
from tests.simulation.small_stories import small_workshop
from tests.simulation.till import Till
from tests.simulation.workshop import Workshop

SCHEDULES = int(os.environ.get("SCHEDULES", "550")) // 50
"""Of each random story. Eleven find four in five of the kinds of requests that a hundred find."""

SMALL: Sequence[Story] = (
    small_stories.generate,
    small_stories.repeat,
    small_stories.cancel_pending,
    small_stories.cancel_half_way,
    small_stories.export,
    small_stories.delete,
    small_stories.delete_after_cancel,
    small_stories.cancel_and_delete,
    small_stories.delete_codes,
    small_stories.delete_codes_of_a_job,
    small_stories.delete_codes_while_removing,
    small_stories.cancel_deletion,
    small_stories.remove_twice,
    small_stories.sweep,
    *import_stories.SMALL,
    *import_use_stories.SMALL,
    *redemption_stories.SMALL,
    redemption_stories.hold_and_leave,
)
RANDOM: Sequence[Story] = (
    *stories.EVERY,
    *import_stories.RANDOM,
    *import_use_stories.RANDOM,
    redemption_stories.shop,
)


def _the_rest(workshop: Workshop) -> None:
    """Requests that no story makes: of tokens, lists and changes, of jobs that end before they begin, and of usages."""
    service, secret = workshop.service, "0" * 40
    service.tokens.register_client("me", secret, "Me")
    token, _ = service.tokens.issue("client_credentials", "me", secret)
    service.tokens.authenticate(f"Bearer {token}", Right.READ)
    service.tokens.clients()
    service.tokens.revoke_client("me")
    promotion = workshop.add_promotion()
    service.promotions.change(promotion.id, lambda _: NewPromotion({"name": "y"}, max_codes=500), "me")
    service.promotions.change(promotion.id, lambda _: NewPromotion({"name": "z"}, automatic=True), "me")
    promotion = workshop.add_promotion()
    service.job_store.refuse(workshop.add_job(promotion, None), "no more", workshop.clock())
    service.job_store.withdraw(workshop.add_job(promotion, None))
    service.job_creator.forecast(promotion.id, NewJob(JobType.CODE_EXPORT, parameters=ExportParameters()))
    service.promotions.list(Page(), {})
    service.jobs.list(promotion.id, Page(), {})
    service.codes.list(service.promotions.get(promotion.id), Page(), {})
    _list_usages(workshop)
    _not_sent(workshop)


def _not_sent(workshop: Workshop) -> None:
    promotion = workshop.add_promotion()
    upload_id = workshop.add_upload(promotion, ["one"])
    workshop.simulation.files.files.clear()
    with pytest.raises(UploadNotUsable):
        workshop.add_import(promotion, upload_id)


def _list_usages(workshop: Workshop) -> None:
    service, till = workshop.service, Till(workshop)
    till.add("limited", max_uses=2_000)
    till.add("free", max_uses=None)
    for code in ("limited", "free"):
        till.redeem(code, "a")
        till.redeem(code, "b")
    used_on = [Clause("ge", "used_on", "2026-06-01"), Clause("lt", "used_on", "2026-07-01")]
    for clauses in ([], used_on, [*used_on, Clause("eq", "code", "free")]):
        for newest_first in (False, True):
            wanted = Wanted.of(clauses)
            service.usages.list(till.promotion, Page(), wanted, newest_first=newest_first)
            service.usages.of_code(till.promotion, "limited", Page(), wanted, newest_first=newest_first)
    (usage, _) = service.usages.list(till.promotion, Page(), Wanted(), newest_first=True).items[:2]
    service.usages.get(till.promotion, usage.key.usage_id)
    service.usages.anonymize([usage.key.usage_id], "me")


@pytest.fixture(scope="module")
def requests() -> Sequence[Request]:
    recorder = Recorder()

    def record(story: Story, workshop: Workshop) -> None:
        recorder.listen(workshop.simulation)
        play(story, workshop)

    for story in (*SMALL, _the_rest):
        record(story, small_workshop(NoFaults()))
    for story in RANDOM:
        for number in range(SCHEDULES):
            record(story, random_workshop(f"{story.__name__} {number}"))
    print(f"\n{len(recorder.requests):,} kinds of requests")  # noqa: T201 - for an operator who runs the simulation
    return list(recorder.requests.values())


def test_the_simulation_makes_all_the_requests_that_the_service_makes(requests: Sequence[Request]) -> None:
    assert {f"{it.service} {it.operation}" for it in requests} == {
        "dynamodb batch_get_item",
        "dynamodb get_item",
        "dynamodb query",
        "dynamodb transact_get_items",
        "dynamodb transact_write_items",
        "dynamodb update_item",
        "events put_events",
        "s3 abort_multipart_upload",
        "s3 complete_multipart_upload",
        "s3 create_multipart_upload",
        "s3 delete_object",
        "s3 delete_objects",
        "s3 get_object",
        "s3 head_object",
        "s3 list_objects_v2",
        "s3 upload_part",
        "sqs send_message",
    }


def test_the_emulator_answers_as_the_stand_in_does(requests: Sequence[Request], emulator: Aws) -> None:
    memory, place = Place.in_memory(), Place.on(emulator)
    different = {str(it): (memory.send(it), place.send(it)) for it in requests}
    assert {request: both for request, both in different.items() if both[0] != both[1]} == {}


def test_a_stand_in_that_took_conditions_for_true_would_be_noticed(requests: Sequence[Request]) -> None:
    memory, other = Place.in_memory(), Place.in_memory()
    other.dynamodb.weaken = lambda _key, _condition: ""
    assert any(memory.send(it) != other.send(it) for it in requests)
