"""What a container engine tells of itself, by Docker's protocol: where its containers reach this machine."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Network
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

from local.engine import BY_NAME, Engine, EngineMissing, Host

DOCKER = {
    "/_ping": "OK",
    "/info": {"OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "SecurityOptions": ["name=seccomp,profile=builtin"]},
    "/networks/bridge": {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}},
    "/images/public.ecr.aws%2Flambda%2Fpython%3A3.13-x86_64/json": {"Id": "sha256:0"},
}
Answers = Mapping[str, Any]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], Engine]]:
    """An engine, as SAM CLI would find it, that answers so to each path and 404 to any other."""
    with ExitStack() as servers:

        def answering(answers: Answers) -> Engine:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    body = json.dumps(answers.get(self.path, {"message": "page not found"})).encode()
                    self.send_response(200 if self.path in answers else 404)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
                    del format, arguments

            path = tmp_path / "engine.sock"
            server = servers.enter_context(ThreadingUnixStreamServer(str(path), Handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.callback(server.shutdown)
            monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
            return Engine.found()

        yield answering


def _bridge(*configs: Mapping[str, str]) -> Any:
    return {"IPAM": {"Config": configs}}


@pytest.mark.parametrize(
    ("changes", "host"),
    [
        ({}, Host("172.17.0.1", IPv4Network("172.17.0.0/16"))),
        (
            {"/networks/bridge": _bridge({"Subnet": "10.88.0.0/16", "Gateway": "10.88.0.1"})},
            Host("10.88.0.1", IPv4Network("10.88.0.0/16")),
        ),
        (
            {"/networks/bridge": _bridge({"Subnet": "fd00::/64", "Gateway": "fd00::1"}, {"Subnet": "172.30.0.0/24"})},
            Host("172.30.0.1", IPv4Network("172.30.0.0/24")),
        ),
        ({"/info": {"OperatingSystem": "Docker Desktop", "SecurityOptions": None}}, BY_NAME),
    ],
    ids=["docker", "podman", "another bridge without a gateway told", "docker desktop"],
)
def test_a_container_reaches_this_machine_by_the_bridge_or_by_name(
    engine: Callable[[Answers], Engine], changes: Answers, host: Host
) -> None:
    assert engine({**DOCKER, **changes}).host() == host


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"/info": {"SecurityOptions": ["name=seccomp", "name=rootless"]}},
            "The container engine runs without root, and its containers do not reach this machine",
        ),
        (
            {"/networks/bridge": _bridge({"Subnet": "fd00::/64", "Gateway": "fd00::1"})},
            "The container engine has no network called bridge with an address of IPv4",
        ),
    ],
    ids=["without root", "without IPv4"],
)
def test_an_engine_whose_containers_do_not_reach_this_machine_is_one_sentence(
    engine: Callable[[Answers], Engine], changes: Answers, message: str
) -> None:
    with pytest.raises(EngineMissing) as raised:
        engine({**DOCKER, **changes}).host()
    assert str(raised.value) == message


def test_an_engine_tells_which_images_it_has(engine: Callable[[Answers], Engine]) -> None:
    found = engine(DOCKER)
    names = ["public.ecr.aws/lambda/python:3.13-x86_64", "public.ecr.aws/lambda/python:3.13-arm64"]
    assert [found.has_image(name) for name in names] == [True, False]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "unix:///nowhere.sock",
            "No container engine answers at unix:///nowhere.sock: ",
        ),
        (
            "tcp://192.0.2.1:2375",
            "The engine at DOCKER_HOST=tcp://192.0.2.1:2375 may be on another machine: only unix:// is used",
        ),
    ],
)
def test_where_no_engine_answers_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineMissing) as raised:
        Engine.found()
    assert str(raised.value).startswith(message)
