"""What is stored of redemptions, read without the package's own readers, and what must hold of it at any moment."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple

from promotion_jobs.codes.code import CodeId
from promotion_jobs.codes.uses import allotment
from promotion_jobs.redemptions.redemption import RedemptionKey
from tests.simulation.stored import Listed, Plain, Reader, Stored
from tests.simulation.workshop import Workshop


class Name(NamedTuple):
    """A redemption by its code and the digest of its id."""

    code: CodeId
    digest: str


@cache
def name_of(usage_id: str) -> Name | None:
    """None for a text that is no usage's id."""
    key = RedemptionKey.parse(usage_id)
    return Name(key.code, key.digest) if key else None


class End(NamedTuple):
    """How many uses are taken, and what has become of each id."""

    taken: int
    records: Mapping[str, str] = {}


class Held(NamedTuple):
    """A hold's item beside the counters."""

    digest: str
    until: int
    units: int


@dataclass
class Redeemed:
    """``at`` is when they were read. ``listed`` counts what the list of a promotion shows of each redemption."""

    at: datetime
    counters: defaultdict[CodeId, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    holds: defaultdict[CodeId, list[Held]] = field(default_factory=lambda: defaultdict(list))
    records: dict[Name, Plain] = field(default_factory=dict)
    listed: Counter[tuple[str, Name]] = field(default_factory=Counter)
    entries: set[str] = field(default_factory=set)
    """The promotions that have entries, also of what was held."""

    @classmethod
    def of(cls, items: Iterable[Plain], at: datetime) -> "Redeemed":
        redeemed = cls(at)
        for item in items:
            if item["pk"].startswith(("USE#", "USES#", "USAGES#")):
                redeemed._add(item)
        return redeemed

    def _add(self, item: Plain) -> None:
        kind, source, *rest = item["pk"].split("#")
        match kind:
            case "USES":
                chunk, position, *hold = item["sk"].split("#")
                code = CodeId(source, int(chunk), int(position))
                if hold:
                    self.holds[code].append(Held(hold[1], int(hold[0]), item["units"]))
                else:
                    self.counters[code][int(rest[1])] = item["taken"]
            case "USE":
                code = CodeId(source, int(rest[0]), int(rest[1]))
                self.records[Name(code, item["sk"])] = item
            case _:
                self.entries.add(source)
                used_on, _, usage_id = item["sk"].partition("#")
                name = name_of(usage_id)
                if name and used_on != "held":
                    self.listed[source, name] += 1

    @property
    def end(self) -> End:
        taken = sum(sum(it.values()) for it in self.counters.values())
        return End(taken, {record["id"]: record["status"] for record in self.records.values()})

    @property
    def used(self) -> set[CodeId]:
        """The codes of which there is a redemption, a counter or a hold."""
        counted = {code for found in (self.counters, self.holds) for code, items in found.items() if items}
        return counted | {name.code for name in self.records}

    def taken(self, code: CodeId) -> int:
        return sum(self.counters[code].values())

    def over(self, code: CodeId, before: int) -> int:
        """The units of holds that ended before."""
        return sum(it.units for it in self.holds[code] if it.until < before)


Limits = Mapping[CodeId, tuple[str, int | None]]
"""Code → its promotion and its ``max_uses``."""


def limits(stored: Stored) -> dict[CodeId, tuple[str, int | None]]:
    """Every code of the promotions that are there, also what was removed of a chunk, or an open job has put."""
    found: dict[CodeId, tuple[str, int | None]] = {}
    for promotion_id in _there(stored):
        for it in stored.listed(promotion_id):
            uses = it.made["terms"]["max_uses"] if it.made else _of_job(stored.jobs[it.source])
            found[CodeId(it.source, _number(stored, it), it.position)] = promotion_id, uses
    return found


def _there(stored: Stored) -> set[str]:
    """The promotions that are not deleted."""
    return {promotion_id for promotion_id, it in stored.promotions.items() if "deleted_at" not in it}


def _number(stored: Stored, it: Listed) -> int:
    """Of its chunk; one that is made by hand has none."""
    if it.made:
        return it.number or 0
    return next(at for at, chunk in stored.chunks[it.source].items() if chunk is it.chunk)


def _of_job(job: Plain) -> int | None:
    uses: int | None = job["parameters"].get("max_uses_per_code")
    return uses


def wrong_uses(stored: Stored, redeemed: Redeemed, limits_known: Limits) -> Iterator[str]:
    """Of every code so many uses are taken as its redemptions count, and of no shard more than its share.

    Also of one that was deleted since: its orders can be rolled back.
    """
    there = _there(stored)
    known = {code: limit for code, limit in limits_known.items() if limit[0] in there}
    drawn: defaultdict[CodeId, Counter[int]] = defaultdict(Counter)
    held: defaultdict[CodeId, list[Held]] = defaultdict(list)
    for (code, digest), record in redeemed.records.items():
        if record["promotion"] not in there:
            continue
        owner, max_uses = known.get(code, (None, None))
        if owner != record["promotion"]:
            yield f"{code} is redeemed as {record['id']} of {record['promotion']}, and is of {owner}"
        yield from _wrong_record(record, max_uses)
        drawn[code].update({int(shard): units for shard, units in record["drawn"].items()})
        if record["status"] == "held" and record["drawn"]:
            held[code].append(Held(digest, record["until"], record["kept"]))
    for code, (_, max_uses) in known.items():
        counters = redeemed.counters[code]
        if +Counter(counters) != +drawn[code] or sorted(held[code]) != sorted(redeemed.holds[code]):
            yield f"{code} counts {counters} and {redeemed.holds[code]}, and is drawn {drawn[code]} and {held[code]}"
        for shard, taken in counters.items():
            if max_uses is None or not 0 <= taken <= allotment(max_uses, shard):
                yield f"{code} may be used {max_uses} times, and {taken} are taken of shard {shard}"


def early_uses(stored: Stored, redeemed: Redeemed) -> Iterator[str]:
    """A code that a job has put is used only when that is completed, and so never if it was undone."""
    for code in redeemed.used:
        job = stored.jobs.get(code.source)
        if job and job["status"] != "completed":
            yield f"{code} is used, and its job is {job['status']}"


def _wrong_record(record: Plain, max_uses: int | None) -> Iterator[str]:
    kept, units, status = record["kept"], record["units"], record["status"]
    if not 0 <= kept <= units or (kept == 0) != (status == "rolled_back"):
        yield f"{record['id']} is {status} and keeps {kept} of {units}"
    if sum(record["drawn"].values()) != (0 if max_uses is None else kept):
        yield f"{record['id']} keeps {kept} and has drawn {record['drawn']}"


def wrong_lists(stored: Stored, redeemed: Redeemed) -> Iterator[str]:
    """A promotion lists what was redeemed, each once, from the moment that it is."""
    there = _there(stored)
    wanted = {
        (record["promotion"], name): 1
        for name, record in redeemed.records.items()
        if record["units"] and "until" not in record and record["promotion"] in there
    }
    listed = {key: times for key, times in redeemed.listed.items() if key[0] in there}
    if listed != wanted:
        yield f"listed are {listed}, and redeemed {wanted}"


def left_over(stored: Stored, redeemed: Redeemed, known: Limits) -> Iterator[str]:
    """When all is done, of a promotion that is gone nothing is there but tombstones."""
    for name, record in redeemed.records.items():
        if record["promotion"] not in stored.promotions and "expires_at" not in record:
            yield f"{name} is left of {record['promotion']}, which is gone"
    for code in redeemed.counters.keys() | redeemed.holds.keys():
        owner, _ = known.get(code, (None, None))
        if owner not in stored.promotions and (redeemed.counters[code] or redeemed.holds[code]):
            yield f"{code} is gone and counts {redeemed.counters[code]} and {redeemed.holds[code]}"
    for promotion_id in redeemed.entries - stored.promotions.keys():
        yield f"{promotion_id} is gone and has entries"


def end_of(workshop: Workshop) -> End:
    """What the items of a workshop say has been used in the end."""
    return Redeemed.of(Reader(workshop.simulation.dynamodb).items(), workshop.clock()).end
