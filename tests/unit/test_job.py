"""A job, and how its codes are divided."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import GenerateParameters, JobStatus
from tests.support.builders import delete_job, export_job, generate_job, generated_job

plans = st.builds(Plan, st.integers(1, 500), st.integers(1, 40), st.integers(1, 9), st.integers(0, 9))


@given(plans)
def test_the_runs_of_a_plan_have_each_chunk_once_and_in_order(plan: Plan) -> None:
    chunks = list(chain.from_iterable(plan.chunks_of(run) for run in range(plan.runs)))
    assert chunks == list(range(plan.chunks))
    assert all(0 < len(plan.chunks_of(run)) <= plan.run_chunks for run in range(plan.runs))
    assert all(chunk in plan.chunks_of(plan.run_of(chunk)) for chunk in chunks)


@given(plans)
def test_the_chunks_and_the_runs_of_a_plan_have_all_of_its_codes(plan: Plan) -> None:
    sizes = [plan.codes_in(chunk) for chunk in range(plan.chunks)]
    assert all(0 < codes <= plan.chunk_codes for codes in sizes)
    assert sum(sizes) == sum(map(plan.codes_of, range(plan.runs))) == plan.number_of_codes


@given(plans)
def test_the_blocks_of_a_plan_have_each_index_once_and_enough_to_spare(plan: Plan) -> None:
    blocks = [plan.block(chunk) for chunk in range(plan.chunks)]
    assert list(chain.from_iterable(blocks)) == list(range(plan.indices))
    assert all(len(block) == plan.codes_in(chunk) + plan.spares for chunk, block in enumerate(blocks))
    assert all(plan.chunk_at(index) == chunk for chunk, block in enumerate(blocks) for index in block)


@given(plans, st.data())
def test_what_a_run_has_put_says_which_chunks_there_are(plan: Plan, data: st.DataObject) -> None:
    run = data.draw(st.sampled_from(range(plan.runs)))
    chunks = plan.chunks_of(run)
    put = data.draw(st.integers(0, len(chunks)))
    codes = sum(map(plan.codes_in, chunks[:put]))
    assert plan.chunks_in(run, codes) == chunks[:put]


@pytest.mark.parametrize(
    ("number_of_codes", "chunks", "runs", "indices"),
    [
        (0, 0, 1, 0),
        (1, 1, 1, 61),
        (2_500, 1, 1, 2_560),
        (2_501, 2, 1, 2_621),
        (100_000, 40, 1, 102_400),
        (100_001, 41, 2, 102_461),
        (10_000_000, 4_000, 100, 10_240_000),
    ],
)
def test_a_job_has_chunks_of_2500_codes_and_runs_of_40_chunks(
    number_of_codes: int, chunks: int, runs: int, indices: int
) -> None:
    plan = Plan(number_of_codes)
    assert (plan.chunks, plan.runs, plan.indices) == (chunks, runs, indices)


def test_pending_processing_and_cancelling_jobs_are_open() -> None:
    open_statuses = {status for status in JobStatus if status.is_open}
    assert open_statuses == {JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.CANCELLING}


def test_codes_have_8_symbols_unless_the_job_says_otherwise() -> None:
    assert GenerateParameters(1).code_format == CodeFormat(8)
    assert GenerateParameters(1, code_length=12, code_prefix="Summer").code_format == CodeFormat(12, "Summer")


@pytest.mark.parametrize("status", JobStatus)
def test_the_codes_of_a_job_are_there_for_all_to_see_when_it_is_completed(status: JobStatus) -> None:
    job = generate_job(status=status, generated=5, deleted=2)
    assert job.visible_codes == (3 if status is JobStatus.COMPLETED else 0)


def test_a_deletion_has_no_codes_to_see() -> None:
    assert delete_job(status=JobStatus.COMPLETED, deleted=2).visible_codes == 0


def test_an_export_makes_no_codes() -> None:
    with pytest.raises(TypeError, match=r"^ExportParameters are not GenerateParameters$"):
        _ = export_job().maker


def test_a_job_has_indices_when_it_is_claimed() -> None:
    with pytest.raises(TypeError, match=r"^no indices are given to code_generate pending$"):
        _ = generate_job().allocation
    allocation = generated_job(5, first_index=100, key_version=2).allocation
    assert (allocation.first, allocation.end, allocation.version) == (100, 165, 2)
