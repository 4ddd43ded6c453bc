"""The package `promojobs`, installed with nothing else of the repository, against the whole stack."""

import csv
import json
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from local import PROJECT
from local.api import Api
from local.stack import LocalStack
from promojobs import Client
from tests.stack.journeys import new_promotion

UV = PROJECT / ".venv-tools/bin/uv"


@pytest.fixture(scope="module")
def promojobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, of a wheel of the source distribution, that is installed into an environment of its own."""
    folder = tmp_path_factory.mktemp("installed")
    _run("build", "-q", str(PROJECT / "cli"), "--out-dir", str(folder))
    [wheel] = folder.glob("promojobs-*.whl")
    _run("venv", "-q", str(folder / "environment"))
    python = folder / "environment/bin/python"
    _run("pip", "install", "-q", "--python", str(python), f"{wheel}[cli]")
    return python.with_name("promojobs")


def _run(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True, cwd=PROJECT)  # noqa: S603 - nothing from outside


def _environment(stack: LocalStack, folder: Path) -> Mapping[str, str]:
    return {
        "HOME": str(folder),
        "PROMOJOBS_URL": stack.base_url,
        "PROMOJOBS_CLIENT_ID": stack.client.client_id,
        "PROMOJOBS_CLIENT_SECRET": stack.client.client_secret,
    }


def _start(command: Path, environment: Mapping[str, str], folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - nothing from outside
        [command, *arguments],
        env=dict(environment),
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_mailing_is_made_and_verified_by_the_package_alone(
    stack: LocalStack, api: Api, promojobs: Path, tmp_path: Path
) -> None:
    promotion = new_promotion(api, max_codes=20_000)
    arguments = ("generate", promotion, "20000", "--prefix", "mail", "--output", "codes.csv", "--json")
    with _start(promojobs, _environment(stack, tmp_path), tmp_path, *arguments) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    file = tmp_path / "codes.csv"
    assert json.loads(out)["file"]["sha256"] == sha256(file.read_bytes()).hexdigest()
    with file.open(newline="") as content:
        codes = {row["code"] for row in csv.DictReader(content)}
    assert len(codes) == 20_000
    assert all(code.startswith("mail-") for code in codes)


def test_two_runs_at_once_with_one_key_are_one_job(
    stack: LocalStack, api: Api, promojobs: Path, tmp_path: Path
) -> None:
    promotion = new_promotion(api, max_codes=20_000)
    environment = _environment(stack, tmp_path)
    arguments = ("generate", promotion, "1000", "--key", "july", "--json")
    runs = [_start(promojobs, environment, tmp_path, *arguments) for _ in range(2)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    assert len({json.loads(out)["job"]["id"] for out, _ in ended}) == 1
    assert api.call("GET", f"/v2/promotions/{promotion}/jobs").checked().json["meta"]["results"]["total"] == 1


def test_the_package_brings_what_it_needs_and_nothing_else(promojobs: Path) -> None:
    [packages] = promojobs.parent.parent.glob("lib/python*/site-packages")
    installed = {it.name.partition("-")[0] for it in packages.glob("*.dist-info")}
    assert installed == {"click", "promojobs", "urllib3"}
    ours = {str(it.relative_to(packages)) for it in (packages / "promojobs").rglob("*") if it.is_file()}
    sources = PROJECT / "cli/src"
    assert {it for it in ours if not it.endswith(".pyc")} == {
        str(it.relative_to(sources)) for it in (sources / "promojobs").rglob("*") if it.suffix in {".py", ".typed"}
    }


def test_the_package_has_the_version_of_the_api(promojobs: Path) -> None:
    told = subprocess.run([promojobs, "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    description = json.loads((PROJECT / "layers/promotion_jobs/python/promotion_jobs/api/openapi.json").read_text())
    assert told.stdout == f"promojobs, version {description['info']['version']}\n"


def test_a_text_of_any_characters_can_be_sought_though_no_code_has_them(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    client = stack.client
    with Client(stack.base_url, client.client_id, client.client_secret) as library:
        for text in ("a(b", "a,b)", 'a"b', "a\\b", "ä:b"):
            assert library.find_code(text) is None
            assert list(library.usages(promotion, code=text)) == []
