"""Starting and stopping ministack, which stands in for AWS."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from local import StackError
from local.aws import ACCOUNT, CREDENTIALS, REGION

_PROGRAM = Path(__file__).with_name("ministack_process.py")
_READY_WITHIN_SECONDS = 30
_STOPPED_WITHIN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Emulator:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def check(self) -> None:
        """Raises StackError if the process has ended."""
        if self.process.poll() is not None:
            raise StackError(f"The emulator of AWS, ministack, {self._end()} (log: {self.log})")

    def _end(self) -> str:
        code = self.process.returncode
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        lines = self.log.read_text(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it wrote no log")
        return f"ended with exit code {code}: {last}"

    def wait_until_ready(self) -> None:
        """Raises StackError if the process ends, or is not ready in time."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not self._is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"ministack was not ready after {_READY_WITHIN_SECONDS} s (log: {self.log})")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/_ministack/ready")
            return connection.getresponse().status == 200  # noqa: PLR2004 - HTTP's own number
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End the process and the processes of the functions."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOPPED_WITHIN_SECONDS)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@contextmanager
def running_emulator(state: Path) -> Iterator[Emulator]:
    """An emulator that is starting, with its log and its temporary files under ``state``."""
    log = state / "ministack.log"
    port = _free_port()
    with (
        TemporaryDirectory(prefix="run-", dir=state, ignore_cleanup_errors=True) as folder,
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - nothing from outside
            # -P: or the modules of this folder would hide others from ministack.
            [sys.executable, "-P", _PROGRAM],
            env=_environment(Path(folder), port),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        emulator = Emulator(process, port, log)
        try:
            yield emulator
        finally:
            emulator.stop()


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Little, because the functions inherit it all."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        **CREDENTIALS,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        # It would remove the containers of other emulators.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
