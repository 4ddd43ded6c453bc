"""The keys of every item (docs/architecture.md has the table). No other module puts a key together."""

from typing import TypedDict


class Key(TypedDict):
    pk: str
    sk: str


PROMOTIONS = "PROMOTIONS"
"""Partition of the promotions' list: an entry each, so that listing is one Query."""

OPEN_JOBS = "OPEN"
"""Partition of the open jobs: an entry each, so that what watches over them scans nothing."""

JOB_PREFIX = "JOB#"


def promotion(promotion_id: str) -> Key:
    return {"pk": f"PROMOTION#{promotion_id}", "sk": "PROMOTION"}


def promotion_entry(promotion_id: str) -> Key:
    return {"pk": PROMOTIONS, "sk": promotion_id}


def job(promotion_id: str, job_id: str) -> Key:
    """Beside its promotion; job ids sort by time, so a backward Query lists the newest first."""
    return {"pk": f"PROMOTION#{promotion_id}", "sk": f"{JOB_PREFIX}{job_id}"}


def open_job(job_id: str) -> Key:
    return {"pk": OPEN_JOBS, "sk": job_id}


def run(job_id: str, number: int) -> Key:
    return {"pk": f"JOB#{job_id}", "sk": f"RUN#{number:08d}"}


def code(code: str) -> Key:
    """By the code itself, without regard to case: unique in the store, and spread over all partitions (decision 5)."""
    return {"pk": f"CODE#{code.casefold()}", "sk": "CODE"}


def chunk(promotion_id: str, job_id: str, number: int) -> Key:
    return {"pk": f"CODES#{promotion_id}", "sk": f"{job_id}#{number:08d}"}


def collisions(job_id: str, chunk_number: int) -> Key:
    return {"pk": f"COLLISIONS#{job_id}", "sk": f"{chunk_number:08d}"}


def client(client_id: str) -> Key:
    return {"pk": f"CLIENT#{client_id}", "sk": "CLIENT"}


def token(token_hash: str) -> Key:
    return {"pk": f"TOKEN#{token_hash}", "sk": "TOKEN"}
