import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import enable_socket

from cli.tests.service import PROMOTION_ID, SECRET, Service, running
from promojobs import Client

SOURCES = Path(__file__).resolve().parent.parent / "src"


def soon(is_so: Callable[[], bool]) -> None:
    """Wait until it is so, for 20 seconds at most."""
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so does all that is started by it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def service() -> Iterator[Service]:
    enable_socket()
    with running() as started:
        yield started


@dataclass
class Chances:
    """Waiting that takes no time; ``waits`` are the seconds that were asked for."""

    waits: list[float] = field(default_factory=list)
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def chances() -> Chances:
    return Chances()


@pytest.fixture
def api(service: Service, chances: Chances) -> Iterator[Client]:
    keys = iter(f"key-{number}" for number in range(100))
    with Client(
        service.url,
        "shop",
        SECRET,
        timeout=1.0,
        sleep=chances.sleep,
        clock=lambda: chances.now,
        chance=lambda: 0.5,
        new_key=lambda: next(keys),
    ) as client:
        yield client


@dataclass(frozen=True)
class Shell:
    """The command in a process of its own, in an empty folder, for a client of the service."""

    folder: Path
    environment: Mapping[str, str]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "promojobs.main", *arguments]
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(  # noqa: S603 - nothing from outside
            command, cwd=self.folder, env=dict(self.environment), text=True, **{**streams, **options}
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def mail(self, *more: str) -> tuple[int, str, str]:
        return self.run("generate", PROMOTION_ID, "1000", "--output", "codes.csv", *more)

    def files(self) -> set[str]:
        return {it.name for it in self.folder.iterdir() if it.is_file()}


@pytest.fixture
def shell(service: Service, tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME"}}
    return Shell(
        folder,
        {
            **kept,
            "PYTHONPATH": str(SOURCES),
            "PROMOJOBS_URL": service.url,
            "PROMOJOBS_CLIENT_ID": "shop",
            "PROMOJOBS_CLIENT_SECRET": SECRET,
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        },
    )
