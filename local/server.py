"""An HTTP server in a thread, so that its starter can go on."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.errors import StackError

if TYPE_CHECKING:
    from hypercorn.typing import Framework

_STOPPED_WITHIN_SECONDS = 5


def listen(port: int) -> socket.socket:
    """A socket on loopback, on a free port for 0. Raises StackError where the port is in use."""
    listener = socket.socket()
    # Without this option the port stays taken for a minute after every stop.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise StackError(f"Port {port} cannot be used: {error}") from error
    return listener


@contextmanager
def serving(application: "Framework", listener: socket.socket) -> Iterator[None]:
    """Serve the application on the socket, which is closed in the end."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "WARNING"
    config.include_server_header = False
    config.graceful_timeout = 1

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(application, config, shutdown_trigger=stop.wait))

    thread = threading.Thread(target=run, name="front-door", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_STOPPED_WITHIN_SECONDS)
