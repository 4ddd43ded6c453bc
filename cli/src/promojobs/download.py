"""Downloads: a file appears under its name only when its bytes, its rows and its SHA-256 are those of the job."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promojobs.errors import FileWrong, Refused, Unreachable, WrongUse
from promojobs.transport import PIECE, TRIES, Waits
from promojobs.values import File, Job

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from urllib3 import BaseHTTPResponse

Open = Callable[[], "AbstractContextManager[BaseHTTPResponse]"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as the job wrote it. The rows of a packed one cannot be counted."""

    file: File
    has_header: bool = True
    is_packed: bool = False


class Measured:
    """What has come of a file so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self._ends = 0
        self._is_quoted = False
        self._digest = sha256()

    @classmethod
    def of(cls, path: Path) -> "Measured":
        """Raises WrongUse if the file cannot be read."""
        measured = cls()
        try:
            with path.open("rb") as content:
                while piece := content.read(PIECE):
                    measured.take(piece)
        except OSError as error:
            raise WrongUse(f"{path} cannot be read: {error.strerror}") from error
        return measured

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        return self._digest.hexdigest()

    def take(self, piece: bytes) -> None:
        self.bytes += len(piece)
        self._digest.update(piece)
        # A line that ends within quotes ends no row.
        first, *others = piece.split(b'"')
        self._ends += 0 if self._is_quoted else first.count(b"\n")
        for part in others:
            self._is_quoted = not self._is_quoted
            self._ends += 0 if self._is_quoted else part.count(b"\n")

    def check(self, wanted: Wanted) -> None:
        """Raises FileWrong."""
        file = wanted.file
        if self.bytes != file.bytes:
            raise FileWrong(f"The file has {self.bytes:,} bytes, and the job wrote {file.bytes:,}")
        if self.sha256 != file.sha256:
            raise FileWrong("The file's SHA-256 is not that of the job")
        rows = self._ends - wanted.has_header
        if rows != file.rows and not wanted.is_packed:
            raise FileWrong(f"The file has {rows:,} rows, and the job wrote {file.rows:,}")


def only_file(job: Job) -> Wanted:
    """Raises Refused if the job has none, and WrongUse if it has several."""
    if not job.files:
        raise Refused(f"The job {job.id} has no file: it is {job.status}")
    if len(job.files) > 1:
        raise WrongUse(f"The job {job.id} has {len(job.files)} files, and this takes one")
    parameters = job.raw.get("parameters", {})
    return Wanted(job.files[0], parameters.get("header") is not False, bool(parameters.get("gzip")))


def check_target(target: Path, *, force: bool) -> None:
    """Raises WrongUse where a file could not be written, before anything is started."""
    if target.is_dir():
        raise WrongUse(f"{target} is a folder")
    if not target.parent.is_dir():
        raise WrongUse(f"There is no folder {target.parent}")
    if target.exists() and not force:
        raise WrongUse(f"{target} is there already: --force replaces it")


def to_path(opened: Open, wanted: Wanted, target: Path, waits: Waits) -> None:
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


def _whole(opened: Open, wanted: Wanted, target: Path) -> None:
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


def to_sink(opened: Open, wanted: Wanted, write: Callable[[bytes], object]) -> None:
    """Raises FileWrong at the end if what was written is not the file."""
    measured = Measured()
    with opened() as response:
        for piece in response.stream(PIECE, decode_content=False):
            measured.take(piece)
            write(piece)
    measured.check(wanted)
