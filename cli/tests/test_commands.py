"""What the command prints, and what it ends with."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from cli.tests.conftest import Shell
from cli.tests.service import CLOSED, FILE, PROMOTION_ID, SECRET, TOKEN, Fault, Service, refused

DONE = "codes.csv: 1,000 codes, 18.9 kB, SHA-256 verified\n"
LIE = Fault(content=FILE.replace(b"N-1", b"N-2", 1))


def test_a_mailing_is_one_line(service: Service, shell: Shell) -> None:
    status, out, err = shell.mail("--prefix", "summer")
    assert (status, out) == (0, DONE)
    assert (shell.folder / "codes.csv").read_bytes() == FILE
    lines = err.splitlines()
    assert lines[0].startswith("Generating: ")
    assert lines[-1].startswith("Exporting: ")
    assert len(lines) <= 12
    assert "\r" not in err
    assert "\x1b" not in err
    made, exported = service.jobs.values()
    assert made["parameters"] == {"number_of_codes": 1000, "code_prefix": "summer"}
    assert exported["parameters"] == {"job_id": made["id"]}


def test_the_same_key_is_the_same_job_and_its_name(service: Service, shell: Shell) -> None:
    for _ in range(2):
        assert shell.mail("--key", "july", "--force")[0] == 0
    assert service.keys == ["july", "july:export"] * 2
    assert [it.get("name") for it in service.jobs.values()] == ["july", None]


def test_a_key_that_is_older_than_a_day_makes_no_codes_again(service: Service, shell: Shell) -> None:
    service.created_at -= timedelta(hours=25)
    service.create("old", {"type": "promotion_job", "job_type": "code_generate", "name": "july"})
    status, _, err = shell.mail("--key", "july")
    assert status == 3
    assert "older than a day" in err
    assert len(service.jobs) == 1


@pytest.mark.parametrize(
    ("what", "faults", "status", "told"),
    [
        ("generate", [refused(400)], 3, "Refused: as told"),
        ("generate", [refused(404)], 3, "Refused: as told"),
        ("generate", [refused(409)], 3, "Refused: as told"),
        ("generate", [refused(422)], 3, "Refused: as told"),
        ("generate", [Fault(403, {"message": "Forbidden"})], 4, "Forbidden"),
        ("token", [refused(401)], 4, "knows no such client"),
        ("generate", [refused(401)] * 2, 4, "Refused: as told"),
        ("download", [LIE] * 6, 7, "SHA-256"),
        ("generate", [refused(500)], 9, "Refused: as told"),
        ("generate", [Fault(503, None, retry_after="0")] * 6, 9, "answered 503"),
        ("token", [Fault(429, None, retry_after="0")] * 6, 9, "answered 429"),
    ],
)
def test_each_failure_has_its_exit_code(  # noqa: PLR0913, PLR0917 - a table
    service: Service, shell: Shell, what: str, faults: list[Fault], status: int, told: str
) -> None:
    service.faults[what].extend(faults)
    ended, out, err = shell.mail()
    assert (ended, out) == (status, "")
    assert told in err
    assert shell.files() == set()


@pytest.mark.parametrize(("outcome", "status"), [("failed", 5), ("cancelled", 6)])
def test_a_job_that_comes_to_nothing_has_its_exit_code(
    service: Service, shell: Shell, outcome: str, status: int
) -> None:
    service.outcome = outcome
    assert shell.mail()[0] == status


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", PROMOTION_ID],
        ["generate", PROMOTION_ID, "none"],
        ["generate", "019e", "5"],
        ["generate", PROMOTION_ID, "5", "--output", "codes.csv", "--no-wait"],
        ["delete-codes", PROMOTION_ID],
        ["cancel", PROMOTION_ID, "019e830e-3c9e-7d02-8f4e-000000000000"],
        ["jobs", PROMOTION_ID, "--url", "http://promo.example.com"],
        ["unknown"],
    ],
)
def test_wrong_use_ends_with_2_and_changes_nothing(service: Service, shell: Shell, arguments: list[str]) -> None:
    service.create(None, {"type": "promotion_job", "job_type": "code_generate"})
    assert shell.run(*arguments)[0] == 2
    assert len(service.jobs) == 1


def test_the_time_to_wait_ends_and_the_job_goes_on(service: Service, shell: Shell) -> None:
    service.looks = 10_000
    status, _, err = shell.mail("--wait-timeout", "0.5")
    assert status == 8
    assert "The job goes on" in err
    [job] = service.jobs.values()
    assert job["status"] == "processing"
    assert f"promojobs watch {PROMOTION_ID} {job['id']}" in err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_stops_watching_is_told_how_to_go_on(
    service: Service, shell: Shell, number: signal.Signals, status: int
) -> None:
    service.looks = 10_000
    process = shell.start("generate", PROMOTION_ID, "1000", "--output", "codes.csv")
    deadline = time.monotonic() + 20
    while service.count("job") < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    [job] = service.jobs.values()
    assert (process.returncode, out, job["status"]) == (status, "", "processing")
    *_, stopped, watch, cancel = err.strip().splitlines()
    assert stopped.startswith("Stopped watching at ")
    assert [watch, cancel] == [
        f"promojobs watch {PROMOTION_ID} {job['id']}",
        f"promojobs cancel {PROMOTION_ID} {job['id']} --yes",
    ]


def test_with_json_stdout_is_one_document_and_so_is_an_error(service: Service, shell: Shell) -> None:
    _, out, _ = shell.mail("--json")
    assert json.loads(out)["file"]["path"] == "codes.csv"
    assert out.count("\n") == 1
    service.faults["generate"].append(refused(400))
    status, out, err = shell.mail("--json", "--quiet", "--force")
    assert (status, out) == (3, "")
    assert json.loads(err)["error"]["kind"] == "refused"


def test_with_quiet_errors_alone_are_told(shell: Shell) -> None:
    assert shell.mail("--quiet") == (0, DONE, "")


def test_a_terminal_shows_a_bar(service: Service, shell: Shell) -> None:
    service.looks = 4
    ours, theirs = pty.openpty()
    process = shell.start("generate", PROMOTION_ID, "1000", stderr=theirs)
    os.close(theirs)
    drawn = b""
    while piece := _read(ours):
        drawn += piece
    process.communicate(timeout=20)
    os.close(ours)
    text = drawn.decode()
    assert "█" in text
    assert "░" in text
    assert "100 %  1,000 of 1,000" in text
    assert text.count("\r\x1b[K") >= 3


def _read(number: int) -> bytes:
    try:
        return os.read(number, 65_536)
    except OSError:
        # The other side is closed.
        return b""


def test_no_secret_and_no_token_is_printed(service: Service, shell: Shell) -> None:
    service.faults["file"].append(CLOSED)
    told = "".join("".join(shell.mail("--verbose", "--key", "july", *more)[1:]) for more in ([], ["--json"]))
    assert "Idempotency-Key: july" in told
    assert SECRET not in told
    assert TOKEN not in told
    assert "signature" not in told


def test_a_token_is_kept_for_the_next_command(service: Service, shell: Shell) -> None:
    shell.mail()
    shell.mail("--force")
    assert service.count("token") == 1


def test_a_reader_that_has_enough_is_no_failure(shell: Shell, service: Service) -> None:
    del service
    with shell.start("jobs", PROMOTION_ID) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_completion_is_what_a_shell_evaluates(shell: Shell) -> None:
    status, script, _ = shell.run("completion", "bash")
    assert status == 0
    checked = subprocess.run(["bash", "-n"], input=script, text=True, check=False)  # noqa: S607
    assert checked.returncode == 0
    environment = {**shell.environment, "_PROMOJOBS_COMPLETE": "bash_complete", "COMP_WORDS": "promojobs gen"}
    asked = subprocess.run(
        [sys.executable, "-m", "promojobs.main"],
        env={**environment, "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.strip() == "plain,generate"


def test_the_streamed_file_is_all_of_stdout(shell: Shell) -> None:
    path = Path(shell.folder)
    status, out, _ = shell.run("export", PROMOTION_ID, "--output", "-")
    assert status == 0
    assert out.encode() == FILE.replace(b"\r\n", b"\n")
    assert list(path.iterdir()) == []
