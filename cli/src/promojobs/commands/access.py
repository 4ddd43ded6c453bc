"""Signing in, the console, completion, and any call of the API."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from promojobs import profile
from promojobs.app import app, command
from promojobs.client import Client
from promojobs.errors import WrongUse, of_answer
from promojobs.session import Session

_ERRORS = 400


@command()
@click.option("--client-id", help="The client's id; asked for unless given.")
@click.option("--secret-stdin", is_flag=True, help="Read the secret from stdin.")
def login(session: Session, client_id: str | None, *, secret_stdin: bool) -> None:
    """Sign in, and keep the credentials in a profile that only you may read."""
    name = profile.name_of(session.environment, session.options["profile"])
    url = session.options["url"] or _asked(session, "URL of the service", "PROMOJOBS_URL")
    who = client_id or _asked(session, "Client id", "PROMOJOBS_CLIENT_ID")
    if secret_stdin:
        secret = sys.stdin.readline().strip()
    else:
        secret = _asked(session, "Client secret", "PROMOJOBS_CLIENT_SECRET", hide_input=True)
    with Client(url, who, secret, timeout=session.options["timeout"] or 30.0) as api:
        api.sign_in()
    profile.keep(session.folders, name, profile.Credentials(api.url, who, secret))
    told = {"url": api.url, "client_id": who, "profile": name}
    session.output.data(told, f"Signed in to {api.url} as {who} (profile {name})")


def _asked(session: Session, question: str, variable: str, *, hide_input: bool = False) -> str:
    """From the environment, or a person. Raises WrongUse where there is none."""
    if value := session.environment.get(variable):
        return value
    if not sys.stdin.isatty():
        raise WrongUse(f"{question}: without a terminal, set {variable}")
    return str(click.prompt(question, hide_input=hide_input, err=True))


@command()
@click.option("--print", "is_printed", is_flag=True, help="Print the link instead; it signs its reader in.")
def console(session: Session, *, is_printed: bool) -> None:
    """Open the console in the browser, signed in for an hour."""
    with session.api() as api:
        # As the page reads it, which shows the minutes that are left and keeps the id for the next time.
        session_of_page = {"token": api.sign_in(), "expires": api.expires, "client_id": api.client_id}
        link = f"{api.url}/console#{urlencode(session_of_page)}"
    if is_printed:
        session.output.data({"url": link}, link)
        return
    import webbrowser

    if not webbrowser.open(link):
        raise WrongUse("There is no browser here: --print prints the link")
    session.say(f"Opened {api.url}/console")


@app.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what your shell evaluates to complete commands: eval "$(promojobs completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind:
        click.echo(kind(app, {}, "promojobs", "_PROMOJOBS_COMPLETE").source())


@command(name="api")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.option("--data", help="The body as JSON, or @FILE, or @- for stdin.")
@click.option("--key", help="The Idempotency-Key.")
def call_api(session: Session, method: str, path: str, data: str | None, key: str | None) -> None:
    """Print the answer of the API to any call, as it is."""
    if not path.startswith("/"):
        raise WrongUse("The path begins with /, such as /v2/promotions")
    body = None if data is None else _body(data)
    with session.api() as api:
        headers = {"idempotency-key": key} if key else {}
        answer = api.request(method.upper(), path, body, headers=headers)
    if answer.status >= _ERRORS:
        raise of_answer(answer.status, answer.json, answer.request_id)
    if answer.body:
        sys.stdout.write(answer.body.decode(errors="replace") + "\n")


def _body(data: str) -> Any:
    try:
        if data == "@-":
            return json.load(sys.stdin)
        return json.loads(Path(data[1:]).read_text("utf-8-sig") if data.startswith("@") else data)
    except (OSError, ValueError) as error:
        raise WrongUse(f"--data is no JSON, and no file with JSON: {error}") from error
