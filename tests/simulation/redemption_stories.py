"""Stories of codes that are redeemed, held and given back: small ones, for a fault at every call, and random ones.

Every request that may get no answer is asked once more, so that a small story ends the same whatever happens.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count

from promotion_jobs.codes.code import CodeId
from promotion_jobs.errors import DuplicateCode, PromotionNotFound, UsagesNotFound, WriteConflict
from promotion_jobs.limits import SHARDS
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import RedemptionKey, Use
from tests.simulation.answered import wrong_answers
from tests.simulation.scheduler import START
from tests.simulation.till import Till
from tests.simulation.workshop import Workshop

CODE, SHARDED = "summer", 2_000
AGAIN = 30.0
"""By then the first request is over, and what it has sent has taken effect."""

Mutate = Callable[[Redeemer], Redeemer]


def unchanged(redeemer: Redeemer) -> Redeemer:
    return redeemer


def open_till(workshop: Workshop, max_uses: int | None, mutate: Mutate = unchanged) -> Till:
    """A till with a code, which notes what is wrong in the end."""
    till = Till(workshop, mutate)
    till.add(CODE, max_uses=max_uses)
    workshop.checks.append(lambda: wrong_answers(till))
    return till


def _twice(till: Till, after: float, function: Callable[..., object], *given: object, **named: object) -> None:
    till.later(after, function, CODE, *given, **named)
    till.later(after + AGAIN, function, CODE, *given, **named)


# Small ones


def redeem(workshop: Workshop) -> None:
    till = open_till(workshop, 1)
    _twice(till, 0, till.redeem, "a")


def redeem_unlimited(workshop: Workshop) -> None:
    till = open_till(workshop, None)
    _twice(till, 0, till.redeem, "a")


def redeem_from_several(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """More units than one shard has."""
    till = open_till(workshop, SHARDED, mutate)
    till.redeem(CODE, "before", 1_500)
    _twice(till, 0, till.redeem, "a", 450)


def refuse(workshop: Workshop) -> None:
    """A use too many, of all shards."""
    till = open_till(workshop, SHARDED)
    till.redeem(CODE, "before", 1_999)
    _twice(till, 0, till.redeem, "a", 2)


def roll_back(workshop: Workshop) -> None:
    till = open_till(workshop, SHARDED)
    till.redeem(CODE, "a", 1_000)
    _twice(till, 0, till.roll_back, "a", 300)
    _twice(till, 1, till.roll_back, "a", 100)


def roll_back_unseen(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """What is rolled back before it comes."""
    till = open_till(workshop, 1, mutate)
    _twice(till, 0, till.roll_back, "a")
    till.later(2 * AGAIN, till.redeem, CODE, "a")


def confirm(workshop: Workshop) -> None:
    till = open_till(workshop, 1)
    _twice(till, 0, till.redeem, "a", hold=100)
    _twice(till, 70, till.redeem, "a")


def release(workshop: Workshop) -> None:
    """A hold that is given back, and asked for once more."""
    till = open_till(workshop, 2)
    till.redeem(CODE, "a", 2, hold=100)
    _twice(till, 0, till.roll_back, "a", 1)
    _twice(till, 1, till.roll_back, "a")
    till.later(2 * AGAIN, till.redeem, CODE, "a", 2)


def take_back(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """The hold that is over goes, for one who wants its uses."""
    till = open_till(workshop, SHARDED, mutate)
    till.redeem(CODE, "before", 1_500)
    till.redeem(CODE, "held", 500, hold=10)
    _twice(till, 20, till.redeem, "a", 400)


def hold_again(workshop: Workshop) -> None:
    till = open_till(workshop, 1)
    till.redeem(CODE, "a", hold=10)
    _twice(till, 20, till.redeem, "a", hold=100)


def hold_part_again(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """A hold of which a part was given back, and which is over, is asked for as a whole."""
    till = open_till(workshop, 3, mutate)
    till.redeem(CODE, "a", 3, hold=10)
    _twice(till, 0, till.roll_back, "a", 1)
    _twice(till, 50, till.redeem, "a", 3, hold=100)


def purge(workshop: Workshop) -> None:
    """A promotion that is deleted while a code of it is redeemed."""
    till = open_till(workshop, 9)
    till.redeem(CODE, "held", hold=100)
    till.redeem(CODE, "confirmed", hold=100)
    till.redeem(CODE, "confirmed")
    till.roll_back(CODE, "gone")
    till.later(0, till.redeem, CODE, "late")
    for number in range(3):
        till.later(0.1 + AGAIN * number, try_delete, till)


def meet(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """Many who redeem, and give back, the few uses of one code at the same time."""
    till = open_till(workshop, 2, mutate)
    for order in "abcd":
        till.later(0, till.redeem, CODE, order)
    for order in "ab":
        till.later(0.3, till.roll_back, CODE, order)
        till.later(0.4, till.roll_back, CODE, order)


def redeem_at_once(workshop: Workshop) -> None:
    """Several requests of one redemption at the same time."""
    till = open_till(workshop, 5)
    for _ in range(3):
        till.later(0, till.redeem, CODE, "a")


def shrink_at_once(workshop: Workshop) -> None:
    """Two who give back a different part of one redemption, of which nobody else has uses, at the same time."""
    till = open_till(workshop, 4)
    till.redeem(CODE, "a", 4)
    till.later(0, till.roll_back, CODE, "a", 1)
    till.later(0, till.roll_back, CODE, "a", 0)


def take_back_at_once(workshop: Workshop) -> None:
    """A hold that is over is redeemed while others take it back."""
    till = open_till(workshop, 2)
    till.redeem(CODE, "a", 2, hold=1)
    for order in "abc":
        till.later(10, till.redeem, CODE, order, 2)
    till.later(10, till.roll_back, CODE, "a")


def anonymize_at_once(workshop: Workshop) -> None:
    """A hold that is over is made anonymous while another takes it back."""
    till = open_till(workshop, 1)
    till.redeem(CODE, "a", hold=1)
    till.later(10, try_anonymize, till)
    till.later(10, till.redeem, CODE, "b")


def hold_anew(workshop: Workshop) -> None:
    """A hold that is over is redeemed by one, while another one holds the same anew."""
    till = open_till(workshop, 2)
    till.redeem(CODE, "a", 2, hold=1)
    till.later(10, till.redeem, CODE, "a", 2)
    till.later(10, till.redeem, CODE, "a", 2, hold=30)


def move_between_shards(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """Two take the two uses of a code, which are in two shards, and give them back, in turn: so each finds one."""
    till = open_till(workshop, SHARDED, mutate)
    full = SHARDED // SHARDS
    for home in range(SHARDS):
        till.redeem(CODE, _order_at(home), full - (home in _LEFT))

    def move() -> None:
        for number in range(1, 7):
            for home in _LEFT:
                order = _order_at(home, number)
                till.redeem(CODE, order)
                till.roll_back(CODE, order)

    def ask() -> None:
        for number in range(1, 5):
            order = _order_at(7, number)
            till.redeem(CODE, order)
            till.roll_back(CODE, order)

    till.later(0, move)
    till.later(0, ask)


_LEFT = (3, 12)


def _order_at(home: int, number: int = 0) -> str:
    """The id of an order which takes its uses from that shard."""
    names = (f"{number}-{at}" for at in count())
    return next(it for it in names if RedemptionKey.of(CodeId("", 0, 0), SHARDED, it).shard == home)


def redeem_beside(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """Two codes that were made together, redeemed and given back under the same id; and for another promotion."""
    till = open_till(workshop, 1, mutate)
    till.add("left", "right", max_uses=1)
    for code in ("left", "right"):
        till.later(0, till.redeem, code, "a")
        till.later(AGAIN, till.redeem, code, "a", promotion_id=till.other.id)
        till.later(2 * AGAIN, till.roll_back, code, "a", promotion_id=till.other.id)
    till.later(3 * AGAIN, till.roll_back, "left", "a")


def refuse_at_once(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """The first thing that is asked of a code is too much."""
    till = open_till(workshop, 1, mutate)
    till.later(0, till.redeem, CODE, "a", 2)


def hold_and_leave(workshop: Workshop) -> None:
    """Of some codes that a job made one is redeemed, and one held until the hold is over."""
    till = open_till(workshop, 1)
    till.exports = True
    redeemed, held, *_ = till.generate(5, SHARDED)
    till.later(0, till.redeem, redeemed, "a", 700)
    till.later(0, till.redeem, held, "b", 900, hold=1)
    till.later(AGAIN, till.redeem, redeemed, "c")


def make_again(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """A code that is deleted and made again, and is redeemed under the same ids."""
    till = open_till(workshop, 1, mutate)
    till.later(0, till.redeem, CODE, "a")
    till.later(AGAIN, try_make_again, till, CODE, 1)
    till.later(2 * AGAIN, till.redeem, CODE, "a")


SMALL: Sequence[Callable[[Workshop], None]] = (
    redeem,
    redeem_unlimited,
    redeem_from_several,
    refuse,
    roll_back,
    roll_back_unseen,
    confirm,
    release,
    take_back,
    hold_again,
    hold_part_again,
    purge,
)


def try_delete(till: Till) -> None:
    with suppress(PromotionNotFound):
        till.delete()


def try_make_again(till: Till, code: str, max_uses: int | None) -> None:
    with suppress(PromotionNotFound, WriteConflict, DuplicateCode):
        till.remove(code)
        till.workshop.simulation.sleep(0.1)
        till.add(code, max_uses=max_uses)


def try_stop(till: Till) -> None:
    with suppress(PromotionNotFound, WriteConflict):
        till.stop()


def try_anonymize(till: Till) -> None:
    with suppress(UsagesNotFound):
        till.anonymize()


# Random ones


def shop(workshop: Workshop) -> None:
    """Shops that ask for the same few ids at the same time, again and again, and an owner who changes things."""
    random = workshop.random
    ends_at = START + timedelta(seconds=random.choice((3, 40, 10_000)))
    till = Till(workshop, ends_at=ends_at, exports=True)
    workshop.checks.append(lambda: wrong_answers(till))
    limits = {f"code-{at}": random.choice(_LIMITS) for at in range(2)}
    for code, max_uses in limits.items():
        till.add(code, max_uses=max_uses, per_item=random.random() < 0.8)
    if random.random() < 0.2:
        limit = random.choice(_LIMITS)
        limits |= dict.fromkeys(till.generate(4, limit)[1:3], limit)
    longest = random.choice((0.2, 1, 5, 60, 300))
    for _ in range(random.randint(4, 24)):
        code = random.choice((*limits, "code-0"))
        written = code.upper() if random.random() < 0.2 else code
        ask_something(till, written, limits[code], random.random() * longest)
    owner: Mapping[Callable[..., None], float] = {
        try_make_again: 0.4,
        try_stop: 0.15,
        try_delete: 0.2,
        try_anonymize: 0.6,
    }
    for function, chance in owner.items():
        if random.random() < chance:
            given = ("code-0", limits["code-0"]) if function is try_make_again else ()
            till.later(random.random() * longest, function, till, *given)


_LIMITS = (1, 1, 2, 3, 5, SHARDED, SHARDED + 7, None)


def ask_something(till: Till, code: str, max_uses: int | None, after: float) -> None:
    random = till.workshop.random
    order = random.choice("abcde")
    # So that a shop asks for the same thing again, an order has one quantity.
    quantity = (ord(order) - 96) * random.choice((1, 1, 1, 400)) if (max_uses or 0) < SHARDED else ord(order) * 10 - 800
    named = random.choice((*[None] * 8, till.promotion.id, till.other.id))
    kept = random.choice((0, 0, 1, quantity // 2))
    match random.choice(("redeem", "redeem", "redeem", "hold", "hold", "roll back", "roll back a usage", "validate")):
        case "redeem":
            till.later(after, till.redeem, code, order, quantity, promotion_id=named)
        case "hold":
            hold = random.choice((1, 5, 100))
            till.later(after, till.redeem, code, order, quantity, hold=hold, promotion_id=named)
        case "roll back":
            till.later(after, till.roll_back, code, order, kept, promotion_id=named)
        case "roll back a usage":
            till.later(after, till.roll_back_usage, kept)
        case _:
            till.later(after, till.workshop.service.redeemer.validate, Use(code, quantity, order))


RANDOM: Sequence[Callable[[Workshop], None]] = (shop, meet, take_back_at_once, move_between_shards)
