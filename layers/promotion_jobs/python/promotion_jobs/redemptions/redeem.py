"""Validating, redeeming and giving back: each redemption once, whatever is repeated, lost or late.

A redemption is kept under the id that its caller gave it: the same id is the same redemption, whose answer may be asked
for again. It is judged by the promotion and the code as they are read in the request, and counted in one transaction
with its own item: so who gets no answer asks again, or rolls it back, and nothing is counted twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Place, Terms
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.uses import UsesStore, allotment
from promotion_jobs.errors import (
    CodeNotFound,
    CodeNotUsable,
    RedemptionDiffers,
    RedemptionRolledBack,
    StoreBusy,
    UsageNotFound,
)
from promotion_jobs.limits import REDEEM_ATTEMPTS
from promotion_jobs.measures import Measure, Meter, unmeasured
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.redemptions.redemption import Reason, Redemption, RedemptionKey, Status, Use
from promotion_jobs.redemptions.store import RedemptionStore
from promotion_jobs.values import canonical_identifier, from_text


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a code can be used now. ``reason`` says why not, and ``uses`` how many are left of a limited one.

    There is no ``place`` and no ``promotion`` where there is no such code.
    """

    reason: Reason | None
    place: Place | None = None
    promotion: Promotion | None = None
    units: int = 0
    uses: int | None = None
    already_redeemed: bool = False


def units_of(terms: Terms, quantity: int) -> int:
    """The uses that so many units of a cart take (contract 2: ``per_cart`` unless set)."""
    return quantity if terms.consume_unit == "per_item" else 1


def refusal(promotion: Promotion, terms: Terms, use: Use, now: datetime) -> Reason | None:
    """Why the code cannot be used now, however many uses are left."""
    if not promotion.fields["enabled"]:
        return Reason.PROMOTION_DISABLED
    if now < from_text(promotion.fields["start"]):
        return Reason.NOT_STARTED
    if now >= from_text(promotion.fields["end"]):
        return Reason.ENDED
    if terms.max_uses == 0:
        return Reason.UNUSABLE
    users = [terms.user] if isinstance(terms.user, str) else terms.user
    return Reason.OTHER_CUSTOMER if users is not None and use.customer_id not in users else None


