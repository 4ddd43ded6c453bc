"""Credentials: from flags, the environment or a profile that only its owner may read."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.tests.conftest import Shell
from cli.tests.service import PROMOTION_ID, SECRET, Service, refused
from promojobs import NotSignedIn, WrongUse
from promojobs.profile import Credentials, Folders, keep, keep_token, kept_token, resolved

WHO = Credentials("https://promo.example.com", "shop", 'a "quoted" \\ secret')
OTHER = Credentials("https://other.example.com", "other", "secret")
IN_THE_ENVIRONMENT = {
    "PROMOJOBS_URL": OTHER.url,
    "PROMOJOBS_CLIENT_ID": OTHER.client_id,
    "PROMOJOBS_CLIENT_SECRET": OTHER.client_secret,
}


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    before = os.umask(0)
    yield Folders(tmp_path / "config", tmp_path / "cache")
    os.umask(before)


def test_profiles_are_kept_for_their_owner_alone_whatever_the_umask_is(folders: Folders) -> None:
    for name, who in (("default", WHO), ("other", OTHER), ("default", WHO)):
        keep(folders, name, who)
        assert stat.S_IMODE(folders.profiles.stat().st_mode) == 0o600
    assert resolved(folders, {}) == WHO
    assert resolved(folders, {}, profile="other") == OTHER


def test_profiles_that_others_may_read_are_refused(folders: Folders) -> None:
    keep(folders, "default", WHO)
    folders.profiles.chmod(0o644)
    with pytest.raises(WrongUse, match="can be read by others: chmod 600"):
        resolved(folders, {})


def test_a_flag_goes_before_the_environment_and_that_before_the_profile(folders: Folders) -> None:
    keep(folders, "default", WHO)
    assert resolved(folders, IN_THE_ENVIRONMENT) == OTHER
    assert resolved(folders, IN_THE_ENVIRONMENT, profile="default") == WHO
    assert resolved(folders, IN_THE_ENVIRONMENT, url="https://third.example.com").url == "https://third.example.com"
    assert resolved(folders, {"PROMOJOBS_CLIENT_ID": "other"}) == WHO


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, {"url": OTHER.url}),
        ({"PROMOJOBS_URL": OTHER.url}, {}),
        ({}, {"url": OTHER.url, "profile": "default"}),
    ],
)
def test_the_secret_of_a_profile_goes_to_no_other_service(
    folders: Folders, environment: dict[str, str], options: dict[str, str]
) -> None:
    keep(folders, "default", WHO)
    told = f"The profile 'default' is of {WHO.url}: promojobs login --url {OTHER.url} --profile NAME makes another"
    with pytest.raises(NotSignedIn, match=f"^{told}$"):
        resolved(folders, environment, **options)  # type: ignore[arg-type]


def test_a_slash_at_the_end_of_an_address_makes_no_other_service(folders: Folders) -> None:
    keep(folders, "default", WHO)
    url = f"{WHO.url}/"
    assert resolved(folders, {}, url=url) == resolved(folders, {"PROMOJOBS_URL": url}) == WHO
    assert resolved(folders, {**IN_THE_ENVIRONMENT, "PROMOJOBS_URL": f"{OTHER.url}/"}) == OTHER


def test_a_user_who_is_not_signed_in_is_told_how(folders: Folders) -> None:
    with pytest.raises(NotSignedIn, match="promojobs login"):
        resolved(folders, {})
    with pytest.raises(NotSignedIn, match=r"promojobs login --profile 'my shop' makes one"):
        resolved(folders, {}, profile="my shop")


def test_login_keeps_what_signs_in_and_nothing_else(service: Service, shell: Shell, tmp_path: Path) -> None:
    kept = tmp_path / "config" / "promojobs" / "config.toml"
    status, out, _ = shell.run("login", "--url", service.url)
    assert (status, out) == (0, f"Signed in to {service.url} as shop (profile default)\n")
    assert SECRET in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_login_makes_the_profile_that_the_other_commands_use(service: Service, shell: Shell) -> None:
    named = Shell(shell.folder, {**shell.environment, "PROMOJOBS_PROFILE": "july"})
    assert named.run("login")[:2] == (0, f"Signed in to {service.url} as shop (profile july)\n")
    kept = {name: it for name, it in named.environment.items() if not name.startswith("PROMOJOBS_CLIENT")}
    assert Shell(shell.folder, kept).run("jobs", PROMOTION_ID)[0] == 0


def test_login_with_a_wrong_secret_keeps_nothing(service: Service, shell: Shell, tmp_path: Path) -> None:
    service.faults["token"].append(refused(401))
    process = shell.start("login", "--url", service.url, "--secret-stdin", stdin=subprocess.PIPE)
    out, err = process.communicate("wrong\n", timeout=60)
    assert (process.returncode, out) == (4, "")
    assert err == "Error: The service knows no such client with this secret\n"
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize("name", ["a b", 'quo"ted', "Größe", "🙂", "del\x7f", "dotted.name"])
def test_a_profile_may_have_any_name(folders: Folders, name: str) -> None:
    keep(folders, name, WHO)
    keep(folders, "other", OTHER)
    assert resolved(folders, {}, profile=name) == WHO
    assert resolved(folders, {"PROMOJOBS_PROFILE": name}) == WHO


@pytest.mark.parametrize("content", [b"[default", b"\xff\xfe", b"[default]\nurl = nothing"])
def test_profiles_that_cannot_be_read_are_refused(folders: Folders, content: bytes) -> None:
    keep(folders, "default", WHO)
    folders.profiles.write_bytes(content)
    with pytest.raises(WrongUse, match="is no TOML"):
        resolved(folders, {})


def test_a_profile_that_is_not_there_is_said_so(folders: Folders) -> None:
    keep(folders, "default", WHO)
    with pytest.raises(NotSignedIn, match="There is no profile 'july'"):
        resolved(folders, {"PROMOJOBS_PROFILE": "july"})


def test_tokens_are_kept_for_their_owner_and_while_they_are_good(folders: Folders) -> None:
    keep_token(folders, WHO, "token", 1_000)
    file = folders.token_of(WHO)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [kept_token(folders, WHO, now) for now in (0, 939, 940, 2_000)] == ["token", "token", None, None]
    assert kept_token(folders, OTHER, 0) is None
    file.chmod(0o644)
    assert kept_token(folders, WHO, 0) is None


def test_a_kept_token_that_was_revoked_is_renewed(service: Service, shell: Shell) -> None:
    assert shell.run("jobs", PROMOTION_ID)[0] == 0
    service.faults["jobs"].append(refused(401))
    assert shell.run("jobs", PROMOTION_ID)[0] == 0
    assert service.asked == ["token", "jobs", "jobs", "token", "jobs"]


def test_the_local_stack_is_found_from_any_folder_below(service: Service, shell: Shell) -> None:
    (shell.folder / ".local").mkdir()
    told = {"base_url": service.url, "client_id": "local", "client_secret": "local"}
    (shell.folder / ".local" / "stack.json").write_text(json.dumps(told))
    below = shell.folder / "below"
    below.mkdir()
    plain = {name: it for name, it in shell.environment.items() if not name.startswith("PROMOJOBS_")}
    assert Shell(below, plain).run("jobs", PROMOTION_ID, "--local")[0] == 0
    assert Shell(shell.folder.parent, plain).run("jobs", PROMOTION_ID, "--local")[0] == 4
