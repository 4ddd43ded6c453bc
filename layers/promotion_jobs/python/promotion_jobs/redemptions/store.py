"""The items of redemptions: one each, and an entry in the list of the promotion's usages.

No other module names their attributes. Each change is one transaction with the counters that it moves.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Key
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.codes.code import CodeId
from promotion_jobs.codes.uses import UsesStore, taken, to_milliseconds
from promotion_jobs.limits import TOMBSTONE_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.store import to_promotion
from promotion_jobs.redemptions.redemption import MASKED, Redemption, RedemptionKey, Status
from promotion_jobs.values import from_text, to_text

_ENTRIES_AT_ONCE = 45
"""Of a purge: with the redemptions that they stand for, and what else it does, they fit a transaction of 100."""

Cleared = tuple[str, int, int]
"""What made the codes of a chunk, its number, and how many shards were looked at."""

_CLEARED = 10_000
"""Chunks that a purge remembers to have cleared: clearing one twice changes nothing, and memory is bounded."""


def _key(it: RedemptionKey) -> Key:
    return keys.redemption(it.code, it.shard, it.digest)


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
        "until": to_milliseconds(it.until) if it.until else None,
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
        anonymized_by=item.get("anonymized_by"),
    )


class Sight(NamedTuple):
    """What a request is judged by: no promotion if it is gone. ``taken`` is shard → the uses taken of it."""

    promotion: Promotion | None
    redemption: Redemption | None
    taken: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RedemptionStore:
    table: Table
    uses: UsesStore

    # Reading

    def look(self, promotion_id: str, key: RedemptionKey, counters: Collection[int]) -> Sight:
        """The promotion, the redemption, and these counters of the code, in one call."""
        promotion, redemption = keys.promotion(promotion_id), _key(key)
        taken_of = {shard: keys.uses(key.code, shard) for shard in counters}
        items = self.table.get_all([promotion, redemption, *taken_of.values()])
        found = {(item["pk"], item["sk"]): item for item in items}

        def of(wanted: Key) -> Item:
            return found.get((wanted["pk"], wanted["sk"]), {})

        return Sight(
            to_promotion(of(promotion)),
            _from_item(key, of(redemption)) if of(redemption) else None,
            {shard: taken(of(counter)) for shard, counter in taken_of.items()},
        )

    def left(self, key: RedemptionKey, max_uses: int) -> tuple[Mapping[int, int], bool]:
        """Shard → how many uses of it are left, and whether the redemption is there, as both were at one moment."""
        left, (item,) = self.uses.left_beside(key.code, max_uses, _key(key))
        return left, item is not None

    def get(self, key: RedemptionKey) -> Redemption | None:
        item = self.table.get(_key(key))
        return _from_item(key, item) if item else None

    def get_all(self, wanted: Iterable[RedemptionKey]) -> Mapping[RedemptionKey, Redemption]:
        """Those that are there."""
        by_key = {(key["pk"], key["sk"]): it for it in wanted for key in [_key(it)]}
        items = self.table.get_all([Key(pk=pk, sk=sk) for pk, sk in by_key])
        return {it: _from_item(it, item) for item in items for it in [by_key[item["pk"], item["sk"]]]}

    def of_code(self, code: CodeId, shards: int) -> Iterator[Redemption]:
        """All of the code, in no order, also holds and tombstones."""
        for shard in range(shards):
            for item in self.table.query(keys.redemptions(code, shard)):
                yield _from_item(RedemptionKey(code, shards, keys.digest_of(item)), item)

    def usages(
        self, promotion_id: str, first: str | None, last: str | None, *, code: str | None, newest_first: bool
    ) -> Iterator[RedemptionKey]:
        """What was redeemed from the first time to the last, of a code or of all, by time of use; read as needed."""
        only = None if code is None else {"code": code.casefold()}
        lists = [
            self.table.query(
                keys.usages(promotion_id, name, first, last),
                only=only,
                attributes=["sk"],
                ScanIndexForward=not newest_first,
            )
            for name in keys.LISTS
        ]
        for entry in merge(*lists, key=lambda it: it["sk"], reverse=newest_first):
            if key := RedemptionKey.parse(keys.usage_of(entry)):
                yield key

    # Writing

    def add(self, it: Redemption, max_uses: int | None) -> None:
        """Count a redemption, or hold it, if there is none under its id and so many uses are left.

        Raises ConditionLost.
        """
        takes = [self.uses.take(it.key.code, max_uses, *draw) for draw in it.drawn.items()] if max_uses else []
        entries = self._put_hold(it) if it.until else [self._put_entry(it)]
        self.table.transact(*takes, self.table.put(_key(it.key), _to_values(it)), *entries)

    def _put_entry(self, it: Redemption) -> Action:
        key = keys.usage(it.promotion_id, it.key.digest, to_text(it.used_on), it.key.usage_id)
        return self.table.put(key, {"code": it.code.casefold()})

    def _put_hold(self, it: Redemption) -> list[Action]:
        # The entry without a condition: an earlier hold of the same id may have left it.
        held = self.table.replace(keys.held_usage(it.promotion_id, it.key.digest, it.key.usage_id), {})
        return [held, *self._renew_hold(it)]

    def _renew_hold(self, it: Redemption) -> list[Action]:
        """A hold of an unlimited code takes nothing that could be taken back."""
        return [self.uses.put_hold(it.key.code, it.until, it.key.digest, it.kept)] if it.drawn and it.until else []

    def _remove_hold(self, it: Redemption) -> list[Action]:
        return [self.uses.remove_hold(it.key.code, it.until, it.key.digest)] if it.drawn and it.until else []

    def bury(self, it: Redemption) -> None:
        """Remember for a day that a redemption was rolled back before it came. Raises ConditionLost if it has come."""
        expires_at = int((it.updated_at + TOMBSTONE_LIFE).timestamp())
        self.table.transact(self.table.put(_key(it.key), _to_values(it) | {"expires_at": expires_at}))

    def confirm(self, held: Redemption, now: datetime) -> Redemption:
        """Make a hold a redemption, of the order that it names here; no counter moves.

        Raises ConditionLost if it is none any more.
        """
        confirmed = replace(held, status=Status.REDEEMED, used_on=now, updated_at=now, until=None)
        self.table.transact(self._change(held, confirmed), *self._remove_hold(held), self._put_entry(confirmed))
        return confirmed

    def shrink(self, seen: Redemption, kept: int, now: datetime) -> Redemption:
        """Give back all but so many units of a redemption or a hold. Raises ConditionLost if it has changed."""
        given, drawn = _given_back(seen.drawn, seen.kept - kept)
        status = seen.status if kept else Status.ROLLED_BACK
        shrunk = replace(seen, status=status, kept=kept, drawn=drawn, updated_at=now)
        is_held = seen.status is Status.HELD
        hold = (self._renew_hold(shrunk) if kept else self._remove_hold(seen)) if is_held else []
        self.table.transact(self._change(seen, shrunk), *self._give_back(seen.key, given), *hold)
        return shrunk

    def take_back(self, held: Redemption, now: datetime) -> None:
        """Give the units of a hold back and forget it. Raises ConditionLost if it is none any more."""
        if held.kept < held.units:
            # Counted anew under its id, it would count more than a roll back has left of it.
            self.shrink(held, 0, now)
            return
        removal = self.table.delete(
            _key(held.key),
            "#status = :held AND #until = :until AND #kept = :kept",
            held=Status.HELD,
            until=to_milliseconds(held.until) if held.until else None,
            kept=held.kept,
        )
        self.table.transact(removal, *self._remove_hold(held), *self._give_back(held.key, held.drawn))

    def _change(self, seen: Redemption, changed: Redemption) -> Action:
        values: dict[str, Any] = {
            "status": changed.status,
            "kept": changed.kept,
            "drawn": _to_drawn(changed.drawn),
            "used_on": to_text(changed.used_on),
            "updated_at": to_text(changed.updated_at),
            "order": changed.order_id,
        }
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        condition = "#status = :before AND #kept = :counted"
        values |= {"before": seen.status, "counted": seen.kept}
        if seen.until:
            # Under its id another hold may be there, which has drawn from other shards.
            condition += " AND #until = :until"
            values["until"] = to_milliseconds(seen.until)
        return self.table.update(
            _key(seen.key), update if changed.until else f"{update} REMOVE #until", condition, **values
        )

    def _give_back(self, key: RedemptionKey, given: Mapping[int, int]) -> Sequence[Action]:
        return [self.uses.give_back(key.code, shard, units) for shard, units in given.items()]

    def anonymize(self, it: Redemption, client_id: str, now: datetime) -> Redemption | None:
        """Blank the address, at most once; None if the redemption is gone meanwhile."""
        is_there = self.table.change(
            _key(it.key),
            "SET #email = :masked, #anonymized_by = :client, #updated_at = :now",
            "attribute_exists(pk)",
            masked=MASKED,
            client=client_id,
            now=to_text(now),
        )
        return replace(it, customer_email=MASKED, anonymized_by=client_id, updated_at=now) if is_there else None

    # Clearing away

    def purge(self, promotion_id: str) -> Iterator[Sequence[Action]]:
        """What removes all that was redeemed of a promotion that is gone, in transactions, each after what it names.

        No action has a condition: no request that reads the promotion finds it. Tombstones end by themselves.
        """
        cleared: set[Cleared] = set()
        for name in keys.LISTS:
            entries = self.table.query(keys.all_usages(promotion_id, name))
            while batch := list(islice(entries, _ENTRIES_AT_ONCE)):
                # A redemption that was held has two entries, and a transaction names no item twice.
                usages = dict.fromkeys(map(keys.usage_of, batch))
                found = [key for it in usages if (key := RedemptionKey.parse(it))]
                yield from self._purge_counters(found, cleared)
                removals = [_key(key) for key in found] + [Key(pk=it["pk"], sk=it["sk"]) for it in batch]
                yield [self.table.delete(key) for key in removals]

    def _purge_counters(self, found: Sequence[RedemptionKey], cleared: set[Cleared]) -> Iterator[Sequence[Action]]:
        """With the counter of a code go those of its whole chunk, unless that is cleared already."""
        for it in dict.fromkeys((key.code.source, key.code.chunk, key.shards) for key in found):
            if it in cleared:
                continue
            if len(cleared) >= _CLEARED:
                cleared.clear()
            cleared.add(it)
            source, chunk, shards = it
            for shard in range(shards):
                yield from self.uses.purge(source, chunk, shard)


def _given_back(drawn: Mapping[int, int], units: int) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Shard → the units that it gets back, and shard → the units that stay drawn."""
    given: dict[int, int] = {}
    for shard, number in drawn.items():
        share = min(units - sum(given.values()), number)
        if share:
            given[shard] = share
    left = {shard: number - given.get(shard, 0) for shard, number in drawn.items()}
    return given, {shard: number for shard, number in left.items() if number}
