"""Samples, and how they are taken: contenders in turns, so that whatever else the machine does hits all of them."""

import gc
import json
import math
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: how many units it did, and the seconds that took; CPU time is the measured process's own, all threads.

    ``memory`` is the peak of the process over what it had before, in bytes, where that is measured.
    """

    amount: float
    cpu: float
    wall: float
    memory: int = 0


Run = Callable[[], Sample]
Work = Callable[[], float]
"""Something that returns how many units it did."""


def timed(work: Work) -> Run:
    """A run in this process."""

    def run() -> Sample:
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        amount = work()
        return Sample(amount, time.process_time() - cpu, time.perf_counter() - wall)

    return run


def in_process(prepare: Callable[..., Work], *arguments: Any) -> Run:
    """A run in a process of its own, which tells its peak memory; what ``prepare`` does there is not measured.

    ``prepare`` is a function of a module, and it and its arguments can be pickled.
    """

    def run() -> Sample:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            return process.submit(_prepared, prepare, arguments).result()

    return run


def _prepared(prepare: Callable[..., Work], arguments: Sequence[Any]) -> Sample:
    run = timed(prepare(*arguments))
    before = _memory("VmRSS")
    sample = run()
    return replace(sample, memory=_memory("VmHWM") - before)


def _memory(name: str) -> int:
    """Memory of this process in bytes: now (VmRSS), or its peak (VmHWM); without /proc always the peak."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The resource usage would begin with the peak of the process that started this one.
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")) * 1024


def in_interpreter(arguments: Sequence[str], environment: Mapping[str, str], sent: Any = None) -> tuple[Sample, str]:
    """CPU time of a new interpreter, from its start to its end, and what it wrote to standard error.

    ``sent`` comes on its standard input as JSON.
    """
    with TemporaryFile("w+") as given, TemporaryFile("w+") as said:
        json.dump(sent, given)
        given.seek(0)
        started = time.perf_counter()
        command = [sys.executable, "-P", *arguments]
        child = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, stderr=said, env=dict(environment))  # noqa: S603 - ours
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    assert child.returncode == 0, text
    return Sample(1, usage.ru_utime + usage.ru_stime, wall), text


@dataclass(frozen=True, slots=True)
class Samples:
    """All runs of a benchmark, by contender."""

    by_name: Mapping[str, Sequence[Sample]]

    def cpu_each(self, name: str) -> float:
        """Median CPU seconds of one unit."""
        return median(sample.cpu / sample.amount for sample in self.by_name[name])

    def wall_each(self, name: str) -> float:
        """Median seconds of one unit."""
        return median(sample.wall / sample.amount for sample in self.by_name[name])

    def memory(self, name: str) -> float:
        return median(sample.memory for sample in self.by_name[name])


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of a benchmark: at least, or at most, the bound. ``note`` says what a figure does not.

    ``measured`` is NaN where it could not be measured; the note says why.
    """

    what: str
    measured: float
    bound: float
    at_most: bool = False
    unit: str = "×"
    note: str = ""

    @property
    def is_measured(self) -> bool:
        return not math.isnan(self.measured)

    @property
    def held(self) -> bool:
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    @property
    def margin(self) -> float:
        """How many times better than the bound; below 1 it is missed."""
        if self.at_most:
            return self.bound / self.measured if self.measured else math.inf
        return self.measured / self.bound


@dataclass(frozen=True, slots=True)
class Outcome:
    goals: Sequence[Goal]
    samples: Samples


@dataclass(frozen=True, slots=True)
class Bench:
    """How thorough a run is: a quick one does less of everything, and its figures are rough."""

    quick: bool = False

    def progress(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def interleaved(
        self, contenders: Mapping[str, Run], *, rounds: int = 5, quick_rounds: int = 3, warm_up: bool = True
    ) -> Samples:
        """Every contender once per round, each round beginning with another one; one round before them warms up."""
        names = list(contenders)
        taken: dict[str, list[Sample]] = {name: [] for name in names}
        for number in range(-1 if warm_up else 0, self.size(rounds, quick_rounds)):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                sample = contenders[name]()
                if number >= 0:
                    taken[name].append(sample)
                    self.progress(f"  round {number + 1}, {name}: {sample.wall:.2f} s, {sample.cpu:.2f} s CPU")
        return Samples(taken)


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the block: each benchmark has a process to itself, but may need two settings."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
