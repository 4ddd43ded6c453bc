"""What every command has: its options, a client, and ids that may be short."""

import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from promojobs import profile
from promojobs.client import Client
from promojobs.errors import TimedOut, WrongUse
from promojobs.output import Output
from promojobs.values import Job, Promotion

_ID = 36
_SHORTEST = 8
_SHOWN = 13
_PAGE = 100

Listed = TypeVar("Listed", Promotion, Job)


class Terminated(BaseException):
    """SIGTERM came."""


@dataclass(frozen=True, slots=True)
class Session:
    options: Mapping[str, Any]
    output: Output
    folders: profile.Folders
    environment: Mapping[str, str]

    def credentials(self) -> profile.Credentials:
        """Raises NotSignedIn and WrongUse."""
        options = self.options
        return profile.resolved(
            self.folders,
            self.environment,
            profile=options.get("profile"),
            url=options.get("url"),
            is_local=bool(options.get("local")),
        )

    @contextmanager
    def api(self) -> Iterator[Client]:
        who = self.credentials()
        client = Client(
            who.url,
            who.client_id,
            who.client_secret,
            token=profile.kept_token(self.folders, who, time.time()),
            on_token=lambda token, expires: profile.keep_token(self.folders, who, token, expires),
            timeout=self.options.get("timeout") or 30.0,
        )
        with client:
            yield client

    def say(self, text: str) -> None:
        self.output.say(text)

    def explain(self, text: str) -> None:
        """Only with ``--verbose``."""
        if self.options.get("verbose"):
            self.output.say(text)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Raises WrongUse unless the user says yes at a terminal, or ``--yes`` does."""
        if yes:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise WrongUse("A confirmation takes a terminal: without one, --yes gives it")
        import click

        if not click.confirm(question, err=True):
            raise WrongUse("Nothing was done")

    def line(self, *words: str) -> str:
        """A command to go on with, for the same service."""
        flags = ["--local"] if self.options.get("local") else []
        for name in ("profile", "url"):
            flags += [f"--{name}", self.options[name]] if self.options.get(name) else []
        return shlex.join(["promojobs", *words, *flags])

    # Ids

    def promotion_id(self, api: Client, text: str) -> str:
        """Raises WrongUse for a beginning that is not that of one promotion on the first page."""
        return text if len(text) == _ID else _only(text, islice(api.promotions(), _PAGE), "promotion")

    def job_id(self, api: Client, promotion_id: str, text: str) -> str:
        return text if len(text) == _ID else _only(text, islice(api.jobs(promotion_id), _PAGE), "job")

    # Watching

    def watch(self, api: Client, job: Job, verb: str, timeout: float | None = None) -> Job:
        """The job when it has succeeded; a user who stops watching is told how to go on."""
        progress = self.output.progress(verb)
        try:
            return api.wait(job, progress, on_trouble=progress.trouble, timeout=timeout)
        except (KeyboardInterrupt, Terminated, TimedOut):
            progress.stop()
            at = f" at {progress.done:,} of {progress.total:,}" if progress.total else ""
            self.say(f"Stopped watching{at}. The job goes on.")
            self.say(self.line("watch", job.promotion_id, job.id))
            self.say(self.line("cancel", job.promotion_id, job.id, "--yes"))
            raise
        finally:
            progress.stop()


def _only(text: str, listed: Iterable[Listed], what: str) -> str:
    if len(text) < _SHORTEST:
        raise WrongUse(f"{text!r} is too short for the id of a {what}: give at least {_SHORTEST} characters")
    found = [it.id for it in listed if it.id.startswith(text.lower())]
    if len(found) != 1:
        how_many = "no" if not found else "more than one"
        raise WrongUse(f"{how_many} {what} on the first page begins with {text!r}")
    return found[0]


def short(identifier: str) -> str:
    """An id as lists show it: long enough to be named by."""
    return identifier[:_SHOWN]
