"""What the command ends with, number by number."""

import os
import pty
import resource
import signal
import subprocess
from contextlib import suppress
from typing import Any

import pytest

from cli.tests.conftest import Shell, soon
from cli.tests.service import CLOSED, FILE, PROMOTION_ID, Fault, Service, refused

JOB_ID = "019e830e-3c9e-7d02-8f4e-000000000000"
LIE = Fault(content=FILE.replace(b"N-1", b"N-2", 1))
TURNED_AWAY = Fault(503, {"message": "Service Unavailable"}, retry_after="0")
STREAM = ("export", PROMOTION_ID, "--output", "-")
MAILING = ("generate", PROMOTION_ID, "1000", "--output", "codes.csv")


@pytest.mark.parametrize(
    ("faults", "arguments", "status", "told"),
    [
        ({}, MAILING, 0, ""),
        ({"generate": [refused(400)]}, MAILING, 3, "Error: Refused: as told"),
        ({"generate": [refused(404)]}, MAILING, 3, "Error: Refused: as told"),
        ({"generate": [refused(409)]}, MAILING, 3, "Error: Refused: as told"),
        ({"generate": [refused(422)]}, MAILING, 3, "Error: Refused: as told"),
        ({"file": [refused(422, "The file has expired")]}, MAILING, 3, "Error: Refused: The file has expired"),
        ({"token": [refused(401)]}, MAILING, 4, "Error: The service knows no such client with this secret"),
        ({"generate": [refused(401)] * 2}, MAILING, 4, "Error: Refused: as told"),
        ({"generate": [Fault(403, {"message": "Forbidden"})]}, MAILING, 4, "Error: Forbidden"),
        ({"download": [LIE]}, STREAM, 7, "Error: The file's SHA-256 is not that of the job"),
        (
            {"download": [Fault(content=FILE[:-1])]},
            STREAM,
            7,
            "Error: The file has 18,900 bytes, and the job",
        ),
        ({"generate": [refused(500)]}, MAILING, 9, "Error: Refused: as told"),
        ({"generate": [TURNED_AWAY] * 6}, MAILING, 9, "Error: Service Unavailable"),
        ({"token": [refused(429, retry_after="0")] * 6}, MAILING, 9, "Error: Refused: as told"),
        ({"download": [CLOSED]}, STREAM, 9, "Error: The download broke off: the connection was closed"),
    ],
)
def test_each_outcome_has_its_exit_code(  # noqa: PLR0913, PLR0917 - a table
    service: Service, shell: Shell, faults: dict[str, list[Fault]], arguments: tuple[str, ...], status: int, told: str
) -> None:
    for what, those in faults.items():
        service.faults[what].extend(those)
    ended, _, err = shell.run(*arguments)
    assert ended == status
    assert told in err
    assert "Traceback" not in err
    assert shell.files() == ({"codes.csv"} if status == 0 else set())


@pytest.mark.parametrize(("outcome", "status"), [("failed", 5), ("cancelled", 6)])
def test_a_job_that_comes_to_nothing_has_its_exit_code(
    service: Service, shell: Shell, outcome: str, status: int
) -> None:
    service.outcome = outcome
    assert shell.mail()[0] == status
    assert len(service.jobs) == 1


def test_a_fault_of_the_machine_is_told_in_a_line_and_leaves_nothing(service: Service, shell: Shell) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    process = shell.start(*MAILING, "--quiet", preexec_fn=little_room)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "", "Error: File too large\n")
    assert shell.files() == set()
    assert len(service.jobs) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", PROMOTION_ID],
        ["generate", PROMOTION_ID, "none"],
        ["generate", PROMOTION_ID, "0"],
        ["generate", "019e", "5"],
        ["generate", PROMOTION_ID, "5", "--output", "codes.csv", "--no-wait"],
        ["generate", PROMOTION_ID, "5", "--key", ""],
        ["generate", PROMOTION_ID, "5", "--key", "7" * 250],
        ["generate", PROMOTION_ID, "5", "--timeout", "0"],
        ["generate", PROMOTION_ID, "5", "--wait-timeout", "-1"],
        ["delete-codes", PROMOTION_ID],
        ["delete-codes", PROMOTION_ID, "--all", "--job", JOB_ID],
        ["cancel", PROMOTION_ID, JOB_ID],
        ["jobs", PROMOTION_ID, "--url", "http://promo.example.com"],
        ["jobs", PROMOTION_ID, "--url", "https://[promo.example.com"],
        ["login", "--secret-stdin"],
        ["unknown"],
    ],
)
def test_wrong_use_ends_with_2_and_changes_nothing(service: Service, shell: Shell, arguments: list[str]) -> None:
    service.looks = 10_000
    service.create(None, {"type": "promotion_job", "job_type": "code_generate"})
    plain = {name: it for name, it in shell.environment.items() if name != "PROMOJOBS_CLIENT_ID"}
    caller = Shell(shell.folder, plain) if arguments[0] == "login" else shell
    status, out, err = caller.run(*arguments)
    assert (status, out) == (2, "")
    assert "Error: " in err
    assert [it["status"] for it in service.jobs.values()] == ["processing"]


