"""Jobs: started, watched to their end, and their files."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import click

from promojobs import download as downloads
from promojobs.app import command
from promojobs.client import Client
from promojobs.errors import FileWrong, JobCancelled, PromojobsError, Refused, Unreachable, WrongUse
from promojobs.options import FORCE, OUTPUT, WAIT, WAIT_TIMEOUT, YES
from promojobs.output import duration
from promojobs.saving import output_options, save, target_of
from promojobs.session import Session, Terminated, short
from promojobs.values import KINDS, Estimate, Job

_NAME = 50
_KEY_LIFE = timedelta(hours=23)
"""A little less than the service knows keys: so much may pass between this look and the request."""
_EXPORT = ":export"
_LONGEST_KEY = 255 - len(_EXPORT)


def _checked_key(_context: click.Context, _parameter: click.Parameter, key: str | None) -> str | None:
    """Refused before anything is started: an empty one is a variable that is not set."""
    if key is None or (key.isascii() and key.isprintable() and 1 <= len(key) <= _LONGEST_KEY):
        return key
    raise click.BadParameter(f"a key has 1 to {_LONGEST_KEY} printable ASCII characters")


_KEY = click.option(
    "--key",
    metavar="KEY",
    callback=_checked_key,
    help="Makes the line repeatable: the same key is the same job, for a day.",
)


@command()
@click.argument("promotion")
@click.argument("number", type=click.IntRange(1))
@click.option("--prefix", help="What is in front of each code.")
@click.option("--length", type=int, help="Symbols of a code, from 8 to 16.")
@click.option("--uses", type=int, help="How often each can be used; unlimited unless given.")
@click.option("--per", type=click.Choice(["cart", "item"]), help="What counts as a use.")
@click.option("--name", help="The job's name.")
@click.option("--dry-run", is_flag=True, help="Only say what it would take.")
@_KEY
@OUTPUT
@FORCE
@WAIT
@WAIT_TIMEOUT
def generate(session: Session, promotion: str, number: int, **given: Any) -> None:
    """Make NUMBER codes; with --output, also export, download and verify them."""
    target = target_of(session, given["output"], force=given["force"], wait=given["wait"])
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        job = api.generation(number, given["prefix"], given["length"], given["uses"], given["per"])
        if given["dry_run"]:
            _show_estimate(session, api.estimate(promotion_id, job))
            return
        name = given["name"] or (given["key"] and given["key"][:_NAME])
        if given["key"]:
            _check_age(api, promotion_id, name)
        made = _start(session, api, promotion_id, job, name, given["key"])
        if not given["wait"]:
            _show_started(session, made)
            return
        made = session.watch(api, made, "Generating", given["wait_timeout"])
        if target is None:
            session.output.data({"job": dict(made.raw)}, _line(made))
            return
        try:
            exported = _export(session, api, made.promotion_id, made.id, given, number)
        except PromojobsError:
            session.say(
                session.line(
                    "export", made.promotion_id, "--job", made.id, *output_options(target, force=given["force"])
                )
            )
            raise
        save(session, api, exported, target, force=given["force"])


def _start(
    session: Session, api: Client, promotion_id: str, job: Mapping[str, Any], name: str | None, key: str | None
) -> Job:
    """The job, started once. A caller who cannot know whether it was is told the key that finds it."""
    key = key or api.new_key()
    session.explain(f"Idempotency-Key: {key}")
    try:
        return api.start(promotion_id, job, name=name, key=key)
    except (KeyboardInterrupt, Terminated, Unreachable):
        session.say(f"The job may have been started. The same line with --key {key} finds it, or starts it.")
        raise


def _check_age(api: Client, promotion_id: str, name: str) -> None:
    """Raises Refused if a job of that name is older than keys are known: the line would make its codes again."""
    for it in api.jobs(promotion_id, kind="generate"):
        age = datetime.now(UTC) - datetime.fromisoformat(it.created_at)
        if it.name == name and age > _KEY_LIFE:
            raise Refused(f"The job {it.id} has this name and is older than a day: another key or name makes new codes")


def _show_estimate(session: Session, it: Estimate) -> None:
    odds = f" · a guess hits {it.odds}" if it.odds else ""
    example = f" like {it.examples[0]}" if it.examples else ""
    room = f"room for {it.room:,}" if it.fits else f"no room: {it.room:,} are left"
    busy = "" if it.is_free else " · another job is open"
    cost = "less than $0.01" if float(it.dollars) < 0.01 else f"${float(it.dollars):.2f}"  # noqa: PLR2004 - a cent
    text = f"{it.codes:,} codes{example}{odds} · about {duration(it.seconds)} · {cost} · {room}{busy}"
    session.output.data(dict(it.raw), text)


def _show_started(session: Session, it: Job) -> None:
    session.output.data({"job": dict(it.raw)}, it.id)
    session.say(session.line("watch", it.promotion_id, it.id))


def _export(
    session: Session,
    api: Client,
    promotion_id: str,
    job_id: str | None,
    given: dict[str, Any],
    codes: int | None = None,
) -> Job:
    """The export, when it has ended. Raises FileWrong also if there are not so many codes as were asked for."""
    key = given["key"] and given["key"] + _EXPORT
    job = _start(session, api, promotion_id, api.exporting(job_id=job_id), None, key)
    job = session.watch(api, job, "Exporting", given["wait_timeout"])
    rows = downloads.only_file(job).file.rows
    if codes is not None and rows != codes:
        raise FileWrong(f"The export has {rows:,} codes, and {codes:,} were asked for: some were removed meanwhile")
    return job


@command()
@click.argument("promotion")
@click.option("--job", help="Of this job's codes alone.")
@_KEY
@OUTPUT
@FORCE
@WAIT
@WAIT_TIMEOUT
def export(session: Session, promotion: str, job: str | None, **given: Any) -> None:
    """Export all codes, or those of one job; with --output, download and verify the file."""
    target = target_of(session, given["output"], force=given["force"], wait=given["wait"])
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        job_id = job and session.job_id(api, promotion_id, job)
        if target is not None:
            save(session, api, _export(session, api, promotion_id, job_id, given), target, force=given["force"])
            return
        made = _start(session, api, promotion_id, api.exporting(job_id=job_id), None, given["key"])
        if not given["wait"]:
            _show_started(session, made)
            return
        made = session.watch(api, made, "Exporting", given["wait_timeout"])
        session.output.data({"job": dict(made.raw)}, _line(made))


@command()
@click.argument("promotion")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Of this kind alone.")
@click.option("--status", help="In this state alone.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, newest first.")
def jobs(session: Session, promotion: str, kind: str | None, status: str | None, limit: int) -> None:
    """List the jobs of a promotion, newest first."""
    with session.api() as api:
        found = list(islice(api.jobs(session.promotion_id(api, promotion), kind=kind, status=status), limit))
    session.output.data([dict(it.raw) for it in found], *map(_line, found))


@command(name="job")
@click.argument("promotion")
@click.argument("job")
def show_job(session: Session, promotion: str, job: str) -> None:
    """Show a job."""
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        found = api.job(promotion_id, session.job_id(api, promotion_id, job))
    session.output.data(dict(found.raw), _line(found))


def _line(it: Job) -> str:
    if it.progress:
        numbers = f"{it.progress.done:,}/{it.progress.total:,}"
    elif it.result:
        numbers = ", ".join(f"{number:,} {name}" for name, number in it.result.items())
    else:
        numbers = f"{it.files[0].rows:,} rows" if it.files else "-"
    told = "  ".join(filter(None, (it.name, it.error)))
    return f"{short(it.id)}  {it.kind}  {it.status}  {numbers}  {told}".rstrip()


@command()
@click.argument("promotion")
@click.argument("job", required=False)
@WAIT_TIMEOUT
def watch(session: Session, promotion: str, job: str | None, wait_timeout: float | None) -> None:
    """Watch a job to its end: the open one unless you name another."""
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        job_id = session.job_id(api, promotion_id, job) if job else api.promotion(promotion_id).open_job
        if job_id is None:
            raise Refused("The promotion has no open job")
        found = session.watch(api, api.job(promotion_id, job_id), "Watching", wait_timeout)
    session.output.data({"job": dict(found.raw)}, _line(found))


@command()
@click.argument("promotion")
@click.argument("job")
@YES
@WAIT
def cancel(session: Session, promotion: str, job: str, *, yes: bool, wait: bool) -> None:
    """Cancel a job; the codes that it made or imported are deleted."""
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        found = api.job(promotion_id, session.job_id(api, promotion_id, job))
        session.confirm(f"Cancel the job {short(found.id)}?{_consequence(found)}", yes=yes)
        ended = api.cancel(promotion_id, found.id)
        if wait and ended.is_open:
            ended = _until_cancelled(session, api, ended)
    session.output.data({"job": dict(ended.raw)}, _line(ended))


def _consequence(it: Job) -> str:
    """What becomes of what the job has done."""
    match it.kind:
        case "export":
            return " No file is made."
        case "import":
            return " What it added is removed."
        case "delete" if it.progress:
            return f" The {it.progress.done:,} codes deleted so far stay deleted."
        case "generate" if it.progress:
            return f" The {it.progress.done:,} codes made so far are deleted."
    return ""


def _until_cancelled(session: Session, api: Client, job: Job) -> Job:
    """The job when it has ended, which is what was wanted."""
    try:
        return session.watch(api, job, "Cancelling")
    except JobCancelled:
        return api.job(job.promotion_id, job.id)


@command(name="delete-codes")
@click.argument("promotion")
@click.option("--job", help="Those of this job.")
@click.option("--all", "is_all", is_flag=True, help="All codes of the promotion.")
@_KEY
@YES
@WAIT
@WAIT_TIMEOUT
def delete_codes(session: Session, promotion: str, job: str | None, *, is_all: bool, **given: Any) -> None:
    """Delete all codes of a promotion, or those of one job."""
    if bool(job) == is_all:
        raise WrongUse("Say which: --job JOB, or --all")
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        job_id = session.job_id(api, promotion_id, job) if job else None
        what = {"job_id": job_id} if job_id else {"all": True}
        wanted = {"type": "promotion_job", "job_type": KINDS["delete"], "parameters": what}
        codes = api.estimate(promotion_id, wanted).codes
        session.confirm(f"Delete {codes:,} codes?", yes=given["yes"])
        made = _start(session, api, promotion_id, wanted, None, given["key"])
        if not given["wait"]:
            _show_started(session, made)
            return
        made = session.watch(api, made, "Deleting", given["wait_timeout"])
    session.output.data({"job": dict(made.raw)}, f"{made.result.get('deleted', 0):,} codes deleted")
