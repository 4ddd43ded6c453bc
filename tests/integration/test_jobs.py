"""Reading jobs and their files over HTTP (contract 1.4 and 1.5, decisions 9, 12 and 15)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import ExportFile, Job, JobStatus, Message
from promotion_jobs.jobs.store import Outcome
from promotion_jobs.values import to_text, uuid7
from tests.support.answers import FILTER_REFUSED, JOB_NOT_FOUND, job_meta, unprocessable
from tests.support.builders import (
    CLIENT_ID,
    EXPORT_FILE,
    HOLDER,
    NOW,
    UNKNOWN_ID,
    export_job,
    generate_job,
)
from tests.support.cloud import BUCKET, Answer, Cloud
from tests.support.events import HOST
from tests.support.matchers import A_TIME


def _no_file(detail: str) -> Answer:
    return unprocessable(f"Job has no file to download. {detail}")


def _complete_export(cloud: Cloud, promotion_id: str, at: datetime, file: ExportFile = EXPORT_FILE) -> Job:
    """An export that was completed at that time, by the worker's own store."""
    job = cloud.job(promotion_id, cloud.create_job(promotion_id))
    cloud.claim(job, at)
    cloud.runs.take(job, 0, HOLDER, at)
    cloud.runs.finish(cloud.job(promotion_id, job.id), 0, at)
    cloud.jobs.complete(job, Outcome(files=[file]), at)
    return cloud.job(promotion_id, job.id)


def _add_ended(cloud: Cloud, promotion_id: str, number: int, status: JobStatus, *, generates: bool) -> str:
    """A job that was created that many seconds into a day and has ended long since."""
    created_at = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(seconds=number)
    make = generate_job if generates else export_job
    job = make(
        id=uuid7(created_at, 0), promotion_id=promotion_id, status=status, created_at=created_at, updated_at=created_at
    )
    cloud.jobs.add(job)
    cloud.change_promotion(promotion_id, "REMOVE #open_job")
    return job.id


@pytest.fixture
def job_ids(cloud: Cloud, promotion_id: str) -> Sequence[str]:
    """An export that is completed, a generate job that failed, one that is completed, an export that is cancelled."""
    return [
        _add_ended(cloud, promotion_id, 1, JobStatus.COMPLETED, generates=False),
        _add_ended(cloud, promotion_id, 2, JobStatus.FAILED, generates=True),
        _add_ended(cloud, promotion_id, 3, JobStatus.COMPLETED, generates=True),
        _add_ended(cloud, promotion_id, 4, JobStatus.CANCELLED, generates=False),
    ]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("", [3, 2, 1, 0]),
        ("filter=eq(job_type,code_export)", [3, 0]),
        ("filter=eq(job_type,%20code_export)", [3, 0]),
        ("filter=eq(job_type, code_export)", [3, 0]),
        ("filter=eq%28job_type%2C%20code_generate%29", [2, 1]),
        ("filter=eq(status,complete)", [2, 0]),
        ("filter=eq(status,completed)", [2, 0]),
        ("filter=eq(job_type,code_generate):eq(status,completed)", [2]),
        ("filter=eq(job_type,code_delete)", []),
        ("filter=eq(status,pending)", []),
        ("filter=eq(status,completed):eq(status,failed)", []),
    ],
)
def test_jobs_are_listed_newest_first_as_the_filter_says(
    cloud: Cloud, promotion_id: str, job_ids: Sequence[str], query: str, positions: list[int]
) -> None:
    status, answer = cloud.call("list_jobs", promotion_id, query=query)
    assert (status, [job["id"] for job in answer["data"]]) == (200, [job_ids[position] for position in positions])
    assert answer["meta"] == {
        "page": {"limit": 25, "offset": 0, "current": 1, "total": 1 if positions else 0},
        "results": {"total": len(positions)},
    }


