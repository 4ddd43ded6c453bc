"""The codes that a block drops, held against reading each of them (docs/understand/codes.md, "The rule")."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion_jobs.codes.drawing import Drawer
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.codes.spaces import Allocation, Reservation, Space
from promotion_jobs.errors import StoreBusy
from promotion_jobs.wiring import Service
from tests.support.builders import JOB_ID, PROMOTION_ID
from tests.support.office import Office
from tests.support.small_notation import SMALL, make_small

PREFIXES = st.sampled_from([None, "P", "bc", "BC-", "cb-bc", "x-bc", "bc-cb", "b", "bcb"])
GIVEN = st.dictionaries(st.sampled_from(SMALL.lengths), st.lists(st.integers(0, 30), max_size=2).map(sorted))
"""Length → where each later version begins, and how many indices are given."""


def _service(given_indices: Mapping[int, Sequence[int]], own: int) -> Service:
    """``own`` is the length of which everything is given that its size allows."""
    office = Office()
    make_small(office.service)
    spaces = office.service.spaces
    for length in SMALL.lengths:
        for version, begins in enumerate(given_indices.get(length, ()), start=1):
            space, size = spaces.stored(length), SMALL.size(length)
            more = min(begins, size) - space.next
            spaces.table.transact(spaces.give(space, max(more, 0)))
            office.service.keyring.add(version + 1)
            spaces.bring(length, version + 1)
    space = spaces.stored(own)
    spaces.table.transact(spaces.give(space, SMALL.size(own) - space.next))
    return office.service


def _is_other(service: Service, code: str, length: int, version: int, spaces: Mapping[int, Space]) -> bool:
    """Whether another reading of a code is given, as it is found by decrypting each."""
    for reading in SMALL.readings(code.casefold()):
        for other, window in spaces[reading.length].windows().items():
            (index,) = service.keyring.permutation(reading.length, other).decrypt([reading.body])
            if (reading.length, other) != (length, version) and index in window:
                return True
    return False


@given(st.sampled_from(SMALL.lengths), PREFIXES, GIVEN, st.sets(st.integers(0, 15), max_size=4), st.data())
def test_what_is_left_of_a_block_is_what_has_no_other_reading_and_is_not_reserved(
    length: int, prefix: str | None, given_indices: dict[int, list[int]], reserved: set[int], data: st.DataObject
) -> None:
    service, code_format = _service(given_indices, own=length), CodeFormat(length, prefix, SMALL)
    spaces = service.spaces.all(SMALL.lengths)
    version = spaces[length].version
    window = spaces[length].windows().get(version, range(0))
    first = data.draw(st.integers(window.start, max(window.start, window.stop - 1)))
    block = range(first, min(first + 12, SMALL.size(length)))
    service.spaces.reserve(Reservation(length, version, index) for index in reserved)
    allocation = Allocation(length, first, version, PROMOTION_ID, JOB_ID, prefix, Plan(0))
    draw = Drawer(service.spaces, service.keyring).look(allocation, code_format, block or range(1))
    bodies = service.keyring.permutation(length, version).encrypt(block)
    codes = code_format.write(b"".join(body.to_bytes(code_format.width) for body in bodies))
    left = [
        code
        for index, code in zip(block, codes, strict=True)
        if index not in reserved and not _is_other(service, code, length, version, spaces)
    ]
    wanted = data.draw(st.integers(0, len(block)))
    assert code_format.write(draw.codes(block, wanted)) == left[:wanted]


def test_a_claim_that_never_shows_is_a_busy_store() -> None:
    service = Office().service
    service.spaces.stored(8)
    unseen = Allocation(8, 0, 1, PROMOTION_ID, JOB_ID, None, Plan(1))
    with pytest.raises(StoreBusy):
        Drawer(service.spaces, service.keyring).look(unseen, CodeFormat(), range(1))


def test_codes_of_one_reading_ask_for_no_other_space() -> None:
    office = Office()
    spaces = office.service.spaces
    spaces.table.transact(spaces.give(spaces.stored(8), 61))
    office.calls.made.clear()
    allocation = Allocation(8, 0, 1, PROMOTION_ID, JOB_ID, "summer", Plan(1))
    draw = Drawer(spaces, office.service.keyring).look(allocation, CodeFormat(8, "summer"), range(61))
    assert draw.others == []
    # The space, the reservations and, the first time, the key.
    assert office.calls.made == ["get_item", "query", "get_item", "transact_write_items"]
