"""Codes in use: validated, redeemed, rolled back; and what was used."""

from itertools import islice

import click

from promojobs.app import command
from promojobs.session import Session
from promojobs.values import Usage


@command()
@click.argument("code")
@click.option("--customer", help="Who wants to use it.")
@click.option("--quantity", type=int, help="How many units.")
def validate(session: Session, code: str, customer: str | None, quantity: int | None) -> None:
    """Say whether a code can be used now, without using it. A code that cannot is no error."""
    with session.api() as api:
        it = api.validate(code, customer_id=customer, quantity=quantity)
    left = "" if it.uses is None else f", {it.uses:,} uses left"
    session.output.data(dict(it.raw), f"{it.code}  {'can be used' if it.valid else it.reason}{left}")


@command()
@click.argument("code")
@click.option("--id", "redemption_id", required=True, help="Yours, such as the order's: the same one counts once.")
@click.option("--customer", help="Who uses it.")
@click.option("--quantity", type=int, help="How many units.")
@click.option("--hold", type=int, metavar="S", help="Hold it for so many seconds instead.")
def redeem(
    session: Session, code: str, redemption_id: str, customer: str | None, quantity: int | None, hold: int | None
) -> None:
    """Use a code, once for each id."""
    with session.api() as api:
        it = api.redeem(code, redemption_id, customer_id=customer, quantity=quantity, hold_seconds=hold)
    session.output.data(dict(it.raw), _line(it))


@command()
@click.argument("code")
@click.option("--id", "redemption_id", required=True, help="The id that it was redeemed under.")
@click.option("--quantity", type=int, default=0, show_default=True, help="How many units stay used.")
def rollback(session: Session, code: str, redemption_id: str, quantity: int) -> None:
    """Give the uses of an id back."""
    with session.api() as api:
        it = api.roll_back(code, redemption_id, quantity)
    session.output.data(dict(it.raw), _line(it))


@command()
@click.argument("promotion")
@click.option("--code", help="Of this code alone.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, newest first.")
def usages(session: Session, promotion: str, code: str | None, limit: int) -> None:
    """List what was redeemed of a promotion, newest first."""
    with session.api() as api:
        found = list(islice(api.usages(session.promotion_id(api, promotion), code=code), limit))
    session.output.data([dict(it.raw) for it in found], *map(_line, found))


def _line(it: Usage) -> str:
    return f"{it.code}  {it.status}  {it.times_used} used  {it.redemption_id}  {it.used_on}"
