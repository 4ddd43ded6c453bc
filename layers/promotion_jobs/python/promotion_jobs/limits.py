"""Every limit of the service, in one place. "Contract" and "decision" are docs/contract.md and docs/decisions.md."""

from datetime import timedelta

CODES_PER_PROMOTION = 1_000
"""What a promotion may hold unless it says otherwise in ``max_codes`` (contract 1.2)."""

MAX_CODES_PER_PROMOTION = 100_000_000
CODES_PER_JOB = 10_000_000

CODE_LENGTHS = range(8, 17)
"""Symbols of a generated code, dashes and prefix not counted (contract 1.2)."""

DEFAULT_CODE_LENGTH = 8
PREFIX_LENGTH = 32
JOB_NAME_LENGTH = 50

CHUNK_CODES = 1_000
"""Codes that commit together: their list fits one item (10 KB) and takes a tenth of a second to write."""

RUN_CHUNKS = 25
"""Chunks of one message: some seconds of work, so that a dead worker costs seconds and small jobs need not wait."""

RUNS_AHEAD = 1
"""Runs of one job in the queue at a time: more would keep other jobs waiting behind a big one."""

PAGE_LENGTH = 25
MAX_PAGE_LENGTH = 100
MAX_PAGE_OFFSET = 10_000
FILTERS = 10

BODY_BYTES = 1_000_000
BODY_DEPTH = 50
PROMOTION_BYTES = 100_000
"""A promotion is one item, and every lock and every claim writes it."""

TOKEN_LIFE = timedelta(hours=1)
TOKEN_CACHE = timedelta(minutes=1)
"""How long a container trusts a token that it has looked up: a revoked one stops working within this."""

FILE_LINK_LIFE = timedelta(hours=1)
