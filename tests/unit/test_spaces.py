"""Indices are given once, and what is reserved is reserved for good (docs/understand/codes.md)."""

import pytest

from promotion_jobs.aws.table import ConditionLost
from promotion_jobs.codes.plan import Plan
from promotion_jobs.codes.spaces import Allocation, ClaimUnseen, Reservation, Space, SpaceStore
from tests.support.builders import JOB_ID, PROMOTION_ID
from tests.support.office import Office

PLAN = Plan(7, chunk_codes=3, spares=2)
"""Blocks of five, five and three indices."""


@pytest.fixture
def spaces() -> SpaceStore:
    return Office().service.spaces


def _allocation(first: int, version: int = 1, length: int = 8) -> Allocation:
    return Allocation(length, first, version, PROMOTION_ID, JOB_ID, "summer", PLAN)


def test_a_space_that_is_not_stored_is_as_new(spaces: SpaceStore) -> None:
    assert spaces.get(8) == Space(8)
    assert (spaces.get(8).version, spaces.get(8).windows(), spaces.get(8).coming_versions()) == (1, {}, {1})
    assert spaces.stored(8) == spaces.stored(8) == spaces.get(8) == Space(8, is_stored=True)
    assert spaces.all([8, 9]) == {8: Space(8, is_stored=True), 9: Space(9)}


def test_the_window_of_a_version_ends_where_the_next_one_begins() -> None:
    space = Space(8, next=30, firsts=(0, 10, 10, 25), announced=5)
    assert space.windows() == {1: range(10), 3: range(10, 25), 4: range(25, 30)}
    assert (space.version, space.coming_versions()) == (4, {4, 5})


def test_indices_of_a_space_that_has_changed_since_are_not_given(spaces: SpaceStore) -> None:
    read = spaces.stored(8)
    spaces.table.transact(spaces.give(read, 10))
    assert spaces.get(8).next == 10
    for change in (lambda: None, lambda: spaces.bring(8, 2)):
        change()
        with pytest.raises(ConditionLost):
            spaces.table.transact(spaces.give(read, 10))
    assert spaces.get(8) == Space(8, next=10, firsts=(0, 10), is_stored=True)


def test_a_version_is_announced_and_brought_once_and_in_turn(spaces: SpaceStore) -> None:
    spaces.table.transact(spaces.give(spaces.stored(8), 7))
    assert [spaces.announce(8, 3), spaces.bring(8, 3)] == [False, False]
    assert [spaces.announce(8, 2), spaces.announce(8, 2)] == [True, True]
    assert spaces.get(8).announced == 2
    assert [spaces.bring(8, 2), spaces.bring(8, 2), spaces.announce(8, 2)] == [True, False, False]
    assert spaces.get(8) == Space(8, next=7, firsts=(0, 7), is_stored=True)


@pytest.mark.parametrize(("index", "first"), [(0, 0), (12, 0), (13, 13), (20, 13), (25, 13)])
def test_an_index_belongs_to_the_last_allocation_that_begins_no_later(
    spaces: SpaceStore, index: int, first: int
) -> None:
    for begins in (0, 13, 40):
        spaces.table.transact(spaces.put_allocation(_allocation(begins)))
    spaces.table.transact(spaces.put_allocation(_allocation(14, length=9)))
    assert spaces.allocation(8, index) == _allocation(first)


@pytest.mark.parametrize("index", [26, 39, 10**22])
def test_an_allocation_that_does_not_show_yet_is_not_guessed(spaces: SpaceStore, index: int) -> None:
    for begins in (0, 13):
        spaces.table.transact(spaces.put_allocation(_allocation(begins)))
    with pytest.raises(ClaimUnseen):
        spaces.allocation(8, index)


def test_an_allocation_is_put_once(spaces: SpaceStore) -> None:
    spaces.table.transact(spaces.put_allocation(_allocation(0)))
    with pytest.raises(ConditionLost):
        spaces.table.transact(spaces.put_allocation(_allocation(0, version=2)))
    assert spaces.allocation(8, 0) == _allocation(0)


@pytest.mark.parametrize(("index", "chunk"), [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (12, 2)])
def test_an_allocation_says_which_chunk_an_index_became(index: int, chunk: int) -> None:
    assert _allocation(100).chunk_at(100 + index) == chunk


def test_what_is_reserved_is_found_by_version_and_range(spaces: SpaceStore) -> None:
    reserved = {Reservation(8, 1, index) for index in (3, 10**11, 27**8 - 1)}
    spaces.reserve(reserved | {Reservation(8, 2, 4), Reservation(16, 1, 27**16 - 1)})
    spaces.reserve(reserved)
    assert spaces.reserved(8, 1) == [3, 10**11, 27**8 - 1]
    assert spaces.reserved(8, 1, range(4, 10**11 + 1)) == [10**11]
    assert (spaces.reserved(8, 2), spaces.reserved(16, 1), spaces.reserved(16, 2)) == ([4], [27**16 - 1], [])


def test_any_number_of_indices_is_reserved_at_once(spaces: SpaceStore) -> None:
    spaces.reserve(Reservation(8, 1, index) for index in range(250))
    assert spaces.reserved(8, 1) == list(range(250))
