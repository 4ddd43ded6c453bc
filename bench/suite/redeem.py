"""The cost of a redemption: calls and write units, also of what is refused, and CPU time, also of a repetition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any

import boto3

from bench import service
from bench.located import redeemer_of
from bench.measure import Bench, Goal, Outcome, Run, timed
from bench.service import CLIENT_ID
from bench.stub import Stub, stub
from promotion_jobs import wiring
from promotion_jobs.codes.permutation import Permutation
from promotion_jobs.errors import CodeNotFound, CodeNotUsable
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Use

_CODES = 10
_UNITS = "write units"
_ASKED = "provide-client-params.dynamodb.TransactWriteItems"
_REDEEM, _REPLAY, _RAW, _WHOLE = "redeem", "replay", "transact_write_items", "redeem, and locate the code"
_TIMES = 25
"""Short turns and many of them: the ratio is what counts."""


@contextmanager
def _shop() -> Iterator[tuple[Stub, str, str]]:
    """The stub with a job's codes of one use each: one of them, and one that was never issued."""
    job: Job = replace(service.generate_job(_CODES), status=JobStatus.COMPLETED, generated=_CODES)
    parameters = GenerateParameters(_CODES, "per_cart", 1)
    job = replace(job, parameters=parameters, first_index=0, key_version=1)
    code_format = parameters.code_format
    spaces = service.space_items(code_format.length, given=job.plan.indices)
    permutation = Permutation(spaces[-1]["key"]["B"], code_format.length)
    issued, never = (permutation.encrypt(indices) for indices in (range(_CODES), [code_format.size - 1]))
    packed, guess = (b"".join(it.to_bytes(code_format.width) for it in bodies) for bodies in (issued, never))
    with stub() as server:
        service.use(server)
        server.give([*spaces, service.allocation_item(job), *service.job_items(job)])
        server.give([service.chunk_item(job, 0, packed), *service.promotion_items(_CODES)])
        yield server, code_format.write(packed)[0], code_format.write(guess)[0]


def _counted(server: Stub, work: Callable[[], object]) -> tuple[float, float]:
    """Calls and write units of what is done, or refused."""
    server.counted()
    with suppress(CodeNotFound, CodeNotUsable):
        work()
    counted = server.counted()
    return sum(calls for what, calls in counted.items() if what != _UNITS), counted[_UNITS]


def _actions(work: Callable[[], object]) -> Sequence[Any]:
    """The actions of the transaction that is asked for in it."""
    seen: list[Any] = []
    events = wiring.service().clients.dynamodb.meta.events
    events.register(_ASKED, lambda params, **_: seen.extend(params["TransactItems"]), unique_id=_ASKED)
    work()
    events.unregister(_ASKED, unique_id=_ASKED)
    return seen


def _contenders(whole: Redeemer, code: str, replayed: str, actions: Sequence[Any]) -> Mapping[str, Run]:
    located, bare = redeemer_of(code, whole), boto3.client("dynamodb")
    numbers = count()

    def each(ask: Callable[[], object]) -> Run:
        def work() -> int:
            for _ in range(_TIMES):
                ask()
            return _TIMES

        return timed(work)

    return {
        _REDEEM: each(lambda: located.redeem(Use(code, id=f"order-{next(numbers)}"), CLIENT_ID)),
        _REPLAY: each(lambda: located.redeem(Use(code, id=replayed), CLIENT_ID)),
        _WHOLE: each(lambda: whole.redeem(Use(code, id=f"order-{next(numbers)}"), CLIENT_ID)),
        _RAW: each(lambda: bare.transact_write_items(TransactItems=actions)),
    }


def run(bench: Bench) -> Outcome:
    with _shop() as (server, code, guess):
        whole, other = wiring.service().redeemer, Use(code, id="another order")
        located, replayed = redeemer_of(code, whole), Use(code, id="the same order")
        validate, _ = _counted(server, lambda: located.validate(other))
        redeem, units = _counted(server, lambda: located.redeem(other, CLIENT_ID))
        looked_up, _ = _counted(server, lambda: whole.lookup.places([guess]))
        guessed, _ = _counted(server, lambda: whole.redeem(Use(guess, id="a guess"), CLIENT_ID))
        actions = _actions(lambda: located.redeem(replayed, CLIENT_ID))
        counter, redemption, _ = actions
        server.give([redemption["Put"]["Item"]])
        samples = bench.interleaved(_contenders(whole, code, "the same order", actions), rounds=40, quick_rounds=10)
        server.give([counter["Update"]["Key"] | {"taken": {"N": "1"}}])
        _, refused = _counted(server, lambda: located.redeem(other, CLIENT_ID))
    cpu = samples.cpu_each
    goals = [
        Goal("calls to redeem, beside locating the code", redeem, 2, at_most=True, unit="calls"),
        Goal(
            "write units to redeem",
            units,
            6,
            at_most=True,
            unit="",
            note="none before: a code that was not used has no item more, and is generated for what calls says",
        ),
        Goal("calls to validate, beside locating the code", validate, 1, at_most=True, unit="calls"),
        Goal("calls for a guess, beside looking for it", guessed - looked_up, 0, at_most=True, unit="calls"),
        Goal("write units to refuse a code that is used up", refused, 0, at_most=True, unit=""),
        Goal(
            f"CPU to redeem, against {_RAW} of the same actions",
            cpu(_REDEEM) / cpu(_RAW),
            1.5,
            at_most=True,
            note="two calls beside one: the promotion, the code's counter and the redemption are read before; with "
            f"four that locate a generated code {cpu(_WHOLE) / cpu(_RAW):.1f}×",
        ),
        Goal("CPU to repeat a redemption, against making it", cpu(_REPLAY) / cpu(_REDEEM), 0.6, at_most=True),
    ]
    return Outcome(goals, samples)
