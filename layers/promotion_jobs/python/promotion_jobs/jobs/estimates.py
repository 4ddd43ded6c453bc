"""How long a job will take, and what it will cost: rough, for a dry run (docs/performance.md has what was measured).

Prices are those on demand, without the free tier.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from promotion_jobs.jobs.job import Plan
from promotion_jobs.limits import CHUNK_CODES, RUNS_AHEAD

_WRITE_UNIT = Decimal("0.625e-6")
_READ_UNIT = Decimal("0.125e-6")
_WORKER_SECOND = Decimal("0.0000133334") * 1_769 / 1_024
_UPLOADED_PART = Decimal("5e-6")

_START_SECONDS = 2
_CODES_PER_SECOND = 4_000
"""What a table that is new takes; one that was busier before takes more."""

_UNITS_PER_CODE = Decimal("1.03")
_UNITS_PER_DELETED_CODE = Decimal("1.05")
_ROWS_PER_SECOND = 100_000
_UNITS_PER_CHUNK_READ = Decimal("2.5")
_ROWS_PER_PART = 50_000


@dataclass(frozen=True, slots=True)
class Estimate:
    seconds: int
    dollars: Decimal
    region: str = "us-east-1"
    prices_of: str = "2026-11"


def generate_estimate(plan: Plan) -> Estimate:
    seconds = _START_SECONDS + ceil(plan.number_of_codes / _CODES_PER_SECOND)
    workers = min(plan.runs, RUNS_AHEAD)
    return Estimate(seconds, plan.number_of_codes * _UNITS_PER_CODE * _WRITE_UNIT + seconds * workers * _WORKER_SECOND)


def delete_estimate(number_of_codes: int) -> Estimate:
    seconds = _START_SECONDS + ceil(number_of_codes / _CODES_PER_SECOND)
    return Estimate(seconds, number_of_codes * _UNITS_PER_DELETED_CODE * _WRITE_UNIT + seconds * _WORKER_SECOND)


def export_estimate(number_of_codes: int) -> Estimate:
    seconds = _START_SECONDS + ceil(number_of_codes / _ROWS_PER_SECOND)
    reads = ceil(number_of_codes / CHUNK_CODES) * _UNITS_PER_CHUNK_READ * _READ_UNIT
    # Beside the parts, the upload is begun and ended.
    parts = 2 + ceil(number_of_codes / _ROWS_PER_PART)
    return Estimate(seconds, reads + parts * _UPLOADED_PART + seconds * _WORKER_SECOND)
