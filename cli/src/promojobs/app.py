"""The group of commands, and the options that all of them take, before their name or after it."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from promojobs import profile
from promojobs.output import Output
from promojobs.session import Session
from promojobs.version import VERSION

_COMMON = (
    click.option("--profile", metavar="NAME", help="The profile to use, of those that login has made."),
    click.option("--url", metavar="URL", help="The address of the service."),
    click.option("--local", is_flag=True, help="Talk to the stack of make serve."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--quiet", is_flag=True, help="Tell of errors alone."),
    click.option("--no-color", is_flag=True, help="Draw no bar."),
    click.option(
        "--timeout", type=click.FloatRange(0, min_open=True), metavar="S", help="Seconds to wait for an answer (30)."
    ),
    click.option("--verbose", is_flag=True, help="Tell of keys and addresses, never of secrets."),
)
_NAMES = ("profile", "url", "local", "as_json", "quiet", "no_color", "timeout", "verbose")


def _common(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_COMMON):
        function = option(function)
    return function


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="promojobs")
@_common
def app(**_: Any) -> None:
    """Promotion codes in bulk: generate, export, download, verify.

    PROMOTION and JOB are ids, or the first 8 or more characters of one on the first page of a list.
    """


def command(group: click.Group = app, name: str | None = None) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command, with the common options; it is given the session they make first."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def run(**given: Any) -> None:
            before = click.get_current_context().find_root().params
            try:
                function(_session({name: given.pop(name) or before[name] for name in _NAMES}), **given)
            except BrokenPipeError:
                # The reader of the output has what it wanted, which Click takes for a failure.
                raise click.exceptions.Exit from None

        return group.command(name)(_common(run))

    return decorate


def _session(options: dict[str, Any]) -> Session:
    environment = dict(os.environ)
    is_plain = options["no_color"] or "CI" in environment or environment.get("TERM") == "dumb"
    output = Output(options["as_json"], options["quiet"], is_terminal=sys.stderr.isatty() and not is_plain)
    return Session(options, output, profile.Folders.of(environment), environment)
