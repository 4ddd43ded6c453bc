"""Unit tests reach nothing outside of the process."""

import pytest


@pytest.fixture(autouse=True)
def _no_sockets(socket_disabled: None) -> None:
    pass
