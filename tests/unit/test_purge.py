"""Clearing away a deleted promotion (decision 19)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotion_jobs.jobs.job import Message, Plan
from tests.support.builders import (
    EXPORT_FILE,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    chunk,
    export_job,
    generate_job,
    promotion,
)
from tests.support.memory import OwnedCode
from tests.support.workshop import Workshop

PURGE = Message(PROMOTION_ID, "purge", purge=True)
OTHER = promotion(id=UNKNOWN_ID)
OTHER_FILE = f"{UNKNOWN_ID}/file.csv"
SECOND = timedelta(seconds=1)


def _deleted() -> Workshop:
    """A promotion with the codes of a job and one made by hand, an export and its file, deleted; and another one."""
    workshop = Workshop(generate_job(Plan(7, chunk_codes=3, run_chunks=2)))
    workshop.occupy(["somebody-elses"])
    workshop.deliver_all()
    state = workshop.state
    state.jobs["export"] = export_job(id="export")
    state.by_hand["hand"] = PROMOTION_ID
    state.chunks["hand", 0] = chunk(source="hand", codes=["by-hand"], own_terms=[chunk().terms])
    state.codes["by-hand"] = OwnedCode("hand", 0, "by-hand")
    state.promotions |= {PROMOTION_ID: replace(workshop.promotion, open_job="purge"), UNKNOWN_ID: OTHER}
    state.deleted[PROMOTION_ID] = NOW
    workshop.files.contents = {EXPORT_FILE.key: b"", OTHER_FILE: b""}
    workshop.queue.sent.clear()
    workshop.queue.waiting = [PURGE]
    return workshop


def _assert_purged(workshop: Workshop) -> None:
    state = workshop.state
    assert [owned.code for owned in state.codes.values()] == ["somebody-elses"]
    assert (state.chunks, state.jobs, state.runs, state.notes) == ({}, {}, {}, {})
    assert state.promotions == {UNKNOWN_ID: OTHER}
    assert workshop.files.contents == {OTHER_FILE: b""}


def test_a_purge_leaves_nothing_of_its_promotion_and_everything_of_others() -> None:
    workshop = _deleted()
    assert workshop.deliver(PURGE) == 0
    _assert_purged(workshop)
    assert workshop.queue.sent == []


def test_a_purge_that_comes_again_changes_nothing() -> None:
    workshop = _deleted()
    workshop.deliver(PURGE)
    workshop.deliver(PURGE)
    _assert_purged(workshop)


def test_a_purge_whose_time_runs_out_goes_on_as_a_new_message() -> None:
    workshop = _deleted()
    workshop.deliver(PURGE, seconds_left=9.9)
    assert workshop.queue.sent == [(PURGE, SECOND)]
    # In the order of the list, a chunk at a time.
    assert workshop.state.chunks.keys() == {(JOB_ID, 2), ("hand", 0)}
    workshop.deliver_all()
    _assert_purged(workshop)


@pytest.mark.parametrize("holder", [None, "another purge"])
def test_a_promotion_that_is_not_locked_for_the_purge_stays(holder: str | None) -> None:
    workshop = _deleted()
    kept = replace(workshop.promotion, open_job=holder)
    workshop.state.promotions[PROMOTION_ID] = kept
    workshop.deliver(PURGE)
    assert workshop.promotion == kept


def test_whatever_dies_at_any_step_the_promotion_is_cleared_away() -> None:
    whole = _deleted()
    begun = len(whole.state.steps.taken)
    whole.deliver_all()
    for position in range(begun, len(whole.state.steps.taken)):
        workshop = _deleted()
        workshop.state.steps.interruptions[position] = workshop.state.steps.die
        workshop.deliver_all()
        assert position not in workshop.state.steps.interruptions
        _assert_purged(workshop)
