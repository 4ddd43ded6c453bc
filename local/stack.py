"""The whole stack on this machine: emulator, deployment, front door and a client that may call it."""

import json
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import FrameType

from local import PROJECT
from local.aws import Aws
from local.deploy import Template, deploy
from local.emulator import Emulator, running_emulator
from local.gateway import DeployedFunctions, FrontDoor, Router, listen, read_cors, read_routes, serving
from promotion_jobs.aws.clients import Clients
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service

TEMPLATE = PROJECT / "template.yaml"
STATE = PROJECT / ".local"
CACHE = STATE / "build"


@dataclass(frozen=True, slots=True)
class Client:
    """As whom the API is called on this machine."""

    client_id: str
    client_secret: str

    @classmethod
    def kept_in(cls, path: Path) -> "Client":
        """The client in the file, which is made once: commands that worked before work after the next start."""
        if not path.exists():
            write_private(path, json.dumps(asdict(cls(secrets.token_hex(20), secrets.token_hex(20)))))
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True)
class LocalStack:
    base_url: str
    client: Client
    aws: Aws
    resources: Mapping[str, str]
    """The physical ids by the template's logical ids."""
    emulator: Emulator

    @property
    def aws_endpoint_url(self) -> str:
        return self.aws.endpoint_url

    @property
    def table_name(self) -> str:
        return self.resources["Table"]

    def check(self) -> None:
        """Raises StackError if a part of the stack has ended."""
        self.emulator.check()


@contextmanager
def local_stack(
    client: Client,
    *,
    port: int = 0,
    state: Path = STATE,
    template: Path = TEMPLATE,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """The stack, ready to be called, until the end of the block; on a free port for 0.

    Raises StackError where it cannot start, with nothing left running.
    """
    state.mkdir(parents=True, exist_ok=True)
    with listen(port) as listener:
        number: int = listener.getsockname()[1]
        document = Template.read(template, parameters or {})
        with running_emulator(state) as emulator:
            aws = Aws(emulator.endpoint_url)
            emulator.wait_until_ready()
            resources = deploy(aws, document, CACHE)
            _let_in(client, aws, resources["Table"])
            router = Router(read_routes(document, resources))
            door = FrontDoor(router, read_cors(document), DeployedFunctions(aws.functions), number)
            with serving(door, listener):
                yield LocalStack(f"http://127.0.0.1:{number}", client, aws, resources, emulator)


def _let_in(client: Client, aws: Aws, table_name: str) -> None:
    clients = Clients()
    clients.dynamodb = aws.dynamodb
    service = Service(clients, lambda: datetime.now(UTC), secrets.randbits, Settings({"TABLE_NAME": table_name}))
    service.tokens.register_client(client.client_id, client.client_secret, "Demo")


def write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def exit_on_signals(code: int) -> None:
    """From now on the first of these signals raises SystemExit, and what then stops the stack is not interrupted."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(code)

    for number in _NUMBERS:
        signal.signal(number, leave)
