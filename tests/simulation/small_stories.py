"""Stories so small that every single call of them can meet a fault, in a schedule of its own.

Up to its fault each goes the same way, so that the call of a number is the same one every time.
"""

from collections.abc import Sequence
from datetime import timedelta

from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.promotions.promotion import Promotion
from tests.simulation.faults import Fault, Faults, NoFaults
from tests.simulation.schedules import Story, play
from tests.simulation.workshop import CLIENT_ID, Workshop

CODES = 14
"""Five chunks, the last one short, in three runs."""


AT_ANY_CALL = (
    Fault.CRASH_BEFORE,
    Fault.CRASH_IN_FLIGHT,
    Fault.CRASH_AFTER,
    Fault.NO_ANSWER_AFTER,
    Fault.ANSWER_TOO_LATE,
)
"""What may happen to each call of a small story."""

ALSO_CONFLICTS = (*AT_ANY_CALL, Fault.REPEATED, Fault.CONFLICT)


def small_workshop(faults: Faults, seed: int = 0) -> Workshop:
    workshop = Workshop(seed, faults, workers=2, chunk_codes=3, run_chunks=2, spares=5)
    workshop.simulation.dynamodb.page_bytes = 300
    return workshop


def played(story: Story, faults: Faults) -> Workshop:
    workshop = small_workshop(faults)
    play(story, workshop)
    return workshop


def calls_of(story: Story) -> Sequence[int]:
    """The numbers of its calls."""
    return range(len(played(story, NoFaults()).simulation.trace))


def _taken(workshop: Workshop) -> tuple[Promotion, Sequence[str]]:
    """Another shop's promotion with many codes of the kind that jobs make; and of another length indices were given."""
    promotion = workshop.add_promotion()
    codes = sorted({workshop.random_code().casefold() for _ in range(50)})
    workshop.add_codes(promotion, codes)
    gone = workshop.add_promotion()
    workshop.add_job(gone, 5, length=6, prefix=workshop.groups[0])
    workshop.deliver_all()
    workshop.service.promotion_remover.delete(gone.id, CLIENT_ID)
    workshop.deliver_all()
    return promotion, codes


def _taken_for_a_while(workshop: Workshop) -> None:
    """As above, and the codes come free while a job makes its own."""
    promotion, codes = _taken(workshop)
    workshop.act("shop", lambda: workshop.service.codes.remove(promotion, codes), after=0.7)


def _filled(workshop: Workshop) -> Promotion:
    """A promotion with codes of a job and codes made by hand, one of which is removed."""
    _taken(workshop)
    promotion = workshop.add_promotion()
    workshop.add_codes(promotion, ["by-hand-1", "by-hand-2", "by-hand-3"])
    workshop.service.codes.remove(promotion, ["by-hand-2"])
    workshop.add_job(promotion, CODES)
    workshop.deliver_all()
    return promotion


def _die_half_way(workshop: Workshop, job: Job) -> None:
    """Leave a job as a worker does that dies holding its first run, of which it has put a chunk."""
    worker, now = workshop.worker(), workshop.clock()
    claimed = worker.claimer.claim(job, now)
    assert claimed is not None
    run, _ = workshop.service.runs.take(claimed, 0, "a dead worker", now)
    seconds = iter([60.0])
    deadline = Deadline(lambda: timedelta(seconds=next(seconds, 0.0)), timedelta(seconds=1))
    workshop.service.generate.work(Hold(claimed, 0, run, deadline))


def _late_message(workshop: Workshop) -> None:
    for message in workshop.simulation.queue.waiting:
        message.visible_at = 10


def generate(workshop: Workshop) -> None:
    _taken_for_a_while(workshop)
    promotion = workshop.add_promotion()
    workshop.act("customer", lambda: workshop.add_job(promotion, CODES))


def repeat(workshop: Workshop) -> None:
    """A request with a key that comes twice."""
    promotion = workshop.add_promotion()
    for name in ("customer", "customer again"):
        workshop.act(name, lambda: workshop.add_job(promotion, 1, key="once"))


def cancel_pending(workshop: Workshop) -> None:
    """Two who cancel at the same time, and one who asks for another job after that."""
    promotion = workshop.add_promotion()
    job = workshop.add_job(promotion, CODES)
    _late_message(workshop)
    for name in ("customer", "other customer"):
        workshop.act(name, lambda: workshop.service.job_canceller.cancel(promotion.id, job.id))
    workshop.act("next customer", lambda: workshop.add_job(promotion, CODES), after=0.5)


