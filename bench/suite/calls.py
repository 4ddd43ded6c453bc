"""The cost of a job, counted: calls and write units for whole jobs, with all that claims, counts and completes them."""

from bench import service
from bench.measure import Bench, Goal, Outcome, Samples
from bench.stub import Stub, stub
from bench.suite.growth import delivered_job

_UNITS = "write units"
_UNIT_BOUNDS = {8: 0.012, 16: 0.022}


def _counted(server: Stub, codes: int, length: int) -> tuple[float, float]:
    """Calls for a thousand codes, and write units for one."""
    work = delivered_job(server, codes, length)
    server.counted()
    made = work()
    counted = server.counted()
    return sum(calls for what, calls in counted.items() if what != _UNITS) / made * 1_000, counted[_UNITS] / made


def run(bench: Bench) -> Outcome:
    codes = bench.size(1_000_000, 100_000)
    with stub() as server:
        service.use(server)
        by_length = {length: _counted(server, codes, length) for length in _UNIT_BOUNDS}
    calls = max(calls for calls, _ in by_length.values())
    note = f"a job of {codes:,} codes, two fifths of a call for each thousand of which are its chunks"
    goals = [
        Goal("calls for 1,000 codes", calls, 0.6, at_most=True, unit="", note=note),
        *(
            Goal(f"write units for a code of {length}", by_length[length][1], bound, at_most=True, unit="")
            for length, bound in _UNIT_BOUNDS.items()
        ),
    ]
    return Outcome(goals, Samples({}))
