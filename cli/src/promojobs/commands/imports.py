"""Codes of a file, imported by a job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from promojobs.app import command
from promojobs.client import Client
from promojobs.errors import PromojobsError, Unreachable
from promojobs.options import FORCE, WAIT_TIMEOUT
from promojobs.saving import target_of, write, written
from promojobs.session import Session, Terminated
from promojobs.values import Job


@command(name="import")
@click.argument("promotion")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--on-duplicate", type=click.Choice(["skip", "fail"]), help="Where a code is in use; skip unless given.")
@click.option("--uses", type=int, help="How often a code can be used, where its row does not say it.")
@click.option("--per", type=click.Choice(["cart", "item"]), help="What counts as a use, likewise.")
@click.option("--name", help="The job's name.")
@click.option("--report", metavar="FILE", help="Where to write the rows that were not taken; - is stdout.")
@FORCE
@WAIT_TIMEOUT
def import_codes(session: Session, promotion: str, file: Path, **given: Any) -> None:
    """Import the codes of a CSV file."""
    target = target_of(session, given["report"], force=given["force"], option="--report")
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        job = _start_import(session, api, promotion_id, file, given)
        job = session.watch(api, job, "Importing", given["wait_timeout"])
        numbers = ", ".join(f"{job.result[name]:,} {name}" for name in ("imported", "duplicates", "invalid"))
        text = f"{file}: {numbers}"
        if target is None:
            session.output.data({"job": dict(job.raw)}, text)
            return
        try:
            is_named = write(session, api, job, target, force=given["force"], what="report")
        except (KeyboardInterrupt, Terminated, PromojobsError):
            session.say(text)
            raise
        if is_named:
            session.output.data(written(job, target), text)
        else:
            session.say(text)


def _start_import(session: Session, api: Client, promotion_id: str, file: Path, given: Mapping[str, Any]) -> Job:
    """The job, started once. A caller who cannot know whether it was is told what shows it: no key finds it.

    A second upload of the file is another one, and so is a job of it.
    """
    upload_id, key = api.upload(promotion_id, file), api.new_key()
    session.explain(f"Idempotency-Key: {key}")
    job = api.importing(upload_id, given["on_duplicate"], given["uses"], given["per"])
    try:
        return api.start(promotion_id, job, name=given["name"], key=key)
    except (KeyboardInterrupt, Terminated, Unreachable):
        session.say("The job may have been started. This line shows it, if it was.")
        session.say(session.line("jobs", promotion_id, "--kind", "import"))
        raise
