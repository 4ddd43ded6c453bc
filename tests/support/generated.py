"""Jobs with the codes that they have made, without the worker: its PartiQL is not for moto."""

from collections.abc import Sequence
from itertools import chain

from promotion_jobs.jobs.job import GenerateParameters, Job, Plan
from promotion_jobs.jobs.store import Outcome
from tests.support.builders import JOB_ID, LEASE, NOW, generate_job
from tests.support.cloud import Cloud


def start(cloud: Cloud, promotion_id: str, chunks: Sequence[Sequence[str]], job_id: str = JOB_ID) -> Job:
    """A job that has made its codes and is still open."""
    number = sum(map(len, chunks))
    plan = Plan(number, chunk_codes=len(chunks[0]))
    parameters = GenerateParameters(number, "per_cart", 1)
    job = generate_job(plan, id=job_id, promotion_id=promotion_id, parameters=parameters)
    cloud.jobs.add(job)
    cloud.jobs.claim(job, NOW)
    cloud.put_codes(job, chain.from_iterable(chunks))
    cloud.commit_chunks(job, chunks)
    return cloud.job(promotion_id, job_id)


def complete(cloud: Cloud, job: Job) -> None:
    cloud.runs.finish(job, 0, LEASE, NOW)
    cloud.jobs.complete(job, Outcome(generated=job.plan.number_of_codes), NOW)


def generate(cloud: Cloud, promotion_id: str, chunks: Sequence[Sequence[str]], job_id: str = JOB_ID) -> Job:
    """A job that is completed, as it is stored."""
    complete(cloud, start(cloud, promotion_id, chunks, job_id))
    return cloud.job(promotion_id, job_id)
