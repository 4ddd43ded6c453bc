"""Claiming a job: room and indices, or nothing (decision 8, docs/understand/codes.md)."""

from dataclasses import replace

import pytest

from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.claim import Claimer
from promotion_jobs.jobs.job import GenerateParameters, JobStatus
from promotion_jobs.limits import STORE_ATTEMPTS
from tests.support.builders import JOB_ID, NOW, UNKNOWN_ID, export_job, generate_job, promotion
from tests.support.desk import CLAIM
from tests.support.office import Office

PLAN = Plan(7, chunk_codes=3, run_chunks=2, spares=2)


def _claimer(office: Office) -> Claimer:
    service = office.service
    return Claimer(service.job_store, service.promotion_store, service.spaces)


def test_jobs_of_a_length_get_indices_one_after_the_other() -> None:
    first, second = generate_job(PLAN), generate_job(PLAN, id=UNKNOWN_ID, promotion_id=UNKNOWN_ID)
    longer = replace(first, id="longer", promotion_id="longer", parameters=GenerateParameters(7, code_length=12))
    owners = [promotion(id=job.promotion_id, open_job=job.id) for job in (first, second, longer)]
    office = Office(*owners, first, second, longer)
    claimed = [_claimer(office).claim(job, NOW) for job in (first, second, longer)]
    assert [(job.first_index, job.key_version) for job in claimed if job] == [(0, 1), (13, 1), (0, 1)]
    assert [office.service.spaces.get(length).next for length in (8, 12)] == [26, 13]
    assert [office.job(job) for job in (first, second, longer)] == claimed
    assert {it.room for it in map(office.promotion, (first.promotion_id, UNKNOWN_ID, "longer")) if it} == {993}


def test_a_claim_under_which_another_job_was_given_its_indices_takes_the_next() -> None:
    first, second = generate_job(PLAN), generate_job(PLAN, id=UNKNOWN_ID, promotion_id=UNKNOWN_ID)
    office = Office(promotion(open_job=JOB_ID), promotion(id=UNKNOWN_ID, open_job=UNKNOWN_ID), first, second)
    office.service.spaces.stored(8)

    def claim() -> None:
        assert _claimer(office).claim(second, NOW)

    def rotate() -> None:
        assert office.service.rotation.rotate() == 2

    office.calls.before(CLAIM, claim, rotate)
    claimed = _claimer(office).claim(first, NOW)
    assert claimed
    assert (claimed.first_index, claimed.key_version) == (13, 2)


def test_a_space_of_which_others_go_on_claiming_is_a_busy_store() -> None:
    office = Office(promotion(open_job=JOB_ID), generate_job(PLAN))
    spaces = office.service.spaces

    def give() -> None:
        spaces.table.transact(spaces.give(spaces.stored(8), 1))

    office.calls.before(CLAIM, *[give] * STORE_ATTEMPTS)
    with pytest.raises(StoreBusy):
        _claimer(office).claim(generate_job(PLAN), NOW)
    assert office.job(generate_job(PLAN)).status is JobStatus.PENDING


def test_a_length_that_is_used_up_fails_the_job_and_takes_nothing() -> None:
    office = Office(promotion(open_job=JOB_ID), generate_job(PLAN))
    spaces = office.service.spaces
    spaces.table.transact(spaces.give(spaces.stored(8), 27**8 - 12))
    assert _claimer(office).claim(generate_job(PLAN), NOW) is None
    refused = office.job(generate_job(PLAN))
    assert (refused.status, refused.error) == (JobStatus.FAILED, "no codes of this length are left")
    assert office.promotion() == promotion()
    assert spaces.get(8).next == 27**8 - 12


def test_the_last_indices_of_a_length_can_be_claimed() -> None:
    office = Office(promotion(open_job=JOB_ID), generate_job(PLAN))
    spaces = office.service.spaces
    spaces.table.transact(spaces.give(spaces.stored(8), 27**8 - 13))
    claimed = _claimer(office).claim(generate_job(PLAN), NOW)
    assert claimed
    assert claimed.allocation.end == 27**8


def test_a_job_that_makes_no_codes_takes_no_indices() -> None:
    office = Office(promotion(open_job=JOB_ID), export_job())
    claimed = _claimer(office).claim(export_job(), NOW)
    assert claimed == export_job(status=JobStatus.PROCESSING, started_at=NOW)
    assert not [item for item in office.items() if item["pk"].startswith(("SPACE", "ALLOCATIONS"))]
