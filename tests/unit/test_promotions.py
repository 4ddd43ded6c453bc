"""Promotions: created, read, listed, changed and deleted (contract 3, decisions 19 and 20)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from promotion_jobs.errors import CodesInUse, PromotionInUse, PromotionNotFound, WriteConflict
from promotion_jobs.jobs.job import Job, JobStatus, JobType, Message
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    MALFORMED_IDS,
    NOW,
    NOW_TEXT,
    PROMOTION_ID,
    UNKNOWN_ID,
    by_hand,
    promotion,
)
from tests.support.office import Office, Unavailable

OTHER_ID = "019e82fb-4a00-7000-8000-00000000000c"
PURGE_ID = "019e82fb-4a00-7000-8000-00000000000d"


def _office(*stored: Promotion) -> Office:
    """An office whose ids are known: that of a new promotion, and that of a purge."""
    office = Office(*stored)
    service = office.service
    service.promotions = replace(service.promotions, new_id=lambda _: PROMOTION_ID)
    service.promotion_remover = replace(service.promotion_remover, new_id=lambda _: PURGE_ID)
    return office


def _change(office: Office, **changes: Any) -> Promotion:
    """Another client's change of the stored promotion, of what is named; of the fields, as they are then."""

    def changed(seen: Promotion) -> NewPromotion:
        new = NewPromotion(seen.fields, seen.automatic, seen.max_codes)
        own = {name: value(seen) if callable(value) else value for name, value in changes.items()}
        return replace(new, **own)

    return office.service.promotions.change(PROMOTION_ID, changed, "another")


def _field(name: str, value: Any) -> Callable[[Promotion], dict[str, Any]]:
    return lambda seen: {**seen.fields, name: value}


def _delete(office: Office, promotion_id: str = PROMOTION_ID) -> None:
    office.service.promotion_remover.delete(promotion_id, CLIENT_ID)


def test_a_new_promotion_has_room_for_all_the_codes_it_may_hold() -> None:
    office = _office()
    created = office.service.promotions.create(NewPromotion({"name": "Summer sale"}, max_codes=5_000), CLIENT_ID)
    assert created == promotion(max_codes=5_000, room=5_000)
    assert office.items() == Office(created).items()


def test_a_promotion_may_hold_1000_codes_unless_it_says_otherwise() -> None:
    promotions = _office().service.promotions
    created = promotions.create(NewPromotion({"name": "Summer sale"}, automatic=True), CLIENT_ID)
    assert created == promotion(automatic=True, max_codes=1_000, room=1_000)


@pytest.mark.parametrize("promotion_id", [UNKNOWN_ID, *MALFORMED_IDS])
def test_what_is_no_promotion_is_not_found_changed_or_deleted(promotion_id: str) -> None:
    office = _office(promotion(), *(promotion(id=id_) for id_ in MALFORMED_IDS))
    promotions, before = office.service.promotions, office.items()
    with pytest.raises(PromotionNotFound):
        promotions.get(promotion_id)
    with pytest.raises(PromotionNotFound):
        promotions.change(promotion_id, lambda _: NewPromotion({}), CLIENT_ID)
    with pytest.raises(PromotionNotFound):
        _delete(office, promotion_id)
    assert (office.items(), office.messages()) == (before, [])


def test_a_promotion_is_found_by_its_id() -> None:
    assert _office(promotion()).service.promotions.get(PROMOTION_ID) == promotion()


def test_a_list_of_promotions_says_which_page_it_is() -> None:
    first, second = promotion(), promotion(id=OTHER_ID)
    promotions = _office(first, second).service.promotions
    assert promotions.list(Page(1, 0), {}) == Listing([second], 2, Page(1, 0))
    assert promotions.list(Page(1, 1), {}) == Listing([first], 2, Page(1, 1))
    assert promotions.list(Page(10, 10), {}) == Listing([], 2, Page(10, 10))


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
    office = _office(promotion(), promotion(id=OTHER_ID))
    office.put_chunk(by_hand("Summer-1"))
    promotions, items = office.service.promotions, [promotion()] if found else []
    assert promotions.list(Page(), {"code": wanted}) == Listing(items, len(items), Page())
    assert promotions.list(Page(25, 25), {"code": wanted}) == Listing([], len(items), Page(25, 25))


def test_a_change_says_who_made_it_and_when() -> None:
    office = _office(promotion(room=400, codes=600))
    office.clock.advance(minutes=5)
    changed = _change(office, fields={"name": "Late sale"}, max_codes=700)
    assert changed == promotion(
        fields={"name": "Late sale"},
        max_codes=700,
        room=100,
        codes=600,
        updated_by="another",
        updated_at=office.clock(),
        version=2,
    )
    assert office.items() == Office(changed).items()


@pytest.mark.parametrize(("max_codes", "room"), [(5_000, 4_400), (1_000, 400), (600, 0)])
def test_the_limit_of_codes_goes_up_and_down_to_what_is_in_use(max_codes: int, room: int) -> None:
    office = _office(promotion(room=400, codes=500, open_job=JOB_ID))
    changed = _change(office, max_codes=max_codes)
    assert (changed.max_codes, changed.room, changed.codes) == (max_codes, room, 500)


def test_the_limit_of_codes_does_not_go_below_what_is_in_use_or_about_to_be() -> None:
    stored = promotion(room=400, codes=500, open_job=JOB_ID)
    office = _office(stored)
    with pytest.raises(CodesInUse) as refusal:
        _change(office, max_codes=599)
    assert refusal.value.codes == 600
    assert office.items() == Office(stored).items()


