"""The files of exports: downloaded, and compared."""

from dataclasses import asdict
from pathlib import Path

import click

from promojobs import download as downloads
from promojobs.app import command
from promojobs.options import FORCE, OUTPUT
from promojobs.saving import save, target_of
from promojobs.session import Session


@command()
@click.argument("promotion")
@click.argument("job")
@OUTPUT
@FORCE
def download(session: Session, promotion: str, job: str, output: str | None, *, force: bool) -> None:
    """Download the file of an export, and verify it."""
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        found = api.job(promotion_id, session.job_id(api, promotion_id, job))
        suffix = ".csv.gz" if downloads.only_file(found).is_packed else ".csv"
        target = target_of(session, output or f"{found.id}{suffix}", force=force)
        if target:
            save(session, api, found, target, force=force)


@command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("promotion")
@click.argument("job")
def verify(session: Session, file: Path, promotion: str, job: str) -> None:
    """Compare a file with what an export wrote."""
    with session.api() as api:
        promotion_id = session.promotion_id(api, promotion)
        found = api.job(promotion_id, session.job_id(api, promotion_id, job))
    wanted = downloads.only_file(found)
    downloads.Measured.of(file).check(wanted)
    told = {"path": str(file), **asdict(wanted.file)}
    session.output.data(told, f"{file}: OK, {wanted.file.rows:,} rows, {wanted.file.sha256[:8]}…")
