"""The files by which `sam local` finds the data plane of `make serve`: all of it but the container itself."""

import json
import subprocess
import sys
import tomllib
from typing import Any

from local import PROJECT
from local.api import Api, send
from local.serve import sam_files
from local.stack import LocalStack
from promotion_jobs.jobs.job import Message
from tests.stack.journeys import add_codes, finished, free_codes, get_job, new_job, new_promotion, paused_worker
from tests.support.events import http_event, sqs_event
from tests.support.template import FUNCTION, TEMPLATE, resources

COMMON = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]


def _run(stack: LocalStack, name: str, event: dict[str, Any]) -> Any:
    """The result of a function that has the variables of the files and no others."""
    files = sam_files(stack)
    folder = {logical: it["Properties"]["CodeUri"] for logical, it in resources(FUNCTION).items()}[name]
    ended = subprocess.run(  # noqa: S603 - nothing from outside
        [sys.executable, "-m", "tests.stack.container", folder.removeprefix("functions/")],
        check=False,
        cwd=PROJECT,
        env={
            "PYTHONPATH": "layers/promotion_jobs/python",
            **files["sam-env.json"][name],
            **files["sam-container-env.json"],
        },
        input=json.dumps(event),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_every_function_has_the_variables_that_the_template_declares_for_it(stack: LocalStack) -> None:
    declared = {
        name: {*COMMON, *it["Properties"].get("Environment", {}).get("Variables", {})}
        for name, it in resources(FUNCTION).items()
    }
    assert {name: set(variables) for name, variables in sam_files(stack)["sam-env.json"].items()} == declared


def test_the_variables_lead_to_this_machine_as_a_container_sees_it(stack: LocalStack) -> None:
    port = stack.emulator.port
    queue = stack.resources["JobQueue"].rpartition("/")[2]
    assert sam_files(stack)["sam-env.json"]["RunJobFunction"] == COMMON | {
        "POWERTOOLS_SERVICE_NAME": "promotion-jobs",
        "TABLE_NAME": stack.resources["Table"],
        "JOB_QUEUE_URL": f"http://host.docker.internal:{port}/000000000000/{queue}",
        "EXPORT_BUCKET": stack.resources["ExportBucket"],
        "EVENT_BUS_NAME": stack.resources["EventBus"],
        "WORKER_CONCURRENCY": "10",
    }
    assert sam_files(stack)["sam-container-env.json"] == {
        "AWS_ENDPOINT_URL": f"http://host.docker.internal:{port}",
        "AWS_ENDPOINT_URL_S3": f"http://s3.host.docker.internal:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_a_job_that_a_function_creates_by_them_comes_to_the_worker(stack: LocalStack, api: Api) -> None:
    promotion = new_promotion(api)
    headers = {"authorization": f"Bearer {api.token}"}
    event = http_event("create_job", ids={"promotion_id": promotion}, headers=headers)
    created = _run(stack, "CreateJobFunction", event)
    assert created["statusCode"] == 201
    job = finished(api, promotion, json.loads(created["body"])["data"]["id"])
    assert (job["status"], job["result"]) == ("completed", {"generated": 1000})


def test_a_worker_writes_an_export_by_them(stack: LocalStack, api: Api) -> None:
    free_codes(api, "WELCOME-10")
    promotion = new_promotion(api)
    assert add_codes(api, promotion, "WELCOME-10").status == 201
    with paused_worker(stack):
        job = new_job(api, promotion, "code_export")
        assert _run(stack, "RunJobFunction", sqs_event(Message(promotion, job))) is None
        assert get_job(api, promotion, job)["status"] == "completed"
    link = api.call("GET", f"/v2/promotions/{promotion}/jobs/{job}/file").json["href"]
    header, row = send("GET", link).body.decode().splitlines()
    assert (header.split(",")[0], row.split(",")[0]) == ("code", "WELCOME-10")


def test_sam_local_is_told_of_the_files(stack: LocalStack) -> None:
    commands = tomllib.loads((PROJECT / "samconfig.toml").read_text())["default"]
    assert list(commands) == ["local_invoke", "local_start_api"]
    for command in commands.values():
        stated = command["parameters"]
        assert {stated["env_vars"], stated["container_env_vars"]} == {f".local/{name}" for name in sam_files(stack)}