def test_deletions_are_listed_with_what_they_have_deleted(cloud: Cloud, promotion_id: str) -> None:
    job_id = cloud.create_job(promotion_id, "code_delete", job_id=UNKNOWN_ID)
    cloud.deliver(Message(promotion_id, job_id))
    cloud.create_job(promotion_id)
    status, answer = cloud.call("list_jobs", promotion_id, query="filter=eq(job_type,code_delete)")
    assert (status, answer["data"], answer["meta"]["results"]) == (
        200,
        [
            {
                "type": "promotion_job",
                "id": job_id,
                "promotion_id": promotion_id,
                "job_type": "code_delete",
                "parameters": {"job_id": UNKNOWN_ID},
                "status": "completed",
                "created_by": CLIENT_ID,
                "meta": job_meta(),
                "result": {"deleted": 0},
            }
        ],
        {"total": 1},
    )


def test_a_page_of_jobs_has_links_that_keep_the_filter(cloud: Cloud, promotion_id: str, job_ids: Sequence[str]) -> None:
    query = "page[limit]=1&page[offset]=1&filter=eq(status, complete)"
    start = f"https://{HOST}/v2/promotions/{promotion_id}/jobs"
    offsets = {"current": 1, "first": 0, "last": 1, "prev": 0, "next": 1}
    created_at = "2026-06-01T00:00:01.000Z"
    assert cloud.call("list_jobs", promotion_id, query=query) == (
        200,
        {
            "data": [
                {
                    "type": "promotion_job",
                    "id": job_ids[0],
                    "promotion_id": promotion_id,
                    "job_type": "code_export",
                    "status": "completed",
                    "created_by": CLIENT_ID,
                    "meta": {"timestamps": {"created_at": created_at, "updated_at": created_at}},
                }
            ],
            "links": {
                name: f"{start}?page[offset]={offset}&page[limit]=1&filter=eq(status,%20complete)"
                for name, offset in offsets.items()
            },
            "meta": {"page": {"limit": 1, "offset": 1, "current": 2, "total": 2}, "results": {"total": 2}},
        },
    )


@pytest.mark.parametrize(
    "query",
    ["filter=", "filter=eq(name,job)", "filter=gt(status,a)", "filter=eq(status)", "filter=eq(status,a),eq(status,b)"],
)
def test_a_filter_that_the_list_does_not_have_is_refused(cloud: Cloud, promotion_id: str, query: str) -> None:
    assert cloud.call("list_jobs", promotion_id, query=query) == FILTER_REFUSED


def test_a_job_that_generates_shows_how_far_it_is(cloud: Cloud, promotion_id: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, "code_generate", number_of_codes=100))
    cloud.claim(job, cloud.tokens.now())
    cloud.runs.take(job, 0, HOLDER, NOW)
    progress = {"done": 0, "total": 100, "percent": 0, "updated_at": A_TIME}
    assert cloud.call("get_job", promotion_id, job.id) == (
        200,
        {
            "data": {
                "type": "promotion_job",
                "id": job.id,
                "promotion_id": promotion_id,
                "job_type": "code_generate",
                "parameters": {"number_of_codes": 100},
                "status": "processing",
                "created_by": CLIENT_ID,
                "meta": job_meta(100, progress=progress),
            }
        },
    )


@pytest.mark.parametrize("function", ["get_job", "get_job_file"])
def test_a_job_of_another_promotion_is_not_found(cloud: Cloud, promotion_id: str, function: str) -> None:
    job_id = cloud.create_job(cloud.create_promotion())
    assert cloud.call(function, promotion_id, job_id) == JOB_NOT_FOUND


@pytest.mark.parametrize("job_type", ["code_export", "code_generate", "code_delete"])
def test_a_job_that_is_not_completed_has_no_file(cloud: Cloud, promotion_id: str, job_type: str) -> None:
    job = cloud.job(promotion_id, cloud.create_job(promotion_id, job_type))
    assert cloud.call("get_job_file", promotion_id, job.id) == _no_file("Job status: pending")
    cloud.claim(job, cloud.tokens.now())
    assert cloud.call("get_job_file", promotion_id, job.id) == _no_file("Job status: processing")


