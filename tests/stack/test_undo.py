"""Cancelling, giving up and purging: nothing stays of what was made."""

from local.stack import LocalStack
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.limits import TRIES
from tests.stack.faults import Crashes
from tests.stack.workshop import PLAN, Workshop, codes_of


def assert_undone(workshop: Workshop, job: Job, status: JobStatus, error: str | None = None) -> None:
    stored = workshop.service.job_store.get(job.promotion_id, job.id)
    assert stored is not None
    assert (stored.status, stored.error, stored.generated) == (status, error, stored.deleted)
    assert workshop.items("CODES#") == workshop.items("OPEN") == []
    promotion = workshop.service.promotions.get(job.promotion_id)
    assert (promotion.room, promotion.codes, promotion.open_job) == (promotion.max_codes, 0, None)


def cancel(workshop: Workshop, job: Job) -> None:
    workshop.service.job_canceller.cancel(job.promotion_id, job.id)


def test_a_job_that_was_cancelled_half_way_leaves_nothing(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    workshop.deliver(workshop.queue.waiting.pop(0))
    assert len(workshop.items("CODES#")) == 2
    cancel(workshop, job)
    workshop.deliver_until_nothing_is_open()
    assert_undone(workshop, job, JobStatus.CANCELLED)
    stored = workshop.service.job_store.get(job.promotion_id, job.id)
    assert stored is not None
    assert stored.deleted == codes_of(0)


def test_a_job_that_was_cancelled_before_anything_was_made_ends_at_once(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    cancel(workshop, job)
    assert workshop.service.promotions.get(job.promotion_id).open_job is None
    workshop.deliver_all()
    assert_undone(workshop, job, JobStatus.CANCELLED)


def _puts_chunk_1(_name: str, arguments: object) -> bool:
    return "'00000001'" in str(arguments) and "'codes': {'B'" in str(arguments)


def test_a_job_that_comes_to_nothing_is_given_up_and_rolled_back(stack: LocalStack) -> None:
    # Dies with one chunk put, every time.
    crashes = Crashes(_puts_chunk_1, forever=True)
    workshop = Workshop(stack.aws, crashes.instrument).create()
    job = workshop.add_job(PLAN)
    assert workshop.deliver_until_nothing_is_open() > TRIES
    assert_undone(workshop, job, JobStatus.FAILED, "given up after repeated errors")


def test_an_export_that_comes_to_nothing_is_given_up(stack: LocalStack) -> None:
    crashes = Crashes(lambda name, _arguments: name == "create_multipart_upload", forever=True)
    workshop = Workshop(stack.aws, crashes.instrument).create()
    job = workshop.add_export(workshop.add_promotion().id)
    assert workshop.deliver_until_nothing_is_open() == TRIES
    assert_undone(workshop, job, JobStatus.FAILED, "given up after repeated errors")


def test_a_cancelled_export_leaves_no_file(workshop: Workshop) -> None:
    job = workshop.add_export(workshop.add_promotion().id)

    def cancel_while_it_is_written(name: str, _arguments: object) -> bool:
        if name == "complete_multipart_upload":
            cancel(workshop, job)
        return False

    workshop.instrument = Crashes(cancel_while_it_is_written).instrument
    workshop.deliver_until_nothing_is_open()
    assert_undone(workshop, job, JobStatus.CANCELLED)
    assert workshop.aws.s3.list_objects_v2(Bucket=workshop.name).get("Contents", []) == []


def test_a_deleted_promotion_goes_with_all_its_codes_jobs_and_files(workshop: Workshop) -> None:
    job = workshop.add_job(PLAN)
    workshop.deliver_until_nothing_is_open()
    workshop.add_export(job.promotion_id)
    workshop.deliver_until_nothing_is_open()
    workshop.service.promotion_remover.delete(job.promotion_id, "me")
    workshop.deliver_until_nothing_is_open()
    # A given index stays given.
    left = {item["pk"] for item in workshop.items("")}
    assert left == {"ALLOCATIONS#8", "KEYS", "SPACE#8"}
    assert workshop.aws.s3.list_objects_v2(Bucket=workshop.name).get("Contents", []) == []
    assert workshop.add_promotion().room == 1_000