@dataclass(frozen=True, slots=True)
class Redeemer:
    lookup: Lookup
    store: RedemptionStore
    uses: UsesStore
    now: Callable[[], datetime]
    meter: Meter = unmeasured

    def validate(self, use: Use) -> Validity:
        """Advice, not a promise: another request may take the last use in between."""
        self.meter(Measure.VALIDATIONS)
        try:
            place = self._locate(use)
        except CodeNotFound:
            return Validity(Reason.NOT_FOUND)
        key, terms, now = _key(place, use), place.code.terms, self.now()
        promotion, found, taken = self.store.look(place.promotion_id, key, range(key.shards if terms.max_uses else 0))
        if promotion is None:
            return Validity(Reason.NOT_FOUND)
        limit = terms.max_uses
        left = None if limit is None else self._left(key, limit, limit - sum(taken.values()), now)
        units = units_of(terms, use.quantity)
        reason = _difference(found, use, units) if found else refusal(promotion, terms, use, now)
        if found is None and reason is None and left is not None and left < units:
            reason = Reason.EXHAUSTED
        is_redeemed = found is not None and found.status is Status.REDEEMED
        return Validity(reason, place, promotion, units, left, is_redeemed)

    def _left(self, key: RedemptionKey, max_uses: int, left: int, now: datetime) -> int:
        """How many uses are left by the counters, with those of holds that are over."""
        return left + sum(self.uses.over(key.code, now).values()) if left < max_uses else left

    def redeem(self, use: Use, client_id: str) -> tuple[Redemption, bool]:
        """The redemption, counted once, and whether it is new: the same id again gives the same one.

        With ``hold`` the uses are held for so long, and redeemed by the same id without: that is new as well.

        Raises CodeNotFound, CodeNotUsable, RedemptionDiffers, RedemptionRolledBack and StoreBusy; then nothing is
        counted, or it is and the same request again says so.
        """
        place = self._locate(use)
        for _ in range(REDEEM_ATTEMPTS):
            try:
                done = self._try(place, use, client_id)
            except ConditionLost:
                # Another request of the same id, or for the last uses, was faster: what there is now decides.
                continue
            except CodeNotUsable as error:
                self.meter(Measure.REDEMPTIONS_REFUSED, reason=error.reason)
                raise
            if done:
                return done
        raise StoreBusy

    def _try(self, place: Place, use: Use, client_id: str) -> tuple[Redemption, bool] | None:
        """None if it is worth another look: uses were taken back, or it is there by now. Raises ConditionLost."""
        key, terms = _key(place, use), place.code.terms
        units = units_of(terms, use.quantity)
        promotion, found, taken = self.store.look(place.promotion_id, key, [key.shard] if terms.max_uses else [])
        if promotion is None:
            # Also where the redemption is there: its purge waits for no request that comes later.
            raise CodeNotFound
        if found:
            return self._again(found, use, units)
        now = self.now()
        reason = refusal(promotion, terms, use, now)
        if reason:
            raise CodeNotUsable(reason, self._uses_of(key, terms, now))
        drawn = self._drawn(key, terms.max_uses, units, taken[key.shard]) if terms.max_uses else {}
        if drawn is None:
            return None
        made = _made(key, place, use, client_id, now)
        made = replace(made, status=Status.HELD if use.hold else Status.REDEEMED, units=units, kept=units, drawn=drawn)
        self.store.add(made, terms.max_uses)
        self.meter(Measure.HOLDS if use.hold else Measure.REDEMPTIONS)
        return made, True

    def _again(self, found: Redemption, use: Use, units: int) -> tuple[Redemption, bool] | None:
        """The redemption that there is, and whether it was a hold until then. Raises ConditionLost.

        None for a hold that is over and asked for again: it is taken back first.
        """
        match _difference(found, use, units):
            case Reason.ROLLED_BACK:
                raise RedemptionRolledBack
            case Reason.ID_USED_OTHERWISE:
                raise RedemptionDiffers
        if found.status is Status.HELD and use.hold is None:
            named = replace(found, order_id=use.order_id or found.order_id)
            confirmed = self.store.confirm(named, self.now())
            self.meter(Measure.REDEMPTIONS)
            return confirmed, True
        if found.until and found.until <= self.now():
            self.store.take_back(found, self.now())
            return None
        self.meter(Measure.REPLAYS)
        return found, False

    def _uses_of(self, key: RedemptionKey, terms: Terms, now: datetime) -> int | None:
        if not terms.max_uses:
            return terms.max_uses
        left = sum(self.uses.left(key.code, terms.max_uses).values())
        return self._left(key, terms.max_uses, left, now)

    def _drawn(self, key: RedemptionKey, max_uses: int, units: int, taken: int) -> Mapping[int, int] | None:
        """Shard → the units to take from it.

        None if holds that are over were taken back, and others were faster; or another request of the same id was,
        which may have taken the last uses. Raises CodeNotUsable only if at one moment too few were left of all shards,
        no hold was over, and the redemption was not there.
        """
        if allotment(max_uses, key.shard) - taken >= units:
            return {key.shard: units}
        has_taken_back = self._take_back_holds(key, units)
        left, is_there = self.store.left(key, max_uses)
        if sum(left.values()) >= units:
            return _spread(left, units, key.shard)
        if has_taken_back or is_there:
            return None
        raise CodeNotUsable(Reason.EXHAUSTED, sum(left.values()))

    def _take_back_holds(self, key: RedemptionKey, units: int) -> bool:
        """Whether there were holds that are over: nothing takes them back but a request that finds too few uses.

        It takes back as many as give it enough units: a night's holds would take longer than a request may.
        """
        over = self.store.get_all(key._replace(digest=digest) for digest in self.uses.over(key.code, self.now()))
        given = 0
        for held in over.values():
            if given >= units:
                break
            if held.status is Status.HELD:
                try:
                    self.store.take_back(held, self.now())
                except ConditionLost:
                    # Confirmed, rolled back or taken back meanwhile.
                    continue
                given += held.kept
                self.meter(Measure.HOLDS_TAKEN_BACK)
        return bool(over)

    def roll_back(self, use: Use, kept: int, client_id: str) -> Redemption:
        """Give back all but so many units. What was rolled back to less stays so, and what never came never will.

        Raises CodeNotFound and StoreBusy.
        """
        place = self._locate(use)
        key = _key(place, use)
        for _ in range(REDEEM_ATTEMPTS):
            promotion, found, _ = self.store.look(place.promotion_id, key, [])
            if promotion is None:
                raise CodeNotFound
            try:
                if found:
                    return self._shrunk(found, kept)
                tombstone = _made(key, place, use, client_id, self.now())
                self.store.bury(tombstone)
            except ConditionLost:
                continue
            return tombstone
        raise StoreBusy

    def roll_back_usage(self, usage_id: str, kept: int) -> Redemption:
        """Likewise by the id of the usage: the code need not be there any more. Raises UsageNotFound and StoreBusy."""
        key = RedemptionKey.parse(usage_id)
        for _ in range(REDEEM_ATTEMPTS):
            found = self.store.get(key) if key else None
            if found is None or self.store.look(found.promotion_id, found.key, []).promotion is None:
                raise UsageNotFound
            try:
                return self._shrunk(found, kept)
            except ConditionLost:
                continue
        raise StoreBusy

    def _shrunk(self, found: Redemption, kept: int) -> Redemption:
        """Raises ConditionLost."""
        if found.kept <= kept:
            return found
        shrunk = self.store.shrink(found, kept, self.now())
        self.meter(Measure.ROLLBACKS)
        return shrunk

    def _locate(self, use: Use) -> Place:
        """Raises CodeNotFound, also for a code of an open job and one of another promotion than the one named."""
        place = next(iter(self.lookup.places([use.code]).values()), None)
        named = use.promotion_id
        if place is None or not place.is_published or (named and canonical_identifier(named) != place.promotion_id):
            self.meter(Measure.UNKNOWN_CODES)
            raise CodeNotFound
        return place