def cancel_half_way(workshop: Workshop) -> None:
    _taken_for_a_while(workshop)
    job = workshop.add_job(workshop.add_promotion(), CODES)
    workshop.act("customer", lambda: workshop.service.job_canceller.cancel(job.promotion_id, job.id), after=0.7)


def export(workshop: Workshop) -> None:
    promotion = _filled(workshop)
    # The codes have been there for long, so they must be in the file.
    workshop.simulation.clock.seconds += 3_600
    workshop.act("customer", lambda: workshop.add_job(promotion, None))


def delete(workshop: Workshop) -> None:
    promotion = _filled(workshop)
    workshop.add_job(promotion, None)
    workshop.deliver_all()
    workshop.act("remover", lambda: workshop.service.promotion_remover.delete(promotion.id, CLIENT_ID))


def delete_after_cancel(workshop: Workshop) -> None:
    """A job that is undone by two deliveries at once, and whose promotion is deleted when it has ended."""
    job = workshop.add_job(workshop.add_promotion(), CODES)
    _die_half_way(workshop, job)
    workshop.service.job_canceller.cancel(job.promotion_id, job.id)
    for number in range(3):
        workshop.act(
            "remover",
            lambda: workshop.service.promotion_remover.delete(job.promotion_id, CLIENT_ID),
            after=35 + 5 * number,
        )


def cancel_and_delete(workshop: Workshop) -> None:
    """A job that is cancelled while it is worked on, and whose promotion is deleted as soon as that can be."""
    job = workshop.add_job(workshop.add_promotion(), CODES)
    workshop.act("customer", lambda: workshop.service.job_canceller.cancel(job.promotion_id, job.id), after=0.3)
    for number in range(5):
        workshop.act(
            "remover",
            lambda: workshop.service.promotion_remover.delete(job.promotion_id, CLIENT_ID),
            after=4 + 4 * number,
        )


def delete_codes(workshop: Workshop) -> None:
    promotion = _filled(workshop)
    workshop.act("customer", lambda: workshop.add_deletion(promotion))


def delete_codes_of_a_job(workshop: Workshop) -> None:
    """And of another one nothing."""
    promotion = _filled(workshop)
    job = workshop.add_job(promotion, CODES)
    workshop.deliver_all()
    workshop.act("customer", lambda: workshop.add_deletion(promotion, job.id))


def delete_codes_while_removing(workshop: Workshop) -> None:
    """Of each chunk a code is gone; another one is removed while all are deleted."""
    promotion = _filled(workshop)
    first, second = (workshop.listed_codes(promotion)[at::3] for at in (0, 1))
    workshop.service.codes.remove(promotion, first)
    workshop.act("customer", lambda: workshop.add_deletion(promotion))
    workshop.act("shop", lambda: _remove_one_by_one(workshop, promotion, second))


def cancel_deletion(workshop: Workshop) -> None:
    promotion = _filled(workshop)
    job = workshop.add_deletion(promotion)
    workshop.act("other customer", lambda: workshop.service.job_canceller.cancel(promotion.id, job.id), after=0.3)


def remove_twice(workshop: Workshop) -> None:
    """Two who remove the same codes by hand, one after the other."""
    promotion = _filled(workshop)
    codes = workshop.listed_codes(promotion)
    for name in ("shop", "other shop"):
        workshop.act(name, lambda: _remove_one_by_one(workshop, promotion, codes))


def _remove_one_by_one(workshop: Workshop, promotion: Promotion, codes: Sequence[str]) -> None:
    for code in codes:
        workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), [code])


def sweep(workshop: Workshop) -> None:
    """All messages are lost: of a new job, of one whose worker died, of one that was cancelled then, of one whose end
    nobody announced, and of a purge.
    """
    deleted = _filled(workshop)
    _, abandoned, cancelled, unannounced = (workshop.add_job(workshop.add_promotion(), 9) for _ in range(4))
    _die_half_way(workshop, abandoned)
    _die_half_way(workshop, cancelled)
    workshop.service.job_canceller.cancel(cancelled.promotion_id, cancelled.id)
    workshop.service.job_store.cancel_pending(unannounced, workshop.clock())
    workshop.service.promotion_remover.delete(deleted.id, CLIENT_ID)
    workshop.simulation.queue.waiting.clear()
