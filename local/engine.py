"""The container engine that SAM CLI uses, and this machine as its containers see it."""

import json
import os
import platform
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local import StackError

DEFAULT = "unix:///var/run/docker.sock"
"""The address at which SAM CLI looks for an engine where DOCKER_HOST is not set."""
PODMAN = Path("/run/podman/podman.sock")

_ANSWER_WITHIN_SECONDS = 5
_OK = 200


class EngineMissing(StackError):
    """No engine answers, or one whose containers do not reach this machine."""


@dataclass(frozen=True, slots=True)
class Host:
    """This machine, as a container sees it."""

    name: str
    bridge: IPv4Network | None
    """The network of the containers, whose packets come to ``name``; None where the engine leads them to loopback."""


BY_NAME = Host("host.docker.internal", None)
"""For an engine in a virtual machine, such as Docker Desktop's: it leads this name to the machine's loopback."""


@dataclass(frozen=True, slots=True)
class Engine:
    socket: str

    @classmethod
    def found(cls) -> "Engine":
        """The engine that answers where SAM CLI will look for it. Raises EngineMissing where none does."""
        address = os.environ.get("DOCKER_HOST") or DEFAULT
        scheme, _, path = address.partition("://")
        if scheme != "unix":
            raise EngineMissing(f"The engine at DOCKER_HOST={address} may be on another machine: only unix:// is used")
        engine = cls(path)
        try:
            engine.get("/_ping")
        except (OSError, HTTPException) as error:
            raise EngineMissing(f"No container engine answers at {address}: {_remedy()}") from error
        return engine

    def host(self) -> Host:
        """Raises EngineMissing where the engine's containers do not reach this machine."""
        info = self._json("/info")
        if any("rootless" in option for option in info.get("SecurityOptions") or ()):
            raise EngineMissing("The container engine runs without root, and its containers do not reach this machine")
        if platform.system() != "Linux" or info.get("OperatingSystem") == "Docker Desktop":
            return BY_NAME
        for config in self._json("/networks/bridge")["IPAM"]["Config"]:
            subnet = config.get("Subnet", "")
            if ":" not in subnet:
                network = IPv4Network(subnet)
                return Host(config.get("Gateway") or str(network[1]), network)
        raise EngineMissing("The container engine has no network called bridge with an address of IPv4")

    def has_image(self, name: str) -> bool:
        status, _ = self.get(f"/images/{quote(name, safe='')}/json")
        return status == _OK

    def _json(self, path: str) -> Any:
        status, body = self.get(path)
        if status != _OK:
            raise EngineMissing(f"The container engine answers {status} to {path}")
        return json.loads(body)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of the engine's answer, by the protocol of Docker, which podman speaks as well."""
        connection = HTTPConnection("localhost", timeout=_ANSWER_WITHIN_SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_ANSWER_WITHIN_SECONDS)
        try:
            connection.sock.connect(self.socket)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def host_of_engine() -> Host:
    """This machine, as containers see it; by name where no engine tells."""
    try:
        return Engine.found().host()
    except EngineMissing:
        return BY_NAME


def architecture() -> str:
    """This machine's processor, by Lambda's name for it."""
    return "x86_64" if platform.machine() in {"x86_64", "AMD64"} else "arm64"


def _remedy() -> str:
    if PODMAN.exists():
        return f"podman's is set by `export DOCKER_HOST=unix://{PODMAN}`"
    return "start Docker, or podman by `podman system service --time=0`"
