"""The codes of a promotion: listed, looked up, made and removed by hand (contract 2, decisions 12 to 14)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from promotion_jobs.codes.code import Chunk, Code, NewCode, Terms
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodeNotFound,
    DuplicateCode,
    PromotionFull,
    PromotionNotFound,
    WriteConflict,
)
from promotion_jobs.jobs.job import JobStatus, Plan
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from tests.support.builders import (
    CLIENT_ID,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    chunk,
    code,
    generate_job,
    promotion,
)
from tests.support.office import Office

BY_HAND_ID = "019e82fb-4a00-7000-8000-00000000000d"
TERMS = Terms("per_item", 3)
PLAN = Plan(5, chunk_codes=3)

FIRST = chunk(codes=["b", "C", "d"], terms=TERMS)
SECOND = chunk(number=1, codes=["f", "g"], terms=TERMS)
OPEN = chunk(source=UNKNOWN_ID, codes=["h"])
BY_HAND = chunk(source=BY_HAND_ID, codes=["J", "k"], own_terms=[Terms(), Terms("per_cart", 0, "me")])

HOLDER = promotion(codes=7, room=992, open_job=UNKNOWN_ID)
COMPLETED = generate_job(PLAN, status=JobStatus.COMPLETED, generated=5)
PROCESSING = generate_job(Plan(1), id=UNKNOWN_ID, status=JobStatus.PROCESSING)


class Shelf:
    """A promotion with the codes of a completed job, of an open one, and of one call made by hand."""

    def __init__(self) -> None:
        self.office = Office(HOLDER, COMPLETED, PROCESSING)
        for it in (FIRST, SECOND, OPEN, BY_HAND):
            self.office.put_chunk(it, first_slot=it.number * PLAN.chunk_codes)
        self.codes = replace(self.office.service.codes, new_id=lambda _: "made now")

    @property
    def promotion(self) -> Promotion:
        found = self.office.promotion()
        assert found
        return found

    def found(self, page: Page | None = None, **wanted: set[str]) -> tuple[list[str], int]:
        listing = self.codes.list(self.promotion, page or Page(), wanted)
        return [it.code for it in listing.items], listing.total

    def remove(self, *codes: str) -> None:
        self.codes.remove(self.promotion, set(codes))

    def numbers(self) -> tuple[int, int]:
        """Of codes, and of those that there is room for."""
        return self.promotion.codes, self.promotion.room

    def writes(self) -> int:
        """How many transactions were tried."""
        return self.office.calls.made.count("transact_write_items")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


VISIBLE = ["b", "C", "d", "f", "g", "J", "k"]


def test_a_code_is_shown_with_what_is_the_same_for_its_chunk(shelf: Shelf) -> None:
    listing = shelf.codes.list(shelf.promotion, Page(1, 0), {})
    assert listing == Listing([code(code="b", terms=TERMS)], 7, Page(1, 0))


def test_a_code_made_by_hand_is_shown_with_its_own_terms_and_no_job(shelf: Shelf) -> None:
    listing = shelf.codes.list(shelf.promotion, Page(2, 5), {})
    own = Terms("per_cart", 0, "me")
    assert listing.items == [code(code="J", job_id=None), code(code="k", job_id=None, terms=own)]


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        (Page(), VISIBLE),
        (Page(2, 0), ["b", "C"]),
        (Page(2, 2), ["d", "f"]),
        (Page(2, 4), ["g", "J"]),
        (Page(2, 6), ["k"]),
        (Page(2, 7), []),
        (Page(2, 10_000), []),
    ],
)
def test_codes_are_listed_in_their_order_without_those_of_the_open_job(
    shelf: Shelf, page: Page, texts: list[str]
) -> None:
    assert shelf.found(page) == (texts, 7)


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ({"c"}, ["C"]),
        ({"j"}, ["J"]),
        ({"h"}, []),
        ({"z"}, []),
        ({""}, []),
        ({"c", "d"}, []),
        ({"c" * 3_000}, []),
        ({"'; DROP TABLE codes --"}, []),
    ],
)
def test_a_code_is_found_by_its_text_unless_its_job_is_open(shelf: Shelf, wanted: set[str], texts: list[str]) -> None:
    assert shelf.found(code=wanted) == (texts, len(texts))


def test_a_code_that_was_found_is_on_the_first_page_alone(shelf: Shelf) -> None:
    assert shelf.found(Page(25, 25), code={"c"}) == ([], 1)


@pytest.mark.parametrize(
    ("wanted", "texts", "total"),
    [
        ({JOB_ID}, ["b", "C"], 5),
        ({UNKNOWN_ID}, [], 0),
        ({BY_HAND_ID}, [], 0),
        ({"another"}, [], 0),
        ({""}, [], 0),
        ({"x" * 3_000}, [], 0),
        ({JOB_ID, UNKNOWN_ID}, [], 0),
    ],
)
def test_the_codes_of_a_job_are_found_unless_it_is_open(
    shelf: Shelf, wanted: set[str], texts: list[str], total: int
) -> None:
    assert shelf.found(Page(2, 0), job_id=wanted) == (texts, total)
    assert shelf.found(Page(2, 10), job_id=wanted) == ([], total)


@pytest.mark.parametrize(
    ("code_", "job_id", "texts"),
    [("c", JOB_ID, ["C"]), ("c", UNKNOWN_ID, []), ("j", JOB_ID, []), ("j", BY_HAND_ID, []), ("h", UNKNOWN_ID, [])],
)
def test_a_code_is_found_where_it_is_of_the_job_that_is_asked_for(
    shelf: Shelf, code_: str, job_id: str, texts: list[str]
) -> None:
    assert shelf.found(code={code_}, job_id={job_id}) == (texts, len(texts))


def test_what_the_filter_of_jobs_asks_for_is_ignored(shelf: Shelf) -> None:
    assert shelf.found(job_type={"code_export"}, status={"failed", "pending"}) == (VISIBLE, 7)


def test_a_code_of_another_promotion_is_neither_found_nor_removed(shelf: Shelf) -> None:
    other = promotion(id=JOB_ID)
    shelf.office.put(other)
    assert shelf.codes.list(other, Page(), {"code": {"c"}}) == Listing([], 0, Page())
    with pytest.raises(CodeNotFound):
        shelf.codes.get(other, "c")
    shelf.codes.remove(other, {"c"})
    assert shelf.found(code={"c"}) == (["C"], 1)
    assert shelf.writes() == 0


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("c", code(code="C", terms=TERMS)),
        ("G", code(code="g", terms=TERMS)),
        ("j", code(code="J", job_id=None)),
    ],
)
def test_one_code_is_read_without_regard_to_case(shelf: Shelf, asked: str, found: Code) -> None:
    assert shelf.codes.get(shelf.promotion, asked) == found


@pytest.mark.parametrize("asked", ["h", "z", "", "c ", "c%20", "é", "\ud800", "c" * 65, "c" * 3_000])
def test_a_code_that_is_not_there_or_not_visible_is_not_found(shelf: Shelf, asked: str) -> None:
    with pytest.raises(CodeNotFound):
        shelf.codes.get(shelf.promotion, asked)


def test_a_code_whose_removal_is_under_way_is_not_found(shelf: Shelf) -> None:
    store = shelf.office.service.code_store
    store.table.transact(store.mark_removed(PROMOTION_ID, JOB_ID, 0, {1}))
    with pytest.raises(CodeNotFound):
        shelf.codes.get(shelf.promotion, "c")


NEW = [NewCode("New-1", Terms("per_item", 5, "me")), NewCode("NEW-2", Terms())]


def test_codes_made_by_hand_are_stored_together_with_their_own_terms(shelf: Shelf) -> None:
    shelf.codes.add(shelf.promotion, NEW, CLIENT_ID)
    assert shelf.office.chunks()[-1] == Chunk(
        source="made now",
        number=0,
        codes=["New-1", "NEW-2"],
        created_by=CLIENT_ID,
        created_at=NOW,
        own_terms=[Terms("per_item", 5, "me"), Terms()],
    )
    assert shelf.office.owned("made now") == [(0, "New-1"), (1, "NEW-2")]
    assert shelf.found() == ([*VISIBLE, "New-1", "NEW-2"], 9)
    assert shelf.numbers() == (9, 990)


@pytest.mark.parametrize("codes", [["New-1", "b"], ["New-1", "B"], ["New-1", "h"], ["New-1", "J"]])
def test_nothing_is_added_where_one_code_has_another_owner(shelf: Shelf, codes: Sequence[str]) -> None:
    _refused(shelf, codes, DuplicateCode)


def test_nothing_is_added_where_a_code_is_named_twice(shelf: Shelf) -> None:
    _refused(shelf, ["New-1", "new-2", "nEW-1"], DuplicateCode)
    assert shelf.writes() == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"room": 1}, PromotionFull), ({"automatic": True, "room": 1}, AutomaticPromotion)],
)
def test_nothing_is_added_to_a_promotion_without_room_or_that_takes_no_codes(
    shelf: Shelf, changes: dict[str, Any], error: type[Exception]
) -> None:
    shelf.office.put(replace(HOLDER, **changes))
    _refused(shelf, ["New-1", "New-2"], error)


def test_nothing_is_added_to_a_promotion_that_is_deleted_meanwhile(shelf: Shelf) -> None:
    shelf.office.put(replace(HOLDER, open_job=None))
    shelf.office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    _refused(shelf, ["New-1"], PromotionNotFound)


def _refused(shelf: Shelf, codes: Sequence[str], error: type[Exception]) -> None:
    before = shelf.office.items()
    with pytest.raises(error):
        shelf.codes.add(HOLDER, [NewCode(code, Terms()) for code in codes], CLIENT_ID)
    assert shelf.office.items() == before


@pytest.mark.parametrize(
    ("codes", "left", "deleted"),
    [
        (["c"], ["b", "d", "f", "g", "J", "k"], 1),
        (["G", "C", "b"], ["d", "f", "J", "k"], 3),
        (["j", "K"], ["b", "C", "d", "f", "g"], 0),
        (["f", "J", "h", "unknown", "no code!", ""], ["b", "C", "d", "g", "k"], 1),
        (["c", "C"], ["b", "d", "f", "g", "J", "k"], 1),
    ],
)
def test_codes_that_are_there_and_visible_are_removed(
    shelf: Shelf, codes: list[str], left: list[str], deleted: int
) -> None:
    shelf.remove(*codes)
    assert shelf.found() == (left, len(left))
    assert shelf.numbers() == (len(left), 999 - len(left))
    assert shelf.office.job(COMPLETED).deleted == deleted
    assert shelf.found(job_id={JOB_ID})[1] == 5 - deleted
    assert shelf.office.owned(UNKNOWN_ID) == [(0, "h")]


def test_a_removed_code_can_be_made_again(shelf: Shelf) -> None:
    shelf.remove("c", "j")
    shelf.codes.add(shelf.promotion, [NewCode("c", Terms()), NewCode("j", Terms())], CLIENT_ID)
    assert shelf.found() == (["b", "d", "f", "g", "k", "c", "j"], 7)
    assert shelf.codes.get(shelf.promotion, "C") == code(code="c", job_id=None)


def test_codes_that_are_not_there_change_nothing(shelf: Shelf) -> None:
    before = shelf.office.items()
    shelf.remove("unknown", "h", "", "no code!", "x" * 3_000)
    assert (shelf.office.items(), shelf.writes()) == (before, 0)


def test_a_code_that_another_removes_at_the_same_time_is_removed_once(shelf: Shelf) -> None:
    shelf.office.calls.before("transact_write_items", lambda: shelf.remove("c"))
    shelf.remove("b", "c", "d")
    assert shelf.found() == (["f", "g", "J", "k"], 4)
    assert shelf.numbers() == (4, 995)
    assert shelf.office.job(COMPLETED).deleted == 3


def test_a_code_that_goes_to_another_owner_meanwhile_is_left_alone(shelf: Shelf) -> None:
    def remove_and_make_again() -> None:
        shelf.remove("c")
        shelf.codes.add(promotion(id="other"), [NewCode("c", Terms())], "another")

    shelf.office.put(promotion(id="other"))
    shelf.office.calls.before("transact_write_items", remove_and_make_again)
    shelf.remove("c")
    assert shelf.office.owned("made now") == [(0, "c")]
    assert shelf.numbers() == (6, 993)


def test_a_code_that_no_list_names_any_more_is_being_removed_already(shelf: Shelf) -> None:
    shelf.office.service.code_store.purge_chunk(PROMOTION_ID, FIRST)
    before, writes = shelf.office.items(), shelf.writes()
    shelf.remove("c")
    assert (shelf.office.items(), shelf.writes() - writes) == (before, 1)


def test_what_goes_on_changing_is_a_conflict(shelf: Shelf) -> None:
    # Its job is not seen as open, and yet is not completed: as where one ends between the two looks, again and again.
    shelf.office.put(replace(COMPLETED, status=JobStatus.PROCESSING))
    with pytest.raises(WriteConflict):
        shelf.remove("c", "j")
    assert shelf.writes() == 6
    assert shelf.found(code={"c"}) == (["C"], 1)
    assert shelf.found(code={"j"}) == ([], 0)