def _key(place: Place, use: Use) -> RedemptionKey:
    return RedemptionKey.of(place.code_id, place.code.terms.max_uses, use.id or "")


def _difference(found: Redemption, use: Use, units: int) -> Reason | None:
    """Why a request is no repetition of that redemption."""
    if found.status is Status.ROLLED_BACK:
        return Reason.ROLLED_BACK
    is_same = (found.units, found.customer_id) == (units, use.customer_id)
    return None if is_same else Reason.ID_USED_OTHERWISE


def _made(key: RedemptionKey, place: Place, use: Use, client_id: str, now: datetime) -> Redemption:
    """A redemption that counts nothing yet: as it is, the tombstone of one that never came."""
    redemption_id = use.id or ""
    return Redemption(
        key=key,
        id=redemption_id,
        promotion_id=place.promotion_id,
        code=place.code.code,
        status=Status.ROLLED_BACK,
        units=0,
        kept=0,
        drawn={},
        order_id=use.order_id or redemption_id,
        customer_id=use.customer_id,
        customer_email=use.customer_email,
        created_by=client_id,
        used_on=now,
        updated_at=now,
        until=now + use.hold if use.hold else None,
    )


def _spread(left: Mapping[int, int], units: int, home: int) -> Mapping[int, int]:
    """Shard → the units to take from it: of the home shard what it has, then of the others."""
    drawn: dict[int, int] = {}
    for shard in sorted(left, key=lambda it: (it != home, it)):
        share = min(units - sum(drawn.values()), left[shard])
        if share:
            drawn[shard] = share
    return drawn
