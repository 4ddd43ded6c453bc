"""Functions and layers as zip archives."""

import compileall
import hashlib
import io
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from local.errors import StackError


def zip_of(folder: Path, below: str = "") -> bytes:
    """The folder's files without compiled ones, under ``below`` in the archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content.write(file, Path(below) / file.relative_to(folder))
    return archive.getvalue()


def zip_of_wheels(requirements: Path, cache: Path) -> bytes:
    """This host's wheels of the requirements, compiled; they are installed once.

    Raises StackError where pip cannot install them.
    """
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    archive = cache / f"dependencies-{key[:16]}.zip"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder:
            _install(requirements, Path(folder, "python"))
            part = Path(folder, archive.name)
            _zip_with_compiled(Path(folder, "python"), part)
            part.replace(archive)
    return archive.read_bytes()


def _install(requirements: Path, target: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--only-binary", ":all:"]
    files = ["--requirement", str(requirements), "--target", str(target)]
    command = [sys.executable, "-m", "pip", "install", *options, *files]
    run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - nothing from outside
    if run.returncode:
        reason = (run.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise StackError(f"The packages of {requirements.name} cannot be installed: {reason}")


def _zip_with_compiled(folder: Path, archive: Path) -> None:
    """Unpacking changes the files' times, so the compiled ones must not depend on them."""
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(folder.rglob("*")):
            content.write(file, file.relative_to(folder.parent))
