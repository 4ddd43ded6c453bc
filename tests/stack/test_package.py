import io
import re
import zipfile
from pathlib import Path

import pytest

from local import PROJECT, StackError
from local.deploy import zip_of, zip_of_wheels
from local.stack import STATE

UNCHECKED_HASH = b"\x01\x00\x00\x00"


def names(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


def test_an_archive_has_the_sources_alone(tmp_path: Path) -> None:
    for name in ("app.py", "package/module.py", "package/__pycache__/module.cpython-313.pyc"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert names(zip_of(tmp_path)) == ["app.py", "package/module.py"]
    assert names(zip_of(tmp_path, below="python")) == ["python/app.py", "python/package/module.py"]


def test_the_wheels_are_compiled_so_that_unpacking_does_not_outdate_them() -> None:
    archive = zip_of_wheels(PROJECT / "layers/dependencies/requirements.txt", STATE / "build")
    compiled = re.compile(r"python/pydantic/__pycache__/main\.cpython-\d+\.pyc")
    (name,) = filter(compiled.fullmatch, names(archive))
    assert zipfile.ZipFile(io.BytesIO(archive)).read(name)[4:8] == UNCHECKED_HASH


def test_requirements_that_cannot_be_installed_leave_nothing_in_the_cache(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"{tmp_path}/nothing-1.0-py3-none-any.whl\n")
    cache = tmp_path / "cache"
    with pytest.raises(StackError, match=r"^The packages of requirements\.txt cannot be installed: ERROR: "):
        zip_of_wheels(requirements, cache)
    assert list(cache.iterdir()) == []
