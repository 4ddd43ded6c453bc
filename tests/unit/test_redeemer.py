"""Codes are used once for each id, given back at most once, and never used more often than they may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import CodeId
from promotion_jobs.errors import (
    CodeNotFound,
    CodeNotUsable,
    RedemptionDiffers,
    RedemptionRolledBack,
    StoreBusy,
    UsageNotFound,
)
from promotion_jobs.limits import REDEEM_ATTEMPTS, TOMBSTONE_LIFE
from promotion_jobs.measures import Measure
from promotion_jobs.redemptions.redemption import Redemption, RedemptionKey, Status, Use
from promotion_jobs.values import to_text
from tests.support.builders import CLIENT_ID, NOW, PROMOTION_ID, UNKNOWN_ID
from tests.support.till import CODE, Till

SHARDED = 2_000


def _redemption(till: Till, order: str, **changes: object) -> Redemption:
    """Of one use, just redeemed."""
    whole = {
        "key": RedemptionKey.of(till.code_id, till.terms.max_uses, order),
        "id": order,
        "promotion_id": PROMOTION_ID,
        "code": CODE,
        "status": Status.REDEEMED,
        "units": 1,
        "kept": 1,
        "drawn": {0: 1},
        "order_id": order,
        "customer_id": None,
        "customer_email": None,
        "created_by": CLIENT_ID,
        "used_on": NOW,
        "updated_at": NOW,
    }
    return Redemption(**{**whole, **changes})  # type: ignore[arg-type]


def test_a_code_is_redeemed_by_its_string_in_any_case() -> None:
    till = Till(max_uses=2)
    use = Use(CODE.upper(), 1, "a", "ann", PROMOTION_ID.upper(), "order-1", "ann@example.com")
    told = _redemption(till, "a", customer_id="ann", order_id="order-1", customer_email="ann@example.com")
    assert till.redeemer.redeem(use, CLIENT_ID) == (told, True)
    assert (till.uses, till.meter.of(Measure.REDEMPTIONS)) == (1, 1)


def test_the_same_id_is_the_same_redemption() -> None:
    till = Till()
    first = till.redeem("a")
    till.clock.advance(days=60)
    assert till.ask("a") == (first, False)
    assert (till.uses, till.meter.of(Measure.REPLAYS)) == (0, 1)


@pytest.mark.parametrize("other", [{"customer_id": "bob"}, {"quantity": 2}])
def test_the_same_id_for_another_quantity_or_customer_is_refused(other: dict[str, object]) -> None:
    till = Till(9, per_item=True)
    till.redeem("a")
    with pytest.raises(RedemptionDiffers):
        till.redeemer.redeem(Use(**{"code": CODE, "id": "a", **other}), CLIENT_ID)  # type: ignore[arg-type]
    assert till.uses == 8


def test_a_code_is_used_as_often_as_it_may_be_and_not_once_more() -> None:
    till = Till(max_uses=10)
    for order in range(10):
        till.redeem(f"{order}")
    assert till.refused("one more") == ("exhausted", 0)
    assert (till.uses, till.meter.of(Measure.REDEMPTIONS_REFUSED, "exhausted")) == (0, 1)


def test_units_of_a_cart_count_only_where_the_code_counts_items() -> None:
    assert Till(5).redeem("a", 3).units == 1
    till = Till(5, per_item=True)
    assert till.redeem("a", 3).units == 3
    assert till.refused("b", 3) == ("exhausted", 2)


def test_a_code_without_a_limit_has_no_counter() -> None:
    till = Till(max_uses=None)
    assert (till.redeem("a").drawn, till.uses, till.taken()) == ({}, None, {})
    assert till.roll_back("a").status is Status.ROLLED_BACK


def test_a_code_is_used_from_the_start_of_its_promotion_until_just_before_its_end() -> None:
    till, end = Till(max_uses=9), NOW + timedelta(days=1)
    till.change(start=to_text(NOW), end=to_text(end))
    till.clock.time = NOW - timedelta(milliseconds=1)
    assert till.refused("early") == ("not_started", 9)
    till.clock.time = NOW
    till.redeem("first")
    till.clock.time = end - timedelta(milliseconds=1)
    till.redeem("last")
    till.clock.time = end
    assert till.refused("late") == ("ended", 7)


def test_a_use_is_refused_for_the_first_reason() -> None:
    till = Till(9, user="ann")
    till.redeem("a", customer_id="ann")
    assert till.refused("b") == till.refused("b", customer_id="bob") == ("other_customer", 8)
    till.change(enabled=False)
    assert till.refused("b") == ("promotion_disabled", 8)
    assert Till(max_uses=0).refused("b") == ("unusable", 0)


@pytest.mark.parametrize("use", [Use("winter", id="a"), Use(CODE, id="a", promotion_id=UNKNOWN_ID)])
def test_a_code_that_is_not_there_is_not_found(use: Use) -> None:
    till = Till()
    with pytest.raises(CodeNotFound):
        till.redeemer.redeem(use, CLIENT_ID)
    with pytest.raises(CodeNotFound):
        till.redeemer.roll_back(use, 0, CLIENT_ID)
    assert till.meter.of(Measure.UNKNOWN_CODES) == 2


# Giving back


def test_what_is_rolled_back_can_be_used_by_others_and_never_again_under_its_id() -> None:
    till = Till()
    till.redeem("a")
    till.clock.advance(seconds=1)
    changes = {"status": Status.ROLLED_BACK, "kept": 0, "drawn": {}, "updated_at": till.clock()}
    assert till.roll_back("a") == _redemption(till, "a", **changes)
    till.redeem("b")
    with pytest.raises(RedemptionRolledBack):
        till.redeem("a")
    assert till.uses == 0


def test_what_is_rolled_back_twice_is_given_back_once() -> None:
    till = Till(max_uses=2)
    till.redeem("a")
    first = till.roll_back("a")
    till.clock.advance(seconds=1)
    assert till.roll_back("a") == first
    assert (till.uses, till.meter.of(Measure.ROLLBACKS)) == (2, 1)


def test_a_part_is_given_back_and_it_only_ever_goes_down() -> None:
    till = Till(10, per_item=True)
    till.redeem("a", 5)
    kept = [till.roll_back("a", keep).kept for keep in (3, 4, 3, 9, 1)]
    assert (kept, till.uses) == ([3, 3, 3, 3, 1], 9)
    assert till.redeem("a", 5) == till.roll_back("a", 1)


@pytest.mark.parametrize("keep", [0, 1])
def test_what_is_rolled_back_before_it_comes_never_counts(keep: int) -> None:
    till = Till()
    gone = till.roll_back("a", keep)
    assert gone == _redemption(till, "a", status=Status.ROLLED_BACK, units=0, kept=0, drawn={})
    (item,) = (it for it in till.items() if it["pk"].startswith("USE#"))
    assert item["expires_at"] == int((NOW + TOMBSTONE_LIFE).timestamp())
    with pytest.raises(RedemptionRolledBack):
        till.redeem("a")
    assert (till.roll_back("a"), till.uses, gone.was_redeemed) == (gone, 1, False)


def test_a_usage_is_rolled_back_by_its_id_when_its_code_is_gone() -> None:
    till = Till()
    usage = till.redeem("a").key.usage_id
    till.remove()
    with pytest.raises(CodeNotFound):
        till.roll_back("a")
    assert till.redeemer.roll_back_usage(usage, 0).kept == 0
    assert till.taken() == {"00": 0}


@pytest.mark.parametrize("usage_id", ["", "no id", RedemptionKey.of(CodeId(UNKNOWN_ID, 0, 0), 1, "x").usage_id])
def test_a_usage_that_there_is_not_is_not_rolled_back(usage_id: str) -> None:
    with pytest.raises(UsageNotFound):
        Till().redeemer.roll_back_usage(usage_id, 0)


def test_a_code_that_is_deleted_and_made_again_starts_anew() -> None:
    till = Till()
    first = till.redeem("a")
    till.remove()
    till.clock.advance(seconds=1)
    till.add()
    assert till.uses == 1
    second, is_new = till.ask("a")
    assert (is_new, second.key.code != first.key.code, till.uses) == (True, True, 0)
    till.redeemer.roll_back_usage(first.key.usage_id, 0)
    assert till.uses == 0


def test_nothing_of_a_promotion_that_is_gone_is_redeemed_or_rolled_back() -> None:
    till = Till(max_uses=9)
    usage = till.redeem("a").key.usage_id
    till.hold("held")
    till.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    for order in ("a", "held", "new"):
        for ask in (till.redeem, till.hold, till.roll_back):
            with pytest.raises(CodeNotFound):
                ask(order)
    with pytest.raises(UsageNotFound):
        till.redeemer.roll_back_usage(usage, 0)


# At the same time


def test_of_two_who_want_the_last_use_one_is_refused() -> None:
    till = Till()
    till.calls.before("transact_write_items", partial(till.redeem, "b"))
    assert till.refused("a") == ("exhausted", 0)
    assert till.redeem("b").kept == 1


def test_two_requests_of_one_id_are_one_redemption() -> None:
    till = Till()
    till.calls.before("transact_write_items", partial(till.redeem, "a"))
    assert till.ask("a") == (_redemption(till, "a"), False)
    assert till.uses == 0


def test_a_roll_back_that_comes_first_refuses_the_redemption_that_is_under_way() -> None:
    till = Till()
    till.calls.before("transact_write_items", partial(till.roll_back, "a"))
    with pytest.raises(RedemptionRolledBack):
        till.redeem("a")
    assert till.uses == 1


def test_two_roll_backs_at_once_give_back_once() -> None:
    till = Till(10, per_item=True)
    till.redeem("a", 5)
    till.calls.before("transact_write_items", partial(till.roll_back, "a", 2))
    assert (till.roll_back("a", 1).kept, till.uses) == (1, 9)


def test_who_is_overtaken_on_and_on_asks_later() -> None:
    def overtake() -> None:
        raise ConditionLost({})

    till = Till()
    till.calls.before("transact_write_items", *[overtake] * REDEEM_ATTEMPTS)
    with pytest.raises(StoreBusy):
        till.redeem("a")
    assert (till.kinds(), till.redeem("a").kept) == (set(), 1)


# Codes that are used often


def test_a_code_that_may_be_used_often_has_a_counter_for_each_shard() -> None:
    till = Till(SHARDED)
    redeemed = [till.redeem(f"{order}") for order in range(100)]
    assert len(till.taken()) == 16
    assert sum(till.taken().values()) == 100
    assert {it.key.shard: it.drawn for it in redeemed} == {shard: {shard: 1} for shard in range(16)}
    assert till.uses == SHARDED - 100


def test_units_are_drawn_from_several_shards_where_one_has_too_few() -> None:
    till = Till(SHARDED + 5, per_item=True)
    many = till.redeem("a", 2_001)
    assert (sum(many.drawn.values()), len(many.drawn), many.drawn[many.key.shard]) == (2_001, 16, _allotment(many))
    assert till.refused("b", 5) == ("exhausted", 4)
    few = till.redeem("b", 4)
    assert sum(few.drawn.values()) == 4
    till.roll_back("a")
    assert (till.uses, sum(till.taken().values())) == (2_001, 4)


def _allotment(it: Redemption) -> int:
    return 125 + (it.key.shard < 5)


def test_a_use_is_refused_only_when_all_shards_were_read_at_once() -> None:
    till = Till(SHARDED, per_item=True)
    till.redeem("a", SHARDED)
    till.calls.made.clear()
    assert till.refused("b") == ("exhausted", 0)
    assert till.calls.made[-2:] == ["query", "transact_get_items"]


def test_the_last_uses_of_all_shards_are_found() -> None:
    till = Till(SHARDED, per_item=True)
    till.redeem("a", SHARDED - 2)
    assert [till.redeem(order).kept for order in ("b", "c")] == [1, 1]
    assert till.refused("d") == ("exhausted", 0)


def test_the_same_request_twice_at_once_takes_the_last_use_of_all_shards_and_both_succeed() -> None:
    till = Till(SHARDED, per_item=True)
    till.redeem("a", SHARDED - 1)
    # Only a request whose own shard has too few asks for holds.
    till.calls.before("query", partial(till.redeem, "b"))
    _, is_new = till.ask("b")
    assert (is_new, till.uses, till.meter.of(Measure.REPLAYS)) == (False, 0, 1)


@dataclass
class Plain:
    """The uses of a code as a whole number. Answers as a till does."""

    left: int
    asked: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    def redeem(self, order: str, units: int) -> int | str:
        if order not in self.kept:
            if units > self.left:
                return f"exhausted {self.left}"
            self.left -= units
            self.asked[order] = self.kept[order] = units
        if not self.kept[order]:
            return "rolled back"
        return self.kept[order] if self.asked[order] == units else "differs"

    def roll_back(self, order: str, kept: int) -> int:
        before = self.kept.setdefault(order, 0)
        self.kept[order] = min(before, kept)
        self.left += before - self.kept[order]
        return self.kept[order]


def _answer(till: Till, order: str, units: int) -> int | str:
    try:
        return till.redeem(order, units).kept
    except CodeNotUsable as error:
        return f"{error.reason} {error.uses}"
    except RedemptionRolledBack:
        return "rolled back"
    except RedemptionDiffers:
        return "differs"


@pytest.mark.parametrize("max_uses", [7, 1_999, SHARDED, SHARDED + 9])
@given(steps=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 1_100), st.booleans()), max_size=12))
def test_any_redemptions_and_roll_backs_count_as_a_whole_number_does(
    max_uses: int, steps: Sequence[tuple[str, int, bool]]
) -> None:
    till, plain = Till(max_uses, per_item=True), Plain(max_uses)
    for order, units, is_roll_back in steps:
        if is_roll_back:
            assert till.roll_back(order, units).kept == plain.roll_back(order, units)
        else:
            assert _answer(till, order, units + 1) == plain.redeem(order, units + 1)
        assert (till.uses, sum(till.taken().values())) == (plain.left, max_uses - plain.left)
