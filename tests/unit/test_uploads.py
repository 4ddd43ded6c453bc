"""Uploads: each is imported by one job, as it was announced and sent."""

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.errors import AutomaticPromotion, UploadNotUsable
from promotion_jobs.jobs.job import Job, JobStatus
from tests.support.builders import CLIENT_ID, HAND_ID, PROMOTION_ID, promotion
from tests.support.imports import Imports
from tests.support.office import Unavailable

OTHER_ID = "019e82fb-4a00-7000-8000-0000000000aa"


def test_an_upload_is_used_by_one_job() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    job = office.create(upload_id)
    office.deliver_all()
    with pytest.raises(UploadNotUsable, match=f"used by the job {job.id}"):
        office.create(upload_id)


def test_of_two_jobs_at_once_one_uses_the_upload() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    used = office.service.uploads.store.use(upload_id, HAND_ID)
    office.calls.before("transact_write_items", lambda: office._own.table.transact(used))  # noqa: SLF001
    with pytest.raises(UploadNotUsable, match=HAND_ID):
        office.create(upload_id)
    assert office.numbers() == (0, 1_000, None)


def test_the_same_request_again_gives_the_same_job() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    assert office.create(upload_id, "key") == office.create(upload_id, "key")


def test_the_same_request_at_once_gives_the_same_job() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    others: list[Job] = []
    office.calls.before("get_item", lambda: None, lambda: others.append(office.create(upload_id, "key")))
    job = office.create(upload_id, "key")
    assert others == [job]


def test_an_upload_that_expires_at_that_moment_starts_no_job() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    table = office._own.table  # noqa: SLF001
    office.calls.before("transact_write_items", lambda: table.transact(table.delete(keys.upload(upload_id))))
    with pytest.raises(UploadNotUsable, match="no such upload"):
        office.create(upload_id)
    assert office.jobs() == []


def test_uploads_go_with_their_promotion() -> None:
    office = Imports()
    office.upload(b"code\nA\n")
    office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    office.deliver_all()
    assert office.files.files == {}


@pytest.mark.parametrize(
    ("size", "days", "detail"),
    [
        (None, 1, "has no such upload, or a day has passed"),
        (5, 0, "7 bytes were uploaded, and 5 were announced"),
    ],
)
def test_an_upload_that_is_over_or_not_as_announced_is_refused(size: int | None, days: int, detail: str) -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n", size)
    office.clock.advance(days=days)
    with pytest.raises(UploadNotUsable, match=detail):
        office.create(upload_id)


def test_an_unknown_upload_another_promotions_and_one_that_was_not_sent_are_refused() -> None:
    office = Imports()
    other = office.service.uploads.announce(promotion(id=OTHER_ID), 7, None, CLIENT_ID)
    waiting = office.service.uploads.announce(promotion(), 7, None, CLIENT_ID)
    for upload_id, detail in ((HAND_ID, "no such upload"), (other.id, "no such upload"), (waiting.id, "Nothing was")):
        with pytest.raises(UploadNotUsable, match=detail):
            office.create(upload_id)


def test_errors_that_depend_on_the_promotion_come_first() -> None:
    office = Imports()
    with pytest.raises(UploadNotUsable):
        office.create(HAND_ID)
    office.put(promotion(automatic=True))
    with pytest.raises(AutomaticPromotion):
        office.create(HAND_ID)


def test_a_job_that_cannot_be_queued_leaves_the_upload_for_another() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    office.calls.before("send_message", office.calls.refuse)
    with pytest.raises(Unavailable):
        office.create(upload_id)
    assert office.create(upload_id).status is JobStatus.PENDING
