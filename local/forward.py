"""A way for containers to the emulator, which listens on loopback alone."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv4Network
from select import select
from threading import Thread

from local import StackError

_IP_FREEBIND = 15
"""Linux's own number, which Python does not name. The bridge of podman is there only while a container runs."""
_PIECE_BYTES = 64 * 1024


@contextmanager
def forwarding(address: str, port: int, senders: IPv4Network, target: int) -> Iterator[int]:
    """Lead what the senders connect to at ``address`` to a port of loopback, until the end of the block.

    Gives the port, a free one for 0. A connection from elsewhere is closed unread. Raises StackError where the address
    cannot be listened at.
    """
    end, ended = socket.socketpair()
    with end, ended, _listen(address, port) as listener:
        number: int = listener.getsockname()[1]
        thread = Thread(target=_serve, args=(listener, senders, target, ended), name="forward", daemon=True)
        thread.start()
        try:
            yield number
        finally:
            end.close()
            thread.join()


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Several programs of one user may lead there at a time, and the last one goes on alone.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise StackError(f"Containers cannot be let in at {address}:{port}: {error}") from error
    return listener


def _serve(listener: socket.socket, senders: IPv4Network, target: int, ended: socket.socket) -> None:
    """Relay each connection by a thread of its own until ``ended`` can be read, then hang up all of them."""
    relays: dict[Thread, tuple[socket.socket, socket.socket]] = {}
    while ended not in select([listener, ended], [], [])[0]:
        connection, (sender, _) = listener.accept()
        relays = {relay: sides for relay, sides in relays.items() if relay.is_alive()}
        onward = _connect(target) if IPv4Address(sender) in senders else None
        if onward is None:
            connection.close()
            continue
        relay = Thread(target=_relay, args=(connection, onward), name="relay", daemon=True)
        relays[relay] = connection, onward
        relay.start()
    for relay, sides in relays.items():
        _hang_up(*sides)
        relay.join()


def _connect(port: int) -> socket.socket | None:
    """Absent when the emulator has ended."""
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        return None


def _relay(connection: socket.socket, target: socket.socket) -> None:
    """Until both sides have ended, or one of them is gone."""
    with connection, target:
        answers = Thread(target=_copy, args=(target, connection), name="answers", daemon=True)
        answers.start()
        _copy(connection, target)
        answers.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """All that comes, and then its end."""
    try:
        while piece := source.recv(_PIECE_BYTES):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _hang_up(source, sink)


def _hang_up(*sides: socket.socket) -> None:
    """Wake the threads that wait for these sides: a socket that another thread reads is not closed."""
    for side in sides:
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
