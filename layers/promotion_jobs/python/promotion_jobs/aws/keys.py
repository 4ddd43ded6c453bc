"""The keys of every item (docs/understand/architecture.md has the table). No other module puts a key together."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple, TypedDict


class Key(TypedDict):
    pk: str
    sk: str


class Range(NamedTuple):
    """The items of a partition from the first sort key to the last, both included; all of them without bounds."""

    pk: str
    first: str | None = None
    last: str | None = None

    @classmethod
    def between(cls, first: Key, last: Key) -> "Range":
        return cls(first["pk"], first["sk"], last["sk"])


PROMOTIONS = "PROMOTIONS"
"""Partition of the promotions' list: an entry each, so that listing is one Query."""

OPEN_JOBS = "OPEN"
"""Partition of the open jobs: an entry each, so that what watches over them scans nothing."""

CLIENTS = "CLIENTS"

KEYS = "KEYS"
"""Partition of the keys that codes are encrypted with."""

_PROMOTION = "PROMOTION"
_INDEX_DIGITS = 23
"""Of the greatest index there can be."""


def identifier(item: Mapping[str, Any]) -> str:
    """The id of the promotion that the item is, or of the job that it is."""
    return str(item["pk" if item["sk"] == _PROMOTION else "sk"]).partition("#")[2]


def promotion_of(item: Mapping[str, Any]) -> str:
    """The id of the promotion that a job's item stands beside."""
    return str(item["pk"]).partition("#")[2]


def chunk_of(item: Mapping[str, Any]) -> int:
    """The number of the chunk of a job that the item is."""
    return int(item["sk"])


def chunk_by_hand_of(item: Mapping[str, Any]) -> str:
    """The id of the chunk made by hand that the item is."""
    return str(item["sk"])


def index_of(item: Mapping[str, Any]) -> int:
    """The index that the item reserves, or the first that it allocates."""
    return int(item["sk"])


def version_of(item: Mapping[str, Any]) -> int:
    """The version of the key that the item is."""
    return int(item["sk"])


def run_of(item: Mapping[str, Any]) -> int:
    """The number of the run that the item is."""
    return int(item["sk"].partition("#")[2])


def promotion(promotion_id: str) -> Key:
    return {"pk": f"PROMOTION#{promotion_id}", "sk": _PROMOTION}


def promotion_entry(promotion_id: str) -> Key:
    return {"pk": PROMOTIONS, "sk": promotion_id}


def job(promotion_id: str, job_id: str) -> Key:
    """Beside its promotion; job ids sort by time, so a backward Query lists the newest first."""
    return {"pk": f"PROMOTION#{promotion_id}", "sk": f"JOB#{job_id}"}


def open_job(job_id: str) -> Key:
    return {"pk": OPEN_JOBS, "sk": job_id}


def run(job_id: str, number: int) -> Key:
    return {"pk": f"JOB#{job_id}", "sk": f"RUN#{number:08d}"}


def runs(job_id: str) -> Range:
    """All runs of the job."""
    return Range(run(job_id, 0)["pk"])


def code(code: str) -> Key:
    """By the code itself, without regard to case: unique among those made by hand and imported."""
    return {"pk": f"CODE#{code.casefold()}", "sk": "CODE"}


def jobs(promotion_id: str) -> Range:
    """All jobs of the promotion."""
    return Range(promotion(promotion_id)["pk"], "JOB#", "JOB#~")


def chunk(job_id: str, run: int, number: int) -> Key:
    """In a partition of its run: together these write faster than one partition can."""
    return {"pk": f"CODES#{job_id}#{run:08d}", "sk": f"{number:08d}"}


def chunks(job_id: str, run: int, numbers: range) -> Range:
    """These chunks of a run."""
    return Range.between(chunk(job_id, run, numbers[0]), chunk(job_id, run, numbers[-1]))


def all_chunks(job_id: str, run: int) -> Range:
    """All chunks of a run."""
    return Range(chunk(job_id, run, 0)["pk"])


def chunk_by_hand(promotion_id: str, chunk_id: str) -> Key:
    """Under its promotion; its id sorts by time."""
    return {"pk": f"CODES#{promotion_id}", "sk": chunk_id}


def chunks_by_hand(promotion_id: str) -> Range:
    return Range(f"CODES#{promotion_id}")


CodeId = tuple[str, int, int]
"""What made a code, the number of its chunk, and its position there."""


CHUNKS_TOGETHER = 16
"""Chunks of which the counters are in one partition, so that an export reads them by one Query for each shard."""


def uses(code: CodeId, shard: int) -> Key:
    source, chunk, position = code
    return {"pk": f"USES#{source}#{chunk // CHUNKS_TOGETHER:07d}#{shard:02d}", "sk": f"{chunk:08d}#{position:05d}"}


def uses_of(source: str, chunk: int, shard: int, positions: range) -> Range:
    """The counters of a chunk's codes from the first of the positions to the last, and in the first shard the holds."""
    first, last = (uses((source, chunk, at), shard) for at in (positions[0], positions[-1]))
    return Range(first["pk"], first["sk"], f"{last['sk']}#~")


