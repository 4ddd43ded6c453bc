"""Codes deleted in bulk: whatever dies, each is free again and counted once (decisions, "Beyond the contract")."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from promotion_jobs.codes.code import Chunk, Terms
from promotion_jobs.codes.codes import CodeChanges, NewCode
from promotion_jobs.errors import NotCancellable, StoreBusy
from promotion_jobs.jobs.job import JobStatus, Plan
from promotion_jobs.jobs.read import JobCanceller, Jobs
from promotion_jobs.jobs.runs import Run, RunStatus
from promotion_jobs.limits import TRIES
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
from tests.support.memory import Died, MemoryJobStore, OwnedCode
from tests.support.memory_codes import MemoryCodeEditor, MemoryCodeReader
from tests.support.workshop import VISIBILITY, Workshop

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
    chunk(source="elsewhere", codes=["q"]),
]
OF_GENERATED = {"b", "C", "d", "f", "h", "j"}
OF_OTHERS = {"k", "m", "n", "P"}
ELSE_THERE = {"q", "g"}
"""The second was removed by hand, and is another promotion's now."""

SECOND = timedelta(seconds=1)
BUSY_DELAY = timedelta(seconds=15)

BOTH_FILTERS = pytest.mark.parametrize(
    ("source", "left", "chunks"),
    [(None, set(), 5), ("generated", OF_OTHERS, 3)],
    ids=["all", "of one job"],
)


class Shop(Workshop):
    """A deletion that waits, in a promotion with ten codes: two jobs', and one call's by hand."""

    def __init__(self, source: str | None = None, **changes: Any) -> None:
        super().__init__(delete_job(source, **changes))
        state = self.state
        state.promotions[PROMOTION_ID] = replace(self.promotion, codes=10, room=990)
        state.promotions[UNKNOWN_ID] = promotion(id=UNKNOWN_ID, codes=2, room=998)
        state.jobs |= {job.id: job for job in (GENERATED, OTHER, ELSEWHERE, EXPORTED)}
        state.by_hand[BY_HAND] = PROMOTION_ID
        for it in CHUNKS:
            self._store(it)
        state.by_hand["another call"] = UNKNOWN_ID
        self._store(chunk(source="another call", codes=["g"], own_terms=[Terms()]))

    def _store(self, it: Chunk) -> None:
        job = self.state.jobs.get(it.source)
        first = it.number * (job.chunk_codes if job else 0)
        self.state.chunks[it.source, it.number] = it
        self.state.codes |= {
            code.casefold(): OwnedCode(it.source, first + position, code)
            for position, code in enumerate(it.codes)
            if position not in it.removed
        }

    @property
    def changes(self) -> CodeChanges:
        reader, editor = MemoryCodeReader(self.state), MemoryCodeEditor(self.state)
        return CodeChanges(reader, editor, self.clock, lambda _: "made now")

    def add(self, code: str) -> None:
        self.changes.add(self.promotion, [NewCode(code, Terms())], CLIENT_ID)

    def remove(self, code: str) -> None:
        self.changes.remove(self.promotion, {code})

    def cancel(self) -> None:
        """As the API does it, after whoever has died; of a job that has ended nothing comes of it."""
        self.state.steps.dead = False
        store = MemoryJobStore(self.state)
        with suppress(NotCancellable):
            JobCanceller(Jobs(store, self.clock), store, self.queue, self.clock).cancel(PROMOTION_ID, JOB_ID)

    def cancel_at_once(self) -> None:
        """Likewise, and another worker takes up the message while this one works."""
        self.cancel()
        self.deliver(message())

    def die_at(self, step: str) -> None:
        """Deliver to a worker that dies at this step, and wait until its lease is past."""
        self.state.steps.at(step, self.state.steps.die)
        with pytest.raises(Died):
            self.deliver(message())
        self.clock.time += VISIBILITY

    def listed(self, source: str | None = None) -> set[str]:
        found = MemoryCodeReader(self.state).chunks(PROMOTION_ID, source)
        return {code.code for it in found for code in it.visible()}

    def assert_consistent(self) -> None:
        """What must hold of any deletion that has ended: what is there is listed, and all that counts is right."""
        there = {owned.code for owned in self.state.codes.values()}
        assert there == self.listed() | ELSE_THERE
        codes = len(self.listed())
        assert self.promotion == promotion(codes=codes, room=1_000 - codes)
        for job in (GENERATED, OTHER):
            assert self.state.jobs[job.id].visible_codes == len(self.listed(job.id))
        assert (self.state.jobs["elsewhere"], self.state.jobs["exported"]) == (ELSEWHERE, EXPORTED)
        assert self.state.promotions[UNKNOWN_ID] == promotion(id=UNKNOWN_ID, codes=2, room=998)
        assert (self.stored.deleted, self.state.unlisted) == (self.run(0).deleted, {})

    def assert_completed(self, left: set[str], deleted: int) -> None:
        self.assert_consistent()
        assert self.listed() == left
        assert (self.stored.status, self.stored.deleted) == (JobStatus.COMPLETED, deleted)
        assert self.run(0).status is RunStatus.COMPLETED


