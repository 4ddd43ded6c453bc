"""The items of the table by kind, read without the package's own readers."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from promotion_jobs.aws.table import from_item
from tests.aws.dynamodb import MemoryDynamoDB
from tests.aws.values import Item, KeyPair
from tests.support.small_notation import SMALL, SYMBOLS

Plain = dict[str, Any]

OPEN = {"pending", "processing", "cancelling"}
UNDONE = {"cancelled", "failed"}


class Listed(NamedTuple):
    """A code as its chunk has it. ``source`` is its job, or the chunk itself if that was made by hand."""

    code: str
    source: str
    position: int
    removed: bool
    chunk: Plain
    made: Plain | None
    """A code that was made by hand, or imported, with its terms."""
    number: int | None = None
    """Of the chunk of an import."""


def texts(chunk: Plain, job: Plain) -> list[str]:
    """The codes of a chunk of a job."""
    if job["job_type"] == "code_import":
        return [made["code"] for made in json.loads(chunk["codes"])]
    given = job["parameters"]
    length, prefix = given.get("code_length", 8), given.get("code_prefix")
    head = f"{prefix.removesuffix('-')}-" if prefix else ""
    return [head + _written(body, length) for body in chunk["codes"]]


def _written(body: int, length: int) -> str:
    """No body of the small notation takes more than a byte."""
    symbols = "".join(SYMBOLS[body >> (length - 1 - at) & 1] for at in range(length))
    return "-".join(symbols[at : at + SMALL.group] for at in range(0, length, SMALL.group))


@dataclass
class Reader:
    """Reads a table again and again: what has not changed since the last time is not read again."""

    dynamodb: MemoryDynamoDB
    _known: dict[KeyPair, tuple[Item, Plain]] = field(default_factory=dict)

    def items(self) -> list[Plain]:
        """Nobody may change them."""
        return [self._plain(key, item) for key, item in self.dynamodb.table]

    def _plain(self, key: KeyPair, item: Item) -> Plain:
        # An item of the table is replaced, never changed.
        known = self._known.get(key)
        if known is None or known[0] is not item:
            known = self._known[key] = item, from_item(item)
        return known[1]


@dataclass
class Stored:
    promotions: dict[str, Plain] = field(default_factory=dict)
    jobs: dict[str, Plain] = field(default_factory=dict)
    runs: defaultdict[str, dict[int, Plain]] = field(default_factory=lambda: defaultdict(dict))
    chunks: defaultdict[str, dict[int, Plain]] = field(default_factory=lambda: defaultdict(dict))
    """Job → number → chunk."""
    by_hand: defaultdict[str, dict[str, Plain]] = field(default_factory=lambda: defaultdict(dict))
    """Promotion → id → chunk."""
    codes: dict[str, Plain] = field(default_factory=dict)
    allocations: dict[str, Plain] = field(default_factory=dict)
    """By job."""
    refused: defaultdict[str, dict[int, Plain]] = field(default_factory=lambda: defaultdict(dict))
    """Job → number → part of its report."""
    uploads: dict[str, Plain] = field(default_factory=dict)
    open: dict[str, Plain] = field(default_factory=dict)

    @classmethod
    def read(cls, dynamodb: MemoryDynamoDB) -> "Stored":
        return cls.of(Reader(dynamodb).items())

    @classmethod
    def of(cls, items: Iterable[Plain]) -> "Stored":
        stored = cls()
        for item in items:
            stored._add(item)
        return stored

    def _add(self, item: Plain) -> None:  # noqa: C901 - one for each kind
        kind, _, rest = item["pk"].partition("#")
        match kind, item["sk"].partition("#")[0]:
            case "PROMOTION", "PROMOTION":
                self.promotions[rest] = item
            case "PROMOTION", "JOB":
                self.jobs[item["sk"].partition("#")[2]] = {**item, "promotion": rest}
            case "JOB", "RUN":
                self.runs[rest][int(item["sk"].partition("#")[2])] = item
            case "CODES", number if "#" in rest:
                self.chunks[rest.partition("#")[0]][int(number)] = item
            case "CODES", chunk:
                self.by_hand[rest][chunk] = item
            case "CODE", _:
                self.codes[rest] = item
            case "ALLOCATIONS", _:
                self.allocations[item["job"]] = item
            case "REFUSED", number:
                self.refused[rest][int(number)] = item
            case "UPLOAD", _:
                self.uploads[rest] = item
            case "OPEN", job:
                self.open[job] = item

    def listed(self, promotion_id: str) -> Iterator[Listed]:
        """All that is listed under the promotion, also what an open job has put."""
        for job_id, job in self.jobs_of(promotion_id).items():
            for number, chunk in self.chunks.get(job_id, {}).items():
                removed = chunk.get("removed", set())
                if job["job_type"] == "code_import":
                    for position, made in enumerate(json.loads(chunk["codes"])):
                        yield Listed(made["code"], job_id, position, position in removed, chunk, made, number)
                    continue
                for position, code in enumerate(texts(chunk, job)):
                    yield Listed(code, job_id, position, position in removed, chunk, None)
        for chunk_id, chunk in self.by_hand.get(promotion_id, {}).items():
            removed = chunk.get("removed", set())
            for position, made in enumerate(json.loads(chunk["codes"])):
                yield Listed(made["code"], chunk_id, position, position in removed, chunk, made)

    def imported_room(self, job_id: str) -> int:
        """How much room an import has taken."""
        rooms: list[int] = [run["intake"]["room"] for run in self.runs[job_id].values() if "intake" in run]
        return sum(rooms)

    def is_open(self, source: str) -> bool:
        job = self.jobs.get(source)
        return job is not None and job["status"] in OPEN

    def visible(self, promotion_id: str) -> list[Listed]:
        return [it for it in self.listed(promotion_id) if not it.removed and not self.is_open(it.source)]

    def visible_codes(self) -> Mapping[str, tuple[str, str | None]]:
        """Code in lower case → its promotion, and its job if one made it, of the promotions that are not deleted."""
        return {
            it.code.casefold(): (promotion_id, it.source if it.source in self.jobs else None)
            for promotion_id, promotion in self.promotions.items()
            if "deleted_at" not in promotion
            for it in self.visible(promotion_id)
        }

    def jobs_of(self, promotion_id: str) -> dict[str, Plain]:
        return {job_id: job for job_id, job in self.jobs.items() if job["promotion"] == promotion_id}
