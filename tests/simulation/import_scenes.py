"""Schedules by hand of imports: each has one thing happen in the midst of another."""

from collections.abc import Iterator

from botocore.exceptions import ReadTimeoutError

from promotion_jobs.jobs.job import Job, JobStatus
from promotion_jobs.limits import LEASE
from tests.simulation.scenes import before, while_lagging
from tests.simulation.workshop import Workshop


def overtaken(workshop: Workshop) -> None:
    """Another worker takes some rows in when a worker is about to look whose their codes are."""
    promotion = workshop.add_promotion()
    rows = [f"own-{number}" for number in range(7)]
    job = workshop.add_import(promotion, workshop.add_upload(promotion, rows), on_duplicate="fail")

    def overtake() -> None:
        workshop.simulation.sleep(LEASE.total_seconds() + 1)
        workshop.deliver_a_part(job)

    before(workshop, "batch_get_item", ["CODE#own-0"], overtake)
    workshop.deliver(job)
    workshop.deliver_all()


def begun_at_once(workshop: Workshop) -> None:
    """Another worker begins when a worker is about to."""
    _at_once(workshop, "transact_write_items", "attribute_not_exists(#offset)")


def taken_in_at_once(workshop: Workshop) -> None:
    """Another worker takes rows in when a worker is about to take the same ones in."""
    _at_once(workshop, "transact_write_items", "#offset = :seen")


def _at_once(workshop: Workshop, operation: str, name: str) -> None:
    job = _added(workshop)

    def be_first() -> None:
        workshop.simulation.sleep(LEASE.total_seconds() + 1)
        workshop.deliver_a_part(job)

    before(workshop, operation, [name], be_first)
    workshop.deliver(job)
    workshop.deliver_all()


def reported_at_once(workshop: Workshop) -> None:
    """Another worker writes the report, and dies behind that, when a worker is about to write it."""
    job = _added(workshop)

    def die() -> None:
        raise ReadTimeoutError(endpoint_url="dynamodb")

    def be_first() -> None:
        workshop.simulation.sleep(LEASE.total_seconds() + 1)
        before(workshop, "transact_write_items", ["#runs_done"], die)
        workshop.deliver(job)

    before(workshop, "create_multipart_upload", [], be_first)
    workshop.deliver(job)
    workshop.deliver_all()


def _added(workshop: Workshop) -> Job:
    promotion = workshop.add_promotion()
    rows = ["one", "two", "three", "=1", "ONE", "four", "five", "six", "seven", "eight"]
    return workshop.add_import(promotion, workshop.add_upload(promotion, rows))


def room_taken_meanwhile(workshop: Workshop) -> None:
    """Another worker begins when a worker has seen that there is not enough room, which there is by then."""
    promotion = workshop.add_promotion(max_codes=5)
    workshop.add_codes(promotion, ["mine"])
    rows = [f"own-{number}" for number in range(5)]
    job = workshop.add_import(promotion, workshop.add_upload(promotion, rows))

    def make_room() -> None:
        workshop.simulation.sleep(LEASE.total_seconds() + 1)
        workshop.service.codes.remove(workshop.service.promotions.get(promotion.id), ["mine"])
        workshop.deliver_a_part(job)

    def check() -> Iterator[str]:
        stored = workshop.own.job_store.get(promotion.id, job.id)
        if stored is None or stored.status is not JobStatus.COMPLETED:
            yield f"there is room for the import, and it is {stored}"

    workshop.checks.append(check)
    before(workshop, "transact_write_items", [":failure"], make_room)
    workshop.deliver(job)
    workshop.deliver_all()


def undone_at_once(workshop: Workshop) -> None:
    """Another worker undoes a part of an import when a worker is about to."""
    job = _added(workshop)
    for _ in range(2):
        workshop.deliver_a_part(job)
    workshop.service.job_canceller.cancel(job.promotion_id, job.id)
    workshop.deliver(job)
    before(workshop, "transact_write_items", ["#deleted + :codes"], lambda: workshop.deliver_a_part(job))
    workshop.deliver(job)
    workshop.deliver_all()


def seen_in_part(workshop: Workshop) -> None:
    """An import is undone while a chunk of it does not show yet."""
    promotion = workshop.add_promotion()
    job = workshop.add_import(promotion, workshop.add_upload(promotion, ["one", "two", "three", "four"]))

    def undo() -> None:
        workshop.service.job_canceller.cancel(promotion.id, job.id)
        for _ in range(2):
            workshop.deliver(job)

    while_lagging(workshop, f"CODES#{job.id}", undo)
    workshop.deliver(job)
    workshop.deliver_all()


SCENES = {
    begun_at_once,
    overtaken,
    reported_at_once,
    room_taken_meanwhile,
    seen_in_part,
    taken_in_at_once,
    undone_at_once,
}
