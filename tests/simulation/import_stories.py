"""Stories of imports: small ones, for a fault at every call, and random ones."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from promotion_jobs.errors import CodeNotFound, DuplicateCode, PromotionFull, TooManyJobs, WriteConflict
from promotion_jobs.jobs.job import Job, JobStatus, OnDuplicate
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.wiring import Service
from tests.simulation.schedules import Story, hand_made
from tests.simulation.workshop import CLIENT_ID, Workshop

ROWS = ["one", "=1", "mine", "two", "ONE", "taken", "", "three", "bcbc-cbcb", "ä", "four"]
"""Of a small story. There are codes ``mine`` and ``taken`` of others."""

_WRONG = ("=1", "-", "ä", "a b", "x" * 65)


def _opened(workshop: Workshop) -> tuple[Promotion, Promotion]:
    """A promotion that has a code of the file, and another one that has one, too."""
    promotion, shop = workshop.add_promotion(), workshop.add_promotion()
    workshop.add_codes(promotion, ["mine"])
    workshop.add_codes(shop, ["taken"])
    return promotion, shop


# Small ones: the job, or what is asked for twice, is there whatever call a fault meets


def take_in(workshop: Workshop) -> None:
    promotion, _ = _opened(workshop)
    workshop.add_import(promotion, workshop.add_upload(promotion, ROWS))


def cancel(workshop: Workshop) -> None:
    """Half way."""
    promotion, _ = _opened(workshop)
    job = workshop.add_import(promotion, workshop.add_upload(promotion, ROWS))
    for number in range(2):
        cancelled = partial(workshop.service.job_canceller.cancel, promotion.id, job.id)
        workshop.act(f"customer {number}", cancelled, after=0.3 + 0.05 * number)


def must_not_fail(workshop: Workshop) -> None:
    """An import that a duplicate would fail, and there is none."""
    promotion, _ = _opened(workshop)
    rows = ["one", "two", "three", "four", "five", "six", "seven"]
    workshop.add_import(promotion, workshop.add_upload(promotion, rows), on_duplicate="fail")


def fail(workshop: Workshop) -> None:
    """An import that the last row fails."""
    promotion, _ = _opened(workshop)
    rows = ["one", "two", "three", "four", "ONE"]
    workshop.add_import(promotion, workshop.add_upload(promotion, rows), on_duplicate="fail")


def delete_and_import_again(workshop: Workshop) -> None:
    promotion, _ = _opened(workshop)
    rows = ["one", "two", "three", "four", "ONE"]
    job = _imported(workshop, promotion, rows)
    workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), ["one"])
    upload_id = workshop.add_upload(promotion, rows)
    workshop.add_deletion(promotion, job.id)
    for number in range(2):
        again = partial(try_import, workshop, promotion, upload_id, "again")
        workshop.act(f"customer {number}", again, after=300 + 300 * number)


def purge(workshop: Workshop) -> None:
    """A promotion with an import that was completed, and one that was cancelled."""
    promotion, _ = _opened(workshop)
    _imported(workshop, promotion, ["one", "two", "three", "four", "ONE"])
    job = workshop.add_import(promotion, workshop.add_upload(promotion, ["x", "y"]))
    workshop.service.job_canceller.cancel(promotion.id, job.id)
    workshop.deliver_all()
    for number in range(2):
        delete = partial(workshop.service.promotion_remover.delete, promotion.id, CLIENT_ID)
        workshop.act(f"remover {number}", delete, after=30 * number)


def repeat(workshop: Workshop) -> None:
    """A request with a key that comes three times."""
    promotion, _ = _opened(workshop)
    upload_id = workshop.add_upload(promotion, ["one"])
    for number in range(3):
        again = partial(workshop.add_import, promotion, upload_id, "once")
        workshop.act(f"customer {number}", again, after=0.1 * number)


def use_twice(workshop: Workshop) -> None:
    """Two requests of an upload."""
    promotion, _ = _opened(workshop)
    upload_id = workshop.add_upload(promotion, ["one"])
    for number in range(2):
        workshop.act(f"customer {number}", partial(workshop.add_import, promotion, upload_id))


def remove_by_hand(workshop: Workshop) -> None:
    """Imported codes are removed one by one while all are deleted."""
    promotion, _ = _opened(workshop)
    _imported(workshop, promotion, ROWS)
    codes = workshop.listed_codes(promotion)
    workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), codes[::3])
    workshop.add_deletion(promotion)
    workshop.act("shop", partial(_remove, workshop, promotion, codes[1::3]))


def _imported(workshop: Workshop, promotion: Promotion, rows: Sequence[str]) -> Job:
    job = workshop.add_import(promotion, workshop.add_upload(promotion, rows))
    workshop.deliver_all()
    return job


def try_import(
    workshop: Workshop, promotion: Promotion, upload_id: str, key: str | None = None, **parameters: Any
) -> None:
    with suppress(TooManyJobs):
        workshop.add_import(promotion, upload_id, key, **parameters)


def _remove(workshop: Workshop, promotion: Promotion, codes: Sequence[str]) -> None:
    for code in codes:
        with suppress(WriteConflict):
            workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), [code])


# Random ones


def some_rows(workshop: Workshop, known: Sequence[str] = ()) -> list[str]:
    """Codes that jobs make, that others have, that are there twice, and some that are none."""
    random = workshop.random
    rows: list[str] = []
    for _ in range(random.choice((0, 1, 4, 12, 30))):
        drawn = random.random()
        if drawn < 0.1:
            rows.append(random.choice(_WRONG))
        elif drawn < 0.2 and rows:
            rows.append(random.choice(rows).upper())
        elif drawn < 0.4 and known:
            rows.append(random.choice(known))
        elif drawn < 0.6:
            rows.append(f"own-{random.randrange(40)}")
        else:
            rows.append(workshop.random_code())
    return rows


def _others(workshop: Workshop, promotion: Promotion) -> list[str]:
    """Shops, jobs and an operator that want codes of the same kind; returns codes that some of them have."""
    random = workshop.random
    shop = workshop.add_promotion(max_codes=random.choice((45, 1_000)))
    known: list[str] = []
    for _ in range(random.choice((0, 5, 20))):
        code = random.choice((workshop.random_code(), f"own-{random.randrange(40)}"))
        with suppress(DuplicateCode, PromotionFull):
            workshop.add_codes(random.choice((shop, shop, promotion)), [code])
            known.append(code)
    for number, where in enumerate((shop, promotion)):
        if random.random() < 0.7:
            workshop.act(f"shop {number}", hand_made(workshop, where, known), after=random.random() * 3)
    for number in range(random.choice((0, 1, 2))):
        other, after = workshop.add_promotion(), random.random() * random.choice((0, 1, 10))
        size = random.choice((1, 5, 20))
        workshop.act(f"competitor {number}", partial(workshop.add_some_job, other, size), after=after)
    for _ in range(random.choice((0, 0, 1, 2))):
        after = random.random() * random.choice((1, 5, 60))
        workshop.act("operator", workshop.service.rotation.rotate, after=after)
    return known


def _promotion(workshop: Workshop) -> Promotion:
    """One with room for a few codes, or for all."""
    return workshop.add_promotion(max_codes=workshop.random.choice((5, 12, 30, 1_000)))


def _on_duplicate(workshop: Workshop) -> OnDuplicate | None:
    return workshop.random.choice((None, "skip", "fail"))


def import_codes(workshop: Workshop) -> None:
    """Two promotions import files that have the same codes."""
    for number in range(workshop.random.choice((1, 2))):
        promotion = _promotion(workshop)
        known = _others(workshop, promotion)
        upload_id = workshop.add_upload(promotion, some_rows(workshop, known))
        after, policy = workshop.random.random() * workshop.random.choice((0, 1, 10)), _on_duplicate(workshop)
        add = partial(workshop.add_import, promotion, upload_id, on_duplicate=policy)
        workshop.act(f"customer {number}", add, after=after)


def import_overtime(workshop: Workshop) -> None:
    """Functions of little time that go on when it is long over: several work on one import."""
    _go_on_overtime(workshop)
    import_codes(workshop)


def _go_on_overtime(workshop: Workshop) -> None:
    simulation = workshop.simulation
    simulation.function_seconds, simulation.overtime, simulation.queue.visibility = 1.0, 300.0, 3.0


def import_at_once(workshop: Workshop) -> None:
    """Several work on one import, which the first duplicate would fail; and there is none."""
    _go_on_overtime(workshop)
    promotion = workshop.add_promotion()
    rows = [f"own-{number}" for number in range(workshop.random.choice((5, 12, 20)))]
    workshop.add_import(promotion, workshop.add_upload(promotion, rows), on_duplicate="fail")


def import_in_pieces(workshop: Workshop) -> None:
    """Functions that have time for a part of the file; it may be cancelled then."""
    workshop.simulation.function_seconds = workshop.random.choice((0.6, 1.2, 3.0))
    cancel_import(workshop)


def cancel_import(workshop: Workshop) -> None:
    promotion = _promotion(workshop)
    known = _others(workshop, promotion)
    job = workshop.add_import(promotion, workshop.add_upload(promotion, some_rows(workshop, known)))
    longest = workshop.random.choice((1, 3, 10, 60))
    for name in ("customer", "other customer"):
        after = workshop.random.random() * longest
        workshop.act(name, partial(workshop.service.job_canceller.cancel, promotion.id, job.id), after=after)


def free_meanwhile(workshop: Workshop) -> None:
    """The room is counted while another promotion has codes of the file, which it gives up then."""
    promotion, shop = workshop.add_promotion(max_codes=5), workshop.add_promotion()
    rows = ["one", "two", "three", "four", "five", "six", "seven"]
    workshop.add_codes(shop, rows[5:])
    workshop.add_import(promotion, workshop.add_upload(promotion, rows))
    after = workshop.random.random() * workshop.random.choice((0.5, 1, 3))
    workshop.act("shop", partial(_remove, workshop, shop, rows[5:]), after=after)


def replace_file(workshop: Workshop) -> None:
    """Another file is sent to the link of an upload while it is imported."""
    workshop.simulation.function_seconds = workshop.random.choice((0.6, 1.2, 60))
    promotion, rows = workshop.add_promotion(), [f"own-{number}" for number in range(12)]
    job = workshop.add_import(promotion, workshop.add_upload(promotion, rows))
    files, upload = workshop.simulation.files.files, job.upload
    assert upload is not None

    def send() -> None:
        files[upload.key] = b"code\n" + b"".join(b"another-%d\n" % number for number in range(20))

    def wrong() -> Iterator[str]:
        codes = workshop.listed_codes(promotion)
        if codes not in ([], rows):
            yield f"{codes} were imported of the files"

    workshop.act("customer", send, after=workshop.random.random() * workshop.random.choice((0.5, 1, 3)))
    workshop.checks.append(wrong)


def look_early(workshop: Workshop, service: Service | None = None) -> None:
    """A shopper looks up codes of an import all the time."""
    shown = service or workshop.service
    promotion, rows = workshop.add_promotion(), [f"own-{number}" for number in range(9)]
    job = workshop.add_import(promotion, workshop.add_upload(promotion, rows))
    early: list[str] = []

    def look() -> None:
        for code in rows * 4:
            with suppress(CodeNotFound):
                shown.codes.get(shown.promotions.get(promotion.id), code)
                stored = workshop.own.job_store.get(promotion.id, job.id)
                if stored is None or stored.status is not JobStatus.COMPLETED:
                    early.append(f"{code} was seen when its import was {stored}")
            workshop.simulation.sleep(workshop.random.random() * 0.1)

    workshop.act("shopper", look)
    workshop.checks.append(lambda: early)


def share_upload(workshop: Workshop) -> None:
    """Requests that want the same upload, one of them several times."""
    promotion = _promotion(workshop)
    upload_id = workshop.add_upload(promotion, some_rows(workshop))
    for number in range(4):
        key, after = (
            workshop.random.choice((None, "once")),
            workshop.random.random() * workshop.random.choice((0, 1, 90)),
        )
        workshop.act(f"customer {number}", partial(workshop.add_import, promotion, upload_id, key), after=after)


def delete_imported(workshop: Workshop) -> None:
    """Imported codes are deleted in bulk, or with their promotion, while some are removed by hand; others come back."""
    promotion = workshop.add_promotion()
    rows = some_rows(workshop)
    job = _imported(workshop, promotion, rows)
    known = _others(workshop, promotion)
    codes = workshop.listed_codes(promotion)
    some = workshop.random.sample(codes, min(len(codes), 8))
    workshop.act("picker", partial(_remove, workshop, promotion, some))
    wanted, is_whole = workshop.random.choice((None, job.id)), workshop.random.random() < 0.3
    if is_whole:
        workshop.act("remover", partial(workshop.service.promotion_remover.delete, promotion.id, CLIENT_ID))
    else:
        workshop.act("customer", partial(workshop.add_deletion, promotion, wanted))
    other = workshop.random.choice((promotion, workshop.add_promotion()))
    upload_id = workshop.add_upload(other, [*rows, *some_rows(workshop, known)])
    after = workshop.random.random() * workshop.random.choice((2, 20, 200))
    workshop.act("next customer", partial(try_import, workshop, other, upload_id, "again"), after=after)


SMALL: Sequence[Story] = (
    take_in,
    cancel,
    must_not_fail,
    fail,
    delete_and_import_again,
    purge,
    repeat,
    remove_by_hand,
)
RANDOM: Sequence[Story] = (
    import_codes,
    import_overtime,
    import_at_once,
    import_in_pieces,
    cancel_import,
    free_meanwhile,
    replace_file,
    look_early,
    share_upload,
    delete_imported,
)
