"""Exported rows as LibreOffice opens them, where it is found (decision 1)."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from promotion_jobs.codes.code import NewCode, Terms, WrittenChunk
from promotion_jobs.jobs.job import ExportParameters
from promotion_jobs.jobs.rows import Rows
from tests.support.builders import CLIENT_ID, HAND_ID, NOW

SOFFICE = shutil.which("soffice")
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
STARTS = ["", " ", "\t", "\r", "\n", "\u00a0", "\u3000", "\ufeff", "\u200b", '"', "x,", "x;", "x\t", "x; ", 'x;"']
FORMULA = re.compile(r'table:formula="[^"]*"')


def _formulas(content: bytes, separator: str, folder: Path) -> list[str]:
    """The formulas that LibreOffice finds in a CSV file whose cells it takes apart by this separator."""
    assert SOFFICE
    (folder / "codes.csv").write_bytes(content)
    profile, read = (
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        f"Text - txt - csv (StarCalc):{ord(separator)}",
    )
    command = [SOFFICE, profile, "--headless", f"--infilter={read},34,76,1", "--convert-to", "fods", "codes.csv"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)  # noqa: S603 - our own
    return FORMULA.findall((folder / "codes.fods").read_text())


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_spreadsheet_runs_no_cell_of_an_export(separator: str, tmp_path: Path) -> None:
    texts = [f"{start}{sign}1+1{separator}x" for start in STARTS for sign in SIGNS]
    codes = [NewCode(f"A-{number}", Terms(user=text)) for number, text in enumerate(texts)]
    made = WrittenChunk(HAND_ID, codes, CLIENT_ID, NOW)
    parameters = ExportParameters(columns=["user", "code"], header={"user": "=1+1", "code": "x;=1+1"})
    rows = Rows.of(parameters)
    assert _formulas(rows.head() + rows.of_codes(made, 0, len(codes)), separator, tmp_path) == []
    unguarded = f"x{separator}=1+1\n".encode()
    assert _formulas(unguarded, separator, tmp_path) == ['table:formula="of:=1+1"']
