"""The repository has no credential, and no path of the machine that it was written on."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PATTERNS: Mapping[str, str] = {
    "access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "secret key of AWS": r"(?i)aws.{0,20}(?:secret|session).{0,20}[\"'=:\s][a-z0-9/+]{40}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    "token of a code host": r"\b(?:gh[opusr]_|github_pat_|glpat-)\w{16}",
    "token of a package registry": r"\b(?:npm_|pypi-)\w{16}",
    "token of a service": r"\b(?:xox[abeprs]-|[rs]k_live_|SG\.)[\w.-]{16}",
    "JSON web token": r"\beyJ[\w-]{10,}\.eyJ",
    "password in an address": r"://[^\s/:@'\"{}$<>]+:[^\s/@'\"{}$<>]+@",
    "token or secret of this service": r"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f])",
    "signed link": r"[?&-]Signature=[\w~%-]{16}",
    "package registry": r"(?i)index[-]url|find[-]links|//[\w.-]*(?:artifactory|nexus|devpi|pypi|npmjs)[\w.-]*[/:]",
    "path of a machine": r"(?<![\w.}>*-])/(?:home|Users|root|work|workspaces?|mnt|srv)/[\w.-]+|[A-Z]:\\Users\\",
}

EXAMPLES = {
    "0123456789abcdef0123456789abcdef01234567",  # the token that the events bear
    "4f0c9d1a7b2e3c5d6f708192a3b4c5d6e7f80912",  # the one that the documents answer
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # their file's hash
}
"""Made up, and all that there is."""


def _found(text: str) -> set[tuple[str, str]]:
    return {(kind, it[0]) for kind, pattern in PATTERNS.items() for it in re.finditer(pattern, text)}


def _texts() -> Iterator[str]:
    """Every file that is committed, or would be, with its name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            yield f"{name}\n{(ROOT / name).read_text(errors='replace')}"


def test_no_file_has_a_secret_or_names_a_place() -> None:
    found = {(text.partition("\n")[0], kind, it) for text in _texts() for kind, it in _found(text)}
    assert {it for it in found if it[2] not in EXAMPLES} == set()
    assert {it for _, _, it in found} == EXAMPLES


# In two parts, or they would be found here.
SAMPLES = {
    "access key of AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "secret key of AWS": "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MD" + "ENG/bPxRfiCYEXAMPLEKEY",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "token of a code host": "ghp_" + "a1B2" * 9,
    "token of a package registry": "pypi-" + "AgEIcHlwaS5vcmcC",
    "token of a service": "xoxb-" + "123456789012-abcdef",
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "password in an address": "https://somebody" + ":sesame@example.com/",
    "token or secret of this service": "5ec2e7" + "7e" * 17,
    "signed link": "https://example.com/a.csv?X-Amz-" + "Signature=0123456789abcdef",
    "package registry": "https://" + "pypi.example.com/simple",
    "path of a machine": "/home" + "/somebody/promotions",
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_what_would_be_one_is_found(kind: str) -> None:
    assert {found for found, _ in _found(f"x = '{SAMPLES[kind]}'")} == {kind}
