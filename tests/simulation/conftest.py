"""An emulator of its own, without anything deployed: what the stand-ins are compared with."""

from collections.abc import Iterator

import pytest

from local.aws import Aws
from local.emulator import running_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as started:
        started.wait_until_ready()
        yield Aws(started.endpoint_url)
