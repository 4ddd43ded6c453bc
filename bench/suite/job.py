"""A job from its message to its last state, by the real worker: beside the engine's own rate, and what others write."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bench.emulator import NAME, Deployment, deployment, new_id
from bench.measure import Bench, Goal, Outcome, Samples, Work
from promotion_jobs.codes.format import ALPHABET, CodeFormat, chunk_codes
from promotion_jobs.limits import CHUNK_CODES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ENGINE, _NAIVE, _BATCH_WRITER = "the engine's own rate", "get_item then put_item", "boto3 batch_writer"
_BOUNDS = {_ENGINE: 0.95, _NAIVE: 12, _BATCH_WRITER: 0.9}
_NOTES = {
    _ENGINE: (
        "batch_execute_statement of 25 conditional INSERTs made beforehand, of the same bytes, on eight threads. What "
        "a job does besides makes the difference: a transaction for each chunk's list and counter, for which inserts "
        "wait. Two chunks in flight at a time gained nothing that could be told from noise"
    ),
    _NAIVE: "conditional on nothing: two of these at once can give one code away twice",
    _BATCH_WRITER: "conditional on nothing: it overwrites a code that another promotion has",
}
_THREADS, _BATCH = 8, 25
"""Those of the worker."""


def _random_code() -> str:
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"summer-{symbols[:4]}-{symbols[4:]}"


def _item(code: str, slot: int, promotion_id: str, job_id: str) -> dict[str, Any]:
    """What the service stores of a code."""
    return {
        "pk": f"CODE#{code}",
        "sk": "CODE",
        "promotion": promotion_id,
        "job": job_id,
        "slot": slot,
        "code": code,
    }


@dataclass(frozen=True, slots=True)
class _Contenders:
    deployment: Deployment
    codes: int

    def ours(self) -> Work:
        return self.deployment.generate(self.codes)

    def engine(self) -> Work:
        config = Config(max_pool_connections=_THREADS + 2, parameter_validation=False)
        client = boto3.client("dynamodb", config=config)
        batches = _batches(_statements(self.codes))

        def insert(batch: Sequence[Any]) -> int:
            answers = client.batch_execute_statement(Statements=batch)["Responses"]
            return sum("Error" not in answer for answer in answers)

        def work() -> int:
            with ThreadPoolExecutor(_THREADS) as threads:
                return sum(threads.map(insert, batches))

        return work

    def naive(self) -> Work:
        client: DynamoDBClient = boto3.client("dynamodb")
        promotion_id, job_id = {"S": new_id()}, {"S": new_id()}

        def work() -> int:
            stored = 0
            # Fewer, or this would take as long as all others together; what is compared is the time of one.
            while stored < self.codes // 20:
                code = _random_code()
                key = {"pk": {"S": f"CODE#{code}"}, "sk": {"S": "CODE"}}
                if "Item" not in client.get_item(TableName=NAME, Key=key, ConsistentRead=True):
                    own = {"promotion": promotion_id, "job": job_id, "slot": {"N": str(stored)}, "code": {"S": code}}
                    client.put_item(TableName=NAME, Item={**key, **own})
                    stored += 1
            return stored

        return work

    def batch_writer(self) -> Work:
        table = boto3.resource("dynamodb").Table(NAME)
        promotion_id, job_id = new_id(), new_id()

        def work() -> int:
            with table.batch_writer() as batch:
                for slot in range(self.codes):
                    batch.put_item(Item=_item(_random_code(), slot, promotion_id, job_id))
            return self.codes

        return work


def _statements(codes: int) -> list[Any]:
    seed, promotion_id, job_id = secrets.token_bytes(32), new_id(), new_id()
    code_format = CodeFormat(8, "summer")
    made = [
        code for chunk in range(codes // CHUNK_CODES) for code in chunk_codes(seed, chunk, CHUNK_CODES, code_format)
    ]
    statement = f"INSERT INTO \"{NAME}\" VALUE {{'pk': ?, 'sk': ?, 'promotion': ?, 'job': ?, 'slot': ?, 'code': ?}}"
    return [
        {
            "Statement": statement,
            "Parameters": [
                {"N": str(value)} if isinstance(value, int) else {"S": value}
                for value in _item(code, slot, promotion_id, job_id).values()
            ],
        }
        for slot, code in enumerate(dict.fromkeys(made))
    ]


def _batches(statements: Sequence[Any]) -> list[Sequence[Any]]:
    return [statements[start : start + _BATCH] for start in range(0, len(statements), _BATCH)]


def run(bench: Bench) -> Outcome:
    with deployment() as made:
        contenders = _Contenders(made, bench.size(20_000, 5_000))
        samples = bench.interleaved(
            {
                "ours": made.on_new_table(contenders.ours),
                _ENGINE: made.on_new_table(contenders.engine),
                _NAIVE: made.on_new_table(contenders.naive),
                _BATCH_WRITER: made.on_new_table(contenders.batch_writer),
            }
        )
    return Outcome([_goal(samples, name, bound) for name, bound in _BOUNDS.items()], samples)


def _goal(samples: Samples, name: str, bound: float) -> Goal:
    measured = samples.wall_each(name) / samples.wall_each("ours")
    return Goal(f"codes per second of a job, against {name}", measured, bound, note=_NOTES[name])
