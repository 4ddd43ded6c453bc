from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.jobs.generate import Choices
from promotion_jobs.jobs.job import GenerateParameters, JobStatus, Plan
from tests.support.builders import export_job, generate_job

plans = st.builds(Plan, st.integers(1, 500), st.integers(1, 40), st.integers(1, 9))


@given(plans)
def test_the_runs_of_a_plan_have_each_chunk_once_and_in_order(plan: Plan) -> None:
    chunks = list(chain.from_iterable(plan.chunks_of(run) for run in range(plan.runs)))
    assert chunks == list(range(plan.chunks))
    assert all(0 < len(plan.chunks_of(run)) <= plan.run_chunks for run in range(plan.runs))


@given(plans)
def test_the_chunks_of_a_plan_have_each_slot_once_and_in_order(plan: Plan) -> None:
    choices = Choices.of(generate_job(plan))
    slots = list(chain.from_iterable(choices.slots(chunk) for chunk in range(plan.chunks)))
    assert slots == list(range(plan.number_of_codes))
    assert all(0 < len(choices.slots(chunk)) <= plan.chunk_codes for chunk in range(plan.chunks))


@given(plans)
def test_the_runs_of_a_plan_have_all_of_its_codes(plan: Plan) -> None:
    chunks = chain.from_iterable(map(plan.chunks_of, range(plan.runs)))
    assert sum(map(plan.codes_in, chunks)) == plan.number_of_codes


@pytest.mark.parametrize(
    ("number_of_codes", "chunks", "runs"),
    [(0, 0, 1), (1, 1, 1), (1_000, 1, 1), (1_001, 2, 1), (25_000, 25, 1), (25_001, 26, 2), (10_000_000, 10_000, 400)],
)
def test_a_job_has_chunks_of_1000_codes_and_runs_of_25_chunks(number_of_codes: int, chunks: int, runs: int) -> None:
    plan = Plan(number_of_codes)
    assert (plan.chunks, plan.runs) == (chunks, runs)


def test_pending_processing_and_cancelling_jobs_are_open() -> None:
    open_statuses = {status for status in JobStatus if status.is_open}
    assert open_statuses == {JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.CANCELLING}


def test_codes_have_8_symbols_unless_the_job_says_otherwise() -> None:
    assert GenerateParameters(1).code_format == CodeFormat(8)
    assert GenerateParameters(1, code_length=12, code_prefix="Summer").code_format == CodeFormat(12, "Summer")


def test_an_export_is_no_work_for_the_generator() -> None:
    with pytest.raises(TypeError, match=r"^Parameters are not GenerateParameters$"):
        Choices.of(export_job())


def test_a_seed_is_not_shown_where_a_job_is() -> None:
    assert "seed" not in repr(generate_job())
