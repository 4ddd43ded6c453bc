"""CPU time of `promojobs --help`, from the start of its interpreter to its end: what every command takes first."""

import os

from bench.measure import Bench, Goal, Outcome, Run, in_interpreter
from bench.report import PROJECT

_PASS, _HELP = "python -c pass", "promojobs --help"


def _run(*arguments: str) -> Run:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(PROJECT / "cli/src")}
    return lambda: in_interpreter(arguments, environment)[0]


def run(bench: Bench) -> Outcome:
    contenders = {_PASS: _run("-c", "pass"), _HELP: _run("-m", "promojobs.main", "--help")}
    samples = bench.interleaved(contenders, rounds=15)
    milliseconds = {name: 1_000 * samples.cpu_each(name) for name in contenders}
    note = f"{milliseconds[_PASS]:.0f} ms of them are those of {_PASS}"
    return Outcome([Goal(f"CPU of {_HELP}", milliseconds[_HELP], 150, at_most=True, unit="ms", note=note)], samples)
