"""The files that jobs write: measured on their way, and kept if the run of the job notes them."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from promotion_jobs.aws.files import Files
from promotion_jobs.jobs.job import ExportFile
from promotion_jobs.jobs.runs import RunStore

_FAST_GZIP = 1
_WITH_GZIP_HEADER = 31
"""Of zlib, which then writes no time: the same rows make the same file."""


@dataclass(slots=True)
class Content:
    """What is written of a file, on its way: packed if it is to be, and measured."""

    store: Callable[[bytes], bool]
    is_packed: bool = False
    size: int = 0
    digest: Any = field(default_factory=sha256)
    _packer: Any = field(default_factory=lambda: zlib.compressobj(_FAST_GZIP, wbits=_WITH_GZIP_HEADER))

    def write(self, piece: bytes) -> bool:
        """Whether a part was uploaded."""
        return self._store(self._packer.compress(piece) if self.is_packed else piece)

    def end(self, key: str, rows: int) -> ExportFile:
        """The file, all of which is written with this."""
        if self.is_packed:
            self._store(self._packer.flush())
        return ExportFile(key, rows, self.size, self.digest.hexdigest())

    def _store(self, piece: bytes) -> bool:
        self.digest.update(piece)
        self.size += len(piece)
        return self.store(piece)


def note(written: Sequence[ExportFile], job_id: str, runs: RunStore, files: Files) -> bool:
    """Whether the run of the job notes the files; those that come too late are removed.

    Those that were noted by an attempt whose answer was lost stay.
    """
    if runs.note_files(job_id, written):
        return True
    run = runs.get(job_id, 0)
    if run is None or run.files != tuple(written):
        remove(written, files)
    return False


def remove(written: Iterable[ExportFile], files: Files) -> None:
    for file in written:
        files.remove(file.key)
