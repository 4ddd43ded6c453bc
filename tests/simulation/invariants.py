"""The invariants of the stored items, whatever happened: each check yields what it finds wrong, as a sentence.

The numbers are those of the promises in docs/understand/reliability.md. ``violations`` checks what holds when all is
done, ``wrong_locks_now`` what costs little enough to be checked after every transaction.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from hashlib import sha256

from promotion_jobs.values import from_text
from tests.aws.bus import MemoryBus
from tests.aws.dynamodb import MemoryDynamoDB
from tests.aws.files import MemoryFiles
from tests.aws.queue import MemoryQueue
from tests.simulation.imported import wrong_imports
from tests.simulation.stored import OPEN, UNDONE, Listed, Plain, Stored, texts

COLUMNS = ["code", "consume_unit", "max_uses", "uses", "user", "created_by", "created_at", "job_id"]

SETTLED = timedelta(minutes=30)
"""Longer than any actor lives."""

MOST_COPIES = 15
"""Of a message, so of each run of a job: nine are the most that hundreds of schedules have seen."""


def violations(dynamodb: MemoryDynamoDB, files: MemoryFiles, bus: MemoryBus) -> list[str]:
    stored = Stored.read(dynamodb)
    return [
        *wrong_locks(stored),
        *wrong_numbers(stored),
        *wrong_codes(stored),
        *wrong_jobs(stored),
        *wrong_exports(stored, files),
        *wrong_imports(stored, files),
        *orphans(stored),
        *unfinished(stored, files),
        *unannounced(stored, bus),
    ]


def wrong_locks_now(dynamodb: MemoryDynamoDB) -> Iterator[str]:
    """Invariant 1 of the promotions that are not deleted, read from the items as DynamoDB has them."""
    for (_, promotion_id), _ in dynamodb.table.partition("PROMOTIONS"):
        holder: list[str] = []
        open_jobs: list[str] = []
        for (_, sort), item in dynamodb.table.partition(f"PROMOTION#{promotion_id}"):
            if sort == "PROMOTION":
                holder += item.get("open_job", {}).values()
            elif item["status"]["S"] in OPEN:
                open_jobs.append(sort.removeprefix("JOB#"))
        if holder != open_jobs:
            yield f"promotion {promotion_id} is held by {holder} and has open jobs {open_jobs}"


def too_many_messages(queue: MemoryQueue) -> Iterator[str]:
    """However often the queue, the sweep and dying workers repeat a message, its copies do not multiply."""
    copies = Counter(message.body for message in queue.waiting)
    yield from (f"{number} copies of {body}" for body, number in copies.items() if number > MOST_COPIES)


def wrong_at_any_moment(dynamodb: MemoryDynamoDB) -> Iterator[str]:
    """All numbers are exact, and no string is there twice, also while jobs are open."""
    stored = Stored.read(dynamodb)
    yield from wrong_locks_now(dynamodb)
    yield from wrong_numbers(stored)
    yield from wrong_codes(stored)


def wrong_locks(stored: Stored) -> Iterator[str]:
    """Invariant 1: an open job holds its promotion, and nothing else does; of a deleted one that is its purge."""
    for promotion_id, promotion in stored.promotions.items():
        open_jobs = [job_id for job_id, job in stored.jobs_of(promotion_id).items() if job["status"] in OPEN]
        holder = promotion.get("open_job")
        if open_jobs != ([holder] if holder else []) or ("deleted_at" in promotion and not holder):
            yield f"promotion {promotion_id} is held by {holder} and has open jobs {open_jobs}"
    for job_id, job in stored.jobs.items():
        if (job["status"] in OPEN) != (job_id in stored.open):
            yield f"job {job_id} is {job['status']} and {'' if job_id in stored.open else 'not '}listed as open"
    for job_id in stored.open:
        if job_id not in stored.jobs:
            yield f"{job_id} is listed as open and is no job"


def wrong_numbers(stored: Stored) -> Iterator[str]:
    """Invariant 3."""
    for promotion_id, promotion in stored.promotions.items():
        visible = len(stored.visible(promotion_id))
        if "deleted_at" in promotion:
            continue
        claimed = sum(
            job["plan"]["number_of_codes"]
            + sum(run.get("intake", {}).get("room", 0) for run in stored.runs[job_id].values())
            for job_id, job in stored.jobs_of(promotion_id).items()
            if job["status"] in OPEN - {"pending"}
        )
        if promotion["room"] < 0:
            yield f"promotion {promotion_id} has room for {promotion['room']} codes"
        if promotion["codes"] != visible:
            yield f"promotion {promotion_id} counts {promotion['codes']} codes and shows {visible}"
        if promotion["max_codes"] - promotion["room"] != visible + claimed:
            in_use = promotion["max_codes"] - promotion["room"]
            yield f"promotion {promotion_id} has {in_use} in use, {visible} visible and {claimed} claimed"


def wrong_codes(stored: Stored) -> Iterator[str]:
    """Invariants 2 and 4: no string twice, also of what is not published; a code made by hand has its item."""
    seen: dict[str, Listed] = {}
    for promotion_id, promotion in stored.promotions.items():
        for it in stored.listed(promotion_id):
            # A purge frees the codes made by hand of a promotion that is not there any more.
            if it.removed or ("deleted_at" in promotion and it.made):
                continue
            other = seen.setdefault(it.code.casefold(), it)
            if other is not it:
                yield f"code {it.code} of {it.source} is also that of {other.source}"
            if it.made:
                item = stored.codes.get(it.code.casefold(), {})
                place = [promotion_id, it.source, it.number, it.position]
                if [item.get(name) for name in ("promotion", "chunk", "number", "position")] != place:
                    yield f"code {it.code} is at {it.position} of {it.source}, and its item says {item}"
    for code, item in stored.codes.items():
        listed = seen.get(code)
        if listed is None or listed.made is None:
            promotion = stored.promotions.get(item["promotion"], {"deleted_at": ""})
            if "deleted_at" not in promotion:
                yield f"code {code} is in no chunk: {item}"


def generated_twice(stored: Stored, free: AbstractSet[str]) -> Iterator[str]:
    """A code that was found free for good when it was made by hand is generated by no job."""
    for job_id, chunks in stored.chunks.items():
        if stored.jobs.get(job_id, {}).get("job_type") == "code_generate":
            made = {code.casefold() for chunk in chunks.values() for code in _left(chunk, stored.jobs[job_id])}
            if made & free:
                yield f"job {job_id} has generated {made & free}"


def _left(chunk: Plain, job: Plain) -> list[str]:
    removed = chunk.get("removed", set())
    return [code for position, code in enumerate(texts(chunk, job)) if position not in removed]


def wrong_jobs(stored: Stored) -> Iterator[str]:
    """Invariant 2."""
    for job_id, job in stored.jobs.items():
        promotion = stored.promotions.get(job["promotion"], {})
        if "deleted_at" in promotion:
            continue
        chunks = stored.chunks.get(job_id, {})
        if job["job_type"] == "code_delete":
            yield from _wrong_deletion(job_id, job, stored.runs[job_id])
        elif job["status"] == "completed" and job["job_type"] != "code_import":
            yield from _wrong_completed(job_id, job, chunks, stored.runs[job_id])
        elif job["status"] in UNDONE:
            yield from _wrong_undone(job_id, job, chunks, stored.runs[job_id])
        if job["job_type"] == "code_generate" and ("first_index" in job) != (job_id in stored.allocations):
            yield f"job {job_id} has the allocation {stored.allocations.get(job_id)}, and is {job}"


def _wrong_completed(job_id: str, job: Plain, chunks: dict[int, Plain], runs: dict[int, Plain]) -> Iterator[str]:
    plan = job["plan"]
    wanted, size = plan["number_of_codes"], plan["chunk_codes"]
    codes = [code.casefold() for chunk in chunks.values() for code in texts(chunk, job)]
    # A deletion takes whole chunks.
    planned = {number: min(size, wanted - number * size) for number in range(-(-wanted // size))}
    gone = sum(codes for number, codes in planned.items() if number not in chunks)
    if len(set(codes)) != len(codes) or len(codes) + gone != wanted or job.get("generated") != wanted:
        yield f"job {job_id} has {len(codes)} codes, {len(set(codes))} different, says {job.get('generated')}: {wanted}"
    wrong = {number for number, it in chunks.items() if len(texts(it, job)) != planned.get(number)}
    if wrong:
        yield f"job {job_id} has chunks {sorted(chunks)}, wrong ones {sorted(wrong)}"
    removed = gone + sum(len(chunk.get("removed", ())) for chunk in chunks.values())
    by_runs = sum(run["deleted"] for run in runs.values())
    if not job.get("deleted", 0) == removed == by_runs:
        yield f"job {job_id} counts {job.get('deleted', 0)} deleted codes of {removed}, and its runs {by_runs}"
    counted = sum(run["generated"] for run in runs.values())
    if counted != wanted or {run["status"] for run in runs.values()} != {"completed"} or job["runs_done"] != len(runs):
        yield f"job {job_id} is completed with {counted} codes in {job['runs_done']} runs done: {runs}"


def _wrong_deletion(job_id: str, job: Plain, runs: dict[int, Plain]) -> Iterator[str]:
    statuses = {"completed": ["completed"], "cancelled": ["clean"], "failed": ["clean"]}.get(job["status"])
    never_started = job["status"] == "cancelled" and not runs
    if statuses is None or not (never_started or [run["status"] for run in runs.values()] == statuses):
        yield f"deletion {job_id} is {job['status']} with the runs {runs}"
    if job.get("deleted", 0) != sum(run.get("deleted", 0) for run in runs.values()):
        yield f"deletion {job_id} counts {job.get('deleted')} deleted codes, and its runs {runs}"


def _wrong_undone(job_id: str, job: Plain, chunks: dict[int, Plain], runs: dict[int, Plain]) -> Iterator[str]:
    if chunks:
        yield f"job {job_id} is {job['status']} and has chunks {sorted(chunks)}"
    generated, deleted = job.get("generated", 0), job.get("deleted", 0)
    counts = [(run.get("generated", 0), run.get("deleted", 0)) for run in runs.values()]
    if generated != deleted or any(made != gone for made, gone in counts) or sum(it[0] for it in counts) != generated:
        yield f"job {job_id} is {job['status']} with {generated} generated and {deleted} deleted, by runs {counts}"
    if (job["status"] == "failed") != ("error" in job):
        yield f"job {job_id} is {job['status']} with the error {job.get('error')}"
    if "files" in job:
        yield f"job {job_id} is {job['status']} and has files"


def wrong_exports(stored: Stored, files: MemoryFiles) -> Iterator[str]:
    """Invariant 6."""
    for job_id, job in stored.jobs.items():
        if job["job_type"] != "code_export" or "deleted_at" in stored.promotions.get(job["promotion"], {}):
            continue
        if (job["status"] == "completed") != ("files" in job):
            yield f"export {job_id} is {job['status']} and its files are {job.get('files')}"
        elif "files" in job:
            yield from _wrong_files(job_id, job, stored, files)


def _wrong_files(job_id: str, job: Plain, stored: Stored, files: MemoryFiles) -> Iterator[str]:
    rows: list[list[str]] = []
    for file in job["files"]:
        body = files.files.get(file["key"], b"")
        head, *found = [*csv.reader(io.StringIO(body.decode(), newline=""))] or [[]]
        said = file["rows"], file["size"], file["sha256"]
        if head != COLUMNS or said != (len(found), len(body), sha256(body).hexdigest()):
            yield f"a file of export {job_id} has {head}, {len(found)} rows and {len(body)} bytes, and not {said}"
        rows += found
    most = job["parameters"]["rows_per_file"]
    counts = [file["rows"] for file in job["files"]]
    if counts != [most] * (len(rows) // most) + ([len(rows) % most] if len(rows) % most or not rows else []):
        yield f"the files of export {job_id} have {counts} rows"
    yield from _wrong_rows(job_id, job, stored, rows)


def _wrong_rows(job_id: str, job: Plain, stored: Stored, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    listed = list(stored.listed(job["promotion"]))
    # One code can be listed twice: removed by hand, and made by hand again.
    allowed = {tuple(_expected_row(it, stored)) for it in listed}
    times = Counter(map(tuple, rows))
    for row, count in times.items():
        if row not in allowed or count > 1:
            yield f"export {job_id} has {count} times the row {row}"
    there_before = {
        tuple(_expected_row(it, stored)) for it in listed if not it.removed and _long_before(it, job, stored)
    }
    if missing := there_before - times.keys():
        yield f"export {job_id} lacks {missing}"


def _long_before(listed: Listed, job: Plain, stored: Stored) -> bool:
    """Whether a code was published so long before the job that no call of then can still be on its way."""
    source = stored.jobs.get(listed.source)
    published = from_text(source["updated_at"] if source else listed.chunk["created_at"])
    return published + SETTLED < from_text(job["created_at"])


def _expected_row(listed: Listed, stored: Stored) -> list[str]:
    if listed.made is None:
        said, made = stored.jobs[listed.source]["parameters"], stored.jobs[listed.source]
        uses = said.get("max_uses_per_code")
        terms = said.get("consume_unit"), uses, uses, None
    else:
        said, made = listed.made["terms"], stored.jobs.get(listed.source, listed.chunk)
        terms = said["consume_unit"], said["max_uses"], said["max_uses"], said["user"]
    job_id = listed.source if listed.source in stored.jobs else None
    cells = (*terms, made["created_by"], made["created_at"], job_id)
    return [str(cell) if cell is not None else "" for cell in (listed.code, *cells)]


def orphans(stored: Stored) -> Iterator[str]:
    """Items that belong to a thing that is not there."""
    for promotion_id, chunks in stored.by_hand.items():
        if promotion_id not in stored.promotions and chunks:
            yield f"promotion {promotion_id} is gone and has chunks {sorted(chunks)}"
    for code, item in stored.codes.items():
        if item["promotion"] not in stored.promotions:
            yield f"promotion {item['promotion']} is gone and has code {code}"
    for job_id, job in stored.jobs.items():
        if job["promotion"] not in stored.promotions:
            yield f"promotion {job['promotion']} is gone and has job {job_id}"
    for job_id, found in [*stored.runs.items(), *stored.chunks.items(), *stored.refused.items()]:
        if job_id not in stored.jobs and found:
            yield f"job {job_id} is gone and has runs, chunks or a report {sorted(found)}"


def unfinished(stored: Stored, files: MemoryFiles) -> Iterator[str]:
    """Invariant 5."""
    for job_id, entry in stored.open.items():
        yield f"{job_id} is still open: {entry} {stored.jobs.get(job_id)}"
    for key in files.files:
        if key.removeprefix("uploads/").split("/")[0] not in stored.promotions:
            yield f"file {key} belongs to no promotion"


def repeated_jobs(dynamodb: MemoryDynamoDB, answered: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A request with a key makes one job, which is called by the key, and is answered with that one each time."""
    jobs = Stored.read(dynamodb).jobs
    for key in {key for key, _ in answered}:
        made = {job_id for job_id, job in jobs.items() if job.get("name") == key}
        given = {job_id for it, job_id in answered if it == key}
        if len(made) > 1 or given != made:
            yield f"request {key} made the jobs {made} and was answered with {given}"


def unannounced(stored: Stored, bus: MemoryBus) -> Iterator[str]:
    """Invariant 5: the end of every job was told, and nothing else was."""
    told = {(job["id"], job["status"]) for _, job in bus.published}
    for job_id, job in stored.jobs.items():
        if {status for it, status in told if it == job_id} != {job["status"]}:
            yield f"job {job_id} is {job['status']}, and what was told of it is {told}"
