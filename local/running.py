"""The stack that `make serve` runs, as another program on this machine finds it."""

import json
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from local import StackError
from local.aws import Aws
from local.deploy import deployed_resources
from local.stack import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_RUNNING = "The local stack is not running: start `make serve` in another terminal first"


@dataclass(frozen=True)
class Running:
    base_url: str
    client: Client
    aws: Aws

    @classmethod
    def described_in(cls, state: Path) -> "Running":
        """Raises StackError where no stack describes itself in the folder, or the one that did has ended."""
        try:
            description = json.loads((state / "stack.json").read_text())
        except FileNotFoundError as error:
            raise StackError(_NOT_RUNNING) from error
        client = Client(description["client_id"], description["client_secret"])
        running = cls(description["base_url"], client, Aws(description["aws_endpoint_url"]))
        if not running.goes_on():
            raise StackError(_NOT_RUNNING)
        return running

    @property
    def port(self) -> int:
        """The emulator's."""
        return int(self.aws.endpoint_url.rpartition(":")[2])

    @cached_property
    def resources(self) -> "Mapping[str, str]":
        """The physical ids by the template's logical ids."""
        return deployed_resources(self.aws)

    def goes_on(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
