"""The way for containers to the emulator, with sockets of this machine: who is let in, and where to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from ipaddress import IPv4Network

import pytest

from local import StackError
from local.forward import forwarding

HERE, ELSEWHERE = IPv4Network("127.0.0.0/8"), IPv4Network("10.88.0.0/16")
LONG = b"x" * 1_000_000


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back all that it was sent, once the sender has ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(_all_from(connection))

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _answer(address: str, port: int, sent: bytes) -> bytes:
    with socket.create_connection((address, port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return _all_from(connection)


def _all_from(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_what_a_container_sends_comes_to_the_emulator_and_its_answer_back(echo: int) -> None:
    with forwarding("127.0.0.2", 0, HERE, echo) as port:
        assert [_answer("127.0.0.2", port, sent) for sent in (b"one", LONG)] == [b"one", LONG]


def test_no_connection_is_let_in_at_another_address(echo: int) -> None:
    with forwarding("127.0.0.2", 0, HERE, echo) as port, closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_sender_from_outside_of_the_bridge_is_told_nothing(echo: int) -> None:
    with (
        forwarding("127.0.0.2", 0, ELSEWHERE, echo) as port,
        socket.create_connection(("127.0.0.2", port), timeout=10) as connection,
    ):
        assert connection.recv(1) == b""


def test_an_emulator_that_has_ended_closes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        target: int = gone.getsockname()[1]
    with forwarding("127.0.0.2", 0, HERE, target) as port:
        assert _answer("127.0.0.2", port, b"") == b""


def test_the_end_of_the_block_closes_what_is_open_whether_or_not_it_is_accepted_yet(echo: int) -> None:
    for _ in range(200):
        with forwarding("127.0.0.2", 0, HERE, echo) as port:
            connection = socket.create_connection(("127.0.0.2", port), timeout=10)
            connection.sendall(b"not all of it")
        with connection, suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.2", port)) != 0


def test_the_address_of_a_bridge_that_comes_with_the_first_container_can_be_waited_at(echo: int) -> None:
    with forwarding("10.88.255.254", 0, ELSEWHERE, echo) as port:
        assert port > 0


def test_several_programs_may_lead_there_at_a_time(echo: int) -> None:
    with forwarding("127.0.0.2", 0, HERE, echo) as port:
        with forwarding("127.0.0.2", port, HERE, echo):
            pass
        assert _answer("127.0.0.2", port, b"still") == b"still"


def test_an_address_that_cannot_be_listened_at_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port: int = taken.getsockname()[1]
        message = rf"^Containers cannot be let in at 127\.0\.0\.2:{port}: "
        with pytest.raises(StackError, match=message), forwarding("127.0.0.2", port, HERE, 1):
            pass
