"""A file appears under its name only when it is right."""

import gzip
import io
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.tests.conftest import Chances, Shell
from cli.tests.service import CLOSED, FILE, PROMOTION_ID, ROWS, Fault, Service, refused
from promojobs import Client, FileWrong, Job, Unreachable, WrongUse
from promojobs.download import Measured, Wanted
from promojobs.values import File

CUT = Fault(cut=len(FILE) // 2)
LIE = Fault(content=FILE.replace(b"N-1", b"N-2", 1))
SHORT = Fault(content=FILE[: len(FILE) // 2])


def _export(api: Client) -> Job:
    return api.wait(api.export(PROMOTION_ID))


@pytest.mark.parametrize("fault", [CUT, LIE, SHORT, CLOSED, refused(403), refused(503), Fault(stalls=True)])
def test_a_download_that_went_wrong_is_tried_again_with_a_new_link(
    service: Service, api: Client, shell: Shell, fault: Fault
) -> None:
    service.faults["download"].append(fault)
    target = shell.folder / "codes.csv"
    assert api.save(_export(api), target) == target
    assert target.read_bytes() == FILE
    assert shell.files() == {"codes.csv"}
    assert service.followed == ["/bucket?signature=secret-1", "/bucket?signature=secret-2"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("fault", "error"), [(LIE, FileWrong), (SHORT, FileWrong), (CUT, Unreachable), (refused(403), Unreachable)]
)
def test_a_file_that_never_gets_right_leaves_nothing(
    service: Service, api: Client, shell: Shell, fault: Fault, error: type[Exception]
) -> None:
    service.faults["download"].extend([fault] * 6)
    with pytest.raises(error):
        api.save(_export(api), shell.folder / "codes.csv")
    assert shell.files() == set()


def test_a_file_that_is_there_stays_as_it_is(api: Client, shell: Shell) -> None:
    target = shell.folder / "codes.csv"
    target.write_text("mine")
    export = _export(api)
    with pytest.raises(WrongUse, match="is there already"):
        api.save(export, target)
    assert target.read_text() == "mine"
    api.save(export, target, force=True)
    assert target.read_bytes() == FILE


def test_before_a_job_is_started_the_target_is_checked(service: Service, shell: Shell) -> None:
    (shell.folder / "codes.csv").write_text("mine")
    assert shell.mail()[0] == 2
    assert shell.run("generate", PROMOTION_ID, "1000", "--output", "nowhere/codes.csv")[0] == 2
    assert service.jobs == {}


def test_a_stream_ends_wrong_if_the_file_was(service: Service, api: Client, chances: Chances) -> None:
    del chances
    written = io.BytesIO()
    api.read_to(_export(api), written.write)
    assert written.getvalue() == FILE
    service.faults["download"].append(LIE)
    with pytest.raises(FileWrong, match="SHA-256"):
        api.read_to(_export(api), io.BytesIO().write)


@pytest.mark.parametrize(
    ("content", "has_header", "rows"),
    [
        (FILE, True, ROWS),
        (b"a\r\nb\r\n", False, 2),
        (b'h,u\nA,"x\n""y""\n"\nB,\n', True, 2),
        (b"h\n", True, 0),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_rows_are_counted_as_a_spreadsheet_does(content: bytes, size: int, rows: int, *, has_header: bool) -> None:
    measured = Measured()
    for at in range(0, len(content), size):
        measured.take(content[at : at + size])
    file = File(rows, len(content), sha256(content).hexdigest())
    measured.check(Wanted(file, has_header))
    with pytest.raises(FileWrong, match="rows"):
        measured.check(Wanted(File(rows + 1, file.bytes, file.sha256), has_header))
    measured.check(Wanted(File(rows + 1, file.bytes, file.sha256), has_header, is_packed=True))


@pytest.mark.parametrize(
    ("parameters", "content", "rows"),
    [
        ({"header": False}, b"A,x\r\nB,y\r\n", 2),
        ({"gzip": True}, gzip.compress(b"code\r\nA\r\nB\r\n", mtime=0), 2),
        ({"line_ending": "lf"}, b'code,user\nA,"two\nlines"\n', 1),
        ({}, b"code,user\r\n", 0),
    ],
)
def test_a_file_is_what_the_export_was_told_to_write(  # noqa: PLR0913, PLR0917 - a table
    service: Service, api: Client, tmp_path: Path, parameters: dict[str, Any], content: bytes, rows: int
) -> None:
    service.content, service.rows = content, rows
    target = tmp_path / "codes.csv"
    api.save(api.wait(api.export(PROMOTION_ID, **parameters)), target)
    assert target.read_bytes() == content


def test_rows_that_are_not_those_of_the_job_leave_nothing(service: Service, api: Client, tmp_path: Path) -> None:
    service.rows = ROWS + 1
    with pytest.raises(FileWrong, match=r"^The file has 1,000 rows, and the job wrote 1,001$") as raised:
        api.save(_export(api), tmp_path / "codes.csv")
    assert raised.value.exit_code == 7
    assert list(tmp_path.iterdir()) == []
    assert (service.count("download"), service.count("file")) == (6, 6)


def test_a_file_is_verified_later(service: Service, shell: Shell) -> None:
    assert shell.mail()[0] == 0
    *_, export = service.jobs
    digest = sha256(FILE).hexdigest()
    verify = ("verify", "codes.csv", PROMOTION_ID, export)
    assert shell.run(*verify) == (0, f"codes.csv: OK, 1,000 rows, {digest[:8]}…\n", "")
    file = shell.folder / "codes.csv"
    file.write_bytes(file.read_bytes().replace(b"N-1", b"N-2", 1))
    assert shell.run(*verify) == (7, "", "Error: The file's SHA-256 is not that of the job\n")
