"""A deployment in moto for each test. Single-threaded: moto is wrong otherwise."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.support.cloud import Account, Cloud, deployed


@pytest.fixture(scope="session")
def account() -> Account:
    with mock_aws():
        return Account()


@pytest.fixture
def cloud(account: Account) -> Iterator[Cloud]:
    with mock_aws(), deployed(account) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def standing_cloud(account: Account) -> Iterator[Cloud]:
    """For a module whose tests change nothing, and check that they do not."""
    with mock_aws(), deployed(account) as cloud:
        yield cloud


@pytest.fixture
def promotion_id(cloud: Cloud) -> str:
    return cloud.create_promotion()
