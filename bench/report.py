"""The results: a table on the terminal, a file with every sample, and a plot."""

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.measure import Goal, Outcome, Samples
from bench.plot import plot

PROJECT = Path(__file__).resolve().parent.parent
_PACKAGES = ("aws-lambda-powertools", "boto3", "botocore", "ministack", "pydantic", "urllib3")

_BEGIN, _END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"

Outcomes = Mapping[str, Outcome]


def show(outcomes: Outcomes) -> None:
    for name, outcome in outcomes.items():
        print(f"\n{name}")
        _show_samples(outcome.samples)
        width = max(len(goal.what) for goal in outcome.goals)
        for goal in outcome.goals:
            measured = _number(goal.measured, goal.unit) if goal.is_measured else "-"
            print(f"  {goal.what:{width}}  {measured:>10}  {_bound(goal):>12}  {verdict(goal)}")
            if goal.note:
                print(f"    {goal.note}")
    goals = [goal for outcome in outcomes.values() for goal in outcome.goals]
    unmeasured = sum(not goal.is_measured for goal in goals)
    rest = f", {unmeasured} not measured" if unmeasured else ""
    print(f"\n{sum(goal.held for goal in goals)} of {len(goals)} goals held{rest}")


def verdict(goal: Goal) -> str:
    if not goal.is_measured:
        return "not measured"
    return "held" if goal.held else "MISSED"


def _show_samples(samples: Samples) -> None:
    for name in samples.by_name:
        each = f"{_time(samples.cpu_each(name))} CPU, {_time(samples.wall_each(name))}"
        memory = f", {samples.memory(name) / 2**20:.0f} MB" if samples.memory(name) else ""
        print(f"    {name}: {each} each{memory}")


def _time(seconds: float) -> str:
    unit, factor = next(
        ((unit, it) for unit, it in (("s", 1), ("ms", 1e3), ("µs", 1e6)) if seconds * it >= 1), ("ns", 1e9)
    )
    return f"{seconds * factor:.3g} {unit}"


def _number(value: float, unit: str) -> str:
    digits = max(0, 3 - math.floor(math.log10(value))) if value else 0
    return f"{value:,.{digits}f}{_suffix(unit)}"


def _suffix(unit: str) -> str:
    return unit if unit == "×" else f" {unit}".rstrip()


def _bound(goal: Goal) -> str:
    return f"{'≤' if goal.at_most else '≥'} {goal.bound:.4g}{_suffix(goal.unit)}"


def keep(outcomes: Outcomes, *, quick: bool, date: str) -> None:
    """The figures of a full run stay with the code; those of a quick one are rough, and leave them alone."""
    figures = PROJECT / (".local/bench/quick.json" if quick else "bench/results/latest.json")
    picture = PROJECT / (".local/bench/quick.svg" if quick else "docs/understand/performance.svg")
    figures.parent.mkdir(parents=True, exist_ok=True)
    document = {"date": date, "quick": quick, "machine": _machine(), "benchmarks": _figures(outcomes)}
    figures.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    picture.write_text(plot({name: outcome.goals for name, outcome in outcomes.items()}))
    if not quick:
        _write_page(outcomes)
    print(f"Written: {figures.relative_to(PROJECT)} and {picture.relative_to(PROJECT)}")


def _write_page(outcomes: Outcomes) -> None:
    """Put the figures where the page about performance has its place for them."""
    page = PROJECT / "docs/understand/performance.md"
    text = page.read_text()
    begin, end = text.index(_BEGIN) + len(_BEGIN), text.index(_END)
    rows = ["| | | measured | goal | |", "|---|---|--:|--:|---|"]
    for name, outcome in outcomes.items():
        for goal in outcome.goals:
            measured = _number(goal.measured, goal.unit) if goal.is_measured else "-"
            note = f"<br>{goal.note}" if goal.note else ""
            rows.append(f"| {name} | {goal.what}{note} | {measured} | {_bound(goal)} | {verdict(goal)} |")
    page.write_text("\n".join([text[:begin], *rows, text[end:]]))


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in _PACKAGES},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _figures(outcomes: Outcomes) -> dict[str, Any]:
    return {
        name: {
            "goals": [_goal(goal) for goal in outcome.goals],
            "samples": {who: [asdict(it) for it in samples] for who, samples in outcome.samples.by_name.items()},
        }
        for name, outcome in outcomes.items()
    }


def _goal(goal: Goal) -> dict[str, Any]:
    measured = goal.measured if goal.is_measured else None
    return asdict(goal) | {"measured": measured, "verdict": verdict(goal).lower()}
