"""Jobs with the codes that they have made, by a key that tests know: so the codes of the first job are known too."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from promotion_jobs.codes import bodies
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.permutation import Permutation
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import GenerateParameters, Job
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.jobs.store import Outcome
from tests.support.builders import HOLDER, JOB_ID, NOW, generate_job
from tests.support.cloud import KEY, Cloud

_FORMAT = CodeFormat()
_PERMUTATION = Permutation(KEY, _FORMAT.length)


def plan_of(*sizes: int) -> Plan:
    """One run with chunks of these sizes; only the last one may be smaller than the others."""
    assert {*sizes[:-1]} <= {sizes[0]}
    return Plan(sum(sizes), chunk_codes=sizes[0])


def texts(*sizes: int, first: int = 0) -> list[list[str]]:
    """The codes of such a job, chunk by chunk; ``first`` is its first index."""
    plan = plan_of(*sizes)
    return [[_text(first + index) for index in plan.block(chunk)[: sizes[chunk]]] for chunk in range(len(sizes))]


def _text(index: int) -> str:
    lanes = _PERMUTATION.whole(_PERMUTATION.encrypted(_PERMUTATION.run(index, 1)))
    (text,) = _FORMAT.write(bodies.pack(lanes, 1, _FORMAT.width))
    return text


def start(cloud: Cloud, promotion_id: str, chunks: Sequence[Sequence[str]], job_id: str = JOB_ID) -> Job:
    """A job that has put these codes, which are what it makes, and is still open."""
    plan = plan_of(*map(len, chunks))
    parameters = GenerateParameters(plan.number_of_codes, "per_cart", 1)
    job = generate_job(plan, id=job_id, promotion_id=promotion_id, parameters=parameters)
    cloud.jobs.add(job)
    service, claimed = cloud.service, cloud.claim(job, NOW)
    assert claimed
    cloud.runs.take(claimed, 0, HOLDER, NOW)
    deadline = Deadline.of(lambda: timedelta(minutes=1))
    generate = replace(service.generate, now=lambda: NOW)
    assert generate.work(Hold(claimed, 0, Run(RunStatus.PROCESSING), deadline))
    put = service.code_store.chunks(claimed.maker, plan.chunks_of(0))
    assert [chunk.texts() for chunk in put] == chunks
    return cloud.job(promotion_id, job_id)


def complete(cloud: Cloud, job: Job) -> None:
    cloud.runs.finish(job, 0, NOW)
    cloud.jobs.complete(job, Outcome(generated=job.plan.number_of_codes), NOW)


def generate(cloud: Cloud, promotion_id: str, chunks: Sequence[Sequence[str]], job_id: str = JOB_ID) -> Job:
    """Likewise, completed."""
    complete(cloud, start(cloud, promotion_id, chunks, job_id))
    return cloud.job(promotion_id, job_id)
