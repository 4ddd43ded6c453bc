"""Credentials: from flags, the environment or a profile that only its owner may read."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.tests.conftest import Shell
from cli.tests.service import PROMOTION_ID, SECRET, Service
from promojobs import NotSignedIn, WrongUse
from promojobs.profile import Credentials, Folders, keep, resolved

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
    assert resolved(folders, {}, url="https://third.example.com").url == "https://third.example.com"
    assert resolved(folders, {"PROMOJOBS_CLIENT_ID": "other"}).client_id == "other"


def test_whoever_is_not_signed_in_is_told_how(folders: Folders) -> None:
    with pytest.raises(NotSignedIn, match="promojobs login"):
        resolved(folders, {})
    with pytest.raises(NotSignedIn, match="--profile other makes one"):
        resolved(folders, {}, profile="other")


def test_login_keeps_what_signs_in_and_nothing_else(service: Service, shell: Shell, tmp_path: Path) -> None:
    kept = tmp_path / "config" / "promojobs" / "config.toml"
    status, out, _ = shell.run("login", "--url", service.url)
    assert (status, out) == (0, f"Signed in to {service.url} as shop (profile default)\n")
    assert SECRET in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_local_stack_is_found_from_any_folder_below(service: Service, shell: Shell) -> None:
    (shell.folder / ".local").mkdir()
    told = {"base_url": service.url, "client_id": "local", "client_secret": "local"}
    (shell.folder / ".local" / "stack.json").write_text(json.dumps(told))
    below = shell.folder / "below"
    below.mkdir()
    plain = {name: it for name, it in shell.environment.items() if not name.startswith("PROMOJOBS_")}
    assert Shell(below, plain).run("jobs", PROMOTION_ID, "--local")[0] == 0
    assert Shell(shell.folder.parent, plain).run("jobs", PROMOTION_ID, "--local")[0] == 4
