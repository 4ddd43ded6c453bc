"""Whole schedules, each made of its seed and its faults: the same ones give the same schedule, call by call."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from promotion_jobs.errors import DuplicateCode, PromotionFull, WriteConflict
from promotion_jobs.promotions.promotion import Promotion
from tests.simulation.faults import Fault, Odds, Pauses, RandomFaults
from tests.simulation.invariants import generated_twice, repeated_jobs, violations
from tests.simulation.look_ups import wrong_look_ups, wrong_refusals
from tests.simulation.stored import Stored
from tests.simulation.workshop import Workshop, random_of

_WATCHFUL = 0.1
"""In how many schedules the items are looked at after every transaction."""

Story = Callable[[Workshop], None]
"""The plot of a schedule: adds promotions, jobs and actors to a workshop."""


class Violation(AssertionError):
    """A broken invariant, with the seed and the calls that show it again."""


@dataclass
class Tally:
    """The numbers of many schedules."""

    schedules: int = 0
    violations: int = 0
    calls: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)

    def play(self, story: Story, workshop: Workshop) -> None:
        """Play a schedule and count it, also where that raises Violation."""
        try:
            play(story, workshop)
        except Violation:
            self.violations += 1
            raise
        finally:
            self._add(workshop)

    def _add(self, workshop: Workshop) -> None:
        self.schedules += 1
        self.calls += workshop.simulation.calls
        self.faults += workshop.simulation.injected
        for job in Stored.read(workshop.simulation.dynamodb).jobs.values():
            self.ends[f"{job['job_type']} {job['status']}"] += 1

    def __str__(self) -> str:
        faults = {fault.name: count for fault, count in sorted(self.faults.items(), key=lambda it: it[0].value)}
        return (
            f"{self.schedules:,} schedules, {self.calls:,} calls, {self.faults.total():,} faults injected, "
            f"{self.violations} violations\nfaults: {_listed(faults)}\njobs: {_listed(self.ends)}"
        )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def play(story: Story, workshop: Workshop) -> None:
    """Raises Violation where the story does not end, or ends in items that must not be."""
    try:
        story(workshop)
        workshop.sweep_until_nothing_is_open()
        workshop.simulation.run()
    except Exception as error:
        raise Violation(_report(workshop, [f"{type(error).__name__}: {error}"])) from error
    simulation = workshop.simulation
    found = simulation.seen + violations(simulation.dynamodb, simulation.files, simulation.bus)
    found += repeated_jobs(simulation.dynamodb, workshop.answered)
    found += generated_twice(Stored.read(simulation.dynamodb), workshop.free)
    found += [it for check in workshop.checks for it in check()]
    if not found and workshop.asks_for_codes:
        found = [*wrong_look_ups(workshop), *wrong_refusals(workshop)]
    if found:
        raise Violation(_report(workshop, found))


def _report(workshop: Workshop, found: list[str]) -> str:
    lines = [f"seed {workshop.seed!r} (PYTHONHASHSEED {os.environ.get('PYTHONHASHSEED', 'any')}):", *found[:10]]
    calls = enumerate(workshop.simulation.trace)
    faults = [f"call {number}: {' '.join(map(str, it))}" for number, it in calls if it[3]]
    errors = [f"{name}: {error!r}" for name, error in workshop.simulation.errors]
    return "\n".join([*lines, "faults:", *faults, "errors:", *errors[-10:]])


def random_workshop(seed: int | str) -> Workshop:
    """A workshop that is laid out, and has faults, as the seed says."""
    random = random_of("faults", seed)
    layout = random_of("layout", seed)
    workshop = Workshop(
        seed,
        RandomFaults(random, Odds.drawn(random)),
        workers=layout.choice((1, 2, 4)),
        chunk_codes=layout.choice((2, 3, 8)),
        run_chunks=layout.choice((1, 2, 3)),
        spares=layout.choice((1, 3, 5)),
        runs_ahead=layout.choice((1, 2, 3)),
        watchful=layout.random() < _WATCHFUL,
    )
    simulation = workshop.simulation
    simulation.queue.tries = layout.choice((None, 5))
    simulation.dynamodb.page_bytes = layout.choice((300, 2_000, 1_000_000))
    simulation.torn = layout.choice((0.0, 0.15, 0.5))
    simulation.dynamodb.whole = layout.random() < 0.02
    return workshop


def meeting(seed: int | str) -> Workshop:
    """A workshop in which nothing goes wrong; but transactions are seen item by item, and actors may pause."""
    random = random_of("meeting", seed)
    workshop = Workshop(seed, Pauses(random), sticky=random.choice((0.0, 0.5)), chunk_codes=random.choice((2, 3)))
    workshop.simulation.torn = random.choice((0.0, 0.5, 0.9))
    return workshop


def hand_made(workshop: Workshop, promotion: Promotion, known: list[str]) -> Callable[[], None]:
    """A shop that adds codes to a promotion and removes others; ``known`` may be shared with another shop."""
    random = workshop.random

    def work() -> None:
        for _ in range(random.randint(1, 6)):
            codes = {workshop.random_code() for _ in range(random.choice((1, 1, 3)))}
            # All or nothing: where one of them is taken, the others stay free.
            with suppress(DuplicateCode, PromotionFull):
                workshop.add_codes(workshop.service.promotions.get(promotion.id), sorted(codes))
            known.extend(sorted(codes))
            some = random.sample(known, random.randint(0, min(4, len(known))))
            with suppress(WriteConflict):
                workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), some)
            workshop.simulation.sleep(random.random() * random.choice((0, 3)))

    return work
