"""Codes deleted in bulk: whatever dies, each is free again and counted once (decisions, "Beyond the contract")."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.errors import NotCancellable, StoreBusy
from promotion_jobs.jobs.job import JobStatus, Plan
from promotion_jobs.jobs.runs import Run, RunStatus, Unlisted
from promotion_jobs.limits import TRIES
from promotion_jobs.promotions.promotion import Promotion
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    chunk,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.desk import COMPLETE, FINISH, RELEASE, TAKE, UNLIST, Desk
from tests.support.office import VISIBILITY, Died

GENERATED = generate_job(Plan(7, chunk_codes=3), id="generated", status=JobStatus.COMPLETED, generated=7, deleted=1)
OTHER = generate_job(Plan(2, chunk_codes=2), id="other", status=JobStatus.COMPLETED, generated=2)
ELSEWHERE = generate_job(Plan(1), id="elsewhere", promotion_id=UNKNOWN_ID, status=JobStatus.COMPLETED, generated=1)
EXPORTED = export_job(id="exported", status=JobStatus.COMPLETED)
BY_HAND = "by hand"

CHUNKS = [
    chunk(source="generated", number=0, codes=["b", "C", "d"]),
    chunk(source="generated", number=1, codes=["f", "g", "h"], removed={1}),
    chunk(source="generated", number=2, codes=["j"]),
    chunk(source="other", codes=["k", "m"]),
    chunk(source=BY_HAND, codes=["n", "P"], own_terms=[Terms(), Terms()]),
]
OF_GENERATED = {"b", "C", "d", "f", "h", "j"}
OF_OTHERS = {"k", "m", "n", "P"}

CHUNKS_ELSEWHERE = [
    chunk(source="elsewhere", codes=["q"]),
    chunk(source="another call", codes=["g"], own_terms=[Terms()]),
]
ELSE_THERE = {"q", "g"}
"""The second was removed by hand, and is another promotion's now."""

SECOND = timedelta(seconds=1)
BUSY_DELAY = timedelta(seconds=15)

DELETE = "DELETE CODE"
TAKE_AGAIN = RELEASE
"""Of a worker that goes on with what another has begun."""

BOTH_FILTERS = pytest.mark.parametrize(
    ("source", "left", "chunks"),
    [(None, set(), 5), ("generated", OF_OTHERS, 3)],
    ids=["all", "of one job"],
)

Moment = tuple[str, str]
"""Before or after the next call of a step."""


def _nothing() -> None:
    pass


