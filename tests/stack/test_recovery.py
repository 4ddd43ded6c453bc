"""Jobs whose workers die, that are cancelled, and that wait for others or for a schedule, with real processes."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from local.api import Api
from local.stack import Client, LocalStack, local_stack
from tests.stack.journeys import (
    add_codes,
    eventually,
    finished,
    get_job,
    listed_codes,
    new_job,
    new_promotion,
)
from tests.stack.sheets import file_of, mixed, report, uploaded

CODES = 1_000_000
KILLS = 1
"""Each costs what is left of a lease."""

CODES_BETWEEN_KILLS = 50_000
ROWS, KILLS_OF_AN_IMPORT, ROWS_BETWEEN_KILLS = 20_000, 2, 1_000


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose workers have so little time that their leases end soon."""
    state = tmp_path_factory.mktemp("hasty")
    parameters = {"WorkerTimeoutSeconds": "6", "JobVisibilitySeconds": "36"}
    with local_stack(Client.kept_in(state / "client.json"), state=state, parameters=parameters) as stack:
        yield stack


@pytest.fixture(scope="module", autouse=True)
def scheduled(stack: LocalStack, api: Api) -> Iterator[str]:
    """A promotion for which a schedule of one's own starts a job every minute: the other tests pass the time."""
    promotion = new_promotion(api)
    outputs = stack.aws.cloudformation.describe_stacks(StackName="promotion-jobs")["Stacks"][0]["Outputs"]
    output = {it["OutputKey"]: it["OutputValue"] for it in outputs}
    sent = {
        "promotion_id": promotion,
        "job_type": "code_generate",
        "parameters": {"number_of_codes": 10},
        "execution_id": "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time>",
    }
    stack.aws.scheduler.create_schedule(
        Name="every-minute",
        FlexibleTimeWindow={"Mode": "OFF"},
        ScheduleExpression="rate(1 minute)",
        ScheduleExpressionTimezone="Europe/Berlin",
        Target={
            "Arn": output["ScheduledJobFunctionArn"],
            "RoleArn": output["ScheduleRoleArn"],
            "Input": json.dumps(sent),
        },
    )
    yield promotion
    stack.aws.scheduler.delete_schedule(Name="every-minute")


