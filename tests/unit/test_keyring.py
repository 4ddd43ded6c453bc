"""The keys that codes are made with: put once, never told (docs/run/security.md)."""

from dataclasses import replace

import pytest

from promotion_jobs.codes.keyring import Keyring, KeyVersion
from promotion_jobs.codes.permutation import Permutation
from tests.support.builders import NOW
from tests.support.office import Office

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
def keyring() -> Keyring:
    made = iter((FIRST, SECOND))
    return replace(Office().service.keyring, new_key=lambda: next(made))


def test_the_first_key_comes_with_the_first_code_and_stays(keyring: Keyring) -> None:
    assert keyring.versions() == []
    numbers = [0, 1, 27**8 - 1]
    assert keyring.permutation(8, 1).encrypt(numbers) == Permutation(FIRST, 8).encrypt(numbers)
    assert keyring.versions() == [KeyVersion(1, NOW)]
    # In another container.
    again = Keyring(keyring.table, lambda: SECOND, keyring.now)
    assert again.permutation(8, 1).encrypt(numbers) == Permutation(FIRST, 8).encrypt(numbers)


def test_a_key_that_is_there_is_never_replaced(keyring: Keyring) -> None:
    assert keyring.add(1) == {"key": FIRST}
    assert keyring.add(1)["key"] == FIRST
    assert keyring.permutation(9, 1).encrypt([7]) == Permutation(FIRST, 9).encrypt([7])


def test_each_version_has_a_key_of_its_own(keyring: Keyring) -> None:
    for version, key in ((1, FIRST), (2, SECOND)):
        keyring.add(version)
        assert keyring.permutation(8, version).encrypt([7]) == Permutation(key, 8).encrypt([7])
    assert [it.version for it in keyring.versions()] == [1, 2]


def test_a_later_key_that_is_missing_is_not_made_up(keyring: Keyring) -> None:
    with pytest.raises(LookupError, match=r"^the key of version 2 is gone$"):
        keyring.permutation(8, 2)
    assert keyring.versions() == []


def test_a_key_is_read_once_and_a_permutation_made_once() -> None:
    office = Office()
    keyring = office.service.keyring
    assert keyring.permutation(8, 1) is keyring.permutation(8, 1)
    keyring.permutation(9, 1)
    assert office.calls.made == ["get_item", "transact_write_items"]


def test_nothing_of_a_key_is_shown(keyring: Keyring) -> None:
    keyring.permutation(8, 1)
    assert FIRST.hex() not in repr(keyring)
    assert str(FIRST) not in repr(keyring)
    assert str(FIRST) not in str(keyring.versions())
