"""An import of a million codes by the real worker, beside the transactions alone that put as many."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

import boto3

from bench import service
from bench.measure import Bench, Goal, Outcome, Run, Work, in_process, timed
from bench.stub import Stub, stub
from promotion_jobs import wiring
from promotion_jobs.api import answers
from promotion_jobs.codes.format import ALPHABET
from promotion_jobs.jobs.job import Message
from promotion_jobs.limits import IMPORTED_TOGETHER

_RAW, _LEAN, _ISSUED = "transact_write_items", "transact_write_items, unchecked", "codes of the generated form"
_ASKED = "provide-client-params.dynamodb.TransactWriteItems"


def _plain(number: int) -> str:
    return f"SUMMER26A{number:07d}"


def _generated(number: int) -> str:
    """A code in the form of those that jobs make, so that it has to be reserved."""
    symbols = [ALPHABET[number // len(ALPHABET) ** at % len(ALPHABET)] for at in range(8)]
    return f"SALE-{''.join(symbols[:4])}-{''.join(symbols[4:])}"


def _ours(rows: int) -> Work:
    worker, message = wiring.service().worker(answers.job), Message(service.PROMOTION_ID, service.JOB_ID)

    def work() -> int:
        worker.deliver(message, lambda: service.TIME_LEFT)
        return rows

    return work


def _of(server: Stub, code: Callable[[int], str], rows: int) -> Run:
    """An import of so many codes."""
    content = "code\n" + "".join(f"{code(number)}\n" for number in range(rows))
    job = service.import_job(len(content))

    def run() -> Any:
        service.use(server)
        server.give_file(content)
        server.give([*service.job_items(job), *service.promotion_items(rows)])
        return in_process(_ours, rows)()

    return run


def _actions(server: Stub) -> Sequence[Any]:
    """The longest transaction of an import: it takes in as many codes as there can be."""
    seen: list[Sequence[Any]] = []
    events = wiring.service().clients.dynamodb.meta.events
    events.register(_ASKED, lambda params, **_: seen.append(params["TransactItems"]), unique_id=_ASKED)
    content = "code\n" + "".join(f"{_plain(number)}\n" for number in range(IMPORTED_TOGETHER))
    server.give_file(content)
    server.give([*service.job_items(service.import_job(len(content))), *service.promotion_items(IMPORTED_TOGETHER)])
    _ours(IMPORTED_TOGETHER)()
    events.unregister(_ASKED, unique_id=_ASKED)
    return max(seen, key=len)


def _raw(client: Any, actions: Sequence[Any], rows: int) -> Run:
    """The same transaction again and again, until so many codes are put."""

    def work() -> int:
        for _ in range(ceil(rows / IMPORTED_TOGETHER)):
            client.transact_write_items(TransactItems=actions)
        return rows

    return timed(work)


def _contenders(server: Stub, rows: int) -> Mapping[str, Run]:
    actions, fewer = _actions(server), rows // 10
    return {
        "ours": _of(server, _plain, rows),
        _ISSUED: _of(server, _generated, fewer),
        _RAW: _raw(boto3.client("dynamodb"), actions, fewer),
        _LEAN: _raw(wiring.service().clients.dynamodb, actions, fewer),
    }


def run(bench: Bench) -> Outcome:
    rows = bench.size(1_000_000, 100_000)
    with stub() as server:
        service.use(server)
        server.give(service.space_items(*range(8, 17)))
        samples = bench.interleaved(_contenders(server, rows), rounds=3, quick_rounds=2, warm_up=False)
    cpu, wall = samples.cpu_each, samples.wall_each
    lean, issued = cpu(_LEAN) / cpu("ours"), cpu(_ISSUED) / cpu("ours")
    goals = [
        Goal(
            f"rows per CPU second of {rows:,}, against {_RAW} of the same puts",
            cpu(_RAW) / cpu("ours"),
            0.8,
            note=f"{1 / cpu('ours'):,.0f} rows, {lean:.2f}× of what a client does that checks no parameters. Codes in "
            f"the form of generated ones, which are reserved as well, take {issued:.1f}× of the time",
        ),
        Goal(f"rows per second, against {_RAW} of the same puts", wall(_RAW) / wall("ours"), 0.8),
        Goal("peak memory over baseline", samples.memory("ours") / 2**20, 64, at_most=True, unit="MB"),
    ]
    return Outcome(goals, samples)
