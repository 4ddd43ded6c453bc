"""A deployment in moto for each test. Single-threaded, and nothing of PartiQL: moto is wrong there."""

from collections.abc import Iterator
from contextlib import contextmanager

import botocore.session
import pytest
from moto import mock_aws

from tests.support.cloud import Account, Cloud, forget_caches


@pytest.fixture(scope="session")
def account() -> Account:
    with mock_aws():
        return Account()


@contextmanager
def _deployed(account: Account) -> Iterator[Cloud]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "get_session", lambda: account.session)
        cloud = Cloud(account)
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        forget_caches()
        yield cloud
    forget_caches()


@pytest.fixture
def cloud(account: Account) -> Iterator[Cloud]:
    with _deployed(account) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def standing_cloud(account: Account) -> Iterator[Cloud]:
    """For a module whose tests change nothing, and check that they do not."""
    with _deployed(account) as cloud:
        yield cloud


@pytest.fixture
def promotion_id(cloud: Cloud) -> str:
    return cloud.create_promotion()
