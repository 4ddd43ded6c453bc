"""The codes of a promotion: listed, looked up, made and removed by hand (contract 2, decisions 12 to 14)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.code import Code, NewCode, Terms, WrittenChunk
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import (
    AutomaticPromotion,
    CodeNotFound,
    DuplicateCode,
    PromotionFull,
    PromotionNotFound,
    WriteConflict,
)
from promotion_jobs.jobs.job import GenerateParameters, Message
from promotion_jobs.pages import Listing, Page
from promotion_jobs.promotions.promotion import Promotion
from tests.support.builders import (
    CLIENT_ID,
    HAND_ID,
    JOB_ID,
    NOW,
    PROMOTION_ID,
    UNKNOWN_ID,
    code,
    generate_job,
    promotion,
)
from tests.support.desk import FINISH
from tests.support.office import Died, Office

TERMS = Terms("per_item", 3)
PLAN = Plan(5, chunk_codes=3)
COMPLETED = generate_job(PLAN, parameters=GenerateParameters(5, "per_item", 3))
PROCESSING = generate_job(Plan(1), id=UNKNOWN_ID)
HAND_MADE = [NewCode("J", Terms()), NewCode("k", Terms("per_cart", 0, "me"))]


class Shelf:
    """A promotion with the codes of a completed job, of an open one, and of one call made by hand.

    Codes go by short names: ``b`` to ``g`` are those of the job, ``h`` is the open one's, ``J`` and ``k`` are made by
    hand. In capitals they are asked for in capitals.
    """

    def __init__(self) -> None:
        self.office = Office(promotion(open_job=JOB_ID), COMPLETED)
        self.office.deliver(Message(PROMOTION_ID, JOB_ID))
        self.codes = replace(self.office.service.codes, new_id=lambda _: HAND_ID)
        self.codes.add(self.promotion, HAND_MADE, CLIENT_ID)
        self.office.put(replace(self.promotion, open_job=UNKNOWN_ID), PROCESSING)
        self.office.calls.before(FINISH, self.office.calls.die)
        with pytest.raises(Died):
            self.office.deliver(Message(PROMOTION_ID, UNKNOWN_ID))
        self.office.calls.dead = False
        self.office.calls.made.clear()
        self.office.clock.advance(minutes=1)
        made = [text for job in (COMPLETED, PROCESSING) for chunk in self.office.chunks(job) for text in chunk.texts()]
        self.by_name = dict(zip("bcdfgh", made, strict=True))
        self.codes = replace(self.codes, new_id=lambda _: "made now")

    def text(self, name: str) -> str:
        """The code that goes by the name, or the name itself."""
        text = self.by_name.get(name.casefold(), name)
        return text.upper() if name.isupper() and name.casefold() in self.by_name else text

    def texts(self, names: Sequence[str]) -> list[str]:
        return [self.by_name.get(name, name) for name in names]

    @property
    def promotion(self) -> Promotion:
        found = self.office.promotion()
        assert found
        return found

    def found(self, page: Page | None = None, **wanted: set[str]) -> tuple[list[str], int]:
        listing = self.codes.list(self.promotion, page or Page(), wanted)
        return [it.code for it in listing.items], listing.total

    def find(self, *names: str, **wanted: set[str]) -> tuple[list[str], int]:
        return self.found(None, **wanted, code={self.text(name).casefold() for name in names})

    def remove(self, *names: str) -> None:
        self.codes.remove(self.promotion, {self.text(name) for name in names})

    def numbers(self) -> tuple[int, int]:
        """Of codes, and of those that there is room for."""
        return self.promotion.codes, self.promotion.room

    def writes(self) -> int:
        """How many transactions were tried."""
        return self.office.calls.made.count("transact_write_items")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


VISIBLE = ["b", "c", "d", "f", "g", "J", "k"]


def test_a_code_is_shown_with_what_is_the_same_for_its_chunk(shelf: Shelf) -> None:
    listing = shelf.codes.list(shelf.promotion, Page(1, 0), {})
    assert listing == Listing([code(code=shelf.text("b"), terms=TERMS)], 7, Page(1, 0))


def test_a_code_made_by_hand_is_shown_with_its_own_terms_and_no_job(shelf: Shelf) -> None:
    listing = shelf.codes.list(shelf.promotion, Page(2, 5), {})
    own = Terms("per_cart", 0, "me")
    assert listing.items == [code(code="J", job_id=None), code(code="k", job_id=None, terms=own)]


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        (Page(), VISIBLE),
        (Page(2, 0), ["b", "c"]),
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
    assert shelf.found(page) == (shelf.texts(texts), 7)


LONG = generate_job(Plan(14, chunk_codes=3, run_chunks=2))
"""Three runs; most of two chunks."""


@given(st.sets(st.integers(0, 13)))
@example({3, 4, 5})
@example({0, 6, 7, 8})
@example(set(range(6)))
@example({12, 13})
def test_every_page_has_the_codes_that_are_left_from_its_offset_on(removed: AbstractSet[int]) -> None:
    office = Office(promotion(open_job=JOB_ID, max_codes=14, room=14), LONG)
    office.send(Message(PROMOTION_ID, JOB_ID))
    office.deliver_all()
    codes, found = office.service.codes, office.promotion()
    assert found
    made = [it.code for it in codes.list(found, Page(), {}).items]
    for at in removed:
        codes.remove(found, [made[at]])
    left = [code for at, code in enumerate(made) if at not in removed]
    now = office.promotion()
    assert now
    for wanted in ({}, {"job_id": {JOB_ID}}):
        for offset in range(len(made) + 1):
            listing = codes.list(now, Page(3, offset), wanted)
            assert ([it.code for it in listing.items], listing.total) == (left[offset : offset + 3], len(left))


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        (["c"], ["c"]),
        (["C"], ["c"]),
        (["J"], ["J"]),
        (["h"], []),
        (["z"], []),
        ([""], []),
        (["c", "d"], []),
        (["c" * 3_000], []),
        (["'; DROP TABLE codes --"], []),
    ],
)
def test_a_code_is_found_by_its_text_unless_its_job_is_open(shelf: Shelf, wanted: list[str], texts: list[str]) -> None:
    assert shelf.find(*wanted) == (shelf.texts(texts), len(texts))


def test_a_code_that_was_found_is_on_the_first_page_alone(shelf: Shelf) -> None:
    assert shelf.found(Page(25, 25), code={shelf.text("c")}) == ([], 1)


@pytest.mark.parametrize(
    ("wanted", "texts", "total"),
    [
        ({JOB_ID}, ["b", "c"], 5),
        ({UNKNOWN_ID}, [], 0),
        ({HAND_ID}, [], 0),
        ({"another"}, [], 0),
        ({""}, [], 0),
        ({"x" * 3_000}, [], 0),
        ({JOB_ID, UNKNOWN_ID}, [], 0),
    ],
)
def test_the_codes_of_a_job_are_found_unless_it_is_open(
    shelf: Shelf, wanted: set[str], texts: list[str], total: int
) -> None:
    assert shelf.found(Page(2, 0), job_id=wanted) == (shelf.texts(texts), total)
    assert shelf.found(Page(2, 10), job_id=wanted) == ([], total)


@pytest.mark.parametrize(
    ("code_", "job_id", "texts"),
    [("c", JOB_ID, ["c"]), ("c", UNKNOWN_ID, []), ("J", JOB_ID, []), ("J", HAND_ID, []), ("h", UNKNOWN_ID, [])],
)
def test_a_code_is_found_where_it_is_of_the_job_that_is_asked_for(
    shelf: Shelf, code_: str, job_id: str, texts: list[str]
) -> None:
    assert shelf.find(code_, job_id={job_id}) == (shelf.texts(texts), len(texts))


def test_what_the_filter_of_jobs_asks_for_is_ignored(shelf: Shelf) -> None:
    assert shelf.found(job_type={"code_export"}, status={"failed", "pending"}) == (shelf.texts(VISIBLE), 7)


def test_a_code_of_another_promotion_is_neither_found_nor_removed(shelf: Shelf) -> None:
    other = promotion(id=HAND_ID)
    shelf.office.put(other)
    for text in (shelf.text("c"), "J"):
        assert shelf.codes.list(other, Page(), {"code": {text.casefold()}}) == Listing([], 0, Page())
        with pytest.raises(CodeNotFound):
            shelf.codes.get(other, text)
        shelf.codes.remove(other, {text})
        assert shelf.found(code={text.casefold()}) == ([text], 1)
    assert shelf.writes() == 0


@pytest.mark.parametrize(
    ("asked", "found"),
    [("c", Code("c", TERMS, JOB_ID, CLIENT_ID, NOW)), ("G", Code("g", TERMS, JOB_ID, CLIENT_ID, NOW))],
)
def test_one_code_is_read_without_regard_to_case(shelf: Shelf, asked: str, found: Code) -> None:
    assert shelf.codes.get(shelf.promotion, shelf.text(asked)) == replace(found, code=shelf.text(found.code))


@pytest.mark.parametrize("asked", ["j", "J"])
def test_one_code_that_was_made_by_hand_is_read_without_regard_to_case(shelf: Shelf, asked: str) -> None:
    assert shelf.codes.get(shelf.promotion, asked) == code(code="J", job_id=None)


@pytest.mark.parametrize("asked", ["h", "z", "", "c ", "c%20", "é", "\ud800", "c" * 65, "c" * 3_000])
def test_a_code_that_is_not_there_or_not_visible_is_not_found(shelf: Shelf, asked: str) -> None:
    with pytest.raises(CodeNotFound):
        shelf.codes.get(shelf.promotion, shelf.text(asked))


NEW = [NewCode("New-1", Terms("per_item", 5, "me")), NewCode("NEW-2", Terms())]


def test_codes_made_by_hand_are_stored_together_with_their_own_terms(shelf: Shelf) -> None:
    shelf.codes.add(shelf.promotion, NEW, CLIENT_ID)
    assert shelf.office.by_hand()[-1] == WrittenChunk("made now", NEW, CLIENT_ID, shelf.office.clock())
    assert shelf.found() == (shelf.texts([*VISIBLE, "New-1", "NEW-2"]), 9)
    assert shelf.numbers() == (9, 990)


@pytest.mark.parametrize("codes", [["New-1", "b"], ["New-1", "B"], ["New-1", "h"], ["New-1", "J"], ["New-1", "j"]])
def test_nothing_is_added_where_one_code_has_another_owner(shelf: Shelf, codes: Sequence[str]) -> None:
    _refused(shelf, codes, DuplicateCode)


def test_nothing_is_added_where_a_code_is_named_twice(shelf: Shelf) -> None:
    _refused(shelf, ["New-1", "new-2", "nEW-1"], DuplicateCode)
    assert shelf.writes() == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"room": 1}, PromotionFull), ({"automatic": True, "room": 1}, AutomaticPromotion)],
)
@pytest.mark.parametrize("is_seen", [True, False])
def test_nothing_is_added_to_a_promotion_without_room_or_that_takes_no_codes(
    shelf: Shelf, changes: dict[str, Any], error: type[Exception], *, is_seen: bool
) -> None:
    seen = shelf.promotion
    shelf.office.put(replace(seen, **changes))
    _refused(shelf, ["New-1", "New-2"], error, shelf.promotion if is_seen else seen)


def test_nothing_is_added_to_a_promotion_that_is_deleted_meanwhile(shelf: Shelf) -> None:
    seen = replace(shelf.promotion, open_job=None)
    shelf.office.put(seen)
    shelf.office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    _refused(shelf, ["New-1"], PromotionNotFound, seen)


def _refused(shelf: Shelf, codes: Sequence[str], error: type[Exception], seen: Promotion | None = None) -> None:
    before = shelf.office.items()
    with pytest.raises(error):
        shelf.codes.add(seen or shelf.promotion, [NewCode(shelf.text(code), Terms()) for code in codes], CLIENT_ID)
    assert shelf.office.items() == before


@pytest.mark.parametrize(
    ("codes", "left", "deleted"),
    [
        (["c"], ["b", "d", "f", "g", "J", "k"], 1),
        (["G", "C", "b"], ["d", "f", "J", "k"], 3),
        (["j", "K"], ["b", "c", "d", "f", "g"], 0),
        (["f", "J", "h", "unknown", "no code!", ""], ["b", "c", "d", "g", "k"], 1),
        (["c", "C"], ["b", "d", "f", "g", "J", "k"], 1),
    ],
)
def test_codes_that_are_there_and_visible_are_removed(
    shelf: Shelf, codes: list[str], left: list[str], deleted: int
) -> None:
    shelf.remove(*codes)
    assert shelf.found() == (shelf.texts(left), len(left))
    assert shelf.numbers() == (len(left), 999 - len(left))
    run = shelf.office.run(JOB_ID, 0)
    assert run
    assert (shelf.office.job(COMPLETED).deleted, run.deleted) == (deleted, deleted)
    assert shelf.found(job_id={JOB_ID})[1] == 5 - deleted
    (still_open,) = shelf.office.chunks(PROCESSING)
    assert still_open.texts() == [shelf.text("h")]


@pytest.mark.parametrize("offset", range(7))
def test_a_page_is_found_by_what_is_left(shelf: Shelf, offset: int) -> None:
    shelf.remove("b", "f", "J")
    left = ["c", "d", "g", "k"]
    assert shelf.found(Page(2, offset)) == (shelf.texts(left[offset : offset + 2]), 4)


def test_a_removed_code_can_be_made_again(shelf: Shelf) -> None:
    shelf.remove("c", "j")
    again = shelf.text("C")
    shelf.codes.add(shelf.promotion, [NewCode(again, Terms()), NewCode("j", Terms())], CLIENT_ID)
    assert shelf.found() == (shelf.texts(["b", "d", "f", "g", "k", again, "j"]), 7)
    found = shelf.codes.get(shelf.promotion, shelf.text("c"))
    assert found == code(code=again, job_id=None, created_at=shelf.office.clock())


def test_codes_that_are_not_there_change_nothing(shelf: Shelf) -> None:
    before = shelf.office.items()
    shelf.remove("unknown", "h", "", "no code!", "x" * 3_000)
    assert (shelf.office.items(), shelf.writes()) == (before, 0)


@pytest.mark.parametrize(("gone", "asked"), [("c", ["b", "c", "d"]), ("J", ["J", "k"])])
def test_a_code_that_another_removes_at_the_same_time_is_removed_once(
    shelf: Shelf, gone: str, asked: list[str]
) -> None:
    shelf.office.calls.before("transact_write_items", lambda: shelf.remove(gone))
    shelf.remove(*asked)
    left = [name for name in VISIBLE if name not in asked]
    assert shelf.found() == (shelf.texts(left), len(left))
    assert shelf.numbers() == (len(left), 999 - len(left))
    assert shelf.office.job(COMPLETED).deleted == len({*asked} & {*"bcdfg"})


@pytest.mark.parametrize("name", ["c", "J"])
def test_a_code_that_is_made_by_another_meanwhile_is_left_alone(shelf: Shelf, name: str) -> None:
    def remove_and_make_again() -> None:
        shelf.remove(name)
        shelf.codes.add(other, [NewCode(shelf.text(name), Terms())], "another")

    other = promotion(id="other")
    shelf.office.put(other)
    shelf.office.calls.before("transact_write_items", remove_and_make_again)
    shelf.remove(name)
    (kept,) = shelf.office.by_hand("other")
    assert [it.code for it in kept.visible()] == [shelf.text(name)]
    assert shelf.numbers() == (6, 993)


def test_what_goes_on_changing_is_a_conflict(shelf: Shelf) -> None:
    shelf.office.calls.before("transact_write_items", *[_conflict] * 5)
    with pytest.raises(WriteConflict):
        shelf.remove("c")
    assert shelf.find("c") == ([shelf.text("c")], 1)


def _conflict() -> None:
    raise ConditionLost({1: {}})