@pytest.mark.parametrize("changes", [{"codes": 1, "room": 999}, {"open_job": JOB_ID}])
def test_a_promotion_with_codes_or_an_open_job_does_not_become_automatic(changes: dict[str, Any]) -> None:
    stored = promotion(**changes)
    office = _office(stored)
    with pytest.raises(PromotionInUse) as refusal:
        _change(office, automatic=True)
    assert refusal.value.detail == "A promotion with codes or an open job cannot be made automatic"
    assert office.items() == Office(stored).items()


def test_a_promotion_without_codes_becomes_automatic_and_back() -> None:
    office = _office(promotion())
    assert _change(office, automatic=True).automatic is True
    assert _change(office, automatic=False).automatic is False


def test_an_automatic_promotion_with_an_open_export_can_be_changed() -> None:
    office = _office(promotion(automatic=True, open_job=JOB_ID))
    assert _change(office, fields={"name": "Late sale"}).fields == {"name": "Late sale"}


def _overtake(office: Office, times: int) -> None:
    """Have another change overtake so many attempts of the next one."""
    left = iter(range(times, 0, -1))

    def overtake() -> None:
        _change(office, fields=_field("overtaken", next(left)))

    # Before the write of an attempt, and then not before that of the other change.
    office.calls.before("transact_write_items", *[overtake, lambda: None] * times)


def test_a_change_that_another_one_overtakes_is_made_of_what_that_one_made() -> None:
    office = _office(promotion())
    _overtake(office, 1)
    changed = _change(office, fields=_field("name", "Late sale"))
    assert changed.fields == {"name": "Late sale", "overtaken": 1}
    assert changed.version == 3


def test_codes_that_are_made_meanwhile_do_not_disturb_a_change() -> None:
    office = _office(promotion())
    office.calls.before("transact_write_items", lambda: office.put(promotion(room=300)))
    assert _change(office, max_codes=800).room == 100


def test_a_change_that_is_overtaken_four_times_is_made() -> None:
    office = _office(promotion())
    _overtake(office, 4)
    changed = _change(office, fields=_field("name", "Late sale"))
    assert (changed.fields, changed.version) == ({"name": "Late sale", "overtaken": 1}, 6)


def test_a_change_that_is_overtaken_five_times_is_a_conflict() -> None:
    office = _office(promotion())
    _overtake(office, 5)
    with pytest.raises(WriteConflict):
        _change(office, fields=_field("name", "Late sale"))
    stored = office.service.promotions.get(PROMOTION_ID)
    assert (stored.fields, stored.version) == ({"name": "Summer sale", "overtaken": 1}, 6)


def test_a_promotion_that_is_deleted_while_it_is_changed_is_not_found() -> None:
    office = _office(promotion())
    office.calls.before("transact_write_items", lambda: _delete(office))
    with pytest.raises(PromotionNotFound):
        _change(office, max_codes=5)


def test_a_deleted_promotion_is_out_of_sight_and_its_purge_is_queued() -> None:
    other = promotion(id=OTHER_ID)
    office = _office(promotion(codes=5, room=995), other)
    _delete(office)
    with pytest.raises(PromotionNotFound):
        office.service.promotions.get(PROMOTION_ID)
    assert office.service.promotions.list(Page(), {}) == Listing([other], 1, Page())
    assert office.delays() == [(Message(PROMOTION_ID, PURGE_ID), timedelta())]
    purge = Job(
        id=PURGE_ID,
        promotion_id=PROMOTION_ID,
        job_type=JobType.PROMOTION_PURGE,
        status=JobStatus.PROCESSING,
        created_by=CLIENT_ID,
        created_at=NOW,
        updated_at=NOW,
    )
    assert office.jobs() == [purge]


def test_a_deleted_promotion_keeps_its_lock_for_its_purge() -> None:
    office = _office(promotion())
    stored, _ = office.items()
    _delete(office)
    deleted = office.items()
    assert {**stored, "open_job": PURGE_ID, "deleted_at": NOW_TEXT} in deleted
    with pytest.raises(PromotionNotFound):
        replace(office.service.promotion_remover, new_id=lambda _: UNKNOWN_ID).delete(PROMOTION_ID, CLIENT_ID)
    assert office.items() == deleted
    assert office.delays() == [(Message(PROMOTION_ID, PURGE_ID), timedelta())]


def test_a_promotion_with_an_open_job_is_not_deleted() -> None:
    stored = promotion(open_job=JOB_ID)
    office = _office(stored)
    with pytest.raises(PromotionInUse) as refusal:
        _delete(office)
    assert refusal.value.detail == "A promotion with an open job cannot be deleted"
    assert (office.items(), office.messages()) == (Office(stored).items(), [])
    assert office.service.promotions.get(PROMOTION_ID) == stored


def test_a_promotion_whose_purge_cannot_be_queued_is_deleted_all_the_same() -> None:
    office = _office(promotion())
    office.calls.before("send_message", office.calls.refuse)
    with pytest.raises(Unavailable):
        _delete(office)
    with pytest.raises(PromotionNotFound):
        office.service.promotions.get(PROMOTION_ID)


def test_each_purge_has_an_id_of_its_time() -> None:
    office = _office(promotion())
    asked: list[datetime] = []

    def new_id(now: datetime) -> str:
        asked.append(now)
        return PURGE_ID

    replace(office.service.promotion_remover, new_id=new_id).delete(PROMOTION_ID, CLIENT_ID)
    assert asked == [office.clock()]
