"""A function as `sam local` runs it, without a container: ``python -m tests.stack.container FUNCTION``.

Its event comes by standard input, what it returns goes to standard output, and its variables are those of the process.
Names that a container has for its host lead to this machine.
"""

import importlib
import json
import socket
import sys
from typing import Any

from tests.support.events import Context

_resolve = socket.getaddrinfo


def _resolve_host(host: Any, *arguments: Any, **options: Any) -> Any:
    is_host = isinstance(host, str) and host.endswith(("host.docker.internal", ".localhost"))
    return _resolve("127.0.0.1" if is_host else host, *arguments, **options)


def main() -> None:
    (function,) = sys.argv[1:]
    socket.getaddrinfo = _resolve_host
    handler = importlib.import_module(f"functions.{function}.app").handler
    result = handler(json.load(sys.stdin), Context(function))
    # Powertools writes its metrics to standard output as well.
    sys.stdout.write(f"\n{json.dumps(result)}")


if __name__ == "__main__":
    main()
