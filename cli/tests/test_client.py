"""The client by itself: from the environment, waiting, and answers that no service of this kind gives."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.tests.conftest import SOURCES, Chances
from cli.tests.service import PROMOTION_ID, SECRET, Fault, Service, refused
from promojobs import Client, Job, JobCancelled, JobFailed, NotSignedIn, Refused, TimedOut, Unreachable, WrongUse


def test_the_environment_says_who_calls(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMOJOBS_URL", f"{service.url}/")
    monkeypatch.setenv("PROMOJOBS_CLIENT_ID", "shop")
    monkeypatch.delenv("PROMOJOBS_CLIENT_SECRET", raising=False)
    with pytest.raises(NotSignedIn, match=r"^Set PROMOJOBS_CLIENT_SECRET$"):
        Client.from_env()
    monkeypatch.setenv("PROMOJOBS_CLIENT_SECRET", SECRET)
    with Client.from_env() as api:
        assert api.generate(PROMOTION_ID, 1_000).promotion_id == PROMOTION_ID


def test_waiting_shows_each_look_and_gives_the_job_that_has_ended(
    service: Service, api: Client, chances: Chances
) -> None:
    service.looks = 4
    seen: list[Job] = []
    ended = api.wait(api.generate(PROMOTION_ID, 1_000), seen.append)
    assert [it.progress.done for it in seen if it.progress] == [0, 200, 400, 600]
    assert (seen[-1], ended.status, ended.result) == (ended, "completed", {"generated": 1_000})
    assert len(chances.waits) == 4
    assert all(first <= second <= 1.0 for first, second in zip(chances.waits, chances.waits[1:], strict=False))


def test_waiting_ends_in_time_and_leaves_the_job(service: Service, api: Client, chances: Chances) -> None:
    service.looks = 10_000
    job = api.generate(PROMOTION_ID, 1_000)
    with pytest.raises(TimedOut, match="still processing after 90 s, and goes on"):
        api.wait(job, timeout=90)
    assert chances.now == pytest.approx(90)
    assert max(chances.waits) == 2.0
    assert service.jobs[job.id]["status"] == "processing"


def test_waiting_ends_in_time_where_no_answer_comes(service: Service) -> None:
    with Client(service.url, "shop", SECRET) as api:
        job = api.generate(PROMOTION_ID, 1_000)
        service.faults["job"].extend([Fault(stalls=True)] * 6)
        began = time.monotonic()
        with pytest.raises(TimedOut):
            api.wait(job, timeout=0.3)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("outcome", "error", "told"),
    [("failed", JobFailed, "codes limit exceeded"), ("cancelled", JobCancelled, "its codes are deleted")],
)
def test_waiting_raises_what_became_of_the_job(
    service: Service, api: Client, outcome: str, error: type[Exception], told: str
) -> None:
    service.outcome = outcome
    with pytest.raises(error, match=told):
        api.wait(api.generate(PROMOTION_ID, 1_000))


@pytest.mark.parametrize(("kind", "told"), [("import", ", and its codes are deleted"), ("export", ""), ("delete", "")])
def test_only_a_job_that_adds_codes_loses_them_when_it_is_cancelled(
    service: Service, api: Client, kind: str, told: str
) -> None:
    service.outcome = "cancelled"
    job = Job.of(service.create(None, {"type": "promotion_job", "job_type": f"code_{kind}"}))
    with pytest.raises(JobCancelled, match=f"^The job {job.id} was cancelled{told}$"):
        api.wait(job)


def test_a_job_that_is_gone_ends_the_waiting(service: Service, api: Client) -> None:
    job = api.generate(PROMOTION_ID, 1_000)
    service.faults["job"].append(refused(404))
    with pytest.raises(Refused):
        api.wait(job)


@pytest.mark.parametrize(
    "answer", [Fault(200, b"<html>Sign in to the hotel</html>"), Fault(302, b""), Fault(200, b""), Fault(200, b"[]")]
)
def test_an_answer_that_is_none_of_this_service_is_said_so(service: Service, api: Client, answer: Fault) -> None:
    service.faults["jobs"].append(answer)
    with pytest.raises(Unreachable, match="no answer of Promotion Jobs: is this its address"):
        list(api.jobs(PROMOTION_ID))


def test_a_code_that_cannot_be_looked_up_is_not_taken_for_one_that_is_not_there(service: Service, api: Client) -> None:
    service.faults["promotions"].append(refused(400))
    with pytest.raises(Refused):
        api.find_code("WELCOME 10")


def test_an_export_of_several_files_is_not_saved_as_one(service: Service, api: Client, tmp_path: Path) -> None:
    export = api.wait(api.export(PROMOTION_ID))
    raw = {**export.raw, "meta": {**export.raw["meta"], "files": [export.raw["meta"]["file"]] * 2}}
    del raw["meta"]["file"]
    with pytest.raises(WrongUse, match="has 2 files, and this takes one"):
        api.save(Job.of(raw), tmp_path / "codes.csv")
    assert service.count("file") == 0


def test_the_library_needs_no_click(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ImportError")
    told = subprocess.run(
        [sys.executable, "-c", "import promojobs, promojobs.client; from promojobs.main import run; run()"],
        env={"PYTHONPATH": f"{tmp_path}:{SOURCES}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (1, "The command line needs more: pip install 'promojobs[cli]'\n")
