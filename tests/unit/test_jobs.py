"""Creating, reading and listing jobs (contract 1, decisions 6 to 13)."""

from datetime import timedelta

import pytest

from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    CodeSpaceTooSmall,
    JobNotFound,
    PromotionNotFound,
    TooManyJobs,
)
from promotion_jobs.jobs import JobCreator, Jobs, JobWithProgress, NewJob, Progress
from promotion_jobs.listing import Listing, Page
from promotion_jobs.model import GenerateParameters, Job, JobStatus, JobType, Plan, Promotion
from promotion_jobs.runs import Run, RunStatus
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    MALFORMED_IDS,
    NOW,
    PROMOTION_ID,
    SEED,
    UNKNOWN_ID,
    Clock,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.memory import MemoryJobStore, MemoryQueue, QueueUnavailable, State


class Office:
    """The use cases over a store with one promotion."""

    def __init__(self, stored: Promotion, *jobs: Job) -> None:
        self.state = State(promotions={stored.id: stored}, jobs={job.id: job for job in jobs})
        self.queue = MemoryQueue()
        self.clock = Clock()
        self.jobs = Jobs(MemoryJobStore(self.state), self.clock)
        self.promotion = stored

    def create(self, new: NewJob) -> Job:
        creator = JobCreator(
            store=MemoryJobStore(self.state),
            queue=self.queue,
            now=self.clock,
            new_id=lambda _: JOB_ID,
            new_seed=lambda: SEED,
            least_guess_odds=100_000,
        )
        return creator.create(self.promotion, new, CLIENT_ID)

    def assert_unchanged(self) -> None:
        assert (self.state.jobs, self.queue.sent) == ({}, [])
        assert self.state.promotions == {PROMOTION_ID: self.promotion}


def _generate(number_of_codes: int, code_length: int | None = None) -> NewJob:
    return NewJob(JobType.CODE_GENERATE, "job", GenerateParameters(number_of_codes, code_length=code_length))


def test_a_generate_job_is_stored_with_its_seed_and_plan_and_queued() -> None:
    office = Office(promotion())
    job = office.create(_generate(1_000))
    assert job == generate_job(Plan(1_000), name="job", parameters=GenerateParameters(1_000))
    assert (office.state.jobs, office.queue.sent) == ({JOB_ID: job}, [(message(), timedelta())])
    assert office.state.promotions == {PROMOTION_ID: promotion(open_job=JOB_ID)}


def test_an_export_job_has_neither_seed_nor_plan() -> None:
    office = Office(promotion())
    job = office.create(NewJob(JobType.CODE_EXPORT))
    assert job == export_job()
    assert (office.state.jobs, office.queue.sent) == ({JOB_ID: job}, [(message(), timedelta())])


def test_an_automatic_promotion_can_be_exported() -> None:
    assert Office(promotion(automatic=True)).create(NewJob(JobType.CODE_EXPORT)) == export_job()


def test_as_many_codes_as_the_promotion_may_hold_are_accepted_also_where_there_is_no_room_left() -> None:
    assert Office(promotion(max_codes=1_000, room=0)).create(_generate(1_000)).status is JobStatus.PENDING


def test_more_codes_than_the_promotion_may_hold_are_refused() -> None:
    office = Office(promotion(max_codes=1_000))
    with pytest.raises(CodesLimitExceeded) as refusal:
        office.create(_generate(1_001))
    assert refusal.value.limit == 1_000
    office.assert_unchanged()


@pytest.mark.parametrize(("number_of_codes", "code_length"), [(2_824_295, None), (2_824_295, 8), (2_824_296, 9)])
def test_codes_that_are_hard_enough_to_guess_are_accepted(number_of_codes: int, code_length: int | None) -> None:
    office = Office(promotion(max_codes=10_000_000))
    assert office.create(_generate(number_of_codes, code_length)).status is JobStatus.PENDING


@pytest.mark.parametrize("code_length", [None, 8])
def test_codes_that_could_be_guessed_are_refused_with_the_length_that_would_do(code_length: int | None) -> None:
    office = Office(promotion(max_codes=10_000_000))
    with pytest.raises(CodeSpaceTooSmall) as refusal:
        office.create(_generate(2_824_296, code_length))
    error = refusal.value
    assert (error.odds, error.least_odds, error.enough) == (99_999, 100_000, 9)
    office.assert_unchanged()


@pytest.mark.parametrize(
    ("number_of_codes", "error"),
    [(1_000, AutomaticPromotion), (1_001, CodesLimitExceeded)],
)
def test_an_automatic_promotion_takes_no_codes_but_hears_first_of_what_is_wrong_with_the_request(
    number_of_codes: int, error: type[Exception]
) -> None:
    office = Office(promotion(automatic=True))
    with pytest.raises(error):
        office.create(_generate(number_of_codes))
    office.assert_unchanged()


def test_a_promotion_that_became_automatic_meanwhile_takes_no_codes() -> None:
    office = Office(promotion(automatic=True))
    stored, office.promotion = office.promotion, promotion()
    with pytest.raises(AutomaticPromotion):
        office.create(_generate(1))
    office.promotion = stored
    office.assert_unchanged()


def test_a_second_job_is_refused_while_one_is_open() -> None:
    office = Office(promotion(open_job="another"))
    with pytest.raises(TooManyJobs) as refusal:
        office.create(NewJob(JobType.CODE_EXPORT))
    assert refusal.value.open_job == "another"
    office.assert_unchanged()


def test_a_job_that_cannot_be_queued_is_withdrawn() -> None:
    office = Office(promotion())
    office.queue.available = False
    with pytest.raises(QueueUnavailable):
        office.create(_generate(1))
    office.assert_unchanged()


