"""Holds: uses that are kept for a while, then redeemed, given back, or taken back by whoever finds too few."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from promotion_jobs.errors import CodeNotUsable, RedemptionRolledBack
from promotion_jobs.limits import HOLD_GRACE, SHARDS
from promotion_jobs.measures import Measure
from promotion_jobs.redemptions.redemption import Status, Use
from promotion_jobs.values import to_text
from tests.support.builders import CLIENT_ID, NOW
from tests.support.till import CODE, Till

MINUTE = timedelta(minutes=1)
OVER = MINUTE + HOLD_GRACE + timedelta(milliseconds=1)
"""After so long a hold of a minute is taken back."""


def _pass(till: Till, duration: timedelta = OVER) -> None:
    till.clock.advance(seconds=duration.total_seconds())


def _listed(till: Till) -> list[str]:
    """The ids in the list of the promotion's usages."""
    found = till.service.redemption_store.usages(till.found.id, None, None, code=None, newest_first=False)
    return [it.id for it in till.service.redemption_store.get_all(found).values()]


def test_a_hold_takes_its_uses_and_no_list_shows_it() -> None:
    till = Till()
    held = till.hold("a")
    assert (held.status, held.until, held.kept) == (Status.HELD, NOW + MINUTE, 1)
    assert till.refused("b") == ("exhausted", 0)
    assert (_listed(till), till.meter.of(Measure.HOLDS)) == ([], 1)


def test_a_hold_is_redeemed_by_its_id_and_counts_once() -> None:
    till = Till()
    held = till.hold("a")
    till.clock.advance(seconds=30)
    now = till.clock()
    redeemed = replace(held, status=Status.REDEEMED, used_on=now, updated_at=now, until=None)
    assert [till.ask("a"), till.ask("a")] == [(redeemed, True), (redeemed, False)]
    _pass(till)
    assert till.refused("b") == ("exhausted", 0)
    assert (_listed(till), till.uses) == (["a"], 0)


def test_a_hold_is_redeemed_and_given_back_in_whichever_millisecond_it_began() -> None:
    # A float of so many seconds has no millisecond to spare.
    began = datetime(2038, 2, 1, tzinfo=UTC)
    till = Till(max_uses=None)
    till.change(start=to_text(NOW), end=to_text(began + timedelta(days=1)))
    for number in range(20):
        till.clock.time = began + timedelta(milliseconds=number)
        till.hold(f"{number}")
        assert till.redeem(f"{number}").status is Status.REDEEMED
        assert till.roll_back(f"{number}").status is Status.ROLLED_BACK


def test_a_hold_that_is_asked_for_again_is_the_same_one() -> None:
    till = Till(max_uses=2)
    held = till.hold("a")
    till.clock.advance(seconds=59)
    assert (till.hold("a"), till.uses) == (held, 1)


def test_a_hold_of_what_is_redeemed_is_what_is_redeemed() -> None:
    till = Till()
    assert till.redeem("a") == till.hold("a")


def test_a_hold_that_is_over_costs_nobody_a_use() -> None:
    till = Till()
    till.hold("a")
    _pass(till, OVER - timedelta(milliseconds=1))
    assert till.refused("b") == ("exhausted", 0)
    _pass(till, timedelta(milliseconds=1))
    assert till.uses == till.redeemer.validate(Use(CODE)).uses == 1
    assert till.redeem("b").kept == 1
    assert (till.meter.of(Measure.HOLDS_TAKEN_BACK), till.refused("a")) == (1, ("exhausted", 0))


def test_a_hold_that_is_over_counts_in_no_refusal() -> None:
    till = Till(max_uses=3, user="ann")
    till.redeem("a", customer_id="ann")
    till.redeem("b", customer_id="ann", hold=MINUTE)
    assert till.refused("c") == ("other_customer", 1)
    _pass(till)
    assert till.refused("c") == ("other_customer", 2)
    assert (till.uses, till.redeemer.validate(Use(CODE)).uses) == (2, 2)


def test_a_hold_that_is_over_is_still_redeemed_while_nobody_took_it_back() -> None:
    till = Till()
    till.hold("a")
    _pass(till)
    assert till.redeem("a").status is Status.REDEEMED
    assert till.refused("b") == ("exhausted", 0)


def test_a_hold_that_is_over_and_asked_for_again_is_a_new_one() -> None:
    till = Till()
    till.hold("a")
    _pass(till)
    assert till.hold("a").until == till.clock() + MINUTE
    assert (till.uses, till.refused("b")) == (0, ("exhausted", 0))


@pytest.mark.parametrize("is_over", [False, True])
def test_a_hold_that_is_rolled_back_is_never_redeemed(*, is_over: bool) -> None:
    till = Till()
    till.hold("a")
    _pass(till, OVER if is_over else MINUTE / 2)
    assert (till.roll_back("a").status, till.uses) == (Status.ROLLED_BACK, 1)
    for ask in (till.redeem, till.hold):
        with pytest.raises(RedemptionRolledBack):
            ask("a")
    till.redeem("b")
    assert (till.uses, _listed(till)) == (0, ["b"])


