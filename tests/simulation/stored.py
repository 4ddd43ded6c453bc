"""What the table holds, sorted by kind: read from the items themselves, without the package's own readers of them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from promotion_jobs.aws.table import from_item
from tests.aws.dynamodb import MemoryDynamoDB

Plain = dict[str, Any]

OPEN = {"pending", "processing", "cancelling"}
UNDONE = {"cancelled", "failed"}


class Listed(NamedTuple):
    """A code as its chunk lists it."""

    code: str
    source: str
    slot: int
    removed: bool
    chunk: Plain
    position: int


@dataclass
class Stored:
    promotions: dict[str, Plain] = field(default_factory=dict)
    jobs: dict[str, Plain] = field(default_factory=dict)
    runs: defaultdict[str, dict[int, Plain]] = field(default_factory=lambda: defaultdict(dict))
    chunks: defaultdict[str, dict[tuple[str, int], Plain]] = field(default_factory=lambda: defaultdict(dict))
    """Promotion → source and number → chunk."""
    codes: dict[str, Plain] = field(default_factory=dict)
    collisions: set[str] = field(default_factory=set)
    open: dict[str, Plain] = field(default_factory=dict)

    @classmethod
    def read(cls, dynamodb: MemoryDynamoDB) -> "Stored":
        stored = cls()
        for _, item in dynamodb.table:
            stored._add(from_item(item))
        return stored

    def _add(self, item: Plain) -> None:
        kind, _, rest = item["pk"].partition("#")
        match kind, item["sk"].partition("#")[0]:
            case "PROMOTION", "PROMOTION":
                self.promotions[rest] = item
            case "PROMOTION", "JOB":
                self.jobs[item["sk"].partition("#")[2]] = {**item, "promotion": rest}
            case "JOB", "RUN":
                self.runs[rest][int(item["sk"].partition("#")[2])] = item
            case "CODES", source:
                self.chunks[rest][source, int(item["sk"].partition("#")[2])] = item
            case "CODE", _:
                self.codes[rest] = item
            case "COLLISIONS", _:
                self.collisions.add(rest)
            case "OPEN", job:
                self.open[job] = item

    def listed(self, promotion_id: str) -> Iterator[Listed]:
        """All that is listed under the promotion, also what an open job has listed."""
        for (source, number), chunk in self.chunks[promotion_id].items():
            job = self.jobs.get(source)
            first = number * job["plan"]["chunk_codes"] if job else 0
            removed = chunk.get("removed", set())
            for position, code in enumerate(chunk["codes"].split("\n")):
                yield Listed(code, source, first + position, position in removed, chunk, position)

    def is_open(self, source: str) -> bool:
        job = self.jobs.get(source)
        return job is not None and job["status"] in OPEN

    def visible(self, promotion_id: str) -> list[Listed]:
        return [it for it in self.listed(promotion_id) if not it.removed and not self.is_open(it.source)]

    def jobs_of(self, promotion_id: str) -> dict[str, Plain]:
        return {job_id: job for job_id, job in self.jobs.items() if job["promotion"] == promotion_id}