def workers(stack: LocalStack) -> list[int]:
    """The processes of the worker function."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            folder = (process / "cwd").readlink()
            # Other stacks have functions of the same names, but not in this one's folder.
            if folder.is_relative_to(stack.emulator.log.parent) and stack.resources["RunJobFunction"] in str(folder):
                found.append(int(process.name))
    return found


def sweep(stack: LocalStack) -> None:
    """As the schedule does, which the emulator has no more often than every minute."""
    stack.aws.functions.invoke(FunctionName=stack.resources["SweepJobsFunction"], Payload=b"{}")


def _complete_in_spite_of_kills(stack: LocalStack, shown: Callable[[], Any], kills: int, apart: int) -> None:
    """Kill all workers so often, each time when so much more of a job is stored; then wait until it is completed."""
    killed_at = 0

    def goes_on() -> bool:
        """Whether more is stored than at the last kill, and there is a worker to be killed."""
        nonlocal killed_at
        if killed_at:
            sweep(stack)
        found = shown()
        assert found["status"] in {"pending", "processing"}, "it was done before it could be killed"
        done = found.get("meta", {}).get("progress", {}).get("done", 0)
        if done < killed_at + apart or not workers(stack):
            return False
        killed_at = done
        return True

    for _ in range(kills):
        eventually(goes_on, seconds=120)
        for worker in workers(stack):
            os.kill(worker, signal.SIGKILL)

    def is_completed() -> bool:
        sweep(stack)
        return bool(shown()["status"] == "completed")

    eventually(is_completed, seconds=120)


def test_a_job_whose_workers_are_killed_has_exactly_as_many_codes_as_asked_for(hasty: LocalStack) -> None:
    api = Api.signed_in(hasty.base_url, hasty.client)
    promotion = new_promotion(api, max_codes=CODES)
    job = new_job(api, promotion, "code_generate", number_of_codes=CODES)
    _complete_in_spite_of_kills(hasty, lambda: get_job(api, promotion, job), KILLS, CODES_BETWEEN_KILLS)
    codes = listed_codes(api, promotion, most=10_000)
    assert len(codes) == len(set(codes)) == 10_000
    export = finished(api, promotion, new_job(api, promotion, "code_export"))
    assert export["meta"]["file"]["rows"] == CODES
    assert add_codes(api, promotion, "one-more").status == 400


def test_each_row_of_an_import_counts_once_whose_workers_are_killed(hasty: LocalStack) -> None:
    api = Api.signed_in(hasty.base_url, hasty.client)
    promotion = new_promotion(api, max_codes=ROWS)
    content, told = mixed(ROWS, "killed")
    job = new_job(api, promotion, "code_import", upload_id=uploaded(api, promotion, content))
    _complete_in_spite_of_kills(hasty, lambda: get_job(api, promotion, job), KILLS_OF_AN_IMPORT, ROWS_BETWEEN_KILLS)
    done, refused = get_job(api, promotion, job), ROWS // 100
    assert done["result"] == {"imported": ROWS - 2 * refused, "duplicates": refused, "invalid": refused}
    assert report(api, promotion, done) == told
    export = finished(api, promotion, new_job(api, promotion, "code_export", columns=["code"], header=False))
    refused_codes = {code for _, code, reason in told if reason == "characters"}
    written = {line.partition(",")[0] for line in content.decode().split("\r\n")[1:] if line}
    assert sorted(file_of(api, promotion, export).split()) == sorted(written - refused_codes)


def _failures(stack: LocalStack) -> int:
    """How many deliveries have failed."""
    return stack.emulator.log.read_text(errors="replace").count("failed processing SQS batch")


@pytest.fixture
def missing_bucket(hasty: LocalStack) -> Iterator[Callable[[], None]]:
    """The export bucket is gone, and messages come back as soon as a lease is past; yields what restores the bucket."""
    bucket, queue = hasty.resources["ExportBucket"], hasty.resources["JobQueue"]
    for page in hasty.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for file in page.get("Contents", []):
            hasty.aws.s3.delete_object(Bucket=bucket, Key=file["Key"])
    hasty.aws.s3.delete_bucket(Bucket=bucket)
    hasty.aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "9"})

    def restore() -> None:
        hasty.aws.s3.create_bucket(Bucket=bucket)

    yield restore
    hasty.aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "36"})


def test_a_job_whose_worker_fails_comes_back_and_is_completed(
    hasty: LocalStack, missing_bucket: Callable[[], None]
) -> None:
    api = Api.signed_in(hasty.base_url, hasty.client)
    promotion = new_promotion(api)
    failed_before = _failures(hasty)
    job = new_job(api, promotion, "code_export")
    eventually(lambda: _failures(hasty) > failed_before)
    assert get_job(api, promotion, job)["status"] == "processing"
    missing_bucket()
    assert finished(api, promotion, job)["status"] == "completed"


def test_a_small_job_is_done_while_a_big_one_runs(api: Api) -> None:
    big, small = new_promotion(api, max_codes=CODES), new_promotion(api)
    long = new_job(api, big, "code_generate", number_of_codes=CODES, code_length=10)
    eventually(lambda: get_job(api, big, long)["status"] == "processing")
    short = new_job(api, small, "code_generate", number_of_codes=100)
    assert finished(api, small, short)["status"] == "completed"
    assert get_job(api, big, long)["status"] == "processing"
    assert finished(api, big, long)["result"] == {"generated": CODES}


def test_a_cancelled_job_leaves_no_code_and_frees_the_promotion(api: Api) -> None:
    promotion = new_promotion(api, max_codes=CODES)
    # Beside busy workers the first start of a function takes seconds: the job would be done by then.
    assert api.call("POST", f"/v2/promotions/{promotion}/jobs/{promotion}/cancel").status == 404
    job = new_job(api, promotion, "code_generate", number_of_codes=CODES)
    eventually(lambda: get_job(api, promotion, job).get("meta", {}).get("progress", {}).get("done", 0) > 0)
    answer = api.call("POST", f"/v2/promotions/{promotion}/jobs/{job}/cancel")
    assert answer.status == 200, answer.json
    assert answer.json["data"]["status"] == "cancelling"
    cancelled = finished(api, promotion, job)
    assert cancelled["status"] == "cancelled"
    assert cancelled["result"]["generated"] == cancelled["result"]["deleted"] > 0
    assert listed_codes(api, promotion) == []
    again = finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=30_000))
    assert again["result"] == {"generated": 30_000}


def test_a_deleted_promotions_codes_are_free_again(api: Api) -> None:
    promotion, other = new_promotion(api, max_codes=3_000), new_promotion(api)
    finished(api, promotion, new_job(api, promotion, "code_generate", number_of_codes=2_500))
    code = listed_codes(api, promotion)[0]
    assert add_codes(api, other, code).status == 422
    assert api.call("DELETE", f"/v2/promotions/{promotion}").status == 204
    assert api.call("GET", f"/v2/promotions/{promotion}/jobs").status == 404
    eventually(lambda: bool(add_codes(api, other, code).status == 201))


def test_a_schedule_starts_its_job_when_its_time_has_come(api: Api, scheduled: str) -> None:
    def jobs() -> list[dict[str, object]]:
        listed: list[dict[str, object]] = api.call("GET", f"/v2/promotions/{scheduled}/jobs").json["data"]
        return listed

    eventually(lambda: bool(jobs()), seconds=180)
    [job] = jobs()
    assert (job["job_type"], job["created_by"]) == ("code_generate", "schedule")
    assert finished(api, scheduled, str(job["id"]))["result"] == {"generated": 10}