class Shop(Desk):
    """A deletion that waits, in a promotion with ten codes: two jobs', and one call's by hand."""

    def __init__(self, source: str | None = None, **changes: Any) -> None:
        super().__init__(delete_job(source, **changes))
        self.put(promotion(open_job=JOB_ID, codes=10, room=990), promotion(id=UNKNOWN_ID, codes=2, room=998))
        self.put(GENERATED, OTHER, ELSEWHERE, EXPORTED)
        for it in CHUNKS:
            self.put_chunk(it, first_slot=3 * it.number)
        for it in CHUNKS_ELSEWHERE:
            self.put_chunk(it, UNKNOWN_ID)

    @property
    def whole_promotion(self) -> Promotion:
        found = self.promotion()
        assert found
        return found

    def add(self, code: str) -> None:
        self.service.codes.add(self.whole_promotion, [NewCode(code, Terms())], CLIENT_ID)

    def remove(self, code: str) -> None:
        self.service.codes.remove(self.whole_promotion, {code})

    def ask_to_cancel(self) -> None:
        """As a client does it, whichever worker has died before; of a job that has ended nothing comes of it."""
        self.calls.dead = False
        with suppress(NotCancellable):
            self.service.job_canceller.cancel(PROMOTION_ID, JOB_ID)

    def cancel_at_once(self) -> None:
        """Likewise, and another worker takes up the message while this one works."""
        self.ask_to_cancel()
        self.deliver(message())

    def at(self, moment: Moment, *happens: Callable[[], None]) -> None:
        when, step = moment
        {"before": self.calls.before, "after": self.calls.after}[when](step, *happens)

    def die(self, moment: Moment) -> None:
        """Deliver to a worker that dies at this moment, and wait until its lease is past."""
        self.at(moment, self.calls.die)
        with pytest.raises(Died):
            self.deliver(message())
        self.clock.time += VISIBILITY

    @property
    def unlistings(self) -> int:
        """How often a worker has tried to unlist a chunk."""
        return sum(step.startswith(UNLIST.removesuffix("*")) for step in self.writes)

    def listed(self, source: str | None = None) -> set[str]:
        return {code.code for it in self.chunks() if source in {None, it.source} for code in it.visible()}

    def assert_consistent(self) -> None:
        """What must hold of any deletion that has ended: what is there is listed, and all that counts is right."""
        assert self.sources.keys() == self.listed() | ELSE_THERE
        codes = len(self.listed())
        assert self.promotion() == promotion(codes=codes, room=1_000 - codes)
        for job in (GENERATED, OTHER):
            assert self.job(job).visible_codes == len(self.listed(job.id))
        assert (self.job(ELSEWHERE), self.job(EXPORTED)) == (ELSEWHERE, EXPORTED)
        assert self.promotion(UNKNOWN_ID) == promotion(id=UNKNOWN_ID, codes=2, room=998)
        assert self.stored.deleted == sum(run.deleted for run in self.runs.values())
        assert not any(run.unlisted for run in self.runs.values())

    def assert_completed(self, left: set[str], deleted: int) -> None:
        self.assert_consistent()
        assert self.listed() == left
        assert (self.stored.status, self.stored.deleted) == (JobStatus.COMPLETED, deleted)
        assert self.runs[0].status is RunStatus.COMPLETED


def _calls_of_a_deletion(source: str | None) -> int:
    """Of one that nothing interrupts."""
    shop = Shop(source)
    shop.work()
    return len(shop.calls.made)


@BOTH_FILTERS
def test_every_wanted_code_is_deleted_and_no_other(source: str | None, left: set[str], chunks: int) -> None:
    shop = Shop(source)
    shop.clock.advance(minutes=5)
    shop.deliver(message())
    shop.assert_completed(left, 10 - len(left))
    assert shop.stored == delete_job(
        source,
        status=JobStatus.COMPLETED,
        deleted=10 - len(left),
        started_at=shop.clock(),
        updated_at=shop.clock(),
    )
    assert (shop.unlistings, shop.messages()) == (chunks, [])
    assert shop.bus.published == [("Promotion Job Completed", {"id": JOB_ID, "status": "completed"})]


def test_a_deleted_code_is_free_again() -> None:
    shop = Shop()
    shop.deliver(message())
    shop.add("B")
    assert shop.listed() == {"B"}


@pytest.mark.parametrize("source", ["exported", "elsewhere", "unknown", BY_HAND])
def test_a_job_that_made_no_codes_of_this_promotion_has_none_to_delete(source: str) -> None:
    shop = Shop(source)
    shop.deliver(message())
    shop.assert_completed(OF_GENERATED | OF_OTHERS, 0)
    assert shop.unlistings == 0


@BOTH_FILTERS
def test_a_worker_without_time_makes_progress_before_it_hands_back(
    source: str | None, left: set[str], chunks: int
) -> None:
    shop = Shop(source)
    shop.send(message())
    deleted, sent = [], []
    while shop.queue.waiting:
        shop.queue.waiting.pop()
        shop.deliver(message(), seconds_left=0)
        deleted.append(shop.runs[0].deleted)
        sent += shop.delays()
    assert len(set(deleted)) == len(deleted) == chunks
    assert sent == [(message(), SECOND)] * (chunks - 1)
    shop.assert_completed(left, 10 - len(left))