def _whole(source: str | None) -> list[str]:
    """The steps of a deletion that nothing interrupts."""
    shop = Shop(source)
    shop.deliver_all()
    return shop.state.steps.taken


@BOTH_FILTERS
def test_every_wanted_code_is_deleted_and_no_other(source: str | None, left: set[str], chunks: int) -> None:
    shop = Shop(source)
    shop.clock.advance(minutes=5)
    assert shop.deliver(message()) == 0
    shop.assert_completed(left, 10 - len(left))
    assert shop.stored == delete_job(
        source,
        status=JobStatus.COMPLETED,
        deleted=10 - len(left),
        started_at=shop.clock(),
        updated_at=shop.clock(),
    )
    assert (shop.state.steps.taken.count("unlist"), shop.queue.sent) == (chunks, [])
    assert shop.events.published == [shop.stored]


def test_a_deleted_code_is_free_again() -> None:
    shop = Shop()
    shop.deliver(message())
    shop.add("B")
    assert shop.listed() == {"B"}


@pytest.mark.parametrize("source", ["exported", "elsewhere", "unknown"])
def test_a_job_that_made_no_codes_of_this_promotion_has_none_to_delete(source: str) -> None:
    shop = Shop(source)
    shop.deliver(message())
    shop.assert_completed(OF_GENERATED | OF_OTHERS, 0)
    assert "unlist" not in shop.state.steps.taken


@BOTH_FILTERS
def test_a_worker_without_time_makes_progress_before_it_hands_back(
    source: str | None, left: set[str], chunks: int
) -> None:
    shop = Shop(source)
    deleted = []
    while shop.queue.waiting:
        shop.deliver(shop.queue.waiting.pop(0), seconds_left=0)
        deleted.append(shop.run(0).deleted)
    assert len(set(deleted)) == len(deleted) == chunks
    assert shop.queue.sent == [(message(), SECOND)] * (chunks - 1)
    shop.assert_completed(left, 10 - len(left))


def test_a_worker_that_hands_back_lets_go_of_the_run() -> None:
    shop = Shop("generated")
    shop.deliver(message(), seconds_left=9.9)
    assert shop.run(0) == Run(RunStatus.PROCESSING, deleted=3, started=True)
    assert shop.listed() == {"f", "h", "j"} | OF_OTHERS
    assert shop.promotion == promotion(codes=7, room=993, open_job=JOB_ID)
    assert shop.state.jobs["generated"].deleted == 4


@BOTH_FILTERS
def test_whatever_dies_at_any_step_each_code_is_deleted_and_counted_once(
    source: str | None, left: set[str], chunks: int
) -> None:
    taken = _whole(source)
    assert taken.count("unlist") == chunks
    for position in range(len(taken)):
        shop = Shop(source)
        shop.state.steps.interruptions[position] = shop.state.steps.die
        shop.deliver_all()
        assert position not in shop.state.steps.interruptions
        shop.assert_completed(left, 10 - len(left))


@pytest.mark.parametrize(
    "second", ["take: done", "free", "free: done", "unlist", "unlist: done", "complete", "complete: done", "release"]
)
def test_two_that_die_one_after_the_other_leave_no_code_without_a_list(second: str) -> None:
    shop = Shop()
    shop.die_at("unlist: done")
    shop.die_at(second)
    shop.deliver_all()
    shop.assert_completed(set(), 10)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "when its worker has ended"])
@BOTH_FILTERS
def test_cancelled_at_any_step_what_is_deleted_stays_deleted_and_the_rest_stays(
    source: str | None, left: set[str], chunks: int, *, at_once: bool
) -> None:
    counts: dict[JobStatus, set[int]] = {}
    for position in range(len(_whole(source))):
        shop = Shop(source)
        shop.state.steps.interruptions[position] = shop.cancel_at_once if at_once else shop.cancel
        shop.deliver_all()
        assert position not in shop.state.steps.interruptions
        if "take" not in shop.state.steps.taken and "stop" not in shop.state.steps.taken:
            # It had not started.
            assert (shop.stored.status, shop.stored.deleted, shop.state.runs) == (JobStatus.CANCELLED, 0, {})
            continue
        shop.assert_consistent()
        assert shop.stored.deleted + len(shop.listed()) == 10
        assert left <= shop.listed()
        assert shop.run(0).status is (
            RunStatus.CLEAN if shop.stored.status is JobStatus.CANCELLED else RunStatus.COMPLETED
        )
        counts.setdefault(shop.stored.status, set()).add(shop.stored.deleted)
    assert counts[JobStatus.COMPLETED] == {10 - len(left)}
    assert len(counts[JobStatus.CANCELLED]) == chunks + 1


@pytest.mark.parametrize("step", ["unlist", "unlist: done", "free", "complete"])
def test_what_a_dead_worker_had_unlisted_is_removed_by_who_cancels_whatever_dies_then(step: str) -> None:
    def cancelled() -> Shop:
        shop = Shop()
        shop.deliver(message(), seconds_left=0)
        shop.die_at(step)
        shop.cancel()
        return shop

    whole = cancelled()
    begun = len(whole.state.steps.taken)
    whole.deliver_all()
    deleted = whole.stored.deleted
    for position in range(begun, len(whole.state.steps.taken)):
        shop = cancelled()
        shop.state.steps.interruptions[position] = shop.state.steps.die
        shop.deliver_all()
        assert position not in shop.state.steps.interruptions
        shop.assert_consistent()
        assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, deleted)
        assert len(shop.listed()) == 10 - deleted


