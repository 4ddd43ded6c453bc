"""The generation protocol on the emulator: the real worker, the real conditions, messages delivered as a test likes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.errors import DuplicateCode
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.limits import LEASE
from tests.stack.faults import Crash, Crashes
from tests.stack.workshop import PLAN, Workshop, codes_of
from tests.support.meter import MemoryMeter


def assert_exact(workshop: Workshop, job: Job) -> None:
    """All that must hold of a completed generate job, on the stored items themselves."""
    number, service = job.parameters.codes, workshop.service
    stored = service.job_store.get(job.promotion_id, job.id)
    assert stored is not None
    assert (stored.status, stored.generated) == (JobStatus.COMPLETED, number)
    listed = [code for chunk in workshop.chunks(job) for code in chunk.texts()]
    assert len({code.casefold() for code in listed}) == len(listed) == number
    promotion = service.promotions.get(job.promotion_id)
    assert {service.codes.get(promotion, code.upper()).job_id for code in listed} == {job.id}
    assert (promotion.room, promotion.codes, promotion.open_job) == (promotion.max_codes - number, number, None)
    assert workshop.items("OPEN") == workshop.items("CODE#") == []


def test_a_job_has_exactly_the_codes_asked_for(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    workshop.deliver_all()
    assert_exact(workshop, job)


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
    job = workshop.add_job(PLAN)
    with ThreadPoolExecutor(4) as deliveries:
        while workshop.queue.waiting:
            message = workshop.queue.waiting.pop(0)
            workers = [replace(workshop, meter=MemoryMeter()) for _ in range(4)]
            generated = list(deliveries.map(Workshop.deliver, workers, [message] * 4))
            assert sorted(generated)[:3] == [0, 0, 0]
            assert sum(generated) in {0, codes_of(message.run)}
    assert_exact(workshop, job)


def _puts_a_chunk(_name: str, arguments: object) -> bool:
    return "'Put'" in str(arguments) and "CODES#" in str(arguments)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after it"])
def test_a_run_whose_worker_died_is_left_to_it_until_the_lease_is_past(workshop: Workshop, *, after: bool) -> None:
    job = workshop.add_job(PLAN)
    message = workshop.queue.waiting[0]
    with pytest.raises(Crash):
        replace(workshop, instrument=Crashes(_puts_a_chunk, after=after).instrument).deliver(message)
    assert workshop.deliver(message) == 0
    workshop.clock.time += LEASE + timedelta(milliseconds=1)
    assert workshop.deliver(message) == codes_of(0) - (PLAN.codes_in(0) if after else 0)
    workshop.deliver_all()
    assert_exact(workshop, job)


def test_a_code_that_a_job_would_make_is_made_by_hand_first_and_by_no_job(workshop: Workshop) -> None:
    service, job = workshop.service, workshop.add_job(PLAN)
    code_format = job.maker.code_format
    bodies = service.keyring.permutation(8, 1).encrypt([0, 1, 25])
    texts = [code_format.write(body.to_bytes(code_format.width))[0] for body in bodies]
    shop = workshop.add_promotion()
    service.codes.add(shop, [NewCode(text.upper(), Terms()) for text in texts], "me")
    workshop.deliver_all()
    listed = [code for chunk in workshop.chunks(job) for code in chunk.texts()]
    assert (len(listed), {*listed} & {*texts}) == (90, set())
    assert {service.lookup.owner_of(text) for text in texts} == {shop.id}
    # A code of the job is taken, and free again for people when it is removed.
    promotion = service.promotions.get(job.promotion_id)
    with pytest.raises(DuplicateCode):
        service.codes.add(shop, [NewCode(listed[0].upper(), Terms())], "me")
    service.codes.remove(promotion, [listed[0]])
    service.codes.add(shop, [NewCode(listed[0].upper(), Terms())], "me")
    assert service.lookup.owner_of(listed[0]) == shop.id


def test_jobs_under_two_keys_have_no_code_in_common_and_each_is_found(workshop: Workshop) -> None:
    jobs = []
    for version in (1, 2, 3):
        jobs.append(workshop.add_job(PLAN))
        workshop.deliver_all()
        assert workshop.service.rotation.rotate() == version + 1
    for job, version in zip(jobs, (1, 2, 3), strict=True):
        assert_exact(workshop, job)
        assert {item["version"] for item in workshop.items("ALLOCATIONS#") if item["job"] == job.id} == {version}
    assert [it.version for it in workshop.service.keyring.versions()] == [1, 2, 3, 4]
