"""One module a benchmark: its ``run`` measures it and says what its goals are."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

from bench.measure import Bench, Outcome

NAMES = (
    "generation",
    "cpu",
    "job",
    "calls",
    "bulk_peer",
    "cancel",
    "export",
    "imports",
    "lookup",
    "listing",
    "redeem",
    "hot_code",
    "used_codes",
    "growth",
    "cold_start",
    "package",
    "create_job",
    "command_line",
)


def run(name: str, bench: Bench) -> Outcome:
    """Run a benchmark, in a process of its own: what one loads or leaves behind must not help or hurt another."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_run, name, bench).result()


def _run(name: str, bench: Bench) -> Outcome:
    # Powertools' logger and metrics keep what they find when they are loaded: the log of a benchmark goes nowhere.
    os.environ |= {"POWERTOOLS_METRICS_NAMESPACE": "PromotionJobs", "POWERTOOLS_SERVICE_NAME": "promotion-jobs"}
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        outcome: Outcome = import_module(f"bench.suite.{name}").run(bench)
    return outcome