def test_of_a_hold_a_part_is_given_back_and_the_rest_ends_with_it() -> None:
    till = Till(5, per_item=True)
    till.hold("a", 4)
    assert (till.roll_back("a", 1).status, till.uses) == (Status.HELD, 4)
    _pass(till)
    assert (till.redeem("b", 5).kept, till.uses) == (5, 0)


@pytest.mark.parametrize("is_wanted", [False, True])
def test_a_hold_of_which_a_part_was_given_back_is_never_more_again(*, is_wanted: bool) -> None:
    till = Till(5, per_item=True)
    till.hold("a", 4)
    till.roll_back("a", 1)
    _pass(till)
    if is_wanted:
        till.redeem("b", 5)
        till.roll_back("b")
    for _ in range(2):
        with pytest.raises(RedemptionRolledBack):
            till.hold("a", 4)
    assert (till.roll_back("a", 4).kept, till.uses, sum(till.taken().values())) == (0, 5, 0)


def test_a_hold_of_which_a_part_was_given_back_is_confirmed_as_what_is_left() -> None:
    till = Till(5, per_item=True)
    till.hold("a", 4)
    till.roll_back("a", 1)
    _pass(till)
    confirmed = till.redeem("a", 4)
    assert (confirmed.status, confirmed.units, confirmed.kept, till.uses) == (Status.REDEEMED, 4, 1, 4)


def test_a_hold_of_which_nothing_was_given_back_is_as_it_was() -> None:
    till = Till(5, per_item=True)
    held = till.hold("a", 2)
    assert till.roll_back("a", 2) == till.roll_back("a", 3) == held
    _pass(till)
    assert (till.hold("a", 2).kept, till.uses) == (2, 3)


def test_who_finds_too_few_takes_back_holds_of_all_shards() -> None:
    till = Till(2_000, per_item=True)
    held = [till.hold(f"{order}", 125) for order in range(SHARDS)]
    _pass(till)
    assert (till.redeem("all", 2_000).kept, till.uses) == (2_000, 0)
    assert sum(till.taken().values()) == 2_000
    assert sum(sum(it.drawn.values()) for it in held) == 2_000


def test_who_finds_too_few_takes_back_no_more_holds_than_it_needs() -> None:
    till = Till(100, per_item=True)
    for order in range(50):
        till.hold(f"{order}", 2)
    _pass(till)
    assert (till.redeem("few", 5).kept, till.meter.of(Measure.HOLDS_TAKEN_BACK), till.uses) == (5, 3, 95)
    assert (till.redeem("rest", 95).kept, till.meter.of(Measure.HOLDS_TAKEN_BACK), till.uses) == (95, 50, 0)


def test_a_hold_of_a_code_without_a_limit_counts_nothing() -> None:
    till = Till(max_uses=None)
    till.hold("a")
    _pass(till)
    assert (till.redeem("a").status, till.kinds()) == (Status.REDEEMED, {"USE", "USAGES"})


def test_a_hold_that_is_confirmed_while_it_is_taken_back_stays() -> None:
    till = Till()
    till.hold("a")
    _pass(till)
    till.calls.before("Delete USE*", partial(till.redeem, "a"))
    assert till.refused("b") == ("exhausted", 0)
    assert till.redeem("a").status is Status.REDEEMED


def test_the_same_request_twice_at_once_takes_the_use_of_a_hold_that_is_over_and_both_succeed() -> None:
    till = Till()
    till.hold("a")
    _pass(till)
    till.calls.before("query", partial(till.redeem, "b"))
    again = till.ask("b")
    assert again == till.ask("b")
    assert (again[0].status, till.uses, sum(till.taken().values())) == (Status.REDEEMED, 0, 1)


def test_a_hold_that_was_taken_back_and_made_again_is_not_confirmed_as_it_was() -> None:
    till = Till()
    till.hold("a")
    _pass(till)

    def begin_again() -> None:
        till.redeem("b")
        till.roll_back("b")
        till.hold("a")

    till.calls.before("Update USE, *", begin_again)
    assert till.redeem("a").status is Status.REDEEMED
    _pass(till)
    assert (till.uses, till.refused("c")) == (0, ("exhausted", 0))


def test_a_hold_that_is_over_is_no_obstacle_to_a_refusal() -> None:
    till = Till(3, per_item=True)
    till.redeem("a")
    till.hold("b")
    _pass(till)
    with pytest.raises(CodeNotUsable) as refusal:
        till.redeemer.redeem(Use(CODE, 3, "c"), CLIENT_ID)
    assert (refusal.value.uses, till.uses) == (2, 2)
