"""Codes in the table: an item each, keyed by the code, and lists of them by the thousand.

A code item says whose it is; the list (the chunk) gives order, and is what lists and exports read. Codes are written
with PartiQL, because a batch of 25 INSERTs is 25 conditional puts for one call, and each is answered by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

from promotion_jobs.dynamodb import keys
from promotion_jobs.dynamodb.table import TRANSIENT, ConditionLost, Item, Table
from promotion_jobs.generation import Commit, Slot
from promotion_jobs.model import Chunk, Code, Job, JobStatus
from promotion_jobs.timestamps import from_text, to_text

BATCH = 25
_GET_BATCH = 100
_TAKEN = "DuplicateItem"
_NOT_OURS = "ConditionalCheckFailed"


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _to_chunk(item: Item) -> Chunk:
    job_id, _, number = item["sk"].partition("#")
    return Chunk(
        job_id=job_id,
        number=int(number),
        codes=item["codes"].split("\n"),
        consume_unit=item.get("consume_unit"),
        max_uses=item.get("max_uses"),
        created_by=item["created_by"],
        created_at=from_text(item["created_at"]),
    )


@dataclass(frozen=True, slots=True)
class DynamoCodeReader:
    table: Table

    def chunks(self, promotion_id: str, likely: int | None = None) -> Iterator[Chunk]:
        options = {"first_page": likely} if likely else {}
        return map(_to_chunk, self.table.query(keys.chunk(promotion_id, "", 0)["pk"], **options))

    def find(self, promotion_id: str, code: str) -> Code | None:
        item = self.table.get(keys.code(code))
        if item is None or item["promotion"] != promotion_id:
            return None
        job = self.table.get(keys.job(promotion_id, item["job"]))
        if job is None:
            return None
        max_uses = job["parameters"].get("max_uses_per_code")
        return Code(
            code=item["code"],
            job_id=item["job"],
            consume_unit=job["parameters"].get("consume_unit"),
            max_uses=max_uses,
            uses=max_uses,
            created_by=job["created_by"],
            created_at=from_text(job["created_at"]),
        )


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
        statement = f'DELETE FROM "{self.table.name}" WHERE "pk" = ? AND "sk" = ? AND "job" = ? AND "slot" = ?'  # noqa: S608

        def remove(batch: Sequence[tuple[Slot, str]]) -> None:
            statements = []
            for slot, code in batch:
                key = keys.code(code)
                own = [{"S": key["pk"]}, {"S": key["sk"]}, {"S": job.id}, {"N": str(slot)}]
                statements.append({"Statement": statement, "Parameters": own})
            self._execute(statements, expected=_NOT_OURS)

        self._on_threads(remove, codes)

    def _on_threads(self, work: Callable[[list[Any]], Any], items: Iterable[Any]) -> list[Any]:
        batches = [self.threads.submit(work, batch) for batch in _batches(items, BATCH)]
        try:
            return [batch.result() for batch in batches]
        finally:
            # Where one batch failed, no other outlives its delivery: it would run in a later one, after a clean-up.
            for batch in batches:
                batch.cancel()
            wait(batches)

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
        first, last = keys.collisions(job.id, chunks[0]), keys.collisions(job.id, chunks[-1])
        found: dict[int, dict[Slot, int]] = {}
        for item in self.table.query(first["pk"], first=first["sk"], last=last["sk"]):
            highest = found.setdefault(int(item["sk"]), {})
            for slot, attempt in (map(int, noted.split(":")) for noted in item["attempts"]):
                highest[slot] = max(attempt, highest.get(slot, 0))
        return found

    def commit(self, chunk: Chunk, promotion_id: str, run: int) -> Commit:
        values = {
            "codes": "\n".join(chunk.codes),
            "consume_unit": chunk.consume_unit,
            "max_uses": chunk.max_uses,
            "created_by": chunk.created_by,
            "created_at": to_text(chunk.created_at),
        }
        try:
            self.table.transact(
                self.table.put(keys.chunk(promotion_id, chunk.job_id, chunk.number), values),
                self.table.update(
                    keys.run(chunk.job_id, run),
                    "SET #generated = #generated + :codes",
                    "#status = :processing",
                    codes=len(chunk.codes),
                    processing=JobStatus.PROCESSING,
                ),
            )
        except ConditionLost as error:
            return Commit.ALREADY_COMMITTED if 0 in error.lost else Commit.STOPPED
        return Commit.COMMITTED

    def committed_codes(self, job: Job, chunk: int) -> Sequence[str]:
        item = self.table.get(keys.chunk(job.promotion_id, job.id, chunk))
        return _to_chunk(item).codes if item else []
