"""Undoing a job by the real worker: codes deleted a second, beside codes generated a second of the same job."""

from bench.emulator import Deployment, deployment
from bench.events import event, sqs_event
from bench.measure import Bench, Goal, Outcome, Sample, Samples, timed
from promotion_jobs.jobs.job import JobStatus, Message, Plan
from promotion_jobs.limits import CHUNK_CODES

_GENERATED, _DELETED = "generated", "deleted"


def run(bench: Bench) -> Outcome:
    codes = bench.size(20_000, 10_000)
    taken: dict[str, list[Sample]] = {_GENERATED: [], _DELETED: []}
    with deployment() as made:
        # The first round warms up.
        for number in range(1 + bench.size(5, 3)):
            made.renew()
            made.let_in()
            for name, sample in _round(made, codes).items():
                bench.progress(f"  round {number}, {name}: {sample.wall:.2f} s, {sample.cpu:.2f} s CPU")
                if number:
                    taken[name].append(sample)
    samples = Samples(taken)
    measured = samples.wall_each(_GENERATED) / samples.wall_each(_DELETED)
    note = "from the cancel to the job's last state; each code on the condition that it is the job's and the slot's"
    return Outcome([Goal("codes deleted per second, against codes generated", measured, 0.9, note=note)], samples)


def _round(made: Deployment, codes: int) -> dict[str, Sample]:
    """A job of two runs: one is generated, then the job is cancelled before anybody begins with the other."""
    worker, cancel = made.function("run_job"), made.function("cancel_job")
    job = made.start_job(Plan(2 * codes, run_chunks=codes // CHUNK_CODES))

    def generate() -> int:
        worker(sqs_event(Message(job.promotion_id, job.id)))
        return sum(run.generated for run in made.service.runs.all(job.id).values())

    def undo() -> int:
        cancel(event("cancel_job", job.promotion_id, job.id))
        while waiting := made.messages():
            for message in waiting:
                worker(sqs_event(message))
        done = made.service.job_store.get(job.promotion_id, job.id)
        assert done is not None
        assert done.status is JobStatus.CANCELLED
        return done.deleted

    return {_GENERATED: timed(generate)(), _DELETED: timed(undo)()}
