"""A meter that keeps its counts, for tests."""

from collections import Counter
from dataclasses import dataclass, field

from promotion_jobs.measures import Measure


@dataclass
class MemoryMeter:
    """``counted`` has the sums by measure and the values of its dimensions."""

    counted: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def __call__(self, measure: Measure, value: float = 1, /, **dimensions: str) -> None:
        self.counted[measure, *dimensions.values()] += int(value)

    def of(self, *what: str) -> int:
        return self.counted[what]
