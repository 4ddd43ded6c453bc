"""GET /openapi.json: the API described by itself."""

import json
import re
import subprocess
import sys

import pytest

from tests.support.cloud import JSON_HEADERS, OF_A_PAGE, Cloud
from tests.support.documents import OPENAPI
from tests.support.events import read
from tests.support.template import ROOT


@pytest.mark.parametrize("authorization", [None, "Bearer", f"Bearer {'0' * 40}", "Basic c2hvcDpvcGVuIHNlc2FtZQ=="])
def test_the_api_describes_itself_to_anybody(cloud: Cloud, authorization: str | None) -> None:
    event = read("get_openapi")
    if authorization:
        event["headers"]["authorization"] = authorization
    before = cloud.items()
    assert cloud.reply("get_openapi", event) == (200, JSON_HEADERS | OF_A_PAGE, json.loads(OPENAPI))
    assert cloud.items() == before


NEEDED = """
import json, sys
from importlib import import_module
from tests.support.events import Context, read
function = sys.argv[1]
reply = import_module(f"functions.{function}.app").handler(read(function), Context(function))
print(json.dumps({"status": reply["statusCode"], "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("function", ["get_openapi", "show_docs", "show_console", "reject_unknown_route"])
def test_who_needs_nothing_of_aws_does_not_wait_for_its_clients(function: str) -> None:
    path = f"{ROOT}:{ROOT}/layers/promotion_jobs/python"
    environment = {
        "PYTHONPATH": path,
        "POWERTOOLS_SERVICE_NAME": "promotion-jobs",
        "POWERTOOLS_METRICS_NAMESPACE": "PromotionJobs",
        "FILES_ORIGIN": "https://files.example",
    }
    command = [sys.executable, "-c", NEEDED, function]
    run = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["status"] == (404 if function == "reject_unknown_route" else 200)
    # Powertools names itself to botocore, of which it loads nothing more.
    assert [name for name in answer["modules"] if re.match(r"boto3|botocore\.|s3transfer|urllib3", name)] == []
    assert "promotion_jobs.wiring" not in answer["modules"]