def test_a_worker_that_hands_back_lets_go_of_the_run() -> None:
    shop = Shop("generated")
    shop.deliver(message(), seconds_left=9.9)
    unlisted = Unlisted("generated", first_slot=0, codes="b\nC\nd")
    assert shop.runs == {0: Run(RunStatus.PROCESSING, deleted=3, unlisted=unlisted)}
    assert shop.listed() == {"f", "h", "j"} | OF_OTHERS
    assert shop.promotion() == promotion(codes=7, room=993, open_job=JOB_ID)
    assert shop.job(GENERATED).deleted == 4


@pytest.mark.parametrize(
    "second",
    [
        ("after", TAKE_AGAIN),
        ("before", DELETE),
        ("after", DELETE),
        ("before", UNLIST),
        ("after", UNLIST),
        ("before", FINISH),
        ("after", FINISH),
        ("before", COMPLETE),
        ("after", COMPLETE),
    ],
    ids=" ".join,
)
def test_two_that_die_one_after_the_other_leave_no_code_without_a_list(second: Moment) -> None:
    shop = Shop()
    shop.die(("after", UNLIST))
    shop.die(second)
    shop.work()
    shop.assert_completed(set(), 10)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "when its worker has ended"])
@BOTH_FILTERS
def test_cancelled_at_any_step_what_is_deleted_stays_deleted_and_the_rest_stays(
    source: str | None, left: set[str], chunks: int, *, at_once: bool
) -> None:
    counts: dict[JobStatus, set[int]] = {}
    for position in range(_calls_of_a_deletion(source)):
        shop = Shop(source)
        shop.calls.before("*", *[_nothing] * position, shop.cancel_at_once if at_once else shop.ask_to_cancel)
        shop.work()
        assert len(shop.calls.made) > position
        if not shop.runs:
            # It had not started.
            assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, 0)
            continue
        shop.assert_consistent()
        assert shop.stored.deleted + len(shop.listed()) == 10
        assert left <= shop.listed()
        assert shop.runs[0].status is (
            RunStatus.CLEAN if shop.stored.status is JobStatus.CANCELLED else RunStatus.COMPLETED
        )
        counts.setdefault(shop.stored.status, set()).add(shop.stored.deleted)
    assert counts[JobStatus.COMPLETED] == {10 - len(left)}
    assert len(counts[JobStatus.CANCELLED]) == chunks + 1


@pytest.mark.parametrize(
    "moment", [("before", UNLIST), ("after", UNLIST), ("before", DELETE), ("before", FINISH)], ids=" ".join
)
def test_what_a_dead_worker_had_unlisted_is_removed_by_who_cancels_whatever_dies_then(moment: Moment) -> None:
    def cancelled() -> Shop:
        shop = Shop()
        shop.deliver(message(), seconds_left=0)
        shop.die(moment)
        shop.ask_to_cancel()
        return shop

    whole = cancelled()
    begun = len(whole.calls.made)
    whole.deliver_all()
    deleted = whole.stored.deleted
    for position in range(len(whole.calls.made) - begun):
        shop = cancelled()
        shop.calls.before("*", *[_nothing] * position, shop.calls.die)
        shop.deliver_all()
        assert len(shop.calls.made) > begun + position
        shop.assert_consistent()
        assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, deleted)
        assert len(shop.listed()) == 10 - deleted


def test_a_deletion_that_is_cancelled_waits_for_the_worker_that_holds_it() -> None:
    shop = Shop()
    shop.calls.after(UNLIST, shop.cancel_at_once)
    shop.deliver(message())
    assert (shop.stored.status, shop.runs[0].lease) == (JobStatus.CANCELLING, None)
    shop.deliver_all()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, 2)


def test_a_deletion_that_comes_to_nothing_too_often_fails_and_leaves_nothing_half_done() -> None:
    shop = Shop()
    shop.die(("after", UNLIST))
    deleted = shop.runs[0].deleted
    for _ in range(TRIES):
        shop.die(("before", DELETE))
    assert (shop.runs[0].tries, shop.stored.failure) == (TRIES, None)
    shop.work()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.error) == (JobStatus.FAILED, "given up after repeated errors")
    assert (shop.stored.deleted, len(shop.listed())) == (deleted, 10 - deleted)