@pytest.mark.parametrize(
    "job",
    [
        generate_job(),
        export_job(),
        generate_job(status=JobStatus.PROCESSING, started_at=NOW, failure="it cannot be done"),
        export_job(status=JobStatus.PROCESSING, started_at=NOW, failure="it cannot be done"),
        export_job(status=JobStatus.CANCELLING, started_at=NOW),
        generate_job(status=JobStatus.COMPLETED),
        generate_job(status=JobStatus.CANCELLED),
    ],
    ids=["waits", "export waits", "rolls back", "export rolls back", "export cancelled", "completed", "cancelled"],
)
def test_a_job_is_read_without_progress_where_there_is_none(job: Job) -> None:
    assert Office(promotion(), job).jobs.get(PROMOTION_ID, JOB_ID) == (job, None)


@pytest.mark.parametrize(
    ("generated", "seconds", "progress"),
    [
        ([], 10, Progress(0, 1_000)),
        ([250], 0, Progress(250, 1_000)),
        ([250, 150], 10, Progress(400, 1_000, 40.0, NOW + timedelta(seconds=25))),
        ([999], 10, Progress(999, 1_000, 99.9, NOW + timedelta(seconds=10 + 10 / 999))),
        ([1_000], 10, Progress(1_000, 1_000, 100.0, NOW + timedelta(seconds=10))),
    ],
)
def test_a_job_that_generates_is_read_with_how_far_it_is(
    generated: list[int], seconds: int, progress: Progress
) -> None:
    job = generate_job(Plan(1_000), status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(promotion(), job)
    runs = [Run(RunStatus.PROCESSING, generated=codes) for codes in generated]
    office.state.runs = {(JOB_ID, number): run for number, run in enumerate(runs)}
    office.clock.advance(seconds=seconds)
    assert office.jobs.get(PROMOTION_ID, JOB_ID) == (job, progress)


def test_a_job_that_is_cancelled_is_read_with_how_much_of_it_is_gone() -> None:
    stopped_at = NOW + timedelta(seconds=90)
    job = generate_job(Plan(1_000), status=JobStatus.CANCELLING, started_at=NOW, stopped_at=stopped_at)
    office = Office(promotion(), job)
    office.state.runs = {
        (JOB_ID, 0): Run(RunStatus.CLEAN, generated=300, deleted=300),
        (JOB_ID, 1): Run(RunStatus.CANCELLING, generated=100, deleted=20),
    }
    office.clock.advance(seconds=100)
    assert office.jobs.get(PROMOTION_ID, JOB_ID) == (job, Progress(320, 400, 32.0, NOW + timedelta(seconds=102.5)))


@pytest.mark.parametrize(
    ("exported", "progress"),
    [(0, Progress(0, 500)), (200, Progress(200, 500, 20.0, NOW + timedelta(seconds=25))), (501, Progress(501, 501))],
)
def test_an_export_is_read_with_how_many_rows_are_stored(exported: int, progress: Progress) -> None:
    job = export_job(status=JobStatus.PROCESSING, started_at=NOW)
    office = Office(promotion(codes=500), job)
    office.state.runs = {(JOB_ID, 0): Run(RunStatus.PROCESSING, exported=exported)}
    office.clock.advance(seconds=10 if exported < 500 else 0)
    assert office.jobs.get(PROMOTION_ID, JOB_ID) == (job, progress)


def test_jobs_are_listed_with_the_progress_that_they_have() -> None:
    running = generate_job(Plan(1_000), id="2", status=JobStatus.PROCESSING, started_at=NOW)
    done = export_job(id="1", status=JobStatus.COMPLETED)
    office = Office(promotion(), running, done)
    office.state.runs = {("2", 0): Run(RunStatus.PROCESSING, generated=250)}
    listed = office.jobs.list(PROMOTION_ID, Page(), {})
    assert listed.items == [(running, Progress(250, 1_000)), (done, None)]


def test_of_nothing_everything_is_done() -> None:
    assert Progress(0, 0).percent == 100


def test_a_job_is_100_percent_done_only_with_its_last_code() -> None:
    assert [Progress(done, 1_000).percent for done in (0, 9, 10, 999, 1_000)] == [0, 0, 1, 99, 100]


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_that_does_not_exist_is_not_found(job_id: str) -> None:
    with pytest.raises(JobNotFound):
        Office(promotion(), export_job()).jobs.get(PROMOTION_ID, job_id)


def test_a_job_of_another_promotion_is_not_found() -> None:
    with pytest.raises(JobNotFound):
        Office(promotion(), export_job(promotion_id=UNKNOWN_ID)).jobs.get(PROMOTION_ID, JOB_ID)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_a_job_of_a_promotion_that_does_not_exist_is_not_found_for_that(promotion_id: str) -> None:
    with pytest.raises(PromotionNotFound):
        Office(promotion(), export_job()).jobs.get(promotion_id, JOB_ID)


def _ids(listing: Listing[JobWithProgress]) -> list[str]:
    return [job.id for job, _ in listing.items]


def test_jobs_are_listed_newest_first_page_by_page() -> None:
    office = Office(promotion(), *(export_job(id=f"{number}") for number in range(5)))
    pages = [office.jobs.list(PROMOTION_ID, Page(2, offset), {}) for offset in (0, 2, 4, 6)]
    assert [_ids(page) for page in pages] == [["4", "3"], ["2", "1"], ["0"], []]
    assert {page.total for page in pages} == {5}


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"job_type": {"code_export"}}, ["3", "1"]),
        ({"status": {"completed"}}, ["2", "1"]),
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
    ]
    found = Office(promotion(), *jobs).jobs.list(PROMOTION_ID, Page(), wanted)
    assert (_ids(found), found.total) == (ids, len(ids))
