"""A code that many redeem at once: uses granted too often, and how many are granted in a second."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import TYPE_CHECKING, Any, cast

from bench import service
from bench.emulator import NAME, WHO, Deployment, deployment, promotion
from bench.located import redeemer_at, redeemer_of
from bench.measure import Bench, Goal, Outcome, Samples
from bench.simulated import BusyTable, Clock
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Backoff, Table
from promotion_jobs.codes.code import NewCode, Place, Terms, WrittenChunk
from promotion_jobs.errors import CodeNotUsable, StoreBusy
from promotion_jobs.limits import LEAST_SHARDED_USES, SHARDS
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Use
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_CODE = "WELCOME-10"
_CALLERS = 64
_MAX_USES = 10
_SHOPPERS = 256
"""At once, of the hot code: each asks again as soon as it is answered."""
_MORE = 1.01
"""So many times as many requests as uses."""


# Granted too often


def _granted(ask: Callable[[int], bool]) -> int:
    """How many of the callers that ask at the same time are granted a use."""
    start = Barrier(_CALLERS)

    def call(number: int) -> bool:
        start.wait()
        return ask(number)

    with ThreadPoolExecutor(_CALLERS) as pool:
        return sum(pool.map(call, range(_CALLERS)))


def _by_redeemer(made: Deployment) -> int:
    owner = promotion(room=1)
    made.service.promotion_store.add(owner)
    made.service.codes.add(owner, [NewCode(_CODE, Terms(max_uses=_MAX_USES))], WHO)
    redeemer = redeemer_of(_CODE, made.service.redeemer)

    def ask(number: int) -> bool:
        try:
            redeemer.redeem(Use(_CODE, id=f"order-{number}"), WHO)
        except CodeNotUsable:
            return False
        return True

    return _granted(ask)


def _by_get_and_put(made: Deployment) -> int:
    """Asks first and counts later, as shops do."""
    client = made.aws.dynamodb
    key: Any = {"pk": {"S": "COUPON"}, "sk": {"S": "COUPON"}}

    def ask(_number: int) -> bool:
        found = client.get_item(TableName=NAME, Key=key, ConsistentRead=True).get("Item", {})
        used = int(found.get("used", {"N": "0"})["N"])
        if used < _MAX_USES:
            client.put_item(TableName=NAME, Item={**key, "used": {"N": str(used + 1)}})
        return used < _MAX_USES

    return _granted(ask)


def _too_often(bench: Bench) -> Goal:
    rounds = bench.size(50, 5)
    ours = theirs = 0
    with deployment() as made:
        for number in range(rounds):
            granted = _by_redeemer(made)
            assert granted >= _MAX_USES, "a use was refused that was left"
            ours += granted - _MAX_USES
            theirs += _by_get_and_put(made) - _MAX_USES
            made.renew()
            bench.progress(f"  round {number + 1}, granted too often: {ours} uses, by get_item and put_item {theirs}")
    return Goal(
        f"uses granted too often, of {_MAX_USES} to {_CALLERS} callers at once, in {rounds} rounds",
        ours,
        0,
        at_most=True,
        unit="",
        note=f"get_item and then put_item grants {theirs:,} too many",
    )


# Granted in a second


@dataclass(slots=True)
class _Rush:
    """Shoppers who ask for more uses of a code than there are, in simulated time."""

    max_uses: int
    asked: int = 0
    granted: int = 0
    busy: int = 0
    last: float = 0

    def run(self) -> "_Rush":
        clock = Clock()
        items = {(item["pk"]["S"], item["sk"]["S"]): item for item in service.promotion_items(max_codes=1)}
        redeemer = self._redeemer(clock, BusyTable(clock, items))
        clock.run([lambda: self._shop(clock, redeemer)] * _SHOPPERS)
        return self

    def _redeemer(self, clock: Clock, table: BusyTable) -> Redeemer:
        clients, client = Clients(), cast("DynamoDBClient", table)
        bits = random.Random(1).getrandbits  # noqa: S311 - so that each run is the same
        made = Service(clients, lambda: service.NOW, bits, Settings({"TABLE_NAME": NAME}))
        made.table = Table(client, NAME, Backoff(sleep=clock.sleep, bits=bits))
        chunk = WrittenChunk(service.JOB_ID, [NewCode(_CODE, Terms(max_uses=self.max_uses))], WHO, service.NOW)
        return redeemer_at(Place(service.PROMOTION_ID, chunk, 0), made.redeemer)

    def _shop(self, clock: Clock, redeemer: Redeemer) -> None:
        while self.asked < _MORE * self.max_uses:
            self.asked += 1
            use, is_answered = Use(_CODE, id=f"order-{self.asked}"), False
            while not is_answered:
                is_answered = self._ask(clock, redeemer, use)

    def _ask(self, clock: Clock, redeemer: Redeemer, use: Use) -> bool:
        try:
            redeemer.redeem(use, WHO)
        except CodeNotUsable:
            return True
        except StoreBusy:
            self.busy += 1
            return False
        self.granted, self.last = self.granted + 1, clock.now
        return True


def _in_a_second(bench: Bench) -> list[Goal]:
    most = bench.size(100_000, 10_000)
    one, many = _Rush(LEAST_SHARDED_USES - 1).run(), _Rush(most).run()
    bench.progress(f"  {one}\n  {many}")
    rates = [it.granted / it.last for it in (one, many)]
    return [
        Goal(
            f"uses granted in a second by {SHARDS} counters, against one",
            rates[1] / rates[0],
            8,
            note=f"{rates[1]:,.0f} against {rates[0]:,.0f}, in simulated time: {_SHOPPERS} shoppers at once, a "
            f"transaction of 7 ms and a reading of 2 ms. {many.asked:,} requests were answered {many.busy:,} times to "
            f"ask again, with one counter {one.asked:,} {one.busy:,} times. AWS's real conflicts are not measured",
        ),
        Goal(
            f"uses granted too often or too seldom, of {most:,} to {many.asked:,} requests",
            abs(many.granted - most),
            0,
            at_most=True,
            unit="",
        ),
    ]


def run(bench: Bench) -> Outcome:
    return Outcome([_too_often(bench), *_in_a_second(bench)], Samples({}))