def uses_beside(source: str, chunk: int, shard: int) -> Range:
    """The same of all codes whose counters are in one partition with those of the chunk."""
    return Range(uses((source, chunk, 0), shard)["pk"])


def hold(code: CodeId, until: int, digest: str) -> Key:
    """Behind the code's first counter, by its end in epoch milliseconds."""
    counter = uses(code, 0)
    return {"pk": counter["pk"], "sk": f"{counter['sk']}#{until:013d}#{digest}"}


def holds(code: CodeId, until: int) -> Range:
    """Those of a code that end before that moment."""
    counter = uses(code, 0)
    return Range(counter["pk"], f"{counter['sk']}#", f"{counter['sk']}#{until:013d}")


def digest_of(item: Mapping[str, Any]) -> str:
    """The digest of the id under which a hold or a redemption was made."""
    return str(item["sk"]).rpartition("#")[2]


def counted_of(item: Mapping[str, Any]) -> tuple[int, int, int | None]:
    """The number of the chunk, and the position there, of the code whose counter, or hold, the item is.

    The last is when the hold ends, in epoch milliseconds; None of a counter.
    """
    chunk, position, *hold = item["sk"].split("#")
    return int(chunk), int(position), int(hold[0]) if hold else None


def redemption(code: CodeId, shard: int, digest: str) -> Key:
    source, chunk, position = code
    return {"pk": f"USE#{source}#{chunk:08d}#{position:05d}#{shard:02d}", "sk": digest}


def redemptions(code: CodeId, shard: int) -> Range:
    """All of a code that are in that shard."""
    return Range(redemption(code, shard, "")["pk"])


LISTS = "0123456789abcdef"
"""Names of the partitions of a promotion's list of usages."""


def usage(promotion_id: str, digest: str, used_on: str, usage_id: str) -> Key:
    """An entry of the list of a promotion's usages, in the partition that the digest names."""
    return {"pk": f"USAGES#{promotion_id}#{digest[0]}", "sk": f"{used_on}#{usage_id}"}


def held_usage(promotion_id: str, digest: str, usage_id: str) -> Key:
    """An entry that no list shows: it tells the promotion's purge of what was held."""
    return usage(promotion_id, digest, "held", usage_id)


def usages(promotion_id: str, name: str, first: str | None = None, last: str | None = None) -> Range:
    """The entries of a partition, by the time of use: from the first time to the last, if they are named."""
    return Range(f"USAGES#{promotion_id}#{name}", first or "0", f"{last}~" if last else ":")


def all_usages(promotion_id: str, name: str) -> Range:
    """All entries of a partition, also of what was held."""
    return Range(f"USAGES#{promotion_id}#{name}")


def usage_of(item: Mapping[str, Any]) -> str:
    """The id of the usage that the entry stands for."""
    return str(item["sk"]).partition("#")[2]


def upload(upload_id: str) -> Key:
    return {"pk": f"UPLOAD#{upload_id}", "sk": "UPLOAD"}


def refused_rows(job_id: str, number: int) -> Key:
    return {"pk": f"REFUSED#{job_id}", "sk": f"{number:08d}"}


def all_refused_rows(job_id: str) -> Range:
    """The rows of an imported file that were refused, in their order."""
    return Range(refused_rows(job_id, 0)["pk"])


def space(length: int) -> Key:
    return {"pk": f"SPACE#{length}", "sk": "SPACE"}


def code_key(version: int) -> Key:
    return {"pk": KEYS, "sk": f"{version:08d}"}


def allocation(length: int, first: int) -> Key:
    return {"pk": f"ALLOCATIONS#{length}", "sk": _index(first)}


def allocations(length: int, last: int) -> Range:
    """Those that begin no later than with the last index."""
    return Range.between(allocation(length, 0), allocation(length, last))


def reservation(length: int, version: int, index: int) -> Key:
    return {"pk": f"RESERVED#{length}#{version}", "sk": _index(index)}


def reservations(length: int, version: int, indices: range | None = None) -> Range:
    """Those of these indices, or all of the version."""
    if indices is None:
        return Range(reservation(length, version, 0)["pk"])
    return Range.between(reservation(length, version, indices[0]), reservation(length, version, indices[-1]))


def _index(index: int) -> str:
    return f"{index:0{_INDEX_DIGITS}d}"


def client(client_id: str) -> Key:
    return {"pk": CLIENTS, "sk": client_id}


def request(client_id: str, promotion_id: str, idempotency_key: str) -> Key:
    """Hashed, because a key may be anything that fits a header."""
    named = f"{client_id}\n{promotion_id}\n{idempotency_key}"
    return {"pk": f"REQUEST#{sha256(named.encode()).hexdigest()}", "sk": "REQUEST"}


def tokens_issued(client_id: str, grant: str, minute: str) -> Key:
    return {"pk": f"RATE#{client_id}", "sk": f"{grant}#{minute}"}


def token(token_hash: str) -> Key:
    return {"pk": f"TOKEN#{token_hash}", "sk": "TOKEN"}
