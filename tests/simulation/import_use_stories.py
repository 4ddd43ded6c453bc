"""Stories of shops that redeem codes of imports: small ones, for a fault at every call, and random ones.

Each file says of its codes how often they may be used. Every request that may get no answer is asked once more, so that
a small story ends the same whatever happens.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from promotion_jobs.jobs.job import Job
from promotion_jobs.values import is_code
from tests.simulation.answered import wrong_answers
from tests.simulation.import_stories import some_rows, try_import
from tests.simulation.redemption_stories import (
    AGAIN,
    SHARDED,
    Mutate,
    ask_something,
    try_anonymize,
    try_delete,
    try_make_again,
    unchanged,
)
from tests.simulation.schedules import Story
from tests.simulation.till import Till
from tests.simulation.workshop import Workshop

HEADER = "code,max_uses"
ROWS = ["first,1", "=1,1", f"often,{SHARDED}", "FIRST,5", "ever,", "second,2", "last,1"]
"""Of a small story: two chunks, in which codes have one shard, several, and no limit."""

LATE = 900.0
"""By then an import has ended, whatever call a fault meets."""

_EACH: Mapping[str, Any] = {"consume_unit": "per_item"}
"""Each unit is a use."""


def _opened(workshop: Workshop, mutate: Mutate = unchanged, *, exports: bool = False) -> Till:
    """A till that notes what is wrong in the end."""
    till = Till(workshop, mutate, exports=exports)
    workshop.checks.append(lambda: wrong_answers(till))
    return till


def _sent(till: Till, rows: Sequence[str] = ROWS) -> str:
    return till.workshop.add_upload(till.promotion, rows, HEADER)


def _added(till: Till, rows: Sequence[str] = ROWS) -> Job:
    return till.workshop.add_import(till.promotion, _sent(till, rows), **_EACH)


def _imported(till: Till, rows: Sequence[str] = ROWS) -> Job:
    job = _added(till, rows)
    till.workshop.deliver_all()
    return job


def _twice(till: Till, after: float, function: Callable[..., object], *given: object, **named: object) -> None:
    till.later(after, function, *given, **named)
    till.later(after + AGAIN, function, *given, **named)


# Small ones


def redeem_from_the_start(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """Codes of the first chunk and of the last are redeemed before their import ends, and when it has."""
    till = _opened(workshop, mutate)
    _added(till)
    for code in ("first", "last"):
        for number in range(7):
            till.later(0.3 * number, till.redeem, code, f"{code} order")
        _twice(till, LATE, till.redeem, code, f"{code} order")
    _twice(till, LATE, till.redeem, "often", "part", 1_500)
    _twice(till, LATE, till.redeem, "ever", "free", 9)
    till.later(LATE, till.redeem, "second", "too many", 3)


def cancel_redeemed(workshop: Workshop) -> None:
    """Codes of an import that is cancelled half way are redeemed all the time."""
    till = _opened(workshop)
    job = _added(till)
    for number in range(2):
        cancelled = partial(workshop.service.job_canceller.cancel, till.promotion.id, job.id)
        workshop.act(f"customer {number}", cancelled, after=0.7 + 0.05 * number)
    for code in ("first", "often"):
        for number in range(6):
            till.later(0.3 * number, till.redeem, code, f"order {number}")
        till.later(LATE, till.redeem, code, "late")


def delete_redeemed(workshop: Workshop) -> None:
    """Imported codes are deleted while a use of one is given back; those that are imported then start anew."""
    till = _opened(workshop)
    job = _imported(till)
    till.redeem("often", "before", SHARDED)
    upload_id = _sent(till)
    workshop.add_deletion(till.promotion, job.id)
    _twice(till, 0.1, till.roll_back_usage, 700)
    for number in range(2):
        again = partial(try_import, workshop, till.promotion, upload_id, "again", **_EACH)
        workshop.act(f"customer {number}", again, after=300 + 300 * number)
    _twice(till, 300 + LATE, till.redeem, "often", "after", SHARDED)


def purge_redeemed(workshop: Workshop) -> None:
    """A promotion is deleted while codes of its import are redeemed."""
    till = _opened(workshop)
    _imported(till)
    till.redeem("often", "held", 1_200, hold=100)
    till.redeem("second", "confirmed", hold=100)
    till.redeem("second", "confirmed")
    till.redeem("ever", "free")
    till.roll_back("first", "gone")
    till.later(0, till.redeem, "last", "late")
    for number in range(3):
        till.later(0.1 + AGAIN * number, try_delete, till)


def redeem_of_two_chunks(workshop: Workshop, mutate: Mutate = unchanged) -> None:
    """The first codes of two chunks are redeemed, each as often as it may be."""
    till = _opened(workshop, mutate)
    _imported(till, ["one,1", "two,1", "three,1", "four,1"])
    for code in ("one", "four"):
        till.later(0, till.redeem, code, f"{code} order")


# Random ones


def redeem_imported(workshop: Workshop) -> None:
    """Shops want codes of a file before, while and after it is imported; meanwhile the import may be cancelled, its
    codes deleted and imported again, and the promotion deleted.
    """
    random = workshop.random
    till = _opened(workshop, exports=True)
    uses = _uses_of_file(till)
    rows = [f"{code},{'' if limit is None else limit}" for code, limit in uses]
    job = _added(till, rows)
    longest = random.choice((3, 10, 60, 300))
    codes = [it for it in uses if is_code(it[0])] or [("own-1", 1)]
    wanted = random.sample(codes, min(3, len(codes)))
    for _ in range(random.randint(6, 30)):
        code, limit = random.choice(wanted)
        ask_something(till, code, limit, random.random() * longest)
    canceller, remover = workshop.service.job_canceller, till.workshop.add_deletion
    acts: Sequence[tuple[float, Callable[[], object]]] = (
        (0.25, partial(canceller.cancel, till.promotion.id, job.id)),
        (0.4, partial(remover, till.promotion, job.id)),
        (0.2, partial(remover, till.promotion)),
        (0.4, partial(try_import, workshop, till.promotion, _sent(till, rows), **_EACH)),
        (0.3, partial(try_import, workshop, till.promotion, _sent(till, rows), **_EACH)),
        (0.2, partial(try_delete, till)),
        (0.2, partial(try_delete, till)),
        (0.3, partial(try_anonymize, till)),
        (0.3, partial(try_make_again, till, *random.choice(codes))),
    )
    for number, (chance, act) in enumerate(acts):
        if random.random() < chance:
            workshop.act(f"owner {number}", act, after=random.random() * longest)


def _uses_of_file(till: Till) -> list[tuple[str, int | None]]:
    """The codes of a file, and how often they may be used; the promotion has some of them already."""
    random = till.workshop.random
    known = [f"own-{number}" for number in range(random.choice((0, 3)))]
    for code in known:
        till.add(code, max_uses=random.choice((1, None)))
    limits = (1, 1, 2, 5, SHARDED, SHARDED + 7, None)
    return [(code, random.choice(limits)) for code in some_rows(till.workshop, known)]


def redeem_overtime(workshop: Workshop) -> None:
    """Likewise, with functions of little time that go on when it is long over: several work on one import."""
    simulation = workshop.simulation
    simulation.function_seconds, simulation.overtime, simulation.queue.visibility = 1.0, 300.0, 3.0
    redeem_imported(workshop)


SMALL: Sequence[Story] = (redeem_from_the_start, cancel_redeemed, delete_redeemed, purge_redeemed)
RANDOM: Sequence[Story] = (redeem_imported, redeem_overtime)
