"""Whole jobs of growing size, worked off by the real worker: a code must cost the same in all of them."""

from collections import Counter
from dataclasses import replace

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, Work, timed
from bench.stub import Stub, stub
from promotion_jobs import wiring
from promotion_jobs.api import answers
from promotion_jobs.jobs.job import JobStatus, Message
from promotion_jobs.jobs.runs import RunStatus
from promotion_jobs.limits import CODE_LENGTHS
from promotion_jobs.measures import Measure

_SMALLEST = 1_000
_BOUND = 1.2


def delivered_job(server: Stub, codes: int, length: int = 8, prefix: str | None = None) -> Work:
    """A job that is worked off run by run, in their order; it returns how many codes were made.

    A million indices are given of every other length, so that a second way to read its codes is looked at.
    """
    job = service.generate_job(codes, length, prefix)
    claimed = replace(job, status=JobStatus.PROCESSING, first_index=0, key_version=1)
    pending, processing = service.job_items(job), service.job_items(claimed)
    begun, done = (service.run_items(job, status) for status in (RunStatus.PROCESSING, RunStatus.COMPLETED))
    others = service.space_items(*(it for it in CODE_LENGTHS if it != length), given=1_000_000)
    empty, given = service.space_items(length), service.space_items(length, given=job.plan.indices)

    def work() -> int:
        made: Counter[Measure] = Counter()

        def count(measure: Measure, value: float = 1, /, **_: str) -> None:
            made[measure] += int(value)

        ours = wiring.service()
        ours.meter = count
        ours.generate = replace(ours.generate, meter=count)
        server.give([*others, *empty, *pending, *begun])
        server.give_after("SPACE#", [*given, *processing])
        for run in range(job.plan.runs):
            if run == job.plan.runs - 1:
                # As the last one finds them when it has finished.
                server.give(done)
            ours.worker(answers.job).deliver(Message(job.promotion_id, job.id, run), lambda: service.TIME_LEFT)
        assert made[Measure.CODES_GENERATED] == codes
        return codes

    return work


def _jobs(server: Stub, codes: int, times: int) -> Work:
    work = delivered_job(server, codes)
    return lambda: sum(work() for _ in range(times))


def _name(codes: int) -> str:
    return f"{codes:,} codes"


def run(bench: Bench) -> Outcome:
    sizes = [_SMALLEST, 10_000, 100_000] + ([] if bench.quick else [1_000_000, 10_000_000])
    with stub() as server:
        service.use(server)
        # Small jobs are repeated, so that each run takes some seconds.
        contenders: dict[str, Run] = {
            _name(codes): timed(_jobs(server, codes, max(1, bench.size(200_000, 50_000) // codes))) for codes in sizes
        }
        delivered_job(server, _SMALLEST)()
        samples = bench.interleaved(contenders, rounds=3, quick_rounds=1, warm_up=False)
    smallest = samples.cpu_each(_name(_SMALLEST))
    what = f"CPU per code of a job of {{}}, against one of {_name(_SMALLEST)}"
    goals = [
        Goal(what.format(_name(codes)), samples.cpu_each(_name(codes)) / smallest, _BOUND, at_most=True)
        for codes in sizes[1:]
    ]
    return Outcome(goals, samples)
