"""Reading and listing jobs (contract 1, decisions 9 and 12)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import JobNotFound, PromotionNotFound
from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.jobs.read import JobWithProgress, Progress
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.pages import Listing, Page
from tests.support.builders import (
    JOB_ID,
    MALFORMED_IDS,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    delete_job,
    export_job,
    generate_job,
    promotion,
)
from tests.support.office import Office


def _progress(done: int, total: int, rate: float | None = None, ready_at: datetime | None = None) -> Progress:
    """Of a job whose work began now, and whose runs have not counted since."""
    return Progress(done, total, rate, ready_at, None if rate is None else 0, NOW)


@pytest.mark.parametrize(
    "job",
    [
        generate_job(),
        export_job(),
        generate_job(status=JobStatus.PROCESSING, started_at=NOW, failure="it cannot be done"),
        export_job(status=JobStatus.PROCESSING, started_at=NOW, failure="it cannot be done"),
        export_job(status=JobStatus.CANCELLING, started_at=NOW),
        delete_job(),
        delete_job(status=JobStatus.PROCESSING, started_at=NOW, failure="it cannot be done"),
        delete_job(status=JobStatus.CANCELLING, started_at=NOW, stopped_at=NOW),
        delete_job(status=JobStatus.COMPLETED, deleted=5),
        delete_job(status=JobStatus.FAILED, error="it cannot be done"),
        generate_job(status=JobStatus.COMPLETED),
        generate_job(status=JobStatus.CANCELLED),
    ],
    ids=lambda job: f"{job.job_type} {job.status} {job.failure or ''}",
)
def test_a_job_is_read_without_progress_where_there_is_none(job: Job) -> None:
    assert Office(promotion(), job).service.jobs.get(PROMOTION_ID, JOB_ID) == (job, None)


@pytest.mark.parametrize(
    ("generated", "seconds", "progress"),
    [
        ([], 10, _progress(0, 1_000)),
        ([250], 0, _progress(250, 1_000)),
        ([250, 150], 10, _progress(400, 1_000, 40.0, NOW + timedelta(seconds=25))),
        ([999], 10, _progress(999, 1_000, 99.9, NOW + timedelta(seconds=10 + 10 / 999))),
        ([1_000], 10, _progress(1_000, 1_000, 100.0, NOW + timedelta(seconds=10))),
    ],
)
def test_a_job_that_generates_is_read_with_how_far_it_is(
    generated: list[int], seconds: int, progress: Progress
) -> None:
    job = generate_job(Plan(1_000), status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(promotion(), job)
    for number, codes in enumerate(generated):
        office.put_run(JOB_ID, number, Run(RunStatus.PROCESSING, generated=codes))
    office.clock.advance(seconds=seconds)
    assert office.service.jobs.get(PROMOTION_ID, JOB_ID) == (job, progress)


def test_a_job_that_is_cancelled_is_read_with_how_much_of_it_is_gone() -> None:
    stopped_at = NOW + timedelta(seconds=90)
    job = generate_job(Plan(1_000), status=JobStatus.CANCELLING, started_at=NOW, stopped_at=stopped_at)
    office = Office(promotion(), job)
    office.put_run(JOB_ID, 0, Run(RunStatus.CLEAN, generated=300, deleted=300))
    office.put_run(JOB_ID, 1, Run(RunStatus.CANCELLING, generated=100, deleted=20))
    office.clock.advance(seconds=100)
    ready_at = NOW + timedelta(seconds=102.5)
    progress = replace(_progress(320, 400, 32.0, ready_at), updated_at=stopped_at)
    assert office.service.jobs.get(PROMOTION_ID, JOB_ID) == (job, progress)


@pytest.mark.parametrize(
    ("exported", "progress"),
    [(0, _progress(0, 500)), (200, _progress(200, 500, 20.0, NOW + timedelta(seconds=25))), (501, _progress(501, 501))],
)
def test_an_export_is_read_with_how_many_rows_are_stored(exported: int, progress: Progress) -> None:
    job = export_job(status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(promotion(codes=500), job)
    office.put_run(JOB_ID, 0, Run(RunStatus.PROCESSING, exported=exported))
    office.clock.advance(seconds=10 if exported < 500 else 0)
    assert office.service.jobs.get(PROMOTION_ID, JOB_ID) == (job, progress)


@pytest.mark.parametrize(
    ("source", "left"), [(None, 300), ("1", 40), ("2", 0), ("3", 0)], ids=["all", "one job", "open", "unknown"]
)
def test_a_deletion_is_read_with_how_much_of_what_there_was_is_gone(source: str | None, left: int) -> None:
    job = delete_job(source, status=JobStatus.PROCESSING, started_at=NOW)
    made = generate_job(id="1", status=JobStatus.COMPLETED, generated=100, deleted=60)
    cancelled = generate_job(id="2", status=JobStatus.CANCELLED, generated=100, deleted=100)
    office = Office(promotion(codes=300), job, made, cancelled)
    assert office.service.jobs.get(PROMOTION_ID, JOB_ID) == (job, _progress(0, left))
    office.put_run(JOB_ID, 0, Run(RunStatus.PROCESSING, deleted=60))
    office.clock.advance(seconds=10)
    ready_at = NOW + timedelta(seconds=10 + left / 6)
    assert office.service.jobs.get(PROMOTION_ID, JOB_ID) == (job, _progress(60, 60 + left, 6.0, ready_at))


def test_a_rate_is_told_of_the_last_steps_and_falls_when_there_are_none() -> None:
    job = generate_job(Plan(10_000), status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(promotion(), job)
    for number in (0, 1):
        office.put_run(JOB_ID, number, Run(RunStatus.PROCESSING, generated=0))
    table, runs = office.service.table, office.service.runs
    for seconds, number, codes in [(1, 0, 1_000), (2, 0, 100), (3, 1, 500), (4, 0, 100), (5, 1, 1_000)]:
        table.transact(runs.count_generated(JOB_ID, number, codes, NOW + timedelta(seconds=seconds)))
    shown: list[tuple[float | None, datetime | None]] = []
    for moment in (5, 7, 9, 105):
        office.clock.time = NOW + timedelta(seconds=moment)
        _, progress = office.service.jobs.get(PROMOTION_ID, JOB_ID)
        assert progress
        shown.append((progress.recent_codes_per_second, progress.updated_at))
    at = NOW + timedelta(seconds=5)
    # 100 codes in two seconds, and 1,000 in two; then for as long as none come.
    assert shown == [(550, at), (100 / 3 + 500, at), (20 + 250, at), (100 / 101 + 10, at)]


def test_jobs_are_listed_with_the_progress_that_they_have() -> None:
    running = generate_job(Plan(1_000), id="2", status=JobStatus.PROCESSING, started_at=NOW)
    done = export_job(id="1", status=JobStatus.COMPLETED)
    office = Office(promotion(), running, done)
    office.put_run("2", 0, Run(RunStatus.PROCESSING, generated=250))
    listed = office.service.jobs.list(PROMOTION_ID, Page(), {})
    assert listed.items == [(running, _progress(250, 1_000)), (done, None)]


def test_of_nothing_everything_is_done() -> None:
    assert Progress(0, 0).percent == 100


def test_a_job_is_100_percent_done_only_with_its_last_code() -> None:
    assert [Progress(done, 1_000).percent for done in (0, 9, 10, 999, 1_000)] == [0, 0, 1, 99, 100]


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_that_does_not_exist_is_not_found(job_id: str) -> None:
    with pytest.raises(JobNotFound):
        Office(promotion(), export_job()).service.jobs.get(PROMOTION_ID, job_id)


def test_a_job_of_another_promotion_is_not_found() -> None:
    with pytest.raises(JobNotFound):
        Office(promotion(), export_job(promotion_id=UNKNOWN_ID)).service.jobs.get(PROMOTION_ID, JOB_ID)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_of_a_promotion_that_does_not_exist_is_not_found_for_that(promotion_id: str) -> None:
    with pytest.raises(PromotionNotFound):
        Office(promotion(), export_job()).service.jobs.get(promotion_id, JOB_ID)


def _ids(listing: Listing[JobWithProgress]) -> list[str]:
    return [job.id for job, _ in listing.items]


def test_jobs_are_listed_newest_first_page_by_page() -> None:
    office = Office(promotion(), *(export_job(id=f"{number}") for number in range(5)))
    pages = [office.service.jobs.list(PROMOTION_ID, Page(2, offset), {}) for offset in (0, 2, 4, 6)]
    assert [_ids(page) for page in pages] == [["4", "3"], ["2", "1"], ["0"], []]
    assert {page.total for page in pages} == {5}


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"job_type": {"code_export"}}, ["3", "1"]),
        ({"status": {"completed"}}, ["2", "1"]),
        ({"job_type": {"code_delete"}}, ["4"]),
        ({"job_type": {"code_export"}, "status": {"completed"}}, ["1"]),
        ({"status": {"completed", "pending"}}, []),
        ({"status": {"complete"}}, []),
    ],
)
def test_a_filter_leaves_the_jobs_that_satisfy_it_and_counts_only_them(
    wanted: dict[str, set[str]], ids: list[str]
) -> None:
    jobs = [
        export_job(id="1", status=JobStatus.COMPLETED),
        generate_job(id="2", status=JobStatus.COMPLETED),
        export_job(id="3"),
        delete_job(id="4"),
    ]
    found = Office(promotion(), *jobs).service.jobs.list(PROMOTION_ID, Page(), wanted)
    assert (_ids(found), found.total) == (ids, len(ids))
