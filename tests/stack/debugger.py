"""An editor that attaches to a function's debugger, by the Debug Adapter Protocol, and stops at one line."""

import json
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_LISTENS_WITHIN_SECONDS = 60


class Debugger:
    def __init__(self, connection: socket.socket, stream: IO[bytes]) -> None:
        self._connection = connection
        self._stream = stream
        self._sent = 0

    @classmethod
    def attached(cls, port: int) -> "Debugger":
        """Once a debugger answers at the port: the engine listens there before the function does."""
        deadline = time.monotonic() + _LISTENS_WITHIN_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", port), timeout=_LISTENS_WITHIN_SECONDS)
                debugger = cls(connection, connection.makefile("rb"))
                debugger._send("initialize", adapterID="test")
                debugger._until("command", "initialize")
                return debugger
            time.sleep(0.2)
        raise TimeoutError

    def stop_at(self, file: Path, line: int, remote: str) -> tuple[str, int]:
        """Name and line of the function that stopped at the line; ``remote`` is the file's folder in the container."""
        self._send("attach", pathMappings=[{"localRoot": str(file.parent), "remoteRoot": remote}])
        self._until("event", "initialized")
        self._send("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
        self._send("configurationDone")
        stopped = self._until("event", "stopped")
        self._send("stackTrace", threadId=stopped["body"]["threadId"])
        top = self._until("command", "stackTrace")["body"]["stackFrames"][0]
        self._send("disconnect")
        self._connection.close()
        return top["name"], top["line"]

    def _send(self, command: str, **arguments: object) -> None:
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def _until(self, member: str, value: str) -> Any:
        while True:
            length = 0
            while header := self._stream.readline().strip():
                length = int(header.partition(b":")[2])
            if not length:
                raise ConnectionError
            message = json.loads(self._stream.read(length))
            if message.get(member) == value:
                return message
