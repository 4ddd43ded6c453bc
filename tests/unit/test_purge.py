"""Clearing away a deleted promotion (decision 19)."""

from datetime import timedelta

import pytest

from promotion_jobs.aws.table import Item
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import JobStatus
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.limits import LATE_WRITES, LEASE, TRIES
from promotion_jobs.redemptions.redemption import Use
from tests.support.builders import (
    CLIENT_ID,
    EXPORT_FILE,
    JOB_ID,
    PROMOTION_ID,
    UNKNOWN_ID,
    by_hand,
    export_job,
    generate_job,
    promotion,
)
from tests.support.desk import Desk
from tests.support.office import Office

OTHER = promotion(id=UNKNOWN_ID)
OTHER_FILE = f"{UNKNOWN_ID}/file.csv"
SECOND = timedelta(seconds=1)


def _put_others(office: Office) -> None:
    """Another promotion with a code."""
    office.put(OTHER)
    office.put_chunk(by_hand("another-ones"), UNKNOWN_ID)
    office.files.files[OTHER_FILE] = b""


def _items_of_others() -> list[Item]:
    office = Office()
    _put_others(office)
    return office.items()


PLAN = Plan(7, chunk_codes=3, run_chunks=2)


class Deleted(Desk):
    """A promotion with the codes of a job and one made by hand, an export and its file, deleted; and another one."""

    def __init__(self, plan: Plan = PLAN) -> None:
        super().__init__(generate_job(plan))
        _put_others(self)
        self.work()
        self.put(export_job(id="export", status=JobStatus.COMPLETED, files=(EXPORT_FILE,)))
        self.files.files[EXPORT_FILE.key] = b""
        self.put_chunk(by_hand("by-hand", id="hand"))
        self.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
        (self.purge,) = self.messages()
        self.clock.advance(seconds=LATE_WRITES.seconds)
        self.queue.waiting.clear()

    def assert_purged(self) -> None:
        kept = ("ALLOCATIONS", "KEYS", "SPACE")
        left = [item for item in self.items() if not item["pk"].startswith(kept)]
        assert left == _items_of_others()
        # A given index stays given for ever.
        assert {item["pk"] for item in self.items()} >= {"ALLOCATIONS#8", "KEYS", "SPACE#8"}
        assert self.files.files == {OTHER_FILE: b""}


def test_a_purge_leaves_nothing_of_its_promotion_and_everything_of_others() -> None:
    office = Deleted()
    office.deliver(office.purge)
    office.assert_purged()
    assert office.messages() == []


def test_a_purge_leaves_nothing_of_a_run_that_takes_several_transactions() -> None:
    office = Deleted(Plan(51, chunk_codes=1, run_chunks=51))
    office.deliver(office.purge)
    office.assert_purged()


def test_a_purge_that_is_always_short_of_time_ends() -> None:
    office = Deleted(Plan(120, chunk_codes=1, run_chunks=40))
    waiting, deliveries = [office.purge], 0
    while waiting:
        deliveries += 1
        for message in waiting:
            office.deliver(message, seconds_left=9.9)
        waiting = office.messages()
        office.queue.waiting.clear()
        assert deliveries < 20
    office.assert_purged()


def test_the_end_of_a_job_is_told_before_it_is_purged_and_that_of_the_purge_never() -> None:
    office = Deleted()
    office.deliver(office.purge)
    ended = [{"id": job_id, "status": "completed"} for job_id in (JOB_ID, "export")]
    assert office.bus.published == [("Promotion Job Completed", job) for job in ended]


def test_a_purge_that_comes_again_changes_nothing() -> None:
    office = Deleted()
    office.deliver(office.purge)
    office.deliver(office.purge)
    office.assert_purged()


def test_a_purge_whose_time_runs_out_goes_on_as_a_new_message() -> None:
    office = Deleted()
    office.deliver(office.purge, seconds_left=9.9)
    assert office.delays() == [(office.purge, SECOND)]
    # The code made by hand is gone, and the end of the newest job was told.
    assert (office.by_hand(), [it.number for it in office.chunks(office.given)]) == ([], [0, 1, 2])
    office.deliver_all()
    office.assert_purged()


@pytest.mark.parametrize("holder", [None, "another purge"])
def test_a_promotion_that_is_not_locked_for_the_purge_stays(holder: str | None) -> None:
    office = Deleted()
    kept = promotion(room=993, codes=7, open_job=holder)
    office.put(kept)
    office.deliver(office.purge)
    assert office.promotion() == kept


def test_a_purge_that_came_to_nothing_however_often_goes_on() -> None:
    office = Deleted()
    office.put_run(office.purge.job_id, 0, Run(RunStatus.PROCESSING, tries=TRIES))
    office.send(office.purge)
    office.deliver_all()
    office.assert_purged()


def test_a_code_that_was_removed_by_hand_just_before_is_no_obstacle() -> None:
    office = Deleted()
    (seen,) = office.by_hand()

    def remove() -> None:
        """As it takes effect when the promotion is out of sight."""
        table = office.service.table
        table.transact(*office.service.code_store.mark_removed(PROMOTION_ID, seen, {0}))

    office.calls.before("Update RUN, Delete CODES*", remove)
    office.send(office.purge)
    office.deliver_all()
    office.assert_purged()


def test_each_step_of_a_purge_renews_its_lease() -> None:
    office = Deleted()
    ends = []

    def note() -> None:
        run = office.run(office.purge.job_id, 0)
        assert run
        assert run.lease
        ends.append(run.lease.until - office.clock())
        office.clock.advance(seconds=20)

    office.calls.after("Update RUN, *Delete CODES*", note, note, note)
    office.deliver(office.purge)
    assert ends == [LEASE] * 3


def test_a_purge_leaves_nothing_of_a_code_with_more_holds_than_a_transaction_removes() -> None:
    fields = {"name": "Summer sale", "enabled": True, "start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    office = Office(promotion(fields=fields))
    office.service.codes.add(promotion(), [NewCode("limited", Terms(max_uses=200))], CLIENT_ID)
    for number in range(150):
        office.service.redeemer.redeem(Use("limited", id=str(number), hold=LEASE), CLIENT_ID)
    # Confirmed, a hold has a second entry in the list of usages.
    for number in range(40):
        office.service.redeemer.redeem(Use("limited", id=str(number)), CLIENT_ID)
    office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    office.clock.advance(seconds=LATE_WRITES.seconds)
    (purge,) = office.messages()
    office.deliver(purge)
    assert office.items() == []
