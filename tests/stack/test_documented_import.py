"""The commands of docs/use/imports.md, run as they stand there, one after the other."""

import json
import os
import re
import subprocess
from pathlib import Path

from local import PROJECT
from local.api import Api, send
from local.stack import LocalStack
from tests.stack.journeys import finished, free_codes, new_promotion

PAGE = (PROJECT / "docs/use/imports.md").read_text()
STEPS = re.findall(r"^```sh\n(.*)\n```(?:\n\nAnswer: (\d+))?$", PAGE, re.MULTILINE)
[REPORT] = re.findall(r"^```csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_import_gives_the_documented_answer(stack: LocalStack, api: Api, tmp_path: Path) -> None:
    free_codes(api, "PRINTED-1", "PRINTED-2")
    promotion = new_promotion(api)
    variables = {"API": stack.base_url, "TOKEN": api.token, "PROMOTION": promotion}
    for command, status in STEPS:
        told = f"{command} -w '\\n%{{http_code}}'" if status else command
        run = subprocess.run(  # noqa: S602 - the documentation's own command
            told, shell=True, check=True, capture_output=True, text=True, env=os.environ | variables, cwd=tmp_path
        )
        body, _, answered = run.stdout.rpartition("\n")
        assert (command, answered) == (command, status), body
        shown = json.loads(body) if body else {}
        data = shown.get("data", {})
        if "upload_id" in data:
            variables |= {"UPLOAD": data["upload_id"], "HREF": data["href"]}
        elif data.get("type") == "promotion_job":
            variables["JOB"] = data["id"]
            ended = finished(api, promotion, data["id"])
    assert ended["result"] == {"imported": 2, "duplicates": 1, "invalid": 1}
    assert send("GET", shown["href"]).checked().body.decode() == REPORT.replace("\n", "\r\n")
    free_codes(api, "PRINTED-1", "PRINTED-2")


def test_every_command_of_the_page_is_run() -> None:
    assert len(STEPS) == PAGE.count("\n```sh\n") == 6
