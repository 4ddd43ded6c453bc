"""GET /openapi.json and GET /docs: the API described by itself."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.cloud import JSON_HEADERS, OF_A_PAGE, Cloud
from tests.support.documents import DOCS_PAGE, OPENAPI
from tests.support.events import read
from tests.support.template import ROOT

HTML_HEADERS = {"Content-Type": "text/html; charset=utf-8"}

CALLS: list[tuple[str, Mapping[str, str], Any]] = [
    ("get_openapi", JSON_HEADERS | OF_A_PAGE, json.loads(OPENAPI)),
    ("show_docs", HTML_HEADERS | OF_A_PAGE, DOCS_PAGE),
]


@pytest.mark.parametrize("authorization", [None, "Bearer", f"Bearer {'0' * 40}", "Basic c2hvcDpvcGVuIHNlc2FtZQ=="])
@pytest.mark.parametrize(("function", "headers", "content"), CALLS)
def test_the_api_describes_itself_to_anybody(
    cloud: Cloud, function: str, headers: Mapping[str, str], content: Any, authorization: str | None
) -> None:
    event = read(function)
    if authorization:
        event["headers"]["authorization"] = authorization
    before = cloud.items()
    assert cloud.reply(function, event) == (200, headers, content)
    assert cloud.items() == before


NEEDED = """
import json, sys
from importlib import import_module
from tests.support.documents import DOCS_PAGE, OPENAPI
from tests.support.events import Context, read
function = sys.argv[1]
reply = import_module(f"functions.{function}.app").handler(read(function), Context(function))
print(json.dumps({"status": reply["statusCode"], "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("function", ["get_openapi", "show_docs", "reject_unknown_route"])
def test_who_needs_nothing_of_aws_does_not_wait_for_its_clients(function: str) -> None:
    path = f"{ROOT}:{ROOT}/layers/promotion_jobs/python"
    environment = {
        "PYTHONPATH": path,
        "POWERTOOLS_SERVICE_NAME": "promotion-jobs",
        "POWERTOOLS_METRICS_NAMESPACE": "PromotionJobs",
    }
    command = [sys.executable, "-c", NEEDED, function]
    run = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["status"] == (404 if function == "reject_unknown_route" else 200)
    # Powertools names itself to botocore, of which it loads nothing more.
    assert [name for name in answer["modules"] if re.match(r"boto3|botocore\.|s3transfer|urllib3", name)] == []
    assert "promotion_jobs.wiring" not in answer["modules"]


def test_the_page_loads_nothing_from_anywhere_else() -> None:
    page = DOCS_PAGE
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'\s>]+""", page) == []
    assert re.findall(r"""(?:@import|url\()\s*["']?(?:https?:)?//""", page) == []
    assert re.findall(r"\bfetch\(([^)]*)\)", page) == ['"openapi.json"']


def test_the_page_shows_what_it_is_told_as_text() -> None:
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", DOCS_PAGE) == []
