"""The items of redemptions: one each, and an entry in the list of the promotion's usages; of a hold one by its end.

No other module names their attributes. Each change is one transaction with the counters that it moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.uses import UsesStore
from promotion_jobs.limits import TOMBSTONE_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import to_promotion
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey, Status
from promotion_jobs.values import from_text, to_text


def _key(it: RedemptionKey) -> Key:
    return keys.redemption(it.code, it.shard, it.digest)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _to_values(it: Redemption) -> Item:
    return {
        "id": it.id,
        "promotion": it.promotion_id,
        "code": it.code,
        "status": it.status,
        "units": it.units,
        "kept": it.kept,
        "drawn": _to_drawn(it.drawn),
        "order": it.order_id,
        "customer": it.customer_id,
        "email": it.customer_email,
        "created_by": it.created_by,
        "used_on": to_text(it.used_on),
        "updated_at": to_text(it.updated_at),
        "until": _milliseconds(it.until) if it.until else None,
    }


def _to_drawn(drawn: Mapping[int, int]) -> dict[str, int]:
    return {str(shard): units for shard, units in drawn.items()}


def _from_item(key: RedemptionKey, item: Item) -> Redemption:
    return Redemption(
        key=key,
        id=item["id"],
        promotion_id=item["promotion"],
        code=item["code"],
        status=Status(item["status"]),
        units=item["units"],
        kept=item["kept"],
        drawn={int(shard): units for shard, units in item["drawn"].items()},
        order_id=item["order"],
        customer_id=item.get("customer"),
        customer_email=item.get("email"),
        created_by=item["created_by"],
        used_on=from_text(item["used_on"]),
        updated_at=from_text(item["updated_at"]),
        until=datetime.fromtimestamp(item["until"] / 1000, UTC) if "until" in item else None,
    )


@dataclass(frozen=True, slots=True)
class RedemptionStore:
    table: Table
    uses: UsesStore

    # Reading

    def get(self, key: RedemptionKey) -> Redemption | None:
        item = self.table.get(_key(key))
        return _from_item(key, item) if item else None

    def look(
        self, promotion_id: str, key: RedemptionKey, *, is_limited: bool
    ) -> tuple[Promotion | None, Redemption | None, int]:
        """The promotion, the redemption, and how many uses are taken of its shard, in one call."""
        counter = keys.uses(key.code, key.shard)
        wanted = [keys.promotion(promotion_id), _key(key), *([counter] if is_limited else ())]
        found = {(item["pk"], item["sk"]): item for item in self.table.get_all(wanted)}
        promotion, redemption, taken = (
            found.get((it["pk"], it["sk"]), {}) for it in (keys.promotion(promotion_id), _key(key), counter)
        )
        return to_promotion(promotion), _from_item(key, redemption) if redemption else None, taken.get("taken", 0)

    def ended_holds(self, key: RedemptionKey, before: datetime) -> Sequence[RedemptionKey]:
        """The redemptions of the code whose hold ended before that."""
        ranges = [keys.holds(key.code, shard, _milliseconds(before)) for shard in range(key.shards)]
        ended = [item for range_ in ranges for item in self.table.query(range_)]
        return [key._replace(digest=keys.digest_of(item)) for item in ended]

    # Writing

    def add(self, it: Redemption, max_uses: int | None) -> None:
        """Count a redemption, or hold it, if there is none under its id and so many uses are left.

        Raises ConditionLost.
        """
        takes = [self.uses.take(it.key.code, max_uses, *draw) for draw in it.drawn.items()] if max_uses else []
        self.table.transact(*takes, self.table.put(_key(it.key), _to_values(it)), self._put_entry(it))

    def _put_entry(self, it: Redemption) -> Action:
        return self.table.put(self._entry(it), {"code": it.code.casefold()} if it.status is not Status.HELD else {})

    def _entry(self, it: Redemption) -> Key:
        if it.until is not None and it.status is Status.HELD:
            return keys.hold(it.key.code, it.key.shard, _milliseconds(it.until), it.key.digest)
        return keys.usage(it.promotion_id, it.key.digest, to_text(it.used_on), it.key.usage_id)

    def bury(self, it: Redemption) -> None:
        """Remember for a day that a redemption was rolled back before it came. Raises ConditionLost if it has come."""
        expires_at = int((it.updated_at + TOMBSTONE_LIFE).timestamp())
        self.table.transact(self.table.put(_key(it.key), _to_values(it) | {"expires_at": expires_at}))

    def confirm(self, held: Redemption, now: datetime) -> Redemption:
        """Make a hold a redemption; no counter moves. Raises ConditionLost if it is none any more."""
        confirmed = replace(held, status=Status.REDEEMED, used_on=now, updated_at=now)
        self.table.transact(self._change(held, confirmed), self._remove_hold(held), self._put_entry(confirmed))
        return confirmed

    def shrink(self, seen: Redemption, kept: int, now: datetime) -> Redemption:
        """Give back all but so many units of a redemption or a hold. Raises ConditionLost if it has changed."""
        given, drawn = _given_back(seen.drawn, seen.kept - kept)
        status = seen.status if kept else Status.ROLLED_BACK
        shrunk = replace(seen, status=status, kept=kept, drawn=drawn, updated_at=now)
        ended = [self._remove_hold(seen)] if seen.status is Status.HELD and not kept else []
        self.table.transact(self._change(seen, shrunk), *self._give_back(seen.key, given), *ended)
        return shrunk

    def take_back(self, held: Redemption) -> None:
        """Forget a hold that is over, and give its units back. Raises ConditionLost if it is none any more."""
        removal = self.table.delete(
            _key(held.key),
            "#status = :held AND #until = :until AND #kept = :kept",
            held=Status.HELD,
            until=_milliseconds(held.until) if held.until else 0,
            kept=held.kept,
        )
        self.table.transact(removal, self._remove_hold(held), *self._give_back(held.key, held.drawn))

    def _change(self, seen: Redemption, changed: Redemption) -> Action:
        values: dict[str, Any] = {
            "status": changed.status,
            "kept": changed.kept,
            "drawn": _to_drawn(changed.drawn),
            "used_on": to_text(changed.used_on),
            "updated_at": to_text(changed.updated_at),
        }
        return self.table.update(
            _key(seen.key),
            "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "#status = :before AND #kept = :counted",
            before=seen.status,
            counted=seen.kept,
            **values,
        )

    def _remove_hold(self, held: Redemption) -> Action:
        # Without a condition: it stands and falls with the redemption, on which the transaction depends.
        return self.table.delete(self._entry(held))

    def _give_back(self, key: RedemptionKey, given: Mapping[int, int]) -> Sequence[Action]:
        return [self.uses.give_back(key.code, shard, units) for shard, units in given.items()]


def _given_back(drawn: Mapping[int, int], units: int) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Shard → the units that it gets back, and shard → the units that stay drawn."""
    given: dict[int, int] = {}
    for shard, number in drawn.items():
        share = min(units - sum(given.values()), number)
        if share:
            given[shard] = share
    left = {shard: number - given.get(shard, 0) for shard, number in drawn.items()}
    return given, {shard: number for shard, number in left.items() if number}
