"""What the command prints, and what it ends with."""

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

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
