"""Importing a file of codes: what is printed, where the report goes, and what is told when something breaks off."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from cli.tests.conftest import Shell
from cli.tests.service import CLOSED, FILE, PROMOTION_ID, ROWS, Fault, Service, refused

CONTENT = b"code\nPRINTED-1\nPRINTED-2\n"
JOB_ID = "019e830e-3c9e-7d02-8f4e-000000000000"
TOLD = "printed.csv: 2 imported, 1,000 duplicates, 0 invalid\n"


@pytest.fixture
def caller(shell: Shell) -> Shell:
    (shell.folder / "printed.csv").write_bytes(CONTENT)
    return shell


def _import(caller: Shell, *more: str) -> tuple[int, str, str]:
    return caller.run("import", PROMOTION_ID, "printed.csv", *more)


def test_a_file_is_sent_and_imported_by_one_line(service: Service, caller: Shell) -> None:
    status, out, err = _import(caller, "--uses", "1", "--name", "Printed", "--verbose")
    assert (status, out, service.put) == (0, TOLD, [CONTENT])
    [job] = service.jobs.values()
    assert (job["name"], job["parameters"]) == ("Printed", {"upload_id": "U", "max_uses_per_code": 1})
    assert f"Idempotency-Key: {service.keys[0]}\n" in err


def test_the_report_is_a_file_and_told_of_with_the_job(service: Service, caller: Shell) -> None:
    status, out, _ = _import(caller, "--report", "refused.csv", "--json")
    file: Mapping[str, Any] = {"rows": ROWS, "bytes": len(FILE), "sha256": sha256(FILE).hexdigest()}
    told = {"job": service.shown(JOB_ID, look=False), "file": {"path": "refused.csv", **file}}
    assert (status, json.loads(out)) == (0, told)
    assert (caller.folder / "refused.csv").read_bytes() == FILE


def test_the_report_may_go_to_stdout(service: Service, caller: Shell) -> None:
    status, out, err = _import(caller, "--report", "-")
    assert (status, out, caller.files()) == (0, FILE.decode().replace("\r\n", "\n"), {"printed.csv"})
    assert err.endswith(TOLD)
    assert len(service.jobs) == 1


def test_the_report_and_a_document_do_not_both_go_to_stdout(service: Service, caller: Shell) -> None:
    status, out, err = _import(caller, "--report", "-", "--json")
    assert (status, out, service.jobs) == (2, "", {})
    assert json.loads(err)["error"]["message"] == "--json and --report - both write to stdout: choose one"


def test_of_a_report_that_does_not_come_the_line_is_told_that_downloads_it(service: Service, caller: Shell) -> None:
    service.faults["file"].append(refused(422, "The file has expired"))
    status, out, err = _import(caller, "--report", "refused.csv")
    assert (status, out, caller.files()) == (3, "", {"printed.csv"})
    assert err.splitlines()[-5:] == [
        "The file is not written, and the report is there.",
        f"promojobs download {PROMOTION_ID} {JOB_ID} --output refused.csv",
        TOLD.strip(),
        "Error: Refused: The file has expired",
        "Request id: request-1",
    ]


def test_of_a_job_that_may_have_been_started_the_line_is_told_that_shows_it(service: Service, caller: Shell) -> None:
    service.faults["import"].extend([CLOSED, *[Fault(503, {"message": "Busy"}, retry_after="0")] * 5])
    status, _, err = _import(caller)
    assert status == 9
    assert err.splitlines()[-4:] == [
        "The job may have been started. This line shows it, if it was.",
        f"promojobs jobs {PROMOTION_ID} --kind import",
        "Error: Busy",
        "Request id: request-1",
    ]
