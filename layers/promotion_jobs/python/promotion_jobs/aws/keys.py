"""The keys of every item (docs/architecture.md has the table). No other module puts a key together."""

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

_PROMOTION = "PROMOTION"


def identifier(item: Mapping[str, Any]) -> str:
    """The id of the promotion that the item is, or of the job that it is."""
    return str(item["pk" if item["sk"] == _PROMOTION else "sk"]).partition("#")[2]


def promotion_of(item: Mapping[str, Any]) -> str:
    """The id of the promotion that a job's item stands beside."""
    return str(item["pk"]).partition("#")[2]


def chunk_of(item: Mapping[str, Any]) -> tuple[str, int]:
    """The source and the number of the chunk that the item is."""
    source, _, number = item["sk"].partition("#")
    return source, int(number)


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
    """By the code itself, without regard to case: unique in the store, and spread over all partitions (decision 5)."""
    return {"pk": f"CODE#{code.casefold()}", "sk": "CODE"}


def jobs(promotion_id: str) -> Range:
    """All jobs of the promotion."""
    return Range(promotion(promotion_id)["pk"], "JOB#", "JOB#~")


def chunks(promotion_id: str, source: str | None = None) -> Range:
    """All chunks of the promotion, or those of one source."""
    return Range(f"CODES#{promotion_id}", f"{source}#", f"{source}#~") if source else Range(f"CODES#{promotion_id}")


def chunk(promotion_id: str, job_id: str, number: int) -> Key:
    return {"pk": f"CODES#{promotion_id}", "sk": f"{job_id}#{number:08d}"}


def collisions(job_id: str, chunk_number: int) -> Key:
    return {"pk": f"COLLISIONS#{job_id}", "sk": f"{chunk_number:08d}"}


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
