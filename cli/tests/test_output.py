"""What the command prints, and where."""

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from cli.tests.conftest import Shell
from cli.tests.service import CLOSED, EXPIRES, FILE, PROMOTION_ID, SECRET, TOKEN, Fault, Service, refused

DONE = "codes.csv: 1,000 codes, 18.9 kB, SHA-256 verified\n"
EXPORT_ID = "019e830e-3c9e-7d02-8f4e-000000000000"
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


def test_the_link_to_the_console_says_who_is_signed_in_and_until_when(service: Service, shell: Shell) -> None:
    link = f"{service.url}/console#token={TOKEN}&expires={EXPIRES}&client_id=shop"
    assert shell.run("console", "--print") == (0, f"{link}\n", "")


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


@pytest.mark.parametrize("arguments", [("--json", "generate"), ("generate", "--json")])
def test_with_json_stdout_is_one_document(service: Service, shell: Shell, arguments: tuple[str, ...]) -> None:
    status, out, err = shell.run(*arguments, PROMOTION_ID, "1000", "--output", "codes.csv")
    assert status == 0
    _, exported = service.jobs
    assert json.loads(out) == {
        "job": json.loads(json.dumps(service.shown(exported, look=False))),
        "file": {"path": "codes.csv", "rows": 1_000, "bytes": len(FILE), "sha256": sha256(FILE).hexdigest()},
    }
    assert out.count("\n") == 1
    assert "Generating" in err


@pytest.mark.parametrize(
    ("arguments", "status", "kind", "told"),
    [
        (["generate", PROMOTION_ID, "1000"], 3, "refused", "Refused: as told"),
        (["generate", PROMOTION_ID, "many"], 2, "usage", "is not a valid integer range"),
        (["generate", PROMOTION_ID, "1000", "--output", "-"], 2, "usage", "both write to stdout: choose one"),
        (["unknown"], 2, "usage", "No such command 'unknown'"),
        (["verify", "none.csv", PROMOTION_ID, EXPORT_ID], 2, "usage", "none.csv cannot be read"),
    ],
)
def test_with_json_an_error_is_one_document_on_stderr(  # noqa: PLR0913, PLR0917 - a table
    service: Service, shell: Shell, arguments: list[str], status: int, kind: str, told: str
) -> None:
    service.create(None, {"type": "promotion_job", "job_type": "code_export", "status": "completed"})
    service.faults["generate"].append(refused(400))
    ended, out, err = shell.run("--json", *arguments)
    assert (ended, out) == (status, "")
    assert json.loads(err)["error"]["kind"] == kind
    assert told in json.loads(err)["error"]["message"]


def test_with_json_the_error_of_a_job_is_the_last_line_of_stderr(service: Service, shell: Shell) -> None:
    service.outcome = "failed"
    status, out, err = shell.mail("--json")
    [job_id] = service.jobs
    *progress, error = err.splitlines()
    assert (status, out) == (5, "")
    assert progress[0] == "Generating: 0 %  0 of 1,000"
    text = f"The job {job_id} failed: codes limit exceeded"
    assert json.loads(error) == {"error": {"kind": "job_failed", "message": text, "errors": []}}


def test_with_quiet_errors_alone_are_told(shell: Shell) -> None:
    assert shell.mail("--quiet") == (0, DONE, "")


