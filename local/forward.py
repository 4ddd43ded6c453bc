"""A way for containers to the emulator, which listens on loopback alone."""

import asyncio
import socket
import sys
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network

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
    listener = _listen(address, port)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def relay(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            if IPv4Address(writer.get_extra_info("peername")[0]) in senders:
                await _relay(reader, writer, target)
        except asyncio.CancelledError:
            pass  # the end of the block: asyncio would print it
        finally:
            writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(relay, sock=listener):
            await stop.wait()

    def run() -> None:
        # In the end it cancels what is still being relayed.
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="forward", daemon=True)
    number: int = listener.getsockname()[1]
    thread.start()
    try:
        yield number
    finally:
        loop.call_soon_threadsafe(stop.set)
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


async def _relay(reader: StreamReader, writer: StreamWriter, target: int) -> None:
    """Until both sides have ended, or one of them is gone."""
    try:
        target_reader, target_writer = await asyncio.open_connection("127.0.0.1", target)
    except OSError:
        return
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_copy(reader, target_writer))
            both.create_task(_copy(target_reader, writer))
    except* OSError:
        pass
    finally:
        target_writer.close()


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    """All that comes, and then its end."""
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
