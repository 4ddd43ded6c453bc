"""Promotions: listed, shown, created, changed, deleted."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from promojobs.app import app, command
from promojobs.errors import WrongUse
from promojobs.options import YES
from promojobs.session import Session, short
from promojobs.values import Promotion


class _ListsAtFirst(click.Group):
    """Without the name of a command, it lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = bool(args) and (args[0] in self.commands or args[0] in {"-h", "--help"})
        return super().parse_args(ctx, args if is_named else ["list", *args])


@app.group(cls=_ListsAtFirst)
def promotions() -> None:
    """List promotions, or show, create, change or delete one."""


@command(promotions, "list")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, newest first.")
def list_promotions(session: Session, limit: int) -> None:
    """List promotions, newest first."""
    with session.api() as api:
        found = list(islice(api.promotions(), limit))
    session.output.data([dict(it.raw) for it in found], *_lines(found))


def _lines(found: Iterable[Promotion]) -> list[str]:
    return [f"{short(it.id)}  {status(it):9}  {it.in_use:,}/{it.max_codes:,}  {it.name}" for it in found]


def status(it: Promotion, now: datetime | None = None) -> str:
    """Off, Scheduled, Live or Ended."""
    now = now or datetime.now(UTC)
    if not it.enabled:
        return "Off"
    if now < datetime.fromisoformat(it.start):
        return "Scheduled"
    return "Live" if now < datetime.fromisoformat(it.end) else "Ended"


@command(promotions)
@click.argument("promotion")
def show(session: Session, promotion: str) -> None:
    """Show a promotion."""
    with session.api() as api:
        _show(session, api.promotion(session.promotion_id(api, promotion)))


def _show(session: Session, it: Promotion) -> None:
    lines = [
        f"{it.name}",
        f"id        {it.id}",
        f"status    {status(it)}",
        f"runs      {it.start} to {it.end}",
        f"codes     {it.codes:,} visible, {it.in_use:,} of {it.max_codes:,} in use",
    ]
    session.output.data(dict(it.raw), *lines, *([f"open job  {it.open_job}"] if it.open_job else []))


@command(promotions)
@click.option("--file", "path", required=True, metavar="FILE", help="The promotion as JSON, as the API takes it.")
def create(session: Session, path: str) -> None:
    """Create a promotion."""
    with session.api() as api:
        made = api.create_promotion(_fields(path))
    session.output.data(dict(made.raw), made.id)


def _fields(path: str) -> dict[str, Any]:
    try:
        with click.open_file(path, encoding="utf-8-sig") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise WrongUse(f"{Path(path).name} is no file with JSON: {error}") from error
    found = found.get("data", found) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise WrongUse(f"{Path(path).name} must have an object")
    return found


@command(promotions)
@click.argument("promotion")
@click.option("--max-codes", type=int, help="How many codes it may hold.")
@click.option("--enabled/--disabled", default=None, help="Whether its codes can be used.")
@click.option("--name", help="Its name.")
@click.option("--start", help="When it begins: a date, or a time with its zone.")
@click.option("--end", help="When it ends; a date ends as it begins, in UTC.")
def update(session: Session, promotion: str, **changes: Any) -> None:
    """Change a promotion."""
    fields = {name: value for name, value in changes.items() if value is not None}
    if not fields:
        raise WrongUse("Say what to change")
    with session.api() as api:
        _show(session, api.update_promotion(session.promotion_id(api, promotion), **fields))


@command(promotions)
@click.argument("promotion")
@YES
def delete(session: Session, promotion: str, *, yes: bool) -> None:
    """Delete a promotion, with its codes, jobs and files."""
    with session.api() as api:
        found = api.promotion(session.promotion_id(api, promotion))
        session.confirm(f"Delete {found.name!r} with its {found.codes:,} codes?", yes=yes)
        api.delete_promotion(found.id)
    session.output.data({"id": found.id, "deleted": True}, f"{short(found.id)} deleted")