@pytest.mark.parametrize(
    ("arguments", "environment", "has_bar"),
    [([], {}, True), (["--no-color"], {}, False), ([], {"CI": "true"}, False), ([], {"TERM": "dumb"}, False)],
)
def test_a_terminal_shows_a_bar_where_one_may_be_drawn(
    service: Service, shell: Shell, arguments: list[str], environment: dict[str, str], *, has_bar: bool
) -> None:
    service.looks = 4
    ours, theirs = pty.openpty()
    caller = Shell(shell.folder, {**shell.environment, **environment})
    process = caller.start("generate", PROMOTION_ID, "1000", *arguments, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while piece := _read(ours):
        drawn += piece
    process.communicate(timeout=20)
    os.close(ours)
    *lines, end = drawn.decode().split("\r\n")
    assert end == ""
    assert lines[-1].endswith("100 %  1,000 of 1,000")
    assert len(lines) == (1 if has_bar else 2)
    assert [sign in drawn.decode() for sign in ("█", "░", "\x1b")] == [has_bar] * 3
    assert drawn.count(b"\r\x1b[K") >= (3 if has_bar else 0)


def _read(number: int) -> bytes:
    try:
        return os.read(number, 65_536)
    except OSError:
        # The other side is closed.
        return b""


def test_a_terminal_that_cannot_show_a_bar_ends_nothing(service: Service, shell: Shell) -> None:
    made = service.create(None, {"type": "promotion_job", "job_type": "code_generate", "name": "Größe ☀"})
    caller = Shell(shell.folder, {**shell.environment, "PYTHONIOENCODING": "ascii"})
    status, out, _ = caller.run("job", PROMOTION_ID, made["id"])
    assert (status, out.strip().rpartition("  ")[2]) == (0, "Gr??e ?")
    _, out, _ = caller.run("job", PROMOTION_ID, made["id"], "--json")
    assert json.loads(out)["name"] == "Größe ☀"


def test_a_name_neither_commands_the_terminal_nor_begins_a_line(service: Service, shell: Shell) -> None:
    name = "\x1b[2JMay\r\n\x9b2Kfake"
    made = service.create(None, {"type": "promotion_job", "job_type": "code_generate", "name": name})
    status, out, _ = shell.run("job", PROMOTION_ID, made["id"])
    assert (status, out.endswith("  �[2JMay���2Kfake\n"), out.count("\n")) == (0, True, 1)
    service.faults["job"].append(refused(422, f"No {name}"))
    assert shell.run("job", PROMOTION_ID, made["id"])[2].startswith("Error: Refused: No �[2JMay���2Kfake\n")
    _, out, _ = shell.run("job", PROMOTION_ID, made["id"], "--json")
    assert json.loads(out)["name"] == name


def test_with_verbose_the_keys_are_told(service: Service, shell: Shell) -> None:
    _, _, err = shell.mail("--verbose")
    told = [line.removeprefix("Idempotency-Key: ") for line in err.splitlines() if line.startswith("Idempotency-Key")]
    assert told == service.keys
    assert len(set(told)) == 2


@pytest.mark.parametrize("fault", [CLOSED, refused(403), Fault(307, b"moved"), Fault(cut=100), LIE])
def test_no_secret_no_token_and_no_link_is_printed(service: Service, shell: Shell, fault: Fault) -> None:
    service.faults["generate"].append(refused(401))
    service.faults["download"].append(fault)
    status, out, err = shell.run("generate", PROMOTION_ID, "1000", "--output", "-", "--verbose")
    assert status in {7, 9}
    assert "Idempotency-Key: " in err
    for hidden in (SECRET, TOKEN, "signature", "Bearer"):
        assert hidden not in out + err


def test_a_token_is_kept_for_the_next_command(service: Service, shell: Shell) -> None:
    shell.mail()
    shell.mail("--force")
    assert service.count("token") == 1


@pytest.mark.parametrize("arguments", [("jobs", PROMOTION_ID), ("export", PROMOTION_ID, "--output", "-")])
def test_a_reader_that_has_enough_is_no_failure(service: Service, shell: Shell, arguments: tuple[str, ...]) -> None:
    service.create(None, {"type": "promotion_job", "job_type": "code_generate"})
    with shell.start(*arguments, "--quiet") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize(("parameters", "end"), [({}, ".csv"), ({"gzip": True}, ".csv.gz")])
def test_a_download_without_a_name_is_named_by_what_it_is(
    service: Service, shell: Shell, parameters: dict[str, bool], end: str
) -> None:
    made = service.create(None, {"type": "promotion_job", "job_type": "code_export", "parameters": parameters})
    assert shell.run("download", PROMOTION_ID, made["id"])[0] == 0
    assert shell.files() == {f"{made['id']}{end}"}


@pytest.mark.parametrize("arguments", [("promotions", "create", "--file"), ("api", "POST", "/v2/promotions", "--data")])
def test_a_file_with_json_is_in_utf_8_with_a_byte_order_mark_or_without(
    service: Service, shell: Shell, arguments: tuple[str, ...]
) -> None:
    path = shell.folder / "promotion.json"
    for mark in ("", "\ufeff"):
        path.write_text(mark + json.dumps({"data": {"name": "Größe"}}, ensure_ascii=False), encoding="utf-8")
        service.faults["promotions"].append(refused(400, "Enough"))
        file = path.name if arguments[0] == "promotions" else f"@{path.name}"
        # Without UTF-8 as its mode, Python reads files as the locale says.
        caller = Shell(
            shell.folder, {**shell.environment, "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
        )
        assert caller.run(*arguments, file)[0] == 3
    assert service.count("promotions") == 2


def test_bash_completes_commands_and_options(shell: Shell, tmp_path: Path) -> None:
    command = tmp_path / "promojobs"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m promojobs.main "$@"\n')
    command.chmod(0o755)
    script = """
        set -eu
        eval "$(promojobs completion bash)"
        complete -p promojobs
        for words in "promojobs gen" "promojobs generate P 5 --dry" "promojobs code f"; do
            COMPREPLY=() COMP_WORDS=($words) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _promojobs_completion promojobs
            echo "${COMPREPLY[@]}"
        done
    """
    asked = subprocess.run(  # noqa: S603 - nothing from outside
        ["bash", "-c", script],  # noqa: S607
        env={**shell.environment, "PATH": f"{tmp_path}:{shell.environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stderr == ""
    assert asked.stdout.splitlines() == [
        "complete -o nosort -F _promojobs_completion promojobs",
        "generate",
        "--dry-run",
        "find",
    ]


@pytest.mark.parametrize("shell_name", ["zsh", "fish"])
def test_other_shells_have_their_scripts(shell: Shell, shell_name: str) -> None:
    status, script, err = shell.run("completion", shell_name)
    assert (status, err) == (0, "")
    assert f"_PROMOJOBS_COMPLETE={shell_name}_complete" in script


def test_the_streamed_file_is_all_of_stdout(shell: Shell) -> None:
    path = Path(shell.folder)
    status, out, _ = shell.run("export", PROMOTION_ID, "--output", "-")
    assert status == 0
    assert out.encode() == FILE.replace(b"\r\n", b"\n")
    assert list(path.iterdir()) == []
