"""Downloads: a file appears under its name only when its bytes, its rows and its SHA-256 are those of the job."""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promojobs.errors import FileWrong, Unreachable, WrongUse
from promojobs.transport import PIECE, TRIES, Waits
from promojobs.values import File, Job

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

Open = Callable[[], "AbstractContextManager[BaseHTTPResponse]"]


class Measured:
    """What has come of a file so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self._lines = 0
        self._digest = sha256()

    def take(self, piece: bytes) -> None:
        self.bytes += len(piece)
        self._lines += piece.count(b"\n")
        self._digest.update(piece)

    def check(self, wanted: File, *, has_header: bool = True) -> None:
        """Raises FileWrong."""
        if self.bytes != wanted.bytes:
            raise FileWrong(f"The file has {self.bytes:,} bytes, and the job wrote {wanted.bytes:,}")
        if self._digest.hexdigest() != wanted.sha256:
            raise FileWrong("The file's SHA-256 is not that of the job")
        rows = self._lines - has_header
        if rows != wanted.rows:
            raise FileWrong(f"The file has {rows:,} rows, and the job wrote {wanted.rows:,}")


def only_file(job: Job) -> File:
    """Raises WrongUse if the job has none, or several."""
    if len(job.files) != 1:
        raise WrongUse(f"The job {job.id} has {len(job.files)} files, and this takes one")
    return job.files[0]


def check_target(target: Path, *, force: bool) -> None:
    """Raises WrongUse where a file could not be written, before anything is started."""
    if target.is_dir():
        raise WrongUse(f"{target} is a folder")
    if not target.parent.is_dir():
        raise WrongUse(f"There is no folder {target.parent}")
    if target.exists() and not force:
        raise WrongUse(f"{target} is there already: --force replaces it")


def to_path(opened: Open, wanted: File, target: Path, waits: Waits) -> None:
    """Write a right file under its name, or nothing. Raises FileWrong and Unreachable after the last try."""
    for attempt in range(TRIES):
        try:
            _whole(opened, wanted, target)
        except (FileWrong, Unreachable):
            # It may have broken off, or been changed on the way.
            if attempt + 1 == TRIES:
                raise
            waits.wait(attempt)
        else:
            return


def _whole(opened: Open, wanted: File, target: Path) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            to_sink(opened, wanted, file.write)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def to_sink(opened: Open, wanted: File, write: Callable[[bytes], object]) -> None:
    """Raises FileWrong at the end if what was written is not the file."""
    measured = Measured()
    with opened() as response:
        for piece in response.stream(PIECE, decode_content=False):
            measured.take(piece)
            write(piece)
    measured.check(wanted)


def verify(file: Path, wanted: File) -> None:
    """Raises FileWrong, and WrongUse if there is no such file."""
    measured = Measured()
    try:
        with file.open("rb") as content:
            while piece := content.read(PIECE):
                measured.take(piece)
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}") from error
    measured.check(wanted)
