"""The documents: their commands parse, and their tables, links and diagrams agree with the code."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from promotion_jobs.jobs import store
from promotion_jobs.jobs.job import JobStatus
from tests.support.template import TEMPLATE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def test_the_command_that_creates_a_schedule_has_a_target_and_an_input_that_parse() -> None:
    [target] = re.findall(r"--target '(.*)'\n", (DOCS / "use/schedules.md").read_text())
    # The shell's variables stand between quotes of its own.
    parsed = json.loads(re.sub(r"'\$\w+'", "arn", target))
    sent = json.loads(parsed["Input"])
    assert parsed.keys() == {"Arn", "RoleArn", "Input"}
    assert sent.keys() == {"promotion_id", "job_type", "name", "parameters", "execution_id"}


def test_every_example_in_json_parses() -> None:
    blocks = [block for path in PAGES for block in re.findall(r"```json\n(.*?)```", path.read_text(), re.DOTALL)]
    assert len(blocks) > 10
    for block in blocks:
        json.loads(block)


def test_every_parameter_of_the_template_is_documented_with_its_default() -> None:
    page = (DOCS / "run/deployment.md").read_text()
    [section] = re.findall(r"^## Parameters\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    documented = re.findall(r"^\| `(\w+)` \| (?:`(.+?)`|none) \| \S.* \|$", section, re.MULTILINE)
    assert documented == [(name, str(it["Default"])) for name, it in TEMPLATE["Parameters"].items()]


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("*.md")), *PAGES], ids=lambda page: page.stem)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_of_the_documentation_is_found_from_the_readme(page: Path) -> None:
    assert f"({page.relative_to(ROOT)})" in (ROOT / "README.md").read_text()


def test_the_picture_of_a_jobs_life_has_every_move_that_the_store_makes_and_no_other() -> None:
    page = (DOCS / "understand/architecture.md").read_text()
    pictured = set(re.findall(r"^    (\w+) --> (\w+)", page, re.MULTILINE))
    moves = {it for it in vars(store).values() if isinstance(it, tuple) and {*map(type, it)} == {JobStatus}}
    assert pictured == moves


def test_every_decision_that_is_referred_to_has_its_heading() -> None:
    headings = re.findall(r"^### (\d+)\. ", (DOCS / "understand/decisions.md").read_text(), re.MULTILINE)
    assert headings == [str(number) for number in range(1, len(headings) + 1)]
    sources = [path for folder in ("layers", "functions", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
    named = {it for path in sources for it in re.findall(r"decisions? (\d+)", path.read_text())}
    assert named <= {*headings}


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    first, *_ = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == version


def test_the_files_that_the_guide_to_contributing_names_exist() -> None:
    package = ROOT / "layers/promotion_jobs/python/promotion_jobs"
    named = re.findall(r"`([\w./*]+(?:/|\.(?:py|md|yaml|toml)))`", (ROOT / "CONTRIBUTING.md").read_text())
    places = [ROOT, package.parent, package, package / "promotions", ROOT / "tests/simulation"]
    assert len(named) > 15
    assert [name for name in named if not any(list(place.glob(name.rstrip("/"))) for place in places)] == []
