"""Bodies packed, found and taken apart (codes/bodies.py), held against doing it one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes import bodies
from promotion_jobs.codes.lanes import at_least, join, split
from promotion_jobs.limits import CODE_LENGTHS

SIZES = st.sampled_from([27**length for length in CODE_LENGTHS] + [16, 256])


@st.composite
def _numbers(draw: st.DrawFn) -> tuple[int, list[int]]:
    size = draw(SIZES)
    return size, draw(st.lists(st.integers(0, size - 1) | st.sampled_from([0, 1, size - 1]), max_size=30))


@pytest.mark.parametrize(("length", "width"), [(8, 5), (9, 6), (12, 8), (16, 10)])
def test_a_body_takes_as_many_bytes_as_the_greatest_of_its_length(length: int, width: int) -> None:
    assert bodies.width(27**length) == width


@given(_numbers())
def test_packed_numbers_are_their_bytes_side_by_side_and_come_back(sized: tuple[int, list[int]]) -> None:
    size, numbers = sized
    width = bodies.width(size)
    packed = bodies.pack(join(numbers), len(numbers), width)
    assert packed == b"".join(number.to_bytes(width) for number in numbers)
    lanes, count = bodies.unpack(packed, width)
    assert split(lanes, count) == numbers


@given(_numbers(), st.data())
def test_the_numbers_at_some_positions_are_picked(sized: tuple[int, list[int]], data: st.DataObject) -> None:
    size, numbers = sized
    width = bodies.width(size)
    positions = data.draw(st.lists(st.sampled_from(range(len(numbers)))) if numbers else st.just([]))
    picked = bodies.pick(bodies.pack(join(numbers), len(numbers), width), width, positions)
    lanes, count = bodies.unpack(picked, width)
    assert split(lanes, count) == [numbers[at] for at in positions]


@given(_numbers(), st.data())
def test_a_number_is_found_where_it_is_first_and_nowhere_else(
    sized: tuple[int, list[int]], data: st.DataObject
) -> None:
    size, numbers = sized
    width = bodies.width(size)
    wanted = data.draw(st.sampled_from(numbers) if numbers else st.integers(0, size - 1))
    found = bodies.position(bodies.pack(join(numbers), len(numbers), width), width, wanted)
    assert found == (numbers.index(wanted) if wanted in numbers else None)


def test_the_bytes_of_two_neighbours_are_no_number() -> None:
    packed = bytes([0, 0, 0, 1, 2, 3, 4, 5, 0, 0])
    assert bodies.position(packed, 5, int.from_bytes(bytes([1, 2, 3, 4, 5]))) is None
    assert bodies.position(packed + bytes([1, 2, 3, 4, 5]), 5, int.from_bytes(bytes([1, 2, 3, 4, 5]))) == 2


@pytest.mark.parametrize(("radix", "length"), [*((27, length) for length in CODE_LENGTHS), (2, 4), (2, 8)])
@given(data=st.data())
def test_digits_are_those_of_each_number(radix: int, length: int, data: st.DataObject) -> None:
    size = radix**length
    numbers = [*data.draw(st.lists(st.integers(0, size - 1), max_size=20)), 0, size - 1]
    columns = bodies.digits(join(numbers), len(numbers), length, radix)
    for at, number in enumerate(numbers):
        digits = [number // radix**place % radix for place in reversed(range(length))]
        assert [column[at] for column in columns] == digits


@given(st.lists(st.integers(0, 2**77)), st.integers(0, 2**77))
def test_lanes_say_which_numbers_are_not_below_a_bound(numbers: list[int], bound: int) -> None:
    found = split(at_least(join(numbers), bound, 77, len(numbers)), len(numbers))
    assert found == [int(number >= bound) for number in numbers]
