"""Files that commands write: where they go, and what is said of them."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from promojobs import download as downloads
from promojobs.client import Client
from promojobs.errors import PromojobsError, WrongUse
from promojobs.output import size
from promojobs.session import Session, Terminated
from promojobs.values import Job


def target_of(
    session: Session, output: str | None, *, force: bool, wait: bool = True, option: str = "--output"
) -> Path | None:
    """Where the file goes, checked before anything is started. Raises WrongUse."""
    if output is None:
        return None
    if not wait:
        raise WrongUse("--output needs the job's end: leave --no-wait out")
    path = Path(output)
    if output == "-" and session.output.as_json:
        raise WrongUse(f"--json and {option} - both write to stdout: choose one")
    if output != "-":
        downloads.check_target(path, force=force)
    return path


def output_options(target: Path, *, force: bool) -> list[str]:
    return ["--output", str(target), *(["--force"] if force else [])]


def write(session: Session, api: Client, job: Job, target: Path, *, force: bool, what: str = "export") -> bool:
    """Whether the file is written under a name: else it is on stdout."""
    if str(target) == "-":
        api.read_to(job, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()
        return False
    try:
        api.save(job, target, force=force)
    except (KeyboardInterrupt, Terminated, PromojobsError):
        session.say(f"The file is not written, and the {what} is there.")
        session.say(session.line("download", job.promotion_id, job.id, *output_options(target, force=force)))
        raise
    return True


def written(job: Job, target: Path) -> dict[str, Any]:
    return {"job": dict(job.raw), "file": {"path": str(target), **asdict(downloads.only_file(job).file)}}


def save(session: Session, api: Client, job: Job, target: Path, *, force: bool) -> None:
    if not write(session, api, job, target, force=force):
        return
    file, document = downloads.only_file(job).file, written(job, target)
    text = f"{target}: {file.rows:,} codes, {size(file.bytes)}, SHA-256 verified"
    session.output.data(document, text)
