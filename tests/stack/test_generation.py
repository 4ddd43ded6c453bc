"""The generation protocol on the emulator: the real worker, the real conditions, messages delivered as a test likes."""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from local.stack import LocalStack
from promotion_jobs.aws import keys
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.limits import LEASE_MARGIN
from tests.stack.faults import Crash, Crashes
from tests.stack.workshop import FOREIGN, FOREIGN_JOB, PLAN, TIMEOUT, Workshop, codes_of
from tests.support.meter import MemoryMeter


@pytest.fixture
def whole_alphabet(stack: LocalStack, threads: Executor) -> Workshop:
    return Workshop(stack.aws, threads).create()


def assert_exact(workshop: Workshop, job: Job) -> None:
    """All that must hold of a completed generate job, on the stored items themselves."""
    number = job.parameters.codes
    stored = workshop.service.job_store.get(job.promotion_id, job.id)
    assert stored is not None
    assert (stored.status, stored.generated) == (JobStatus.COMPLETED, number)
    listed = [code for chunk in workshop.service.code_store.chunks(job.promotion_id) for code in chunk.codes]
    assert len({code.casefold() for code in listed}) == len(listed) == number
    owned = {item["slot"]: item["code"] for item in workshop.items("CODE#") if item["job"] == job.id}
    assert owned == dict(enumerate(listed))
    foreign = {item["slot"]: item["code"] for item in workshop.items("CODE#") if item["job"] == FOREIGN_JOB}
    assert foreign in ({}, FOREIGN)
    promotion = workshop.service.promotions.get(job.promotion_id)
    assert (promotion.room, promotion.codes, promotion.open_job) == (promotion.max_codes - number, number, None)
    assert workshop.items("OPEN") == []


def test_a_job_has_exactly_the_codes_asked_for(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    workshop.deliver_all()
    assert_exact(workshop, job)
    assert bool(workshop.items("COLLISIONS#")) == workshop.small_alphabet


def test_codes_that_somebody_else_has_are_replaced_and_left_alone(whole_alphabet: Workshop) -> None:
    whole_alphabet.occupy(FOREIGN)
    job = whole_alphabet.add_job(PLAN)
    whole_alphabet.deliver_all()
    assert_exact(whole_alphabet, job)
    noted = [(item["sk"], item["attempts"]) for item in whole_alphabet.items("COLLISIONS#")]
    assert noted == [("00000000", {"0:1", "7:1", "19:1"})]


def test_a_job_that_the_promotion_has_no_room_for_fails_and_makes_nothing(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN, workshop.add_promotion(max_codes=90).id)
    # By hand, meanwhile.
    table = workshop.service.table
    table.transact(table.update(keys.promotion(job.promotion_id), "SET #room = :room", "", room=89))
    workshop.deliver_all()
    stored = workshop.service.job_store.get(job.promotion_id, job.id)
    promotion = workshop.service.promotions.get(job.promotion_id)
    assert stored is not None
    assert (stored.status, stored.error) == (JobStatus.FAILED, "codes limit exceeded")
    assert (promotion.room, promotion.codes, promotion.open_job) == (89, 0, None)
    assert workshop.items("CODE") == workshop.items("JOB#") == workshop.items("OPEN") == []


def test_every_message_delivered_three_times_changes_nothing(workshop: Workshop) -> None:
    workshop.occupy(FOREIGN)
    job = workshop.add_job(PLAN)
    delivered: list[Message] = []
    while workshop.queue.waiting:
        message = workshop.queue.waiting.pop(0)
        delivered += [message] * 3
        workshop.deliver(message)
        workshop.deliver(message)
    for message in delivered:
        workshop.deliver(message)
    assert_exact(workshop, job)


def test_of_deliveries_at_the_same_time_one_works(workshop: Workshop) -> None:
    workshop.occupy(FOREIGN)
    job = workshop.add_job(PLAN)
    with ThreadPoolExecutor(4) as deliveries:
        while workshop.queue.waiting:
            message = workshop.queue.waiting.pop(0)
            workers = [replace(workshop, meter=MemoryMeter()) for _ in range(4)]
            generated = list(deliveries.map(Workshop.deliver, workers, [message] * 4))
            assert sorted(generated)[:3] == [0, 0, 0]
            assert sum(generated) in {0, codes_of(message.run)}
    assert_exact(workshop, job)


def test_a_run_that_is_held_is_left_to_its_holder_until_the_lease_is_past(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    message = workshop.queue.waiting[0]
    crashes = Crashes(lambda name, _arguments: name == "batch_execute_statement")
    with pytest.raises(Crash):
        replace(workshop, instrument=crashes.instrument).deliver(message)
    assert workshop.deliver(message) == 0
    workshop.clock.time += TIMEOUT + LEASE_MARGIN + timedelta(milliseconds=1)
    assert workshop.deliver(message) == codes_of(0)
    workshop.deliver_all()
    assert_exact(workshop, job)


def test_codes_that_come_free_between_two_deliveries_leave_no_stray(whole_alphabet: Workshop) -> None:
    whole_alphabet.occupy(FOREIGN)
    job = whole_alphabet.add_job(PLAN)
    # Dies with the replacements inserted and the chunk not committed.
    crashes = Crashes(lambda _name, arguments: "CODES#" in str(arguments))
    with pytest.raises(Crash):
        replace(whole_alphabet, instrument=crashes.instrument).deliver(whole_alphabet.queue.waiting[0])
    table = whole_alphabet.service.table
    for code in FOREIGN.values():
        table.transact(table.delete(keys.code(code)))
    assert whole_alphabet.deliver_until_nothing_is_open() == 0
    assert_exact(whole_alphabet, job)