def test_each_chunk_that_is_deleted_begins_the_tries_anew() -> None:
    shop = Shop()
    for tries in (0, 1, 1):
        shop.die(("before", DELETE))
        assert shop.runs[0].tries == tries
        shop.die(("after", UNLIST))
        assert shop.runs[0].tries == 0
    shop.work()
    shop.assert_completed(set(), 10)


def _be_busy() -> None:
    raise StoreBusy


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [UNLIST, DELETE, FINISH, COMPLETE])
def test_a_store_that_is_busy_however_often_does_not_fail_a_deletion(step: str, when: str) -> None:
    shop = Shop()
    shop.at((when, step), *[_be_busy] * 3 * TRIES)
    for _ in range(3 * TRIES):
        shop.deliver(message())
    assert shop.delays()[0] == (message(), BUSY_DELAY)
    shop.deliver_all()
    shop.assert_completed(set(), 10)


@BOTH_FILTERS
def test_a_code_that_is_removed_by_hand_between_reading_and_unlisting_is_counted_for_who_removed_it(
    source: str | None, left: set[str], chunks: int
) -> None:
    shop = Shop(source)
    shop.calls.before(UNLIST, lambda: shop.remove("c"))
    shop.work()
    shop.assert_completed(left, 10 - len(left) - 1)
    assert shop.job(GENERATED).deleted == 7
    assert shop.unlistings == chunks + 1


def test_a_code_that_is_being_deleted_can_be_removed_by_hand_without_a_conflict() -> None:
    shop = Shop("generated")
    shop.calls.after(UNLIST, lambda: shop.remove("c"))
    shop.work()
    shop.assert_completed(OF_OTHERS, 6)


@pytest.mark.parametrize(
    "moment",
    [
        ("before", TAKE),
        ("before", UNLIST),
        ("after", UNLIST),
        ("after", DELETE),
        ("before", FINISH),
        ("before", COMPLETE),
        ("before", RELEASE),
    ],
    ids=" ".join,
)
@BOTH_FILTERS
def test_codes_that_are_added_meanwhile_are_deleted_or_stay_and_disturb_no_count(
    source: str | None, left: set[str], chunks: int, moment: Moment
) -> None:
    shop = Shop(source)
    shop.at(moment, lambda: shop.add("Added"))
    shop.work()
    shop.assert_consistent()
    assert shop.stored.deleted + len(shop.listed()) == 11
    assert shop.unlistings - chunks == ("Added" not in shop.listed())
    assert shop.listed() - {"Added"} == left
    if source:
        assert "Added" in shop.listed()


def test_a_second_delivery_leaves_a_deletion_to_who_holds_it() -> None:
    shop = Shop()
    listed = []

    def deliver_again() -> None:
        shop.deliver(message())
        listed.append(len(shop.listed()))

    shop.calls.before(UNLIST, deliver_again)
    shop.deliver(message())
    assert listed == [10]
    shop.assert_completed(set(), 10)
    assert shop.messages() == []


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"status": JobStatus.CANCELLING, "started_at": NOW}, JobStatus.CANCELLED, None),
        ({"status": JobStatus.PROCESSING, "started_at": NOW, "failure": "broken"}, JobStatus.FAILED, "broken"),
    ],
    ids=["cancelled", "failed"],
)
def test_a_deletion_that_no_worker_had_begun_deletes_nothing(
    changes: dict[str, Any], status: JobStatus, error: str | None
) -> None:
    shop = Shop(**changes)
    shop.work()
    shop.assert_consistent()
    assert shop.stored == replace(shop.given, status=status, error=error, failure=None)
    assert (shop.listed(), shop.runs) == (OF_GENERATED | OF_OTHERS, {})
    assert (shop.unlistings, shop.writes.count(DELETE)) == (0, 0)
