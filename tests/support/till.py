"""An office with a promotion, and codes of it that are redeemed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from promotion_jobs.codes.code import CodeId, NewCode, Terms
from promotion_jobs.errors import CodeNotUsable
from promotion_jobs.redemptions.redemption import Redemption, Use
from promotion_jobs.values import to_text
from tests.support.builders import CLIENT_ID, NOW, promotion
from tests.support.office import Office

CODE = "summer"
FIELDS = {"name": "Summer sale", "enabled": True, "start": to_text(NOW), "end": to_text(NOW + timedelta(days=30))}


class Till(Office):
    """A promotion that is open for thirty days from now on, with one code: it may be used so many times."""

    def __init__(self, max_uses: int | None = 1, *, per_item: bool = False, user: str | None = None) -> None:
        super().__init__(promotion(fields=FIELDS))
        self.terms = Terms("per_item" if per_item else "per_cart", max_uses, user)
        self.redeemer = self.service.redeemer
        self.add()

    def add(self) -> None:
        """Make the code."""
        self.service.codes.add(self.found, [NewCode(CODE, self.terms)], CLIENT_ID)

    def remove(self) -> None:
        self.service.codes.remove(self.found, [CODE])

    @property
    def found(self) -> Any:
        return self.promotion()

    def change(self, **fields: Any) -> None:
        """Change what the owner says of the promotion."""
        self.put(replace(self.found, fields={**FIELDS, **fields}))

    def redeem(self, order: str, quantity: int = 1, **given: Any) -> Redemption:
        return self.ask(order, quantity, **given)[0]

    def ask(self, order: str, quantity: int = 1, **given: Any) -> tuple[Redemption, bool]:
        """The redemption, and whether it is new."""
        return self.redeemer.redeem(Use(CODE, quantity, order, **given), CLIENT_ID)

    def hold(self, order: str, quantity: int = 1, seconds: int = 60) -> Redemption:
        return self.redeem(order, quantity, hold=timedelta(seconds=seconds))

    def refused(self, order: str, quantity: int = 1, **given: Any) -> tuple[str, int | None]:
        """Why a code cannot be used, and how many uses are left."""
        try:
            self.redeem(order, quantity, **given)
        except CodeNotUsable as error:
            return error.reason, error.uses
        raise AssertionError(f"{order} is not refused")

    def roll_back(self, order: str, kept: int = 0) -> Redemption:
        return self.redeemer.roll_back(Use(CODE, id=order), kept, CLIENT_ID)

    @property
    def code_id(self) -> CodeId:
        """Of the code that was made last."""
        return CodeId(self.by_hand()[-1].source, 0, 0)

    @property
    def uses(self) -> int | None:
        """What the list of codes shows."""
        return self.service.codes.get(self.found, CODE).uses

    def taken(self) -> dict[str, int]:
        """Shard → the uses that are taken of it, by its counter."""
        counters = [it for it in self.items() if it["pk"].startswith("USES#") and "taken" in it]
        return {it["pk"].rpartition("#")[2]: it["taken"] for it in counters}

    def kinds(self) -> set[str]:
        """The kinds of the items that redemptions have made."""
        return {kind for it in self.items() for kind in [it["pk"].split("#")[0]] if kind in {"USE", "USES", "USAGES"}}
