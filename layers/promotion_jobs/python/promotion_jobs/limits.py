"""Every limit that can be chosen; AWS's own stand with their code. For "contract" and "decision" see docs/."""

from datetime import timedelta

CODES_PER_PROMOTION = 1_000
"""The most codes of a promotion that is created without ``max_codes`` (contract 1.2)."""

MAX_CODES_PER_PROMOTION = 10_000_000
"""As many as one invocation exports."""

CODE_LENGTHS = range(8, 17)
"""Symbols of a generated code, dashes and prefix not counted (contract 1.2)."""

DEFAULT_CODE_LENGTH = 8
PREFIX_LENGTH = 32
CODE_CHARACTERS = 64
"""Of a whole code, with prefix and dashes; a generated one has at most 52."""

JOB_NAME_LENGTH = 50
MAX_USES = 1_000_000_000
USER_LENGTH = 255
USERS = 25
USERS_LENGTH = 1_000
"""Of all users of a code together: so the codes of one call fit an item."""

CHUNK_CODES = 2_500
"""Codes that are put together: packed they are 12.2 KB of length 8, and 24.4 KB of length 16."""

SPARE_CODES = 60
"""Indices of a chunk beyond its codes: they suffice where one code in a hundred is dropped."""

RUN_CHUNKS = 40
"""Chunks of one message, 100,000 codes: less would cost more in messages, and more would keep other workers idle."""

EXAMPLE_CODES = 3
"""Made-up codes that a dry run shows."""

UPLOAD_BYTES = 500_000_000
UPLOAD_LIFE = timedelta(days=1)
"""From the announcement of an upload until its job must be created; the bucket keeps it no longer."""

UPLOAD_LINK_LIFE = timedelta(hours=1)

IMPORT_ROWS = 5_000_000
"""Of a file: a worker writes the report of so many refused rows within its time."""

ROW_BYTES = 65_536
"""Of an imported file, whatever is in it: what a worker holds does not grow with the file."""

IMPORTED_TOGETHER = 90
"""Codes of an import that are put together: with their chunk, the report and the count they fit a transaction."""

ROWS_TOGETHER = 200
"""Rows that are read for these at the most, so that a report of refused ones fits an item."""

ROWS_SCANNED = 10_000
BYTES_SCANNED = 1_000_000
"""Of a file that is read the first time, between two looks at the time that is left: a second's work, or two."""

BYTES_TOGETHER = 50_000
"""Of these rows: whatever characters their users have, they fit an item."""

EXPORT_FILES = 200
"""Files of one export: ten million codes in files of 50,000 rows."""

COLUMN_NAME_LENGTH = 100

SHARDS = 16
"""Counters of the uses of one code, and partitions of its redemptions, so that many redeem it at once."""

LEAST_SHARDED_USES = 2_000
"""A code with fewer has one counter: it is used up in seconds anyway."""

REDEMPTION_ID_CHARACTERS = 64
QUANTITY = 10_000
CUSTOMER_LENGTH = 255
LONGEST_HOLD = timedelta(days=1)

HOLD_GRACE = timedelta(seconds=2)
"""After its end a hold is taken back: the clocks of two containers may differ by less."""

TOMBSTONE_LIFE = timedelta(days=1)
"""Of a redemption that was rolled back before it came: no request is on its way for so long."""

REDEEM_ATTEMPTS = 10

USAGES = 100
"""Usages that one call makes anonymous."""

LATE_WRITES = timedelta(seconds=22)
"""A request that saw a promotion writes no later than this: a function's time, and two seconds on the way."""

HAND_MADE_CODES = 50
"""Codes that one call adds or removes: with what counts them they fit one transaction of 100 (decision 14)."""

RUNS_AHEAD = 4
"""Runs of one job in the queue at a time, at the most: more would keep other jobs waiting behind a big one."""

TRIES = 5
"""Leases of a run that come to nothing before its job is given up."""

RESERVE = timedelta(seconds=10)
"""With less time left than this, a delivery sends what is left of its work as a new message."""

HAND_BACK_DELAY = timedelta(seconds=1)
BUSY_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(minutes=15)
"""Of a message of the queue."""

LONGEST_PAUSE = timedelta(hours=1)
"""Between two messages that the sweep sends for work that makes no progress."""

LEASE = timedelta(seconds=30)
"""After so long without progress a worker counts as dead, and another may take its run."""

STORE_ATTEMPTS = 12
LONGEST_STORE_WAIT = timedelta(seconds=2)
"""Of a call to the table that is throttled or conflicts, and between two of its attempts."""

WRITE_ATTEMPTS = 5
"""Readings of a thing that others go on changing, before its change is refused."""

PAGE_LENGTH = 25
MAX_PAGE_LENGTH = 100
MAX_PAGE_OFFSET = 10_000
FILTERS = 10

BODY_BYTES = 1_000_000
BODY_DEPTH = 50
FAULTS = 20
"""Of a request, that its answer names."""

INTEGER_DIGITS = 18
"""Of a whole number in a body: so many fit 64 bits."""

MAX_INTEGER = 10**INTEGER_DIGITS - 1

LONGEST_NAME = 100
"""Characters of a name that a client has sent, as an error repeats it."""

PROMOTION_BYTES = 20_000
"""A page of a hundred must fit an answer of 6 MB; and every lock and every claim writes the promotion."""

TOKEN_LIFE = timedelta(hours=1)
TOKEN_CACHE = timedelta(minutes=1)
"""How long a container trusts a token that it has looked up: a revoked one stops working within this."""

CACHED_TOKENS = 1_000

TOKENS_PER_MINUTE = 60
"""Of one grant that a client is issued: each is good for an hour, so this is room for a fleet that starts at once."""

IDEMPOTENCY_KEY_LIFE = timedelta(hours=24)
IDEMPOTENCY_KEY_CHARACTERS = 255

FILE_LINK_LIFE = timedelta(hours=1)