@pytest.mark.parametrize("position", range(4))
def test_a_job_that_ended_without_a_file_has_none(
    cloud: Cloud, promotion_id: str, job_ids: Sequence[str], position: int
) -> None:
    status = ("completed", "failed", "completed", "cancelled")[position]
    assert cloud.call("get_job_file", promotion_id, job_ids[position]) == _no_file(f"Job status: {status}")


def test_a_completed_export_has_a_link_that_lives_an_hour_at_most(cloud: Cloud, promotion_id: str) -> None:
    job = _complete_export(cloud, promotion_id, cloud.tokens.now())
    before = cloud.items()
    status, answer = cloud.call("get_job_file", promotion_id, job.id)
    file = {"rows": EXPORT_FILE.rows, "bytes": EXPORT_FILE.size, "sha256": EXPORT_FILE.sha256}
    name = f"{promotion_id}_{job.id}_{job.updated_at:%Y%m%d_%H%M%S}_codes.csv"
    href = answer["href"]
    assert (status, answer) == (200, {"href": href, "files": [{"href": href, "name": name, **file}]})
    link = urlsplit(answer["href"])
    query = dict(parse_qsl(link.query, strict_parsing=True))
    assert (link.scheme, link.path) == ("https", f"/{EXPORT_FILE.key}")
    assert link.netloc == f"{BUCKET}.s3.eu-west-1.amazonaws.com"
    assert 0 < int(query["X-Amz-Expires"]) <= 3_600
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["response-content-disposition"] == f'attachment; filename="{name}"'
    assert query["response-content-type"] == "text/csv; charset=utf-8"
    assert cloud.items() == before


def test_a_link_ends_with_its_file(cloud: Cloud, promotion_id: str) -> None:
    job = _complete_export(cloud, promotion_id, cloud.tokens.now() - timedelta(days=7) + timedelta(minutes=30))
    _, answer = cloud.call("get_job_file", promotion_id, job.id)
    query = dict(parse_qsl(urlsplit(answer["href"]).query))
    assert 0 < int(query["X-Amz-Expires"]) <= 1_800


def test_a_file_that_expired_has_no_link(cloud: Cloud, promotion_id: str) -> None:
    job = _complete_export(cloud, promotion_id, cloud.tokens.now() - timedelta(days=7))
    expired_at = to_text(job.updated_at + timedelta(days=7))
    assert cloud.call("get_job_file", promotion_id, job.id) == _no_file(f"The file expired at {expired_at}")


def test_a_completed_export_shows_what_is_in_its_file(cloud: Cloud, promotion_id: str) -> None:
    job = _complete_export(cloud, promotion_id, cloud.tokens.now())
    status, answer = cloud.call("get_job", promotion_id, job.id)
    assert (status, answer["data"]["meta"]["file"]) == (200, {"rows": 2, "bytes": 120, "sha256": "0" * 64})
    assert job.created_by == CLIENT_ID


def test_a_job_that_is_rolled_back_before_all_of_its_runs_started_still_shows_how_far_it_is(
    cloud: Cloud, promotion_id: str
) -> None:
    job = generate_job(Plan(7, chunk_codes=3, run_chunks=2), promotion_id=promotion_id)
    cloud.jobs.add(job)
    cloud.claim(job, NOW)
    cloud.runs.take(job, 0, HOLDER, NOW)
    cloud.put_chunk(job, 0)
    cloud.jobs.give_up(job, "given up after repeated errors", NOW)
    cloud.runs.stop(job.id, 0)
    status, answer = cloud.call("get_job", promotion_id, job.id)
    assert (status, answer["data"]["status"]) == (200, "processing")
