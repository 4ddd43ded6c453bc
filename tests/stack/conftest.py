"""The stack as it is deployed, once for all tests of a run; and a worker in this process on its emulator."""

from collections.abc import Iterator

import pytest

from local.api import Api
from local.stack import Client, LocalStack, local_stack
from tests.stack.workshop import Workshop


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    state = tmp_path_factory.mktemp("stack")
    with local_stack(Client.kept_in(state / "client.json"), state=state) as stack:
        yield stack


@pytest.fixture(scope="session")
def api(stack: LocalStack) -> Api:
    return Api.signed_in(stack.base_url, stack.client)


@pytest.fixture
def workshop(stack: LocalStack) -> Workshop:
    return Workshop(stack.aws).create()
