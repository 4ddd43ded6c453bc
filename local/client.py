"""The demo client, as which the API is called on this machine."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from local.files import write_private


@dataclass(frozen=True, slots=True)
class Client:
    client_id: str
    client_secret: str

    @classmethod
    def kept_in(cls, path: Path) -> "Client":
        """The client in the file, which is made once: commands that worked before work after the next start."""
        if not path.exists():
            write_private(path, json.dumps(asdict(cls(secrets.token_hex(20), secrets.token_hex(20)))))
        return cls(**json.loads(path.read_text()))
