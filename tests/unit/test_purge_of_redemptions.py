"""What a deleted promotion had redeemed goes with it, when no request that saw it can redeem any more."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from promotion_jobs.aws import keys
from promotion_jobs.aws.table import TRANSACTION_ACTIONS, Item
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.limits import LATE_WRITES
from promotion_jobs.redemptions.redemption import Use
from tests.support.builders import CLIENT_ID, PROMOTION_ID, UNKNOWN_ID, promotion
from tests.support.till import CODE, FIELDS, Till

OTHER = "winter"


def _delete(till: Till) -> None:
    till.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)


def _redeemed(till: Till) -> Sequence[Item]:
    kinds = ("USE#", "USES#", "USAGES#")
    return [it for it in till.items() if it["pk"].startswith(kinds) and "expires_at" not in it]


def _put_another(till: Till) -> Sequence[Item]:
    """Another promotion, with what is redeemed of its code."""
    another = promotion(id=UNKNOWN_ID, fields=FIELDS)
    till.put(another)
    till.service.codes.add(another, [NewCode(OTHER, Terms(max_uses=2))], CLIENT_ID)
    before = {(it["pk"], it["sk"]) for it in _redeemed(till)}
    till.redeemer.redeem(Use(OTHER, id="a"), CLIENT_ID)
    till.redeemer.redeem(Use(OTHER, id="b", hold=timedelta(minutes=1)), CLIENT_ID)
    return [it for it in _redeemed(till) if (it["pk"], it["sk"]) not in before]


@pytest.mark.parametrize("max_uses", [300, 2_000, None])
def test_a_purge_leaves_nothing_that_was_redeemed_or_held_and_everything_of_others(max_uses: int | None) -> None:
    till = Till(max_uses)
    for order in range(120):
        till.redeem(f"{order}")
    for order in range(TRANSACTION_ACTIONS + 20):
        till.hold(f"held {order}")
    till.roll_back("0")
    till.roll_back("held 0")
    till.redeem("held 1")
    till.clock.advance(minutes=2)
    others = _put_another(till)
    _delete(till)
    till.deliver_all()
    assert _redeemed(till) == others
    assert till.messages() == []


def test_a_purge_leaves_nothing_of_codes_that_were_deleted_before() -> None:
    till = Till(max_uses=2)
    till.redeem("a")
    till.hold("b")
    till.remove()
    _delete(till)
    till.deliver_all()
    assert _redeemed(till) == []


@pytest.mark.parametrize(("max_uses", "queries"), [(1, 1), (2_000, 16), (None, 16)])
def test_a_purge_looks_once_for_the_counters_of_a_chunk(max_uses: int | None, queries: int) -> None:
    till = Till()
    codes = [f"code-{number}" for number in range(50)]
    till.service.codes.add(till.found, [NewCode(code, Terms(max_uses=max_uses)) for code in codes], CLIENT_ID)
    for code in codes:
        till.redeemer.redeem(Use(code, id="a"), CLIENT_ID)
    till.calls.made.clear()
    list(till.service.redemption_store.purge(PROMOTION_ID))
    assert till.calls.made == ["query"] * (len(keys.LISTS) + queries)


def test_of_a_deleted_promotion_a_tombstone_stays_which_names_no_customer_and_ends_by_itself() -> None:
    till = Till()
    till.redeem("a")
    till.redeemer.roll_back(Use(CODE, id="b"), 0, CLIENT_ID)
    _delete(till)
    till.deliver_all()
    (tombstone,) = (it for it in till.items() if it["pk"].startswith("USE"))
    names = {"id", "promotion", "code", "status", "units", "kept", "drawn", "order", "created_by"}
    assert tombstone.keys() - {"pk", "sk"} == names | {"used_on", "updated_at", "expires_at"}


def test_a_hold_that_was_made_twice_goes() -> None:
    till = Till()
    till.hold("a")
    till.clock.advance(minutes=2)
    till.hold("a")
    _delete(till)
    till.deliver_all()
    assert _redeemed(till) == []


def test_what_is_redeemed_by_a_request_that_saw_the_promotion_goes_as_well() -> None:
    till = Till(max_uses=2)
    till.redeem("a")
    # The promotion is deleted when the request has read it.
    till.calls.before("Update USES, Put USE, Put USAGES", lambda: _delete(till))
    till.redeem("b")
    (purge,) = till.messages()
    till.clock.advance(seconds=LATE_WRITES.total_seconds() - 0.1)
    till.deliver(purge)
    assert len(_redeemed(till)) == 5
    till.deliver_all()
    assert _redeemed(till) == []


def test_a_purge_that_is_always_short_of_time_ends() -> None:
    till = Till(max_uses=400)
    for order in range(300):
        till.redeem(f"{order}")
    _delete(till)
    till.clock.advance(seconds=LATE_WRITES.total_seconds())
    for _ in range(30):
        for message in till.messages():
            till.queue.waiting.clear()
            till.deliver(message, seconds_left=9.9)
    assert (_redeemed(till), till.messages()) == ([], [])