def test_what_is_asked_for_at_a_terminal_names_its_other_way(service: Service, shell: Shell) -> None:
    without = {name: it for name, it in shell.environment.items() if name != "PROMOJOBS_CLIENT_ID"}
    asked = Shell(shell.folder, without).run("login", "--url", service.url)
    assert asked == (2, "", "Error: Client id: without a terminal, set PROMOJOBS_CLIENT_ID\n")
    removed = shell.run("code", "delete", PROMOTION_ID, "WELCOME-10")
    assert removed == (2, "", "Error: A confirmation takes a terminal: without one, --yes gives it\n")


def test_the_time_to_wait_ends_and_the_job_goes_on(service: Service, shell: Shell) -> None:
    service.looks = 10_000
    status, _, err = shell.mail("--wait-timeout", "0.3")
    assert status == 8
    assert "The job goes on" in err
    [job] = service.jobs.values()
    assert job["status"] == "processing"
    assert f"promojobs watch {PROMOTION_ID} {job['id']}" in err


def _hold(service: Service, stage: str) -> None:
    """Let the mailing come so far and no further."""
    if stage == "download":
        service.faults["download"].append(Fault(stalls=True))
    else:
        service.looks_of = {f"code_{stage}": 10_000}


@pytest.mark.parametrize("stage", ["generate", "export", "download"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_user_who_stops_is_told_how_to_go_on(
    service: Service, shell: Shell, stage: str, number: signal.Signals, status: int
) -> None:
    _hold(service, stage)
    process = shell.start("generate", PROMOTION_ID, "1000", "--output", "my codes.csv")
    looks = {"generate": 2, "export": 4}
    soon(lambda: service.count("download") > 0 if stage == "download" else service.count("job") >= looks[stage])
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, shell.files()) == (status, "", set())
    job = list(service.jobs.values())[-1]
    assert "cancel" not in service.asked
    lines = err.strip().splitlines()
    if stage == "download":
        assert lines[-2:] == [
            "The file is not written, and the export is there.",
            f"promojobs download {PROMOTION_ID} {job['id']} --output 'my codes.csv'",
        ]
        return
    assert job["status"] == "processing"
    *_, stopped, watch, cancel = lines
    assert stopped.startswith("Stopped watching at ")
    assert stopped.endswith(" of 1,000. The job goes on.")
    assert [watch, cancel] == [
        f"promojobs watch {PROMOTION_ID} {job['id']}",
        f"promojobs cancel {PROMOTION_ID} {job['id']} --yes",
    ]


@pytest.mark.parametrize("stage", ["generate", "download"])
def test_a_command_that_is_killed_leaves_no_file_under_its_name(service: Service, shell: Shell, stage: str) -> None:
    _hold(service, stage)
    process = shell.start(*MAILING)
    soon(lambda: service.count("download" if stage == "download" else "job") > 0)
    process.kill()
    process.communicate(timeout=20)
    left = shell.files()
    assert "codes.csv" not in left
    assert len(left) == (stage == "download")
    # The same line again does the whole.
    service.looks_of = {}
    assert shell.mail()[0] == 0


@pytest.mark.parametrize(("typed", "status", "cancelled"), [(b"y\n", 0, True), (b"n\n", 2, False), (b"", 130, False)])
def test_what_destroys_asks_a_person(
    service: Service, shell: Shell, typed: bytes, status: int, *, cancelled: bool
) -> None:
    process, ours, _ = _about_to_cancel(service, shell, "generate")
    if typed:
        os.write(ours, typed)
    else:
        _interrupt(process)
    process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, "cancel" in service.asked) == (status, cancelled)


def _about_to_cancel(service: Service, shell: Shell, kind: str) -> tuple["subprocess.Popen[str]", int, str]:
    """The command when it waits for an answer, the terminal that it asks at, and the question."""
    service.looks_of = {f"code_{kind}": 10_000}
    service.create(None, {"type": "promotion_job", "job_type": f"code_{kind}"})
    ours, theirs = pty.openpty()
    terminal: dict[str, Any] = {"stdin": theirs, "stderr": theirs, "start_new_session": True}
    process = shell.start("cancel", PROMOTION_ID, JOB_ID, "--no-color", "--no-wait", **terminal)
    os.close(theirs)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 1_000)
    return process, ours, shown.decode()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("generate", "The 0 codes made so far are deleted."),
        ("import", "What it added is removed."),
        ("delete", "The 0 codes deleted so far stay deleted."),
        ("export", "No file is made."),
    ],
)
def test_the_question_before_a_cancellation_says_what_follows(
    service: Service, shell: Shell, kind: str, told: str
) -> None:
    process, ours, asked = _about_to_cancel(service, shell, kind)
    os.write(ours, b"n\n")
    process.communicate(timeout=20)
    os.close(ours)
    assert asked.startswith(f"Cancel the job {JOB_ID[:13]}? {told} [y/N]")


def _interrupt(process: "subprocess.Popen[str]") -> None:
    """As a person does, who presses it again: one that comes just before Python reads is seen after the next key."""
    for _ in range(10):
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
    process.kill()
