"""Unit tests reach nothing outside of the process."""

import pytest

from tests.support.records import MemoryRecords


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    pass


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def promotion_id(records: MemoryRecords) -> str:
    return records.create_promotion()