def test_a_deletion_that_is_cancelled_waits_for_the_worker_that_holds_it() -> None:
    shop = Shop()
    shop.state.steps.at("unlist: done", shop.cancel_at_once)
    shop.deliver(message())
    assert (shop.stored.status, shop.run(0).lease) == (JobStatus.CANCELLING, None)
    shop.deliver_all()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.deleted) == (JobStatus.CANCELLED, 2)


def test_a_deletion_that_comes_to_nothing_too_often_fails_and_leaves_nothing_half_done() -> None:
    shop = Shop()
    shop.die_at("unlist: done")
    deleted = shop.run(0).deleted
    for _ in range(TRIES):
        shop.die_at("free")
    assert (shop.run(0).tries, shop.stored.failure) == (TRIES, None)
    shop.deliver_all()
    shop.assert_consistent()
    assert (shop.stored.status, shop.stored.error) == (JobStatus.FAILED, "given up after repeated errors")
    assert (shop.stored.deleted, len(shop.listed())) == (deleted, 10 - deleted)


def test_each_chunk_that_is_deleted_begins_the_tries_anew() -> None:
    shop = Shop()
    for _ in range(3):
        shop.die_at("free")
        shop.die_at("unlist: done")
        assert shop.run(0).tries == 0
    shop.deliver_all()
    shop.assert_completed(set(), 10)


def _be_busy() -> None:
    raise StoreBusy


@pytest.mark.parametrize("step", ["unlist", "unlist: done", "free", "free: done", "complete", "complete: done"])
def test_a_store_that_is_busy_however_often_does_not_fail_a_deletion(step: str) -> None:
    shop = Shop()
    for _ in range(3 * TRIES):
        shop.state.steps.at(step, _be_busy)
        shop.deliver(message())
        shop.state.steps.interruptions.clear()
    assert shop.queue.sent[0] == (message(), BUSY_DELAY)
    shop.deliver_all()
    shop.assert_completed(set(), 10)


@BOTH_FILTERS
def test_a_code_that_is_removed_by_hand_between_reading_and_unlisting_is_counted_for_who_removed_it(
    source: str | None, left: set[str], chunks: int
) -> None:
    shop = Shop(source)
    shop.state.steps.at("unlist", lambda: shop.remove("c"))
    shop.deliver_all()
    shop.assert_completed(left, 10 - len(left) - 1)
    assert shop.state.jobs["generated"].deleted == 7
    assert shop.state.steps.taken.count("unlist") == chunks + 1


def test_a_code_that_is_being_deleted_can_be_removed_by_hand_without_a_conflict() -> None:
    shop = Shop("generated")
    shop.state.steps.at("unlist: done", lambda: shop.remove("c"))
    shop.deliver_all()
    shop.assert_completed(OF_OTHERS, 6)


@pytest.mark.parametrize("step", ["take", "unlist", "unlist: done", "free: done", "complete", "release"])
@BOTH_FILTERS
def test_codes_that_are_added_meanwhile_are_deleted_or_stay_and_disturb_no_count(
    source: str | None, left: set[str], chunks: int, step: str
) -> None:
    shop = Shop(source)
    shop.state.steps.at(step, lambda: shop.add("Added"))
    shop.deliver_all()
    shop.assert_consistent()
    assert shop.stored.deleted + len(shop.listed()) == 11
    assert shop.state.steps.taken.count("unlist") - chunks == ("Added" not in shop.listed())
    assert shop.listed() - {"Added"} == left
    if source:
        assert "Added" in shop.listed()


def test_a_second_delivery_leaves_a_deletion_to_who_holds_it() -> None:
    shop = Shop()
    before: list[int] = []

    def deliver_again() -> None:
        before.append(shop.deliver(message()))
        assert len(shop.listed()) == 10

    shop.state.steps.at("unlist", deliver_again)
    shop.deliver(message())
    assert before == [0]
    shop.assert_completed(set(), 10)
    assert shop.queue.sent == []


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"status": JobStatus.CANCELLING, "started_at": NOW}, JobStatus.CANCELLED, None),
        ({"status": JobStatus.PROCESSING, "started_at": NOW, "failure": "broken"}, JobStatus.FAILED, "broken"),
    ],
    ids=["cancelled", "failed"],
)
def test_a_deletion_that_nobody_had_begun_deletes_nothing(
    changes: dict[str, Any], status: JobStatus, error: str | None
) -> None:
    shop = Shop(**changes)
    shop.deliver_all()
    shop.assert_consistent()
    assert shop.stored == replace(shop.job, status=status, error=error, failure=None)
    assert (shop.listed(), shop.run(0).status) == (OF_GENERATED | OF_OTHERS, RunStatus.CLEAN)
    assert not {"unlist", "free"} & set(shop.state.steps.taken)
