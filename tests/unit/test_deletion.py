"""Codes deleted in bulk: each goes and is counted once (decisions, "Beyond the contract").

That this holds wherever a worker dies, tests/simulation shows.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import NotCancellable
from promotion_jobs.jobs.job import JobStatus, Message
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.limits import TRIES
from promotion_jobs.promotions.promotion import Promotion
from tests.aws.errors import refusal
from tests.support.builders import (
    CLIENT_ID,
    HAND_ID,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    delete_job,
    export_job,
    generate_job,
    message,
    promotion,
)
from tests.support.desk import COMPLETE, DELETE, FINISH, TAKE, Desk
from tests.support.office import VISIBILITY, Died

GENERATED = generate_job(Plan(7, chunk_codes=3), id="generated")
OTHER = generate_job(Plan(2, chunk_codes=2), id="other")
ELSEWHERE = generate_job(Plan(1), id="elsewhere", promotion_id=UNKNOWN_ID)
EXPORTED = export_job(id="exported", status=JobStatus.COMPLETED)
BY_HAND = ["n", "P"]
NAMES = "bcdfghj"
"""Names for the codes of the first job; the sixth is removed before any deletion."""

SECOND = timedelta(seconds=1)
BUSY_DELAY = timedelta(seconds=15)

BOTH_FILTERS = pytest.mark.parametrize(
    ("source", "deleted", "chunks"), [(None, 10, 5), ("generated", 6, 3)], ids=["all", "of one job"]
)

Moment = tuple[str, str]
"""Before or after the next call of a step."""


def _nothing() -> None:
    pass


class Shop(Desk):
    """A deletion that waits, in a promotion with ten codes: two jobs', and one call's by hand."""

    def __init__(self, source: str | None = None, **changes: Any) -> None:
        super().__init__(delete_job(source, **changes))
        self.put(promotion(id=UNKNOWN_ID), EXPORTED)
        for job in (GENERATED, OTHER, ELSEWHERE):
            self.put(replace(self.promotion(job.promotion_id) or promotion(), open_job=job.id), job)
            self.deliver(Message(job.promotion_id, job.id))
        made = [text for it in self.chunks(GENERATED) for text in it.texts()]
        self.by_name = dict(zip(NAMES, made, strict=True))
        self.add(*BY_HAND)
        self.remove(self.by_name["g"])
        self.others = {text for it in self.chunks(OTHER) for text in it.texts()} | {*BY_HAND}
        self.put(replace(self.whole_promotion, open_job=JOB_ID))
        self.bus.published.clear()
        self.calls.made.clear()
        self.calls.steps.clear()

    @property
    def whole_promotion(self) -> Promotion:
        found = self.promotion()
        assert found
        return found

    def add(self, *codes: str) -> None:
        codes_by_hand = replace(self.service.codes, new_id=lambda _: f"{HAND_ID}-{codes[0]}")
        codes_by_hand.add(self.whole_promotion, [NewCode(code, Terms()) for code in codes], CLIENT_ID)

    def remove(self, code: str) -> None:
        self.service.codes.remove(self.whole_promotion, {code})

    def remove_one(self) -> None:
        """By hand, a code of the first chunk that is deleted."""
        self.remove(self.by_name["c"].upper())

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
    def tries(self) -> int:
        """How often a worker has tried to delete a chunk."""
        return sum(step.startswith(DELETE.removesuffix("*")) for step in self.writes)

    @property
    def listed(self) -> set[str]:
        return set(self.visible())

    def of(self, *names: str) -> set[str]:
        return {self.by_name[name] for name in names}

    def assert_consistent(self) -> None:
        """Every count must be right when a deletion has ended."""
        codes = len(self.visible())
        assert self.promotion() == promotion(codes=codes, room=1_000 - codes)
        for job in (GENERATED, OTHER):
            left = sum(len(chunk.texts()) for chunk in self.chunks(job))
            run = self.run(job.id, 0)
            assert run
            assert (self.job(job).visible_codes, run.generated - run.deleted) == (left, left)
        by_hand = {it.code.casefold() for chunk in self.by_hand() for it in chunk.visible()}
        assert {item["pk"].removeprefix("CODE#") for item in self.items() if item["sk"] == "CODE"} == by_hand
        assert self.job(EXPORTED) == EXPORTED
        assert self.promotion(UNKNOWN_ID) == promotion(id=UNKNOWN_ID, codes=1, room=999)
        assert self.stored.deleted == sum(run.deleted for run in self.runs.values())

    def assert_completed(self, left: set[str], deleted: int) -> None:
        self.assert_consistent()
        assert self.listed == left
        assert (self.stored.status, self.stored.deleted) == (JobStatus.COMPLETED, deleted)
        assert self.runs[0].status is RunStatus.COMPLETED

    def left(self, source: str | None) -> set[str]:
        """The codes that a deletion of the source leaves."""
        return self.others if source else set()


def _calls_of_a_deletion(source: str | None) -> int:
    """Of one that nothing interrupts."""
    shop = Shop(source)
    shop.work()
    return len(shop.calls.made)


@BOTH_FILTERS
def test_every_wanted_code_is_deleted_and_no_other(source: str | None, deleted: int, chunks: int) -> None:
    shop = Shop(source)
    shop.clock.advance(minutes=5)
    shop.deliver(message())
    shop.assert_completed(shop.left(source), deleted)
    times = {"started_at": shop.clock(), "updated_at": shop.clock()}
    assert shop.stored == delete_job(source, status=JobStatus.COMPLETED, deleted=deleted, **times)
    assert (shop.tries, shop.messages()) == (chunks, [])
    assert shop.bus.published == [("Promotion Job Completed", {"id": JOB_ID, "status": "completed"})]


def test_a_deleted_code_is_free_again_for_people() -> None:
    shop = Shop()
    shop.deliver(message())
    codes = [shop.by_name["b"].upper(), "N"]
    shop.add(*codes)
    assert shop.listed == set(codes)


@pytest.mark.parametrize("source", ["exported", "elsewhere", "unknown", f"{HAND_ID}-n"])
def test_a_job_that_made_no_codes_of_this_promotion_has_none_to_delete(source: str) -> None:
    shop = Shop(source)
    before = shop.listed
    shop.deliver(message())
    shop.assert_completed(before, 0)
    assert shop.tries == 0


@BOTH_FILTERS
def test_a_worker_without_time_makes_progress_before_it_hands_back(
    source: str | None, deleted: int, chunks: int
) -> None:
    shop = Shop(source)
    shop.send(message())
    counts, sent = [], []
    while shop.queue.waiting:
        shop.queue.waiting.pop()
        shop.deliver(message(), seconds_left=0)
        counts.append(shop.runs[0].deleted)
        sent += shop.delays()
    assert len(set(counts)) == len(counts) == chunks
    assert sent == [(message(), SECOND)] * (chunks - 1)
    shop.assert_completed(shop.left(source), deleted)


def test_a_worker_that_hands_back_lets_go_of_the_run() -> None:
    shop = Shop("generated")
    shop.deliver(message(), seconds_left=9.9)
    assert shop.runs == {0: Run(RunStatus.PROCESSING, deleted=3)}
    assert shop.listed == shop.of("f", "h", "j") | shop.others
    assert shop.promotion() == promotion(codes=7, room=993, open_job=JOB_ID)
    assert shop.job(GENERATED).deleted == 4


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "when its worker has ended"])
@BOTH_FILTERS
def test_cancelled_at_any_step_what_is_deleted_stays_deleted_and_the_rest_stays(
    source: str | None, deleted: int, chunks: int, *, at_once: bool
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
        assert shop.stored.deleted + len(shop.listed) == 10
        assert shop.left(source) <= shop.listed
        ended = RunStatus.CLEAN if shop.stored.status is JobStatus.CANCELLED else RunStatus.COMPLETED
        assert shop.runs[0].status is ended
        counts.setdefault(shop.stored.status, set()).add(shop.stored.deleted)
    assert counts[JobStatus.COMPLETED] == {deleted}
    assert len(counts[JobStatus.CANCELLED]) == chunks + 1


def test_a_deletion_that_is_cancelled_stops_before_the_next_chunk() -> None:
    shop = Shop("generated")
    shop.calls.after(DELETE, shop.ask_to_cancel)
    shop.deliver(message())
    assert (shop.stored.status, shop.runs[0].deleted) == (JobStatus.CANCELLING, 3)
    shop.deliver_all()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, 3)


def test_a_deletion_that_comes_to_nothing_too_often_fails_and_what_is_deleted_stays_deleted() -> None:
    shop = Shop()
    shop.die(("after", DELETE))
    deleted = shop.runs[0].deleted
    for _ in range(TRIES):
        shop.die(("before", DELETE))
    assert (shop.runs[0].tries, shop.stored.failure) == (TRIES, None)
    shop.work()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.error) == (JobStatus.FAILED, "given up after repeated errors")
    assert (shop.stored.deleted, len(shop.listed)) == (deleted, 10 - deleted)


def test_each_chunk_that_is_deleted_begins_the_tries_anew() -> None:
    shop = Shop()
    for tries in (1, 1, 1):
        shop.die(("before", DELETE))
        assert shop.runs[0].tries == tries
        shop.die(("after", DELETE))
        assert shop.runs[0].tries == 0
    shop.work()
    shop.assert_completed(set(), 10)


def _be_busy() -> None:
    raise refusal("ProvisionedThroughputExceeded", "later")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [DELETE, FINISH, COMPLETE])
def test_a_store_that_is_busy_however_often_does_not_fail_a_deletion(step: str, when: str) -> None:
    shop = Shop()
    shop.at((when, step), *[_be_busy] * 3 * TRIES)
    for _ in range(3 * TRIES):
        shop.deliver(message())
    assert shop.delays()[0] == (message(), BUSY_DELAY)
    shop.deliver_all()
    shop.assert_completed(set(), 10)


@BOTH_FILTERS
def test_a_code_that_is_removed_by_hand_between_reading_and_deleting_is_counted_for_who_removed_it(
    source: str | None, deleted: int, chunks: int
) -> None:
    shop = Shop(source)
    # Those made by hand come first.
    shop.calls.before(DELETE, *[_nothing] * (source is None), shop.remove_one)
    shop.work()
    shop.assert_completed(shop.left(source), deleted - 1)
    assert shop.job(GENERATED).deleted == 7
    assert shop.tries == chunks + 1


def test_a_code_that_is_being_deleted_can_be_removed_by_hand_without_a_conflict() -> None:
    shop = Shop("generated")
    shop.calls.after(DELETE, shop.remove_one)
    shop.work()
    shop.assert_completed(shop.others, 6)


@pytest.mark.parametrize(
    "moment",
    [
        ("before", TAKE),
        ("before", DELETE),
        ("after", DELETE),
        ("before", FINISH),
        ("before", COMPLETE),
    ],
    ids=" ".join,
)
@BOTH_FILTERS
def test_codes_that_are_added_meanwhile_are_deleted_or_stay_and_disturb_no_count(
    source: str | None, deleted: int, chunks: int, moment: Moment
) -> None:
    shop = Shop(source)
    shop.at(moment, lambda: shop.add("Added"))
    shop.work()
    shop.assert_consistent()
    assert shop.stored.deleted + len(shop.listed) == 11
    assert (shop.tries - chunks, shop.stored.deleted - deleted) == (("Added" not in shop.listed),) * 2
    assert shop.listed - {"Added"} == shop.left(source)
    if source:
        assert "Added" in shop.listed


def test_a_second_delivery_leaves_a_deletion_to_who_holds_it() -> None:
    shop = Shop()
    listed = []

    def deliver_again() -> None:
        shop.deliver(message())
        listed.append(len(shop.listed))

    shop.calls.before(DELETE, deliver_again)
    shop.deliver(message())
    assert listed == [10]
    shop.assert_completed(set(), 10)
    assert shop.messages() == []


def test_two_workers_that_delete_the_same_chunks_count_each_code_once() -> None:
    shop = Shop()

    def another() -> None:
        shop.clock.time += VISIBILITY
        shop.deliver(message())

    shop.calls.before(DELETE, another)
    shop.deliver(message())
    shop.assert_completed(set(), 10)


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
    assert (len(shop.listed), shop.runs, shop.tries) == (10, {}, 0)
