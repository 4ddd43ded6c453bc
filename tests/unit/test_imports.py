"""Imports: each row of the file is taken in once, or reported; all published together, and undone without trace."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotion_jobs.aws import keys
from promotion_jobs.codes.code import Code, Terms
from promotion_jobs.errors import AutomaticPromotion, UploadNotUsable
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.imports import FILE_GONE
from promotion_jobs.jobs.job import ImportParameters, Job, JobStatus, JobType, Message
from promotion_jobs.limits import IMPORTED_TOGETHER, LEASE
from promotion_jobs.pages import Page
from tests.support.builders import CLIENT_ID, HAND_ID, NOW, PROMOTION_ID, by_hand, chunk, promotion
from tests.support.office import Died, Office, Unavailable

OTHER_ID = "019e82fb-4a00-7000-8000-0000000000aa"


class Imports(Office):
    """An office with a promotion, whose clients upload files."""

    def __init__(self, *stored: Any, room: int = 1_000) -> None:
        super().__init__(promotion(max_codes=room, room=room), *stored)

    def upload(self, content: bytes, size: int | None = None) -> str:
        """The id of an upload that was sent."""
        uploads = self.service.uploads
        announced = uploads.announce(promotion(), len(content) if size is None else size, None, CLIENT_ID)
        self.files.files[f"uploads/{PROMOTION_ID}/{announced.id}"] = content
        return announced.id

    def create(self, upload_id: str, key: str | None = None, **parameters: Any) -> Job:
        asked = ImportParameters(upload_id, **parameters)
        job, _ = self.service.job_creator.create(PROMOTION_ID, NewJob(JobType.CODE_IMPORT, None, asked), CLIENT_ID, key)
        return job

    def run_import(self, content: str, **parameters: Any) -> Job:
        job = self.create(self.upload(content.encode()), **parameters)
        self.deliver_all()
        return self.job(job)

    def report(self, job: Job) -> str:
        (file,) = self.job(job).files
        content = self.files.files[file.key]
        assert (file.size, file.rows) == (len(content), content.count(b"\r\n") - 1)
        return content.decode()

    def listed(self) -> Sequence[Code]:
        found = self.promotion()
        assert found
        return self.service.codes.list(found, Page(100, 0), {}).items

    def numbers(self) -> tuple[int, int, str | None]:
        """Visible codes, room and lock of the promotion."""
        found = self.promotion()
        assert found
        return found.codes, found.room, found.open_job

    def leftovers(self) -> set[str]:
        """The kinds of the items of codes, chunks and reports that there are."""
        return {it["pk"].partition("#")[0] for it in self.items()} & {"CODE", "CODES", "REFUSED"}


def _numbered(number: int, first: int = 0) -> str:
    return "".join(f"N-{at}\n" for at in range(first, first + number))


def test_codes_are_published_with_their_terms_when_the_job_completes() -> None:
    office = Imports()
    content = "code,max_uses,user\nSUMMER-1,3,jo\nsummer-2,,\n"
    job = office.run_import(content, max_uses_per_code=1, consume_unit="per_item")
    assert (job.status, job.error) == (JobStatus.COMPLETED, None)
    assert job.parameters.result(job) == {"imported": 2, "duplicates": 0, "invalid": 0}
    assert office.listed() == [
        Code("SUMMER-1", Terms("per_item", 3, "jo"), job.id, CLIENT_ID, NOW),
        Code("summer-2", Terms("per_item", 1), job.id, CLIENT_ID, NOW),
    ]
    assert office.numbers() == (2, 998, None)
    assert office.report(job) == "line,code,reason\r\n"
    found = office.promotion()
    assert found
    assert office.service.codes.get(found, "summer-1") == office.listed()[0]


def test_rows_that_are_not_taken_are_reported_by_line() -> None:
    office = Imports()
    office.put_chunk(by_hand("TAKEN"))
    office.put_generated(chunk("bcdf-ghjk", "mnpq-rstv"))
    job = office.run_import("code\nA\na\ntaken\n=1\nä\nB\n")
    assert office.report(job) == (
        "line,code,reason\r\n"
        "3,a,duplicate in the file\r\n"
        f"4,taken,in use by promotion {PROMOTION_ID}\r\n"
        "5,'=1,formula\r\n"
        "6,ä,characters\r\n"
    )
    assert job.parameters.result(job) == {"imported": 2, "duplicates": 2, "invalid": 2}
    assert office.leftovers() == {"CODE", "CODES"}


def test_a_code_twice_in_the_file_is_a_duplicate_however_far_apart() -> None:
    office = Imports()
    job = office.run_import("code\n" + _numbered(IMPORTED_TOGETHER) + "n-0\nLAST\n")
    assert office.report(job) == f"line,code,reason\r\n{IMPORTED_TOGETHER + 2},n-0,duplicate in the file\r\n"
    assert job.generated == IMPORTED_TOGETHER + 1


def test_a_file_with_a_header_alone_imports_nothing() -> None:
    job = (office := Imports()).run_import("code\n")
    assert job.parameters.result(job) == {"imported": 0, "duplicates": 0, "invalid": 0}
    assert office.numbers() == (0, 1_000, None)


def test_codes_are_seen_by_no_one_before_the_job_completes() -> None:
    office = Imports()
    job = office.create(office.upload(("code\n" + _numbered(200)).encode()))
    office.deliver(Message(PROMOTION_ID, job.id), seconds_left=0)
    assert office.job(job).status is JobStatus.PROCESSING
    assert office.listed() == []
    assert office.numbers() == (0, 800, job.id)
    assert office.service.lookup.owner_of("N-0") == PROMOTION_ID
    _, progress = office.service.jobs.get(PROMOTION_ID, job.id)
    assert progress
    assert (progress.done, progress.total) == (IMPORTED_TOGETHER, 200)
    office.deliver_all()
    assert len(office.listed()) == 100
    assert office.numbers() == (200, 800, None)


def test_a_file_with_more_codes_than_there_is_room_for_writes_nothing() -> None:
    job = (office := Imports(room=2)).run_import("code\nA\nB\nC\n")
    assert (job.status, job.error) == (JobStatus.FAILED, "codes limit exceeded")
    assert office.numbers() == (0, 2, None)
    assert office.leftovers() == set()


def test_codes_that_are_in_use_take_no_room() -> None:
    office = Imports(room=3)
    office.run_import("code\nA\nB\n")
    job = office.run_import("code\nA\nB\nC\n")
    assert job.parameters.result(job) == {"imported": 1, "duplicates": 2, "invalid": 0}
    assert office.numbers() == (3, 0, None)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("number\n1\n", "The first line must name the columns, and one of them code"),
        ("code\nA\n\udcff\n", "Line 3 is not text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job_with_its_sentence(content: str, error: str) -> None:
    office = Imports()
    job = office.create(office.upload(content.encode(errors="surrogateescape")))
    office.deliver_all()
    assert (office.job(job).status, office.job(job).error) == (JobStatus.FAILED, error)
    assert office.numbers() == (0, 1_000, None)


def test_with_fail_the_first_duplicate_leaves_nothing_behind() -> None:
    office = Imports()
    job = office.run_import("code\n" + _numbered(100) + "N-7\n", on_duplicate="fail")
    assert (job.status, job.error) == (JobStatus.FAILED, "line 102: duplicate in the file")
    assert office.numbers() == (0, 1_000, None)
    assert office.leftovers() == set()


def test_a_file_that_is_replaced_after_the_job_was_created_is_not_read() -> None:
    office = Imports()
    upload_id = office.upload(b"code\nA\n")
    job = office.create(upload_id)
    office.files.files[f"uploads/{PROMOTION_ID}/{upload_id}"] = b"code\nB\n"
    office.deliver_all()
    assert (office.job(job).status, office.job(job).error) == (JobStatus.FAILED, FILE_GONE)


def test_a_cancelled_import_removes_what_it_added_and_nothing_else() -> None:
    office = Imports()
    office.put_chunk(by_hand("TAKEN"))
    job = office.create(office.upload(("code\nTAKEN\n" + _numbered(200)).encode()))
    office.deliver(Message(PROMOTION_ID, job.id), seconds_left=0)
    office.service.job_canceller.cancel(PROMOTION_ID, job.id)
    office.deliver_all()
    stored = office.job(job)
    assert stored.status is JobStatus.CANCELLED
    assert stored.parameters.result(stored) == {"imported": 89, "duplicates": 1, "invalid": 0, "deleted": 89}
    assert office.numbers() == (0, 1_000, None)
    assert office.visible() == ["TAKEN"]


def test_imported_codes_are_removed_by_hand_and_in_bulk_and_can_be_imported_again() -> None:
    office = Imports()
    first = office.run_import("code\nA\nB\nC\n")
    found = office.promotion()
    assert found
    office.service.codes.remove(found, ["b"])
    assert (office.visible(), office.numbers()) == (["A", "C"], (2, 998, None))
    assert office.job(first).visible_codes == 2
    again = office.run_import("code\nB\n")
    assert again.generated == 1
    assert office.visible() == ["A", "C", "B"]


def test_a_duplicate_that_another_worker_took_in_meanwhile_fails_nothing() -> None:
    office = Imports()
    job = office.create(office.upload(("code\n" + _numbered(200)).encode()), on_duplicate="fail")
    message = Message(PROMOTION_ID, job.id)

    def overtake() -> None:
        office.clock.advance(seconds=LEASE.total_seconds() + 1)
        office.deliver(message, seconds_left=0)

    office.calls.before("batch_get_item", overtake)
    office.deliver(message)
    assert office.job(job).failure is None
    office.deliver_all()
    assert (office.job(job).status, office.job(job).generated) == (JobStatus.COMPLETED, 200)


def test_no_refused_row_is_kept_when_a_worker_dies_behind_the_report() -> None:
    office = Imports()
    job = office.create(office.upload(b"code\n=1\n"))
    office.calls.before("*Delete REFUSED*", office.calls.die)
    with pytest.raises(Died):
        office.deliver(Message(PROMOTION_ID, job.id))
    office.clock.advance(seconds=LEASE.total_seconds() + 1)
    office.deliver_all()
    assert office.job(job).status is JobStatus.COMPLETED
    assert office.leftovers() == set()


def test_a_chunk_that_a_query_does_not_see_yet_is_undone_later() -> None:
    office = Imports()
    job = office.create(office.upload(("code\n" + _numbered(200)).encode()))
    office.deliver(Message(PROMOTION_ID, job.id), seconds_left=0)
    office.service.job_canceller.cancel(PROMOTION_ID, job.id)
    message = Message(PROMOTION_ID, job.id)
    office.deliver(message)
    # The transaction that puts it is seen item by item.
    keys = [key for key, _ in office.dynamodb.table if key.pk.startswith("CODES#")]
    office.dynamodb.lagging = dict.fromkeys(keys)
    office.deliver(message)
    assert office.job(job).status is JobStatus.CANCELLING
    office.dynamodb.lagging = {}
    office.deliver_all()
    assert (office.job(job).status, office.leftovers()) == (JobStatus.CANCELLED, set())


def test_codes_with_many_users_of_any_characters_fit_their_items() -> None:
    office = Imports()
    users = ";".join("\x01" * 39 for _ in range(25))
    job = office.run_import("code,user\n" + "".join(f'N-{at},"{users}"\n' for at in range(100)))
    assert (job.status, job.generated) == (JobStatus.COMPLETED, 100)


_ROWS = st.lists(
    st.sampled_from(["A", "a", "B-1", "b-1", '"C"', '"C', "", "=1", "ä", "D,x", '"E\nF"', "G"]), max_size=30
)


@settings(max_examples=40, deadline=None)
@given(_ROWS, st.integers(1, 5), st.integers(1, 5), st.sampled_from([0, 60]))
def test_however_a_file_is_taken_in_the_counts_and_the_report_are_the_same(
    rows: list[str], codes_together: int, rows_together: int, seconds: int
) -> None:
    content = "code\n" + "\n".join(rows)
    whole = (at_once := Imports()).run_import(content)
    office = Imports()
    office.service.importer = replace(
        office.service.importer, codes_together=codes_together, rows_together=rows_together
    )
    job = office.create(office.upload(content.encode()))
    while office.job(job).status.is_open:
        office.queue.waiting.clear()
        office.deliver(Message(PROMOTION_ID, job.id), seconds_left=seconds)
    found = office.job(job)
    assert (found.status, found.error) == (whole.status, whole.error)
    assert found.parameters.result(found) == whole.parameters.result(whole)
    assert [it.code for it in office.listed()] == [it.code for it in at_once.listed()]
    if whole.status is JobStatus.COMPLETED:
        assert office.report(found) == at_once.report(whole)


# Uploads


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
