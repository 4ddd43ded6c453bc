"""Imports: each row of the file is taken in once, or reported; all published together, and undone without trace."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotion_jobs.codes.code import Code, Terms
from promotion_jobs.jobs.imports import FILE_GONE
from promotion_jobs.jobs.job import JobStatus, Message
from promotion_jobs.jobs.reading import Batch
from promotion_jobs.limits import IMPORTED_TOGETHER, LEASE
from tests.support.builders import CLIENT_ID, NOW, PROMOTION_ID, by_hand, chunk
from tests.support.imports import Imports, numbered
from tests.support.office import Died


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
    job = office.run_import("code\n" + numbered(IMPORTED_TOGETHER) + "n-0\nLAST\n")
    assert office.report(job) == f"line,code,reason\r\n{IMPORTED_TOGETHER + 2},n-0,duplicate in the file\r\n"
    assert job.generated == IMPORTED_TOGETHER + 1


def test_a_file_with_a_header_alone_imports_nothing() -> None:
    job = (office := Imports()).run_import("code\n")
    assert job.parameters.result(job) == {"imported": 0, "duplicates": 0, "invalid": 0}
    assert office.numbers() == (0, 1_000, None)


def test_codes_are_seen_by_no_one_before_the_job_completes() -> None:
    office = Imports()
    job = office.create(office.upload(("code\n" + numbered(200)).encode()))
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


def test_a_code_that_is_in_use_takes_no_room_in_any_of_its_rows() -> None:
    office = Imports(room=2)
    office.run_import("code\nA\nB\n")
    job = office.run_import("code\nA\nB\na\nA\n")
    assert job.parameters.result(job) == {"imported": 0, "duplicates": 4, "invalid": 0}
    assert office.numbers() == (2, 0, None)


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
    job = office.run_import("code\n" + numbered(100) + "N-7\n", on_duplicate="fail")
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
    job = office.create(office.upload(("code\nTAKEN\n" + numbered(200)).encode()))
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
    job = office.create(office.upload(("code\n" + numbered(200)).encode()), on_duplicate="fail")
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
    job = office.create(office.upload(("code\n" + numbered(200)).encode()))
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
    importer, together = office.service.importer, Batch(codes_together, rows_together, 1_000)
    reading = replace(importer.reading, between=together)
    office.service.importer = replace(importer, reading=reading, together=together)
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


@pytest.mark.parametrize(("rows", "error"), [(5, None), (6, "The file has more than 5 rows")])
def test_a_file_with_more_rows_than_a_report_may_have_fails_before_anything_is_written(
    rows: int, error: str | None
) -> None:
    office = Imports()
    importer = office.service.importer
    office.service.importer = replace(importer, reading=replace(importer.reading, most_rows=5))
    job = office.run_import("code\n" + numbered(rows))
    assert (job.error, office.numbers()) == (error, (0, 1_000, None) if error else (5, 995, None))


def test_a_delivery_reads_a_long_file_on_where_the_last_one_stopped() -> None:
    office = Imports(room=3)
    office.put_chunk(by_hand("N-3", "N-4", "N-5"))
    reading = replace(office.service.importer.reading, between=Batch(2, 2, 1_000))
    office.service.importer = replace(office.service.importer, reading=reading)
    job = office.create(office.upload(("code\n" + numbered(6)).encode()))
    message, scans = Message(PROMOTION_ID, job.id), []
    while not ((run := office.run(job.id, 0)) and run.intake):
        office.deliver(message, seconds_left=0)
        if (run := office.run(job.id, 0)) and run.scan:
            scans.append((run.scan.rows, run.scan.codes, run.scan.in_use, run.scan.looked_up))
    # In no time a delivery reads two rows, and nothing is noted of the last ones.
    assert scans == [(2, 2, None, 0), (4, 4, None, 0), (6, 6, 0, 2), (6, 6, 1, 4), (6, 6, 1, 4)]
    office.deliver_all()
    done = office.job(job)
    assert done.parameters.result(done) == {"imported": 3, "duplicates": 3, "invalid": 0}
