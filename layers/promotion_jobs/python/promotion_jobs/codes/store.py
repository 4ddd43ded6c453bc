"""Codes in the table: an item each, keyed by the code, and lists of them by the thousand.

A code item says whose it is; the list (the chunk) gives order, and is what lists and exports read. Codes are written
with PartiQL, because a batch of 25 INSERTs is 25 conditional puts for one call, and each is answered by itself.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import TRANSIENT, ConditionLost, Item, Table
from promotion_jobs.codes.code import Chunk, Location, Slot, Terms
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.runs import Commit, RunStatus
from promotion_jobs.limits import HAND_MADE_CODES
from promotion_jobs.values import from_text, to_text

BATCH = 25
_GET_BATCH = 100
_TAKEN = "DuplicateItem"
_NOT_OURS = "ConditionalCheckFailed"


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _end(batches: Sequence[Future[Any]]) -> None:
    """Where one batch failed, no other outlives its delivery: it would run in a later one, after a clean-up."""
    for batch in batches:
        batch.cancel()
    wait(batches)


def to_values(chunk: Chunk) -> Item:
    own_terms = None if chunk.own_terms is None else json.dumps([asdict(terms) for terms in chunk.own_terms])
    return {
        "codes": "\n".join(chunk.codes),
        **asdict(chunk.terms),
        # As text: of up to fifty codes made by hand, which nothing here looks into.
        "own_terms": own_terms,
        "created_by": chunk.created_by,
        "created_at": to_text(chunk.created_at),
    }


def to_chunk(item: Item) -> Chunk:
    source, number = keys.chunk_of(item)
    return Chunk(
        source=source,
        number=number,
        codes=item["codes"].split("\n"),
        terms=Terms(item.get("consume_unit"), item.get("max_uses")),
        own_terms=[Terms(**terms) for terms in json.loads(item["own_terms"])] if "own_terms" in item else None,
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
        removed=frozenset(item.get("removed", ())),
    )


@dataclass(frozen=True, slots=True)
class DynamoCodeReader:
    table: Table

    def chunks(self, promotion_id: str, source: str | None = None, likely: int | None = None) -> Iterator[Chunk]:
        return map(to_chunk, self.table.query(keys.chunks(promotion_id, source), first_page=likely))

    def locate(self, promotion_id: str, codes: Sequence[str]) -> dict[str, Location]:
        items = self.table.get_all([keys.code(code) for code in codes])
        found = {item["code"].casefold(): item for item in items if item["promotion"] == promotion_id}
        sources = {item["job"] for item in found.values()}
        jobs = {
            keys.identifier(item): item
            for item in self.table.get_all([keys.job(promotion_id, source) for source in sources])
        }
        return {code: self._location(item, jobs.get(item["job"])) for code, item in found.items()}

    def _location(self, item: Item, job: Item | None) -> Location:
        chunk_codes = job["plan"]["chunk_codes"] if job else HAND_MADE_CODES
        chunk, position = divmod(item["slot"], chunk_codes)
        return Location(item["job"], chunk, position, item["slot"], by_hand=job is None)

    def chunk(self, promotion_id: str, location: Location) -> Chunk | None:
        item = self.table.get(keys.chunk(promotion_id, location.source, location.chunk))
        return to_chunk(item) if item else None


@dataclass(frozen=True, slots=True)
class DynamoCodeStore:
    """``threads`` carry the batches of a chunk at the same time; the client's pool must be as large."""

    table: Table
    threads: Executor

    def insert(self, job: Job, codes: Mapping[Slot, str]) -> set[Slot]:
        statement = (
            f'INSERT INTO "{self.table.name}" VALUE '
            "{'pk': ?, 'sk': ?, 'promotion': ?, 'job': ?, 'slot': ?, 'code': ?}"
        )
        promotion, job_id = {"S": job.promotion_id}, {"S": job.id}

        def insert(batch: Sequence[tuple[Slot, str]]) -> Iterable[Slot]:
            statements = []
            for slot, code in batch:
                key = keys.code(code)
                own = [{"S": key["pk"]}, {"S": key["sk"]}, promotion, job_id, {"N": str(slot)}, {"S": code}]
                statements.append({"Statement": statement, "Parameters": own})
            taken = self._execute(statements, expected=_TAKEN)
            return self._foreign(job, [batch[position] for position in taken])

        return {slot for slots in self._on_threads(insert, codes.items()) for slot in slots}

    def _foreign(self, job: Job, taken: Sequence[tuple[Slot, str]]) -> list[Slot]:
        """The slots of taken codes that are not their own, inserted by an earlier delivery."""
        if not taken:
            return []
        owners = {item["pk"]: item for item in self.table.get_all([keys.code(code) for _, code in taken])}
        foreign = []
        for slot, code in taken:
            # A code freed in the meantime counts as somebody else's: the slot goes on to its next attempt.
            owner = owners.get(keys.code(code)["pk"], {})
            if (owner.get("job"), owner.get("slot")) != (job.id, slot):
                foreign.append(slot)
        return foreign

    def remove(self, job: Job, codes: Iterable[tuple[Slot, str]]) -> None:
        self.remove_of(job.id, codes)

    def remove_of(self, source: str, codes: Iterable[tuple[Slot, str]]) -> None:
        """Remove each code that is this source's and this slot's; any other is left alone."""
        statement = f'DELETE FROM "{self.table.name}" WHERE "pk" = ? AND "sk" = ? AND "job" = ? AND "slot" = ?'  # noqa: S608

        def remove(batch: Sequence[tuple[Slot, str]]) -> None:
            statements = []
            for slot, code in batch:
                key = keys.code(code)
                own = [{"S": key["pk"]}, {"S": key["sk"]}, {"S": source}, {"N": str(slot)}]
                statements.append({"Statement": statement, "Parameters": own})
            self._execute(statements, expected=_NOT_OURS)

        # Two slots may have asked for the same code; a batch must not name a key twice.
        waiting = list(codes)
        while waiting:
            once = {keys.code(code)["pk"]: (slot, code) for slot, code in waiting}
            self._on_threads(remove, once.values())
            done = set(once.values())
            waiting = [named for named in waiting if named not in done]

    def first_slot(self, promotion_id: str, chunk: Chunk) -> Slot:
        """The slot of the chunk's first code in its source."""
        job = self.table.get(keys.job(promotion_id, chunk.source)) if chunk.job_id else None
        return chunk.number * int(job["plan"]["chunk_codes"]) if job else 0

    def _on_threads(self, work: Callable[[list[Any]], Any], items: Iterable[Any]) -> list[Any]:
        batches = [self.threads.submit(work, batch) for batch in _batches(items, BATCH)]
        try:
            return [batch.result() for batch in batches]
        except StoreBusy as busy:
            _end(batches)
            errors = [batch.exception() for batch in batches if not batch.cancelled()]
            # Who hears of the busy store takes every batch for answered.
            raise next((error for error in errors if error and not isinstance(error, StoreBusy)), busy) from None
        finally:
            _end(batches)

    def _execute(self, statements: Sequence[Any], expected: str) -> list[int]:
        """Execute a batch, again where that may help; returns the positions answered with the expected error.

        Raises StoreBusy after the last attempt, and RuntimeError for an error that nothing here expects.
        """
        answered: list[int] = []
        positions = list(range(len(statements)))
        attempt = 0
        while True:
            responses = self.table.client.batch_execute_statement(
                Statements=[statements[position] for position in positions]
            )["Responses"]
            again = []
            for position, response in zip(positions, responses, strict=True):
                code = response.get("Error", {}).get("Code")
                if code in TRANSIENT:
                    again.append(position)
                elif code == expected:
                    answered.append(position)
                elif code:
                    msg = f"a statement was answered {code}"
                    raise RuntimeError(msg)
            if not again:
                return answered
            self.table.backoff.wait(attempt)
            attempt += 1
            positions = again

    def note_attempts(self, job: Job, chunk: int, attempts: Mapping[Slot, int]) -> None:
        noted = {f"{slot}:{attempt}" for slot, attempt in attempts.items()}
        # Without a condition: adding to a set commutes, and what is noted is never taken back.
        self.table.transact(
            self.table.update(keys.collisions(job.id, chunk), "ADD #attempts :noted", condition="", noted=noted)
        )

    def attempts(self, job: Job, chunks: range) -> Mapping[int, Mapping[Slot, int]]:
        ends = keys.collisions(job.id, chunks[0]), keys.collisions(job.id, chunks[-1])
        found: dict[int, dict[Slot, int]] = {}
        for item in self.table.query(Range.between(*ends)):
            highest = found.setdefault(int(item["sk"]), {})
            for slot, attempt in (map(int, noted.split(":")) for noted in item["attempts"]):
                highest[slot] = max(attempt, highest.get(slot, 0))
        return found

    def commit(self, chunk: Chunk, promotion_id: str, run: int) -> Commit:
        try:
            self.table.transact(
                self.table.put(keys.chunk(promotion_id, chunk.source, chunk.number), to_values(chunk)),
                self.table.update(
                    keys.run(chunk.source, run),
                    "SET #generated = #generated + :codes, #tries = :none",
                    "#status = :processing",
                    codes=len(chunk.codes),
                    none=0,
                    processing=RunStatus.PROCESSING,
                ),
            )
        except ConditionLost as error:
            return Commit.ALREADY_COMMITTED if 0 in error.lost else Commit.STOPPED
        return Commit.COMMITTED

    def uncommit(self, job: Job, run: int, chunk: int) -> int:
        codes = job.plan.codes_in(chunk) if job.plan else 0
        try:
            self.table.transact(
                self.table.delete(keys.chunk(job.promotion_id, job.id, chunk), "attribute_exists(pk)"),
                self.table.update(
                    keys.run(job.id, run),
                    "ADD #deleted :codes",
                    "#status = :cancelling",
                    codes=codes,
                    cancelling=RunStatus.CANCELLING,
                ),
            )
        except ConditionLost:
            # Without a list there is nothing to count, and a run that is clean has counted it.
            codes = 0
        self.table.transact(self.table.delete(keys.collisions(job.id, chunk)))
        return codes

    def committed_codes(self, job: Job, chunk: int) -> Sequence[str | None]:
        item = self.table.get(keys.chunk(job.promotion_id, job.id, chunk))
        committed = to_chunk(item) if item else None
        if committed is None:
            return []
        return [None if position in committed.removed else code for position, code in enumerate(committed.codes)]
