"""Single codes: found, added by hand, deleted."""

import click

from promojobs.app import app, command
from promojobs.errors import Refused
from promojobs.options import YES
from promojobs.session import Session, short
from promojobs.values import Code


@app.group()
def code() -> None:
    """Find a code, add codes by hand, or delete some."""


@command(code)
@click.argument("text", metavar="CODE")
def find(session: Session, text: str) -> None:
    """Find a code in all promotions; capitals do not matter."""
    with session.api() as api:
        found = api.find_code(text.strip())
    if found is None:
        raise Refused(f"No promotion has the code {text.strip()!r}, or its job is not completed yet", status=404)
    promotion, it = found
    made_by = f"job {short(it.job_id)}" if it.job_id else "by hand"
    document = {"promotion": dict(promotion.raw), "code": dict(it.raw)}
    session.output.data(document, f"{it.code}  {promotion.name}  {_uses(it)}  {made_by}")


def _uses(it: Code) -> str:
    return "unlimited" if it.max_uses is None else f"{it.uses:,}/{it.max_uses:,} uses left"


@command(code)
@click.argument("promotion")
@click.argument("codes", nargs=-1, required=True)
@click.option("--uses", type=int, help="How often each can be used.")
def add(session: Session, promotion: str, codes: tuple[str, ...], uses: int | None) -> None:
    """Add up to 50 codes by hand, all or nothing."""
    with session.api() as api:
        changed = api.add_codes(session.promotion_id(api, promotion), codes, uses=uses)
    session.output.data(dict(changed.raw), f"{len(codes)} codes added")


@command(code)
@click.argument("promotion")
@click.argument("codes", nargs=-1, required=True)
@YES
def delete(session: Session, promotion: str, codes: tuple[str, ...], *, yes: bool) -> None:
    """Delete up to 50 codes; those that are not there do not matter."""
    session.confirm(f"Delete {len(codes)} codes?", yes=yes)
    with session.api() as api:
        api.remove_codes(session.promotion_id(api, promotion), codes)
    session.output.data({"deleted": len(codes)}, f"{len(codes)} codes deleted")
