"""The stories of random schedules, each told by the workshop's seed."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from promotion_jobs.errors import DuplicateCode, PromotionFull, WriteConflict
from promotion_jobs.promotions.promotion import Promotion
from tests.simulation.schedules import Story, hand_made
from tests.simulation.workshop import CLIENT_ID, Workshop

SIZES = (1, 2, 5, 7, 8, 9, 20, 33)


def _shops(workshop: Workshop, promotion: Promotion) -> None:
    """Two who change the same codes of a promotion by hand, which jobs want too."""
    known: list[str] = []
    for _ in range(workshop.random.choice((0, 5, 40))):
        code = workshop.random_code()
        with suppress(DuplicateCode, PromotionFull):
            workshop.add_codes(promotion, [code])
            known.append(code)
    for number in range(2):
        after = workshop.random.random() * 3
        workshop.act(f"shop {number}", hand_made(workshop, promotion, known), after=after)


def _promotion(workshop: Workshop, number: int | None) -> Promotion:
    """One with just so much room, or with more; another one wants the same codes."""
    room = number or 1
    promotion = workshop.add_promotion(max_codes=workshop.random.choice((room, room + 10, 1_000)))
    _shops(workshop, workshop.add_promotion(max_codes=workshop.random.choice((45, 1_000))))
    if workshop.random.random() < 0.3:
        _shops(workshop, promotion)
    return promotion


def _operator(workshop: Workshop) -> None:
    """An operator who may rotate the key, more than once, at any moment."""
    for _ in range(workshop.random.choice((0, 0, 1, 2))):
        after = workshop.random.random() * workshop.random.choice((1, 5, 60))
        workshop.act("operator", workshop.service.rotation.rotate, after=after)


def generate(workshop: Workshop) -> None:
    """Two customers who may want a job of the same promotion at the same time, and others of other promotions."""
    number = workshop.random.choice(SIZES)
    promotion = _promotion(workshop, number)
    _operator(workshop)
    workshop.act("customer", lambda: workshop.add_some_job(promotion, number))
    if workshop.random.random() < 0.3:
        after = workshop.random.choice((0.0, 10.0))
        workshop.act("other customer", lambda: workshop.add_some_job(promotion, 5), after=after)
    for _ in range(workshop.random.choice((0, 1, 2))):
        _competitor(workshop)


def _competitor(workshop: Workshop) -> None:
    other, after = workshop.add_promotion(), workshop.random.random() * workshop.random.choice((0, 1, 10))
    size = workshop.random.choice(SIZES)
    workshop.act("competitor", lambda: workshop.add_some_job(other, size), after=after)


def repeat(workshop: Workshop) -> None:
    """A request with a key that comes several times, before and after its job has ended."""
    number = workshop.random.choice((None, 1, 9))
    promotion = _promotion(workshop, number)
    for attempt in range(3):
        after = workshop.random.random() * workshop.random.choice((0, 1, 10, 300))
        workshop.act(f"attempt {attempt}", lambda: workshop.add_job(promotion, number, key="once"), after=after)
    if workshop.random.random() < 0.5:
        workshop.act("other customer", lambda: workshop.add_job(promotion, 5), after=workshop.random.random() * 10)


def overtime(workshop: Workshop) -> None:
    """Functions of little time that go on when it is long over: several work on one run."""
    _go_on_overtime(workshop)
    generate(workshop)


def _go_on_overtime(workshop: Workshop) -> None:
    simulation = workshop.simulation
    simulation.function_seconds, simulation.overtime, simulation.queue.visibility = 1.0, 300.0, 3.0


def export(workshop: Workshop) -> None:
    promotion = workshop.add_promotion()
    _shops(workshop, promotion)
    # The codes have been there for long, so they must be in the file.
    workshop.simulation.clock.seconds += 3_600
    workshop.act("customer", lambda: workshop.add_job(promotion, None))


def cancel(workshop: Workshop) -> None:
    """Two customers who cancel, at any moment or when the job is about to end."""
    number = workshop.random.choice((*SIZES, None))
    promotion = _promotion(workshop, number)
    job = workshop.add_job(promotion, number)
    longest = workshop.random.choice((3, 10, 60))
    for name in ("customer", "other customer"):
        after = workshop.random.random() * longest
        workshop.act(name, lambda: workshop.service.job_canceller.cancel(promotion.id, job.id), after=after)


def cancel_in_pieces(workshop: Workshop) -> None:
    """A job of long runs that is cancelled, by functions that have time for a part of a run."""
    workshop.chunk_codes, workshop.run_chunks, workshop.spares = 3, 30, 3
    workshop.simulation.function_seconds = workshop.random.choice((0.6, 1.2, 3.0))
    promotion = workshop.add_promotion()
    _shops(workshop, workshop.add_promotion())
    _operator(workshop)
    job = workshop.add_job(promotion, 100)
    if workshop.random.random() < 0.7:
        # Its first run is whole, so there is something to undo in pieces.
        workshop.deliver(job)
    after = workshop.random.random() * workshop.random.choice((3, 10, 60))
    workshop.act("customer", lambda: workshop.service.job_canceller.cancel(promotion.id, job.id), after=after)


def delete_in_pieces(workshop: Workshop) -> None:
    """A promotion, or its codes, deleted by functions that have time for a part of a run."""
    workshop.chunk_codes, workshop.run_chunks = 1, 60
    promotion = workshop.add_promotion()
    workshop.add_job(promotion, 90)
    workshop.deliver_all()
    workshop.simulation.function_seconds = workshop.random.choice((0.6, 1.2, 3.0))
    _shops(workshop, promotion)
    if workshop.random.random() < 0.5:
        workshop.act("customer", lambda: workshop.add_deletion(promotion))
    else:
        workshop.act("customer", lambda: workshop.service.promotion_remover.delete(promotion.id, CLIENT_ID))


def delete(workshop: Workshop) -> None:
    """A promotion that is deleted when its job has ended, or while that is tried."""
    number = workshop.random.choice((1, 9, 33, None))
    promotion = _promotion(workshop, number)
    _shops(workshop, promotion)
    workshop.act("customer", lambda: workshop.add_job(promotion, number))
    longest = workshop.random.choice((5, 20, 120))
    for _ in range(4):
        after = workshop.random.random() * longest
        workshop.act("remover", lambda: workshop.service.promotion_remover.delete(promotion.id, CLIENT_ID), after=after)


def delete_codes(workshop: Workshop) -> None:
    """Codes that are deleted in bulk, of one of two jobs or all, while people change some; and it may be cancelled."""
    promotion = workshop.add_promotion()
    jobs = []
    for _ in range(2):
        jobs.append(workshop.add_job(promotion, workshop.random.choice(SIZES)))
        workshop.deliver_all()
    _shops(workshop, promotion)
    codes = workshop.listed_codes(promotion)
    some = workshop.random.sample(codes, min(len(codes), 12))
    workshop.act("picker", lambda: _remove_one_by_one(workshop, promotion, some))
    wanted = workshop.random.choice((None, jobs[0].id, workshop.new_id()))
    workshop.act("customer", lambda: workshop.add_deletion(promotion, wanted))
    if workshop.random.random() < 0.4:
        after = workshop.random.random() * workshop.random.choice((1, 3, 60))
        workshop.act("other customer", lambda: _cancel_open(workshop, promotion), after=after)
    if workshop.random.random() < 0.3:
        workshop.act("next customer", lambda: workshop.add_job(promotion, 20), after=workshop.random.choice((5, 120)))


def delete_codes_overtime(workshop: Workshop) -> None:
    """A deletion by functions that go on when their lease is long over, while codes are added and removed by hand."""
    _go_on_overtime(workshop)
    promotion = workshop.add_promotion()
    workshop.add_job(promotion, workshop.random.choice((20, 33, 60)))
    workshop.deliver_all()
    _shops(workshop, promotion)
    workshop.act("customer", lambda: workshop.add_deletion(promotion))


def _remove_one_by_one(workshop: Workshop, promotion: Promotion, codes: Sequence[str]) -> None:
    for code in codes:
        with suppress(WriteConflict):
            workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), [code])


def _cancel_open(workshop: Workshop, promotion: Promotion) -> None:
    holder = workshop.service.promotions.get(promotion.id).open_job
    if holder:
        workshop.service.job_canceller.cancel(promotion.id, holder)


def meet(workshop: Workshop) -> None:
    """Some past; then jobs, people and an operator who want the same strings at the same time."""
    _meet(workshop, ("job", "job", "hand", "hand", "hand", "operator"))


def rotate(workshop: Workshop) -> None:
    """Likewise, with more operators, and of one length, of which there are few codes."""
    workshop.lengths, workshop.prefixes = (5,), (None,)
    _meet(workshop, ("job", "hand", "operator", "operator"))


def _meet(workshop: Workshop, kinds: Sequence[str]) -> None:
    random = workshop.random
    shop = workshop.add_promotion()
    for _ in range(random.randint(0, 3)):
        _past(workshop, shop)
    for number in range(random.randint(2, 4)):
        name, after = f"{number}", random.random() * random.choice((0, 0.3, 1))
        kind = random.choice(kinds)
        if kind == "job":
            promotion, size = workshop.add_promotion(), random.randint(1, 7)
            workshop.act(f"customer {name}", partial(workshop.add_some_job, promotion, size), after=after)
        elif kind == "hand":
            workshop.act(f"shop {name}", partial(_add_near, workshop, shop), after=after)
        else:
            workshop.act(f"operator {name}", workshop.service.rotation.rotate, after=after)


def _past(workshop: Workshop, shop: Promotion) -> None:
    match workshop.random.choice(("job", "job", "gone", "hand", "rotation")):
        case "job":
            workshop.add_some_job(workshop.add_promotion(), workshop.random.randint(1, 4))
            workshop.deliver_all()
        case "gone":
            promotion = workshop.add_promotion()
            workshop.add_some_job(promotion, workshop.random.randint(1, 4))
            workshop.deliver_all()
            workshop.service.promotion_remover.delete(promotion.id, CLIENT_ID)
            workshop.deliver_all()
        case "hand":
            _add_near(workshop, shop)
        case _:
            workshop.service.rotation.rotate()


def _add_near(workshop: Workshop, shop: Promotion) -> None:
    codes = [workshop.random_code() for _ in range(workshop.random.choice((1, 1, 2)))]
    with suppress(DuplicateCode):
        workshop.add_codes(shop, codes)


EVERY: Sequence[Story] = (
    generate,
    repeat,
    overtime,
    export,
    cancel,
    cancel_in_pieces,
    delete_in_pieces,
    delete,
    delete_codes,
    delete_codes_overtime,
    meet,
    rotate,
)
