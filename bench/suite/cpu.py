"""CPU time of the worker for each code of a whole job, by the code's length and its number of readings."""

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, timed
from bench.stub import stub
from bench.suite.growth import delivered_job

_KINDS = {
    "length 8": (8, "summer", 4),
    "length 12": (12, "summer", 8),
    "length 16": (16, "summer", 8),
    "length 8 behind bfcm, which reads as one of 12": (8, "bfcm", 8),
}
"""Length, prefix and bound; a code of 12 reads as one of 8, and one of 16 in three ways."""


def run(bench: Bench) -> Outcome:
    codes = bench.size(500_000, 100_000)
    with stub() as server:
        service.use(server)
        contenders: dict[str, Run] = {
            name: timed(delivered_job(server, codes, length, prefix)) for name, (length, prefix, _) in _KINDS.items()
        }
        samples = bench.interleaved(contenders)
    goals = [
        Goal(f"µs of CPU for a code of {name}", samples.cpu_each(name) * 1e6, bound, at_most=True, unit="µs")
        for name, (*_, bound) in _KINDS.items()
    ]
    return Outcome(goals, samples)
