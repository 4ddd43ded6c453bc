"""Who calls which service: from flags, the environment, or a profile that only its owner may read."""

import json
import os
import shlex
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from promojobs.errors import NotSignedIn, WrongUse

_MARGIN = 60
"""A token that ends within so many seconds is not used."""


@dataclass(frozen=True, slots=True)
class Credentials:
    url: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Folders:
    """Where profiles and tokens are kept."""

    config: Path
    cache: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Folders":
        home = Path(environment.get("HOME", "~")).expanduser()
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
        return cls(config / "promojobs", cache / "promojobs")

    @property
    def profiles(self) -> Path:
        return self.config / "config.toml"

    def token_of(self, who: Credentials) -> Path:
        digest = sha256(f"{who.url}\n{who.client_id}\n{who.client_secret}".encode()).hexdigest()
        return self.cache / f"token-{digest[:32]}.json"


def resolved(
    folders: Folders,
    environment: Mapping[str, str],
    *,
    profile: str | None = None,
    url: str | None = None,
    is_local: bool = False,
) -> Credentials:
    """A flag goes before the environment, and that before the profile. Raises NotSignedIn and WrongUse."""
    if is_local:
        return _of_local_stack(Path.cwd())
    told = {it: environment.get(f"PROMOJOBS_{it.upper()}", "") for it in ("url", "client_id", "client_secret")}
    url = url and url.rstrip("/")
    told["url"] = url or told["url"].rstrip("/")
    if not profile and told["client_id"] and told["client_secret"]:
        if not told["url"]:
            raise NotSignedIn("Set PROMOJOBS_URL")
        return Credentials(**told)
    name = name_of(environment, profile)
    kept = _profiles(folders.profiles).get(name)
    if kept is None:
        raise NotSignedIn(
            f"There is no profile {name!r}: promojobs login --profile {shlex.quote(name)} makes one"
            if name != "default"
            else "Not signed in: promojobs login, or set PROMOJOBS_URL, _CLIENT_ID and _CLIENT_SECRET"
        )
    who = Credentials(*(str(kept.get(it, "")) for it in ("url", "client_id", "client_secret")))
    if (not profile and told["url"] not in {"", who.url}) or (url and url != who.url):
        # A secret goes to no other service than the one that it was kept for.
        login = f"promojobs login --url {shlex.quote(told['url'])} --profile NAME"
        raise NotSignedIn(f"The profile {name!r} is of {who.url}: {login} makes another")
    return who


def name_of(environment: Mapping[str, str], profile: str | None) -> str:
    """The profile that a flag names, or the environment."""
    return profile or environment.get("PROMOJOBS_PROFILE") or "default"


def _of_local_stack(folder: Path) -> Credentials:
    """The stack of `make serve`, described in `.local/stack.json` here or above."""
    for place in (folder, *folder.parents):
        with suppress(OSError, ValueError, KeyError):
            told = json.loads((place / ".local" / "stack.json").read_text())
            return Credentials(told["base_url"], told["client_id"], told["client_secret"])
    raise NotSignedIn("No local stack runs here: start one with make serve")


def _profiles(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Raises WrongUse for a file that others may read, or that cannot be read."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise WrongUse(f"{path} can be read by others: chmod 600 {path}")
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise WrongUse(f"{path} is no TOML: {error}") from error


def keep(folders: Folders, profile: str, who: Credentials) -> None:
    """Keep the credentials under a name, beside the others."""
    profiles = {name: dict(it) for name, it in _profiles(folders.profiles).items()}
    profiles[profile] = {"url": who.url, "client_id": who.client_id, "client_secret": who.client_secret}
    lines = [
        line
        for name, it in profiles.items()
        for line in (f"[{_quoted(name)}]", *(f"{key} = {_quoted(value)}" for key, value in it.items()), "")
    ]
    _write_private(folders.profiles, "\n".join(lines))


def _quoted(text: str) -> str:
    """As TOML has it: as JSON, without pairs of surrogates and a bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def kept_token(folders: Folders, who: Credentials, now: float) -> str | None:
    """A token that is good for a while, if one is kept."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        path = folders.token_of(who)
        kept = json.loads(path.read_text())
        if stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 and kept["expires"] - _MARGIN > now:
            return str(kept["token"])
    return None


def keep_token(folders: Folders, who: Credentials, token: str, expires: int) -> None:
    # Where there is no room for it, the next command asks for another token.
    with suppress(OSError):
        _write_private(folders.token_of(who), json.dumps({"token": token, "expires": expires}))


def _write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, for its owner alone whatever the umask is."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{token_hex(4)}")
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
