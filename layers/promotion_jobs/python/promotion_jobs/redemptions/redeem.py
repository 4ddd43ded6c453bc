"""Validating, redeeming and giving back: each redemption once, whatever is repeated, lost or late.

A redemption is kept under the id that its caller gave it: the same id is the same redemption, whose answer may be asked
for again. It is judged by the promotion and the code as they are read in the request, and counted in one transaction
with its own item: so who gets no answer asks again, or rolls it back, and nothing is counted twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Place, Terms
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.uses import UsesStore, allotment
from promotion_jobs.errors import CodeNotFound, CodeNotUsable, RedemptionDiffers, RedemptionRolledBack, StoreBusy
from promotion_jobs.limits import HOLD_GRACE, REDEEM_ATTEMPTS
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.redemptions.redemption import Reason, Redemption, RedemptionKey, Status, Use
from promotion_jobs.redemptions.store import RedemptionStore
from promotion_jobs.values import canonical_identifier, from_text


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a code can be used now. ``reason`` says why not, and ``uses`` how many are left of a limited one.

    There is no ``place`` and no ``promotion`` where there is no such code.
    """

    reason: str | None
    place: Place | None = None
    promotion: Promotion | None = None
    units: int = 0
    uses: int | None = None
    already_redeemed: bool = False


