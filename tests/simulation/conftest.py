"""For the tests of the simulation: a tally, and an emulator to compare the stand-ins with."""

from collections.abc import Iterator

import pytest

from local.aws import Aws
from local.emulator import running_emulator
from tests.simulation.schedules import Tally


@pytest.fixture(scope="session")
def tally() -> Iterator[Tally]:
    tally = Tally()
    yield tally
    print(f"\n{tally}")  # noqa: T201 - a summary for an operator who runs the simulation by hand


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Without anything deployed."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as started:
        started.wait_until_ready()
        yield Aws(started.endpoint_url)
