"""Creating jobs: what is checked, what is stored, and what the same request again gives (decisions 6, 8 and 18)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodesLimitExceeded,
    CodeSpaceTooSmall,
    IdempotencyKeyReused,
    PromotionNotFound,
    TooManyFiles,
    TooManyJobs,
)
from promotion_jobs.jobs.create import Forecast, JobCreator, NewJob
from promotion_jobs.jobs.job import DeleteParameters, ExportParameters, GenerateParameters, Job, JobStatus, JobType
from promotion_jobs.jobs.kind import Estimate
from promotion_jobs.promotions.promotion import Promotion
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    MALFORMED_IDS,
    PROMOTION_ID,
    UNKNOWN_ID,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.office import Office, Unavailable


class Desk:
    """An office whose clients create jobs of one promotion, with ids that a test knows."""

    def __init__(self, stored: Promotion, *jobs: Job) -> None:
        self.promotion = stored
        self.office = Office(stored, *jobs)
        self.before = self.office.items()
        self.creator = self.creator_with(JOB_ID, "second", "third")

    def creator_with(self, *ids: str) -> JobCreator:
        left = iter(ids)
        return replace(self.office.service.job_creator, new_id=lambda _: next(left))

    def create(self, new: NewJob) -> Job:
        job, is_new = self.creator.create(PROMOTION_ID, new, CLIENT_ID)
        assert is_new
        return job

    def create_once(self, new: NewJob, key: str = "key", client_id: str = CLIENT_ID) -> tuple[str, bool]:
        job, is_new = self.creator.create(PROMOTION_ID, new, client_id, key)
        return job.id, is_new

    def end_job(self) -> None:
        self.office.put(self.promotion)

    def assert_queued(self, job: Job) -> None:
        assert (self.office.jobs(), self.office.delays()) == ([job], [(message(), timedelta())])

    def assert_created_once(self, job_id: str = JOB_ID) -> None:
        assert ([job.id for job in self.office.jobs()], len(self.office.messages())) == ([job_id], 1)

    def assert_unchanged(self) -> None:
        assert (self.office.items(), self.office.messages()) == (self.before, [])


EXPORT = NewJob(JobType.CODE_EXPORT, parameters=ExportParameters())


def _generate(number_of_codes: int, code_length: int | None = None) -> NewJob:
    return NewJob(JobType.CODE_GENERATE, "job", GenerateParameters(number_of_codes, code_length=code_length))


def _delete(source: str | None = None) -> NewJob:
    return NewJob(JobType.CODE_DELETE, parameters=DeleteParameters(source))


def test_a_generate_job_is_stored_with_its_plan_and_queued() -> None:
    desk = Desk(promotion())
    job = desk.create(_generate(1_000))
    assert job == generate_job(Plan(1_000), name="job", parameters=GenerateParameters(1_000))
    desk.assert_queued(job)
    assert desk.office.promotion() == promotion(open_job=JOB_ID)


def test_an_export_job_has_no_plan() -> None:
    desk = Desk(promotion())
    job = desk.create(EXPORT)
    assert job == export_job()
    desk.assert_queued(job)


@pytest.mark.parametrize("source", [None, UNKNOWN_ID])
def test_a_deletion_is_stored_with_what_it_is_to_delete(source: str | None) -> None:
    desk = Desk(promotion())
    job = desk.create(_delete(source))
    assert job == delete_job(source)
    desk.assert_queued(job)
    assert desk.office.promotion() == promotion(open_job=JOB_ID)


@pytest.mark.parametrize("stored", [promotion(automatic=True), promotion(max_codes=1, room=0, codes=5_000_000)])
@pytest.mark.parametrize(("new", "job"), [(EXPORT, export_job()), (_delete(), delete_job())])
def test_what_makes_no_codes_is_refused_neither_for_room_nor_for_an_automatic_promotion(
    stored: Promotion, new: NewJob, job: Job
) -> None:
    assert Desk(stored).create(new) == job


def test_as_many_codes_as_the_promotion_may_hold_are_accepted_also_where_there_is_no_room_left() -> None:
    assert Desk(promotion(max_codes=1_000, room=0)).create(_generate(1_000)).status is JobStatus.PENDING


def test_more_codes_than_the_promotion_may_hold_are_refused() -> None:
    desk = Desk(promotion(max_codes=1_000))
    with pytest.raises(CodesLimitExceeded) as refusal:
        desk.create(_generate(1_001))
    assert refusal.value.limit == 1_000
    desk.assert_unchanged()


@pytest.mark.parametrize(("number_of_codes", "code_length"), [(2_824_295, None), (2_824_295, 8), (2_824_296, 9)])
def test_codes_that_are_hard_enough_to_guess_are_accepted(number_of_codes: int, code_length: int | None) -> None:
    desk = Desk(promotion(max_codes=10_000_000))
    assert desk.create(_generate(number_of_codes, code_length)).status is JobStatus.PENDING


@pytest.mark.parametrize("code_length", [None, 8])
def test_codes_that_could_be_guessed_are_refused_with_the_length_that_would_do(code_length: int | None) -> None:
    desk = Desk(promotion(max_codes=10_000_000))
    with pytest.raises(CodeSpaceTooSmall) as refusal:
        desk.create(_generate(2_824_296, code_length))
    error = refusal.value
    assert (error.odds, error.least_odds, error.enough) == (99_999, 100_000, 9)
    desk.assert_unchanged()


@pytest.mark.parametrize(
    ("number_of_codes", "error"),
    [(1_000, AutomaticPromotion), (1_001, CodesLimitExceeded)],
)
def test_an_automatic_promotion_takes_no_codes_but_hears_first_of_what_is_wrong_with_the_request(
    number_of_codes: int, error: type[Exception]
) -> None:
    desk = Desk(promotion(automatic=True))
    with pytest.raises(error):
        desk.create(_generate(number_of_codes))
    desk.assert_unchanged()


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
@pytest.mark.parametrize("new", [_generate(1), _generate(2_824_296), EXPORT, _delete()])
def test_a_promotion_that_does_not_exist_is_not_found(promotion_id: str, new: NewJob) -> None:
    desk = Desk(promotion())
    with pytest.raises(PromotionNotFound):
        desk.creator.create(promotion_id, new, CLIENT_ID)
    desk.assert_unchanged()


@pytest.mark.parametrize("new", [EXPORT, _delete()])
def test_a_second_job_is_refused_while_one_is_open(new: NewJob) -> None:
    desk = Desk(promotion(open_job="another"))
    with pytest.raises(TooManyJobs) as refusal:
        desk.create(new)
    assert refusal.value.open_job == "another"
    desk.assert_unchanged()


def test_a_job_that_cannot_be_queued_is_withdrawn() -> None:
    desk = Desk(promotion())
    desk.office.calls.before("send_message", desk.office.calls.refuse)
    with pytest.raises(Unavailable):
        desk.create(_generate(1))
    desk.assert_unchanged()


def test_the_same_request_again_gives_the_same_job() -> None:
    desk = Desk(promotion())
    assert desk.create_once(_generate(10)) == (JOB_ID, True)
    assert desk.create_once(_generate(10)) == (JOB_ID, False)
    desk.end_job()
    assert desk.create_once(_generate(10)) == (JOB_ID, False)
    desk.assert_created_once()


@pytest.mark.parametrize("other", [_delete(UNKNOWN_ID), EXPORT])
def test_a_key_of_a_deletion_is_that_of_the_same_deletion(other: NewJob) -> None:
    desk = Desk(promotion())
    assert desk.create_once(_delete()) == (JOB_ID, True)
    assert desk.create_once(_delete()) == (JOB_ID, False)
    with pytest.raises(IdempotencyKeyReused):
        desk.create_once(other)
    desk.assert_created_once()


@pytest.mark.parametrize("other", [_generate(11), _generate(10, 8), EXPORT, _delete()])
def test_a_key_that_comes_with_another_request_is_refused(other: NewJob) -> None:
    desk = Desk(promotion())
    desk.create_once(_generate(10))
    with pytest.raises(IdempotencyKeyReused):
        desk.create_once(other)
    desk.assert_created_once()


@pytest.mark.parametrize(("key", "client_id"), [("another key", CLIENT_ID), ("key", "another client")])
def test_a_key_is_its_clients_own(key: str, client_id: str) -> None:
    desk = Desk(promotion())
    desk.create_once(EXPORT)
    with pytest.raises(TooManyJobs):
        desk.create_once(EXPORT, key, client_id)
    desk.end_job()
    assert desk.create_once(EXPORT, key, client_id) == ("third", True)


@pytest.mark.parametrize(
    ("age", "again"), [(timedelta(hours=24, seconds=-1), (JOB_ID, False)), (timedelta(hours=24), ("second", True))]
)
def test_a_key_is_remembered_for_a_day(age: timedelta, again: tuple[str, bool]) -> None:
    desk = Desk(promotion())
    desk.create_once(EXPORT)
    desk.end_job()
    desk.office.clock.time += age
    assert desk.create_once(EXPORT) == again


def test_the_same_request_gives_its_job_also_where_it_would_be_refused_by_now() -> None:
    desk = Desk(promotion(max_codes=10))
    desk.create_once(_generate(10))
    desk.office.put(promotion(max_codes=9))
    assert desk.create_once(_generate(10)) == (JOB_ID, False)


def test_of_two_same_requests_at_once_the_second_gets_the_job_of_the_first() -> None:
    desk = Desk(promotion())
    other = desk.creator_with("other")
    first: list[tuple[str, bool]] = []

    def be_faster() -> None:
        job, is_new = other.create(PROMOTION_ID, EXPORT, CLIENT_ID, "key")
        first.append((job.id, is_new))

    # When the first has looked, and found nothing.
    desk.office.calls.after("get_item", be_faster)
    assert desk.create_once(EXPORT) == ("other", False)
    assert first == [("other", True)]
    desk.assert_created_once("other")


def test_a_job_with_a_key_that_cannot_be_queued_is_there_for_the_next_attempt() -> None:
    """The first attempt may still fail when the second has been answered with its job."""
    desk = Desk(promotion())
    refuse = desk.office.calls.refuse
    desk.office.calls.before("send_message", refuse, refuse)
    with pytest.raises(Unavailable):
        desk.create_once(EXPORT)
    assert desk.create_once(EXPORT) == (JOB_ID, False)
    assert ([job.id for job in desk.office.jobs()], desk.office.messages()) == ([JOB_ID], [])


kind = Office().service.kind


def _split(rows_per_file: int, source: str | None = None) -> NewJob:
    return NewJob(JobType.CODE_EXPORT, parameters=ExportParameters(source, rows_per_file=rows_per_file))


@pytest.mark.parametrize(
    ("codes", "source", "rows_per_file", "enough"),
    [(1_000, None, 4, 5), (1_001, None, 5, 6), (201, None, 1, 2), (1_000, JOB_ID, 1, 2)],
)
def test_an_export_that_would_have_too_many_files_is_refused(
    codes: int, source: str | None, rows_per_file: int, enough: int
) -> None:
    made = generate_job(status=JobStatus.COMPLETED, generated=300)
    desk = Desk(promotion(codes=codes, room=0, max_codes=codes), made)
    for ask in (desk.create, lambda new: desk.creator.forecast(PROMOTION_ID, new)):
        with pytest.raises(TooManyFiles) as refusal:
            ask(_split(rows_per_file, source))
        assert refusal.value.enough == enough
    desk.assert_unchanged()


@pytest.mark.parametrize(("source", "rows_per_file"), [(None, 5), (None, 10_000_000), (JOB_ID, 2), (UNKNOWN_ID, 1)])
def test_an_export_that_has_as_many_files_as_it_may_is_created(source: str | None, rows_per_file: int) -> None:
    desk = Desk(promotion(codes=1_000, room=0), generate_job(status=JobStatus.COMPLETED, generated=300))
    assert desk.creator_with("another").create(PROMOTION_ID, _split(rows_per_file, source), CLIENT_ID)[1]


def _generate_estimate(codes: int) -> Estimate:
    return kind(JobType.CODE_GENERATE).forecast(promotion(), GenerateParameters(codes))


def _export_estimate(codes: int) -> Estimate:
    return kind(JobType.CODE_EXPORT).forecast(promotion(codes=codes), ExportParameters())


def _delete_estimate(codes: int) -> Estimate:
    return kind(JobType.CODE_DELETE).forecast(promotion(codes=codes), DeleteParameters())


@pytest.mark.parametrize(
    ("stored", "new", "forecast"),
    [
        (
            promotion(),
            _generate(1_000),
            Forecast(lock_is_free=True, room_is_enough=True, room=1_000, estimate=_generate_estimate(1_000)),
        ),
        (
            promotion(open_job="another"),
            EXPORT,
            Forecast(lock_is_free=False, room_is_enough=True, room=1_000, estimate=_export_estimate(0)),
        ),
        (
            promotion(room=9, codes=991),
            _generate(10),
            Forecast(lock_is_free=True, room_is_enough=False, room=9, estimate=_generate_estimate(10)),
        ),
        (
            promotion(room=0, codes=1_000),
            EXPORT,
            Forecast(lock_is_free=True, room_is_enough=True, room=0, estimate=_export_estimate(1_000)),
        ),
        (
            promotion(room=0, codes=1_000),
            _delete(),
            Forecast(lock_is_free=True, room_is_enough=True, room=0, estimate=_delete_estimate(1_000)),
        ),
        (
            promotion(automatic=True, open_job="another"),
            _delete(),
            Forecast(lock_is_free=False, room_is_enough=True, room=1_000, estimate=_delete_estimate(0)),
        ),
        (
            promotion(max_codes=1, room=0, codes=5_000_000),
            _delete(UNKNOWN_ID),
            Forecast(lock_is_free=True, room_is_enough=True, room=0, estimate=_delete_estimate(0)),
        ),
    ],
)
def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    stored: Promotion, new: NewJob, forecast: Forecast
) -> None:
    desk = Desk(stored)
    assert replace(desk.creator.forecast(PROMOTION_ID, new), example_codes=()) == forecast
    desk.assert_unchanged()
    assert set(desk.office.calls.made) == {"get_item"}


def test_a_dry_run_shows_made_up_codes_of_the_form_that_was_asked_for() -> None:
    chance = iter([0, 27**10 + 26, 27**20 - 1])
    creator = replace(Desk(promotion()).creator, bits=lambda _: next(chance))
    new = NewJob(JobType.CODE_GENERATE, None, GenerateParameters(10, code_length=10, code_prefix="Fall"))
    assert creator.forecast(PROMOTION_ID, new).example_codes == [
        "Fall-bbbb-bbbb-bb",
        "Fall-bbbb-bbbb-b9",
        "Fall-9999-9999-99",
    ]


@pytest.mark.parametrize("new", [EXPORT, _delete()])
def test_a_dry_run_of_what_makes_no_codes_shows_none(new: NewJob) -> None:
    assert Desk(promotion()).creator.forecast(PROMOTION_ID, new).example_codes == ()


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        (generate_job(status=JobStatus.COMPLETED, generated=100, deleted=40), 60),
        (generate_job(status=JobStatus.CANCELLED, generated=100, deleted=100), 0),
        (generate_job(status=JobStatus.PROCESSING), 0),
        (generate_job(status=JobStatus.COMPLETED, generated=100, promotion_id=UNKNOWN_ID), 0),
        (export_job(status=JobStatus.COMPLETED), 0),
    ],
    ids=["completed", "cancelled", "open", "another promotion's", "export"],
)
def test_a_dry_run_says_how_many_codes_of_a_job_are_there(source: Job, codes: int) -> None:
    desk = Desk(promotion(codes=200, room=800), source)
    forecast = Forecast(lock_is_free=True, room_is_enough=True, room=800, estimate=_delete_estimate(codes))
    assert desk.creator.forecast(PROMOTION_ID, _delete(source.id)) == forecast
    export = replace(EXPORT, parameters=ExportParameters(job_id=source.id))
    assert desk.creator.forecast(PROMOTION_ID, export) == replace(forecast, estimate=_export_estimate(codes))


@pytest.mark.parametrize(
    ("stored", "new", "error"),
    [
        (promotion(), _generate(1_001), CodesLimitExceeded),
        (promotion(max_codes=10_000_000), _generate(2_824_296), CodeSpaceTooSmall),
        (promotion(automatic=True), _generate(1), AutomaticPromotion),
    ],
)
def test_a_dry_run_of_what_cannot_be_is_refused_like_the_job(
    stored: Promotion, new: NewJob, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Desk(stored).creator.forecast(PROMOTION_ID, new)


@pytest.mark.parametrize(
    ("estimate", "codes", "seconds", "least", "most"),
    [
        (_generate_estimate(1), 1, 3, "0.00006", "0.0001"),
        (_generate_estimate(1_000_000), 1_000_000, 7, "0.007", "0.008"),
        (_generate_estimate(10_000_000), 10_000_000, 52, "0.07", "0.08"),
        (_export_estimate(0), 0, 2, "0.00005", "0.0001"),
        (_export_estimate(1_000_000), 1_000_000, 12, "0.0005", "0.001"),
        (_delete_estimate(0), 0, 2, "0.00004", "0.0001"),
        (_delete_estimate(1_000_000), 1_000_000, 22, "0.015", "0.017"),
    ],
)
def test_estimates_are_of_the_order_of_what_was_measured(
    estimate: Estimate, codes: int, seconds: int, least: str, most: str
) -> None:
    assert (estimate.codes, estimate.seconds) == (codes, seconds)
    assert Decimal(least) < estimate.dollars < Decimal(most)
