"""Promotions: created, read, listed, changed and deleted (contract 3, decisions 19 and 20)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from promotion_jobs.errors import CodesInUse, PromotionInUse, PromotionNotFound, WriteConflict
from promotion_jobs.jobs.job import Message
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.promotions.promotions import NewPromotion, PromotionRemover, Promotions
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    MALFORMED_IDS,
    PROMOTION_ID,
    UNKNOWN_ID,
    Clock,
    generate_job,
    promotion,
)
from tests.support.memory import MemoryQueue, QueueUnavailable, State
from tests.support.memory_promotions import MemoryPromotionStore

OTHER_ID = "019e82fb-4a00-7000-8000-00000000000c"


class Office:
    """The use cases over what the test has stored."""

    def __init__(self, *stored: Promotion) -> None:
        self.state = State(promotions={it.id: it for it in stored})
        self.clock = Clock()
        self.queue = MemoryQueue(self.state.steps)
        store = MemoryPromotionStore(self.state)
        self.promotions = Promotions(store, self.clock, lambda _: PROMOTION_ID)
        self.remover = PromotionRemover(store, self.queue, self.clock, lambda _: OTHER_ID)

    def change(self, **changes: Any) -> Promotion:
        """Another client's change of the stored promotion, of what is named; of the fields, as they are then."""

        def changed(seen: Promotion) -> NewPromotion:
            new = NewPromotion(seen.fields, seen.automatic, seen.max_codes)
            own = {name: value(seen) if callable(value) else value for name, value in changes.items()}
            return replace(new, **own)

        return self.promotions.change(PROMOTION_ID, changed, "another")


def _field(name: str, value: Any) -> Callable[[Promotion], dict[str, Any]]:
    return lambda seen: {**seen.fields, name: value}


def test_a_new_promotion_has_room_for_all_the_codes_it_may_hold() -> None:
    office = Office()
    created = office.promotions.create(NewPromotion({"name": "Summer sale"}, max_codes=5_000), CLIENT_ID)
    assert created == promotion(max_codes=5_000, room=5_000)
    assert office.state.promotions == {PROMOTION_ID: created}


def test_a_promotion_may_hold_1000_codes_unless_it_says_otherwise() -> None:
    created = Office().promotions.create(NewPromotion({"name": "Summer sale"}, automatic=True), CLIENT_ID)
    assert created == promotion(automatic=True, max_codes=1_000, room=1_000)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_what_is_no_promotion_is_not_found_changed_or_deleted(promotion_id: str) -> None:
    office = Office(promotion(), *(promotion(id=id_) for id_ in MALFORMED_IDS))
    before = dict(office.state.promotions)
    with pytest.raises(PromotionNotFound):
        office.promotions.get(promotion_id)
    with pytest.raises(PromotionNotFound):
        office.promotions.change(promotion_id, lambda _: NewPromotion({}), CLIENT_ID)
    with pytest.raises(PromotionNotFound):
        office.remover.delete(promotion_id)
    assert (office.state.promotions, office.state.deleted, office.queue.sent) == (before, {}, [])


def test_a_promotion_is_found_by_its_id() -> None:
    assert Office(promotion()).promotions.get(PROMOTION_ID) == promotion()


def test_a_list_of_promotions_says_which_page_it_is() -> None:
    first, second = promotion(), promotion(id=OTHER_ID)
    office = Office(first, second)
    assert office.promotions.list(Page(1, 0), {}) == Listing([second], 2, Page(1, 0))
    assert office.promotions.list(Page(1, 1), {}) == Listing([first], 2, Page(1, 1))
    assert office.promotions.list(Page(10, 10), {}) == Listing([], 2, Page(10, 10))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"summer-1"}, True),
        ({"summer-2"}, False),
        ({""}, False),
        ({"no code!"}, False),
        ({"x" * 3_000}, False),
        ({"summer-1", "summer-2"}, False),
        ({"summer-1", "no code!"}, False),
    ],
)
def test_a_promotion_is_found_by_one_of_its_codes(wanted: set[str], *, found: bool) -> None:
    office = Office(promotion(), promotion(id=OTHER_ID))
    office.state.jobs[JOB_ID] = generate_job()
    office.state.occupy(["Summer-1"], JOB_ID)
    items = [promotion()] if found else []
    assert office.promotions.list(Page(), {"code": wanted}) == Listing(items, len(items), Page())
    assert office.promotions.list(Page(25, 25), {"code": wanted}) == Listing([], len(items), Page(25, 25))


def test_a_change_says_who_made_it_and_when() -> None:
    office = Office(promotion(room=400, codes=600))
    office.clock.advance(minutes=5)
    changed = office.change(fields={"name": "Late sale"}, max_codes=700)
    assert changed == promotion(
        fields={"name": "Late sale"},
        max_codes=700,
        room=100,
        codes=600,
        updated_by="another",
        updated_at=office.clock(),
        version=2,
    )
    assert office.state.promotions == {PROMOTION_ID: changed}


@pytest.mark.parametrize(("max_codes", "room"), [(5_000, 4_400), (1_000, 400), (600, 0)])
def test_the_limit_of_codes_goes_up_and_down_to_what_is_in_use(max_codes: int, room: int) -> None:
    office = Office(promotion(room=400, codes=500, open_job=JOB_ID))
    changed = office.change(max_codes=max_codes)
    assert (changed.max_codes, changed.room, changed.codes) == (max_codes, room, 500)


def test_the_limit_of_codes_does_not_go_below_what_is_in_use_or_about_to_be() -> None:
    stored = promotion(room=400, codes=500, open_job=JOB_ID)
    office = Office(stored)
    with pytest.raises(CodesInUse) as refusal:
        office.change(max_codes=599)
    assert refusal.value.codes == 600
    assert office.state.promotions == {PROMOTION_ID: stored}


