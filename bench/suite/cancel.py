"""Taking codes away by the real worker, beside generating the same: a cancelled job, a deletion and a purge."""

from collections.abc import Callable

from bench.emulator import Deployment, deployment
from bench.events import event, sqs_event
from bench.measure import Bench, Goal, Outcome, Run, Sample, Samples, timed
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import DeleteParameters, JobType, Message
from promotion_jobs.jobs.runs import sums

_GENERATED = "generated"
_WAYS = ("cancelled", "deleted in bulk", "purged")


def run(bench: Bench) -> Outcome:
    codes = bench.size(1_000_000, 100_000)
    taken: dict[str, list[Sample]] = {name: [] for name in (_GENERATED, *_WAYS)}
    with deployment() as made:
        made.let_in()
        # The first round warms up.
        for number in range(1 + bench.size(3, 2)):
            for way in _WAYS:
                for name, sample in _round(made, way, codes).items():
                    bench.progress(f"  round {number}, {name}: {sample.wall:.2f} s, {sample.cpu:.2f} s CPU")
                    if number:
                        taken[name].append(sample)
    samples = Samples(taken)
    generated = samples.wall_each(_GENERATED)
    note = f"of {codes:,} codes, from the call to the job's last state"
    goals = [
        Goal(f"codes {way} per second, against codes generated", generated / samples.wall_each(way), 1, note=note)
        for way in _WAYS
    ]
    return Outcome(goals, samples)


def _round(made: Deployment, way: str, codes: int) -> dict[str, Sample]:
    """So many codes are generated, and taken away in this way."""
    made.renew()
    made.let_in()
    worker = made.function("run_job")

    def work(begin: Callable[[], object]) -> Run:
        def all_of_it() -> int:
            begin()
            while waiting := made.messages():
                for message in waiting:
                    worker(sqs_event(message))
            return codes

        return timed(all_of_it)

    if way == "cancelled":
        return _cancelled(made, codes, work)
    job = made.start_job(Plan(codes))
    samples = {_GENERATED: work(lambda: None)()}
    if way == "purged":
        samples[way] = work(lambda: made.service.promotion_remover.delete(job.promotion_id, "bench"))()
    else:
        new = NewJob(JobType.CODE_DELETE, parameters=DeleteParameters())
        samples[way] = work(lambda: made.service.job_creator.create(job.promotion_id, new, "bench"))()
    return samples


def _cancelled(made: Deployment, codes: int, work: Callable[[Callable[[], object]], Run]) -> dict[str, Sample]:
    """A job of one code more, for which it has one run more: that is left when it is cancelled."""
    job, worker, cancel = made.start_job(Plan(codes + 1)), made.function("run_job"), made.function("cancel_job")
    made.messages()

    def generate() -> int:
        for number in range(job.plan.runs - 1):
            worker(sqs_event(Message(job.promotion_id, job.id, number)))
        generated = sums(made.service.runs.all(job.id).values()).generated
        assert generated == codes
        return generated

    generated = timed(generate)()
    made.messages()
    undone = work(lambda: cancel(event("cancel_job", job.promotion_id, job.id)))()
    assert sums(made.service.runs.all(job.id).values()).deleted == codes
    return {_GENERATED: generated, "cancelled": undone}
