"""Codes as items of their own, keyed by the code: that a code is unique is a condition on its insert.

Codes are written with PartiQL, because a batch of 25 INSERTs is 25 conditional puts for one call, and each is answered
by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import TRANSIENT, Table
from promotion_jobs.codes.code import Slot
from promotion_jobs.errors import StoreBusy

BATCH = 25
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


@dataclass(frozen=True, slots=True)
class CodeItems:
    """``threads`` carry the batches of a chunk at the same time; the client's pool must be as large."""

    table: Table
    threads: Executor

    def insert(self, promotion_id: str, job_id: str, codes: Mapping[Slot, str]) -> set[Slot]:
        """Insert each code that nobody has; no two of them are the same.

        Returns the slots whose code belongs to another job, or to another slot of this one.
        """
        statement = (
            f'INSERT INTO "{self.table.name}" VALUE '
            "{'pk': ?, 'sk': ?, 'promotion': ?, 'job': ?, 'slot': ?, 'code': ?}"
        )
        promotion, job = {"S": promotion_id}, {"S": job_id}

        def insert(batch: Sequence[tuple[Slot, str]]) -> Iterable[Slot]:
            statements = []
            for slot, code in batch:
                key = keys.code(code)
                own = [{"S": key["pk"]}, {"S": key["sk"]}, promotion, job, {"N": str(slot)}, {"S": code}]
                statements.append({"Statement": statement, "Parameters": own})
            taken = self._execute(statements, expected=_TAKEN)
            return self._foreign(job_id, [batch[position] for position in taken])

        return {slot for slots in self._on_threads(insert, codes.items()) for slot in slots}

    def _foreign(self, job_id: str, taken: Sequence[tuple[Slot, str]]) -> list[Slot]:
        """The slots of taken codes that are not their own, inserted by an earlier delivery."""
        if not taken:
            return []
        owners = {item["pk"]: item for item in self.table.get_all([keys.code(code) for _, code in taken])}
        foreign = []
        for slot, code in taken:
            # A code freed in the meantime counts as somebody else's: the slot goes on to its next attempt.
            owner = owners.get(keys.code(code)["pk"], {})
            if (owner.get("job"), owner.get("slot")) != (job_id, slot):
                foreign.append(slot)
        return foreign

    def remove(self, source: str, codes: Iterable[tuple[Slot, str]]) -> None:
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

    def note_attempts(self, job_id: str, chunk: int, attempts: Mapping[Slot, int]) -> None:
        """Note, for good, which attempt each slot is about to insert."""
        noted = {f"{slot}:{attempt}" for slot, attempt in attempts.items()}
        # Without a condition: adding to a set commutes, and what is noted is never taken back.
        self.table.transact(
            self.table.update(keys.collisions(job_id, chunk), "ADD #attempts :noted", condition="", noted=noted)
        )

    def attempts(self, job_id: str, chunks: range) -> Mapping[int, Mapping[Slot, int]]:
        """Chunk → slot → the highest attempt noted, for those chunks of the range that have any."""
        ends = keys.collisions(job_id, chunks[0]), keys.collisions(job_id, chunks[-1])
        found: dict[int, dict[Slot, int]] = {}
        for item in self.table.query(Range.between(*ends)):
            highest = found.setdefault(int(item["sk"]), {})
            for slot, attempt in (map(int, noted.split(":")) for noted in item["attempts"]):
                highest[slot] = max(attempt, highest.get(slot, 0))
        return found

    def forget_attempts(self, job_id: str, chunk: int) -> None:
        # Without a condition: the chunk is undone, and no attempt will be noted any more.
        self.table.transact(self.table.delete(keys.collisions(job_id, chunk)))

    def forget_all_attempts(self, job_id: str) -> None:
        """Remove the notes of a job whose promotion is purged."""
        self.table.remove_all(Range(keys.collisions(job_id, 0)["pk"]))