@pytest.mark.parametrize("changes", [{"codes": 1, "room": 999}, {"open_job": JOB_ID}])
def test_a_promotion_with_codes_or_an_open_job_does_not_become_automatic(changes: dict[str, Any]) -> None:
    stored = promotion(**changes)
    office = Office(stored)
    with pytest.raises(PromotionInUse) as refusal:
        office.change(automatic=True)
    assert refusal.value.detail == "A promotion with codes or an open job cannot be made automatic"
    assert office.state.promotions == {PROMOTION_ID: stored}


def test_a_promotion_without_codes_becomes_automatic_and_back() -> None:
    office = Office(promotion())
    assert office.change(automatic=True).automatic is True
    assert office.change(automatic=False).automatic is False


def test_an_automatic_promotion_with_an_open_export_can_be_changed() -> None:
    office = Office(promotion(automatic=True, open_job=JOB_ID))
    assert office.change(fields={"name": "Late sale"}).fields == {"name": "Late sale"}


def test_a_change_that_another_one_overtakes_is_made_of_what_that_one_made() -> None:
    office = Office(promotion())

    def overtake() -> None:
        office.change(fields=_field("description", "10 % off"))

    office.state.steps.interruptions[0] = overtake
    changed = office.change(fields=_field("name", "Late sale"))
    assert changed.fields == {"name": "Late sale", "description": "10 % off"}
    assert changed.version == 3


def test_codes_that_are_made_meanwhile_do_not_disturb_a_change() -> None:
    office = Office(promotion())

    def take_room() -> None:
        office.state.promotions[PROMOTION_ID] = replace(office.state.promotions[PROMOTION_ID], room=300)

    office.state.steps.interruptions[0] = take_room
    assert office.change(max_codes=800).room == 100


def _change_again_and_again(office: Office, times: int) -> None:
    """Have another change overtake so many attempts of the next one."""

    def overtake(left: int) -> None:
        before = len(office.state.steps.taken)
        office.change(fields=_field("overtaken", left))
        if left > 1:
            # This attempt's end, and then the next attempt's beginning.
            office.state.steps.interruptions[len(office.state.steps.taken) + 1] = lambda: overtake(left - 1)
        assert len(office.state.steps.taken) == before + 2

    office.state.steps.interruptions[0] = lambda: overtake(times)


def test_a_change_that_is_overtaken_four_times_is_made() -> None:
    office = Office(promotion())
    _change_again_and_again(office, 4)
    changed = office.change(fields=_field("name", "Late sale"))
    assert (changed.fields, changed.version) == ({"name": "Late sale", "overtaken": 1}, 6)


def test_a_change_that_is_overtaken_five_times_is_a_conflict() -> None:
    office = Office(promotion())
    _change_again_and_again(office, 5)
    with pytest.raises(WriteConflict):
        office.change(fields=_field("name", "Late sale"))
    stored = office.promotions.get(PROMOTION_ID)
    assert (stored.fields, stored.version) == ({"name": "Summer sale", "overtaken": 1}, 6)


def test_a_promotion_that_is_deleted_while_it_is_changed_is_not_found() -> None:
    office = Office(promotion())
    office.state.steps.interruptions[0] = lambda: office.remover.delete(PROMOTION_ID)
    with pytest.raises(PromotionNotFound):
        office.change(max_codes=5)


def test_a_deleted_promotion_is_out_of_sight_and_its_purge_is_queued() -> None:
    other = promotion(id=OTHER_ID)
    office = Office(promotion(codes=5, room=995), other)
    office.remover.delete(PROMOTION_ID)
    with pytest.raises(PromotionNotFound):
        office.promotions.get(PROMOTION_ID)
    assert office.promotions.list(Page(), {}) == Listing([other], 1, Page())
    assert office.queue.sent == [(Message(PROMOTION_ID, OTHER_ID, purge=True), timedelta())]


def test_a_deleted_promotion_keeps_its_lock_for_its_purge() -> None:
    office = Office(promotion())
    office.remover.delete(PROMOTION_ID)
    assert office.state.deleted == {PROMOTION_ID: office.clock()}
    assert office.state.promotions[PROMOTION_ID].open_job == OTHER_ID
    with pytest.raises(PromotionNotFound):
        office.remover.delete(PROMOTION_ID)
    assert office.queue.sent == [(Message(PROMOTION_ID, OTHER_ID, purge=True), timedelta())]


def test_a_promotion_with_an_open_job_is_not_deleted() -> None:
    stored = promotion(open_job=JOB_ID)
    office = Office(stored)
    with pytest.raises(PromotionInUse) as refusal:
        office.remover.delete(PROMOTION_ID)
    assert refusal.value.detail == "A promotion with an open job cannot be deleted"
    assert (office.state.promotions, office.queue.sent) == ({PROMOTION_ID: stored}, [])
    assert office.promotions.get(PROMOTION_ID) == stored


def test_a_promotion_whose_purge_cannot_be_queued_is_deleted_all_the_same() -> None:
    office = Office(promotion())
    office.queue.available = False
    with pytest.raises(QueueUnavailable):
        office.remover.delete(PROMOTION_ID)
    with pytest.raises(PromotionNotFound):
        office.promotions.get(PROMOTION_ID)


def test_each_purge_has_an_id_of_its_time() -> None:
    office = Office(promotion())
    asked: list[datetime] = []

    def new_id(now: datetime) -> str:
        asked.append(now)
        return OTHER_ID

    store = MemoryPromotionStore(office.state)
    PromotionRemover(store, office.queue, office.clock, new_id).delete(PROMOTION_ID)
    assert asked == [office.clock()]