NOT_FOUND = "not_found"
ROLLED_BACK = "rolled_back"
"""Reasons that a redemption answers with an error of their own."""


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

    def validate(self, use: Use) -> Validity:
        """Advice, not a promise: another request may take the last use in between."""
        try:
            place = self._locate(use)
        except CodeNotFound:
            return Validity(NOT_FOUND)
        terms, now = place.code.terms, self.now()
        units = units_of(terms, use.quantity)
        promotion, found, _ = self._look(place, use)
        if promotion is None:
            return Validity(NOT_FOUND)
        left = self._left(place, terms, now)
        if found and found.status is Status.ROLLED_BACK:
            return Validity(ROLLED_BACK, place, promotion, units, left)
        if found:
            return Validity(None, place, promotion, found.units, left, found.status is Status.REDEEMED)
        reason = refusal(promotion, terms, use, now)
        if reason is None and left is not None and left < units:
            reason = Reason.EXHAUSTED
        return Validity(reason, place, promotion, units, left)

    def redeem(self, use: Use, client_id: str) -> tuple[Redemption, bool]:
        """The redemption, counted once, and whether it is new: the same id again gives the same one.

        With ``hold_seconds`` it is held for so long, and redeemed by the same id without. Raises CodeNotFound,
        CodeNotUsable, RedemptionDiffers, RedemptionRolledBack and StoreBusy; then nothing is counted, or it is and the
        same request again says so.
        """
        place = self._locate(use)
        for _ in range(REDEEM_ATTEMPTS):
            promotion, found, taken = self._look(place, use)
            try:
                if found:
                    return self._again(found, place.code.terms, use), False
                if promotion is None:
                    raise CodeNotFound
                made = self._new(place, promotion, use, client_id, taken)
                if made:
                    self.store.add(made, place.code.terms.max_uses)
                    return made, True
            except ConditionLost:
                # Another request of the same id, or for the last uses, was faster: what there is now decides.
                continue
        raise StoreBusy

    def roll_back(self, use: Use, kept: int, client_id: str) -> Redemption:
        """Give back all but so many units. What was rolled back to less stays so, and what never came never will.

        Raises CodeNotFound and StoreBusy.
        """
        place = self._locate(use)
        for _ in range(REDEEM_ATTEMPTS):
            promotion, found, _ = self._look(place, use)
            if promotion is None:
                raise CodeNotFound
            try:
                if found is None:
                    tombstone = self._made(place, promotion, use, client_id)
                    self.store.bury(tombstone)
                    return tombstone
                return found if found.kept <= kept else self.store.shrink(found, kept, self.now())
            except ConditionLost:
                continue
        raise StoreBusy

    def _locate(self, use: Use) -> Place:
        """Raises CodeNotFound, also for a code of an open job and one of another promotion than the one named."""
        place = next(iter(self.lookup.places([use.code]).values()), None)
        named = use.promotion_id
        if place is None or not place.is_published or (named and canonical_identifier(named) != place.promotion_id):
            raise CodeNotFound
        return place

    def _look(self, place: Place, use: Use) -> tuple[Promotion | None, Redemption | None, int]:
        max_uses = place.code.terms.max_uses
        key = RedemptionKey.of(place.code_id, max_uses, use.id or "")
        promotion, found, taken = self.store.look(place.promotion_id, key, is_limited=bool(max_uses))
        return promotion, found if use.id else None, taken

    def _again(self, found: Redemption, terms: Terms, use: Use) -> Redemption:
        """The redemption that there is: a repeated request, or one that confirms a hold. Raises ConditionLost."""
        if found.status is Status.ROLLED_BACK:
            raise RedemptionRolledBack
        if (found.units, found.customer_id) != (units_of(terms, use.quantity), use.customer_id):
            raise RedemptionDiffers
        if found.status is Status.HELD and use.hold_seconds is None:
            return self.store.confirm(found, self.now())
        return found

    def _new(
        self, place: Place, promotion: Promotion, use: Use, client_id: str, taken: int
    ) -> Redemption | None:
        """A redemption that there is not yet; None if a hold that is over was taken back, and it is worth another look.

        Raises CodeNotUsable.
        """
        terms = place.code.terms
        units = units_of(terms, use.quantity)
        reason = refusal(promotion, terms, use, self.now())
        if reason:
            raise CodeNotUsable(reason, self._left(place, terms, self.now()))
        made = self._made(place, promotion, use, client_id, units=units)
        if terms.max_uses is None:
            return made
        drawn = self._drawn(made.key, terms.max_uses, units, taken)
        return None if drawn is None else replace(made, drawn=drawn)

    def _drawn(self, key: RedemptionKey, max_uses: int, units: int, taken: int) -> Mapping[int, int] | None:
        """Shard → the units to take from it. Raises CodeNotUsable only if at one moment too few were left of all."""
        if allotment(max_uses, key.shard) - taken >= units:
            return {key.shard: units}
        if self._take_back_holds(key):
            return None
        left = self.uses.left(key.code, max_uses)
        if sum(left.values()) < units:
            raise CodeNotUsable(Reason.EXHAUSTED, sum(left.values()))
        return _spread(left, units, key.shard)

    def _take_back_holds(self, key: RedemptionKey) -> bool:
        """Whether there were holds that are over: nothing takes them back but who finds too few uses left."""
        ended = self.store.ended_holds(key, self.now() - HOLD_GRACE)
        for hold in ended:
            held = self.store.get(hold)
            if held and held.status is Status.HELD:
                try:
                    self.store.take_back(held)
                except ConditionLost:
                    # Confirmed, rolled back or taken back meanwhile.
                    continue
        return bool(ended)

    def _left(self, place: Place, terms: Terms, now: datetime) -> int | None:
        """How many uses of a limited code are left, with those of holds that are over."""
        if terms.max_uses is None:
            return None
        key = RedemptionKey.of(place.code_id, terms.max_uses, "")
        ended = [self.store.get(hold) for hold in self.store.ended_holds(key, now - HOLD_GRACE)]
        over = sum(it.kept for it in ended if it and it.status is Status.HELD)
        return over + sum(self.uses.left(place.code_id, terms.max_uses).values())

    def _made(
        self, place: Place, promotion: Promotion, use: Use, client_id: str, *, units: int = 0
    ) -> Redemption:
        """The redemption that the request asks for; without units the tombstone of one that never came."""
        now, redemption_id = self.now(), use.id or ""
        is_held = units and use.hold_seconds is not None
        return Redemption(
            key=RedemptionKey.of(place.code_id, place.code.terms.max_uses, redemption_id),
            id=redemption_id,
            promotion_id=promotion.id,
            code=place.code.code,
            status=Status.HELD if is_held else Status.REDEEMED if units else Status.ROLLED_BACK,
            units=units,
            kept=units,
            drawn={},
            order_id=use.order_id or redemption_id,
            customer_id=use.customer_id,
            customer_email=use.customer_email,
            created_by=client_id,
            used_on=now,
            updated_at=now,
            until=now + timedelta(seconds=use.hold_seconds) if is_held and use.hold_seconds else None,
        )


def _spread(left: Mapping[int, int], units: int, home: int) -> Mapping[int, int]:
    """Shard → the units to take from it: of the home shard what it has, then of the others."""
    drawn: dict[int, int] = {}
    for shard in sorted(left, key=lambda it: (it != home, it)):
        share = min(units - sum(drawn.values()), left[shard])
        if share:
            drawn[shard] = share
    return drawn
