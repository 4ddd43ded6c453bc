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
from promotion_jobs.codes.format import ALPHABET

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ENGINE, _NAIVE, _BATCH_WRITER = "conditional inserts of items", "get_item then put_item", "boto3 batch_writer"
_BOUNDS = {_ENGINE: 50, _NAIVE: 500, _BATCH_WRITER: 40}
_NOTES = {
    _ENGINE: "an item for each code: batch_execute_statement of 25 INSERTs made beforehand, on eight threads",
    _NAIVE: "conditional on nothing: two of these at once can give one code away twice",
    _BATCH_WRITER: "conditional on nothing: it overwrites a code that another promotion has",
}
_THREADS, _BATCH = 8, 25
"""As many as keep a processor busy, and the most of a call."""

_MILLION, _OF_A_MILLION = 1_000_000, "a job of a million"

_FEWER = 10
"""Times fewer codes for the contenders, or they would take minutes; what is compared is the time of one."""


def _random_code() -> str:
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"summer-{symbols[:4]}-{symbols[4:]}"


def _item(code: str, slot: int, promotion_id: str, job_id: str) -> dict[str, Any]:
    """The item that each code would have."""
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

    def million(self) -> Work:
        return self.deployment.generate(_MILLION)

    def engine(self) -> Work:
        config = Config(max_pool_connections=_THREADS + 2, parameter_validation=False)
        client = boto3.client("dynamodb", config=config)
        batches = _batches(_statements(self.codes // _FEWER))

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
            while stored < self.codes // _FEWER // 20:
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
                for slot in range(self.codes // _FEWER):
                    batch.put_item(Item=_item(_random_code(), slot, promotion_id, job_id))
            return self.codes // _FEWER

        return work


def _statements(codes: int) -> list[Any]:
    promotion_id, job_id = new_id(), new_id()
    made = [_random_code() for _ in range(codes)]
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
        contenders = _Contenders(made, bench.size(100_000, 50_000))
        million = {} if bench.quick else {_OF_A_MILLION: made.on_new_table(contenders.million)}
        samples = bench.interleaved(
            {
                "ours": made.on_new_table(contenders.ours),
                **million,
                _ENGINE: made.on_new_table(contenders.engine),
                _NAIVE: made.on_new_table(contenders.naive),
                _BATCH_WRITER: made.on_new_table(contenders.batch_writer),
            }
        )
    goals = [_goal(samples, "ours", name, bound) for name, bound in _BOUNDS.items()]
    if million:
        goals.append(_goal(samples, _OF_A_MILLION, _ENGINE, _BOUNDS[_ENGINE]))
    return Outcome(goals, samples)


def _goal(samples: Samples, ours: str, name: str, bound: float) -> Goal:
    measured = samples.wall_each(name) / samples.wall_each(ours)
    job = "a job" if ours == "ours" else ours
    return Goal(f"codes per second of {job}, against {name}", measured, bound, note=_NOTES[name])
