"""Unit tests reach nothing outside of the process."""

import socket
from typing import Any, NoReturn

import pytest


class SocketOpened(Exception):
    pass


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise SocketOpened("a unit test opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
