"""CPU time that a new container of each function takes to import its handler and answer its first event.

Each in a process of its own with byte code at hand, as in Lambda, beside one that makes a single client of boto3.
"""

import json
import os
from dataclasses import replace
from typing import Any

from bench.emulator import FUNCTIONS, WHO, Deployment, deployment, generate_job, now, promotion
from bench.events import event
from bench.measure import Bench, Goal, Outcome, Run, Sample, in_interpreter
from bench.service import JOB_ID, PROMOTION_ID, usage
from local import PROJECT
from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.plan import ONE_RUN, Plan
from promotion_jobs.codes.spaces import FIRST_VERSION
from promotion_jobs.jobs.job import ExportFile, ExportParameters, Job, JobStatus, JobType
from promotion_jobs.jobs.store import Outcome as JobOutcome
from promotion_jobs.limits import DEFAULT_CODE_LENGTH
from promotion_jobs.redemptions.redemption import RedemptionKey

_CLIENT = "boto3.client('dynamodb')"
_WORKER, _SWEEP, _SCHEDULED = "run_job", "sweep_jobs", "start_scheduled_job"
_REDEEM, _VALIDATE = "redeem_code", "validate_code"
_FUNCTIONS = sorted(FUNCTIONS)
_PROGRAM = PROJECT / "bench/first_event.py"
_LAYER = PROJECT / "layers/promotion_jobs/python"

_CODES = 25
"""Of the worker's first job: one batch."""


def _client(made: Deployment) -> Run:
    environment = {"PATH": os.defpath, **made.account}
    return lambda: in_interpreter(["-c", f"import boto3, os; {_CLIENT}; os._exit(0)"], environment)[0]


def _function(made: Deployment, name: str) -> Run:
    folders = os.pathsep.join(map(str, (PROJECT / "functions" / name, _LAYER)))
    environment = {"PATH": os.defpath, "PYTHONPATH": folders, **made.environment(name)}

    def run() -> Sample:
        made.renew()
        _fill(made, name)
        sample, reply = in_interpreter([str(_PROGRAM)], environment, event(name))
        assert _is_good(name, json.loads(reply)), reply
        return sample

    return run


def _is_good(name: str, reply: Any) -> bool:
    if name in {_SWEEP, _WORKER}:
        return reply is None
    if name == _SCHEDULED:
        return "job_id" in reply
    answered: int = reply["statusCode"]
    return answered in ({404} if name == "reject_unknown_route" else {200, 201, 204})


def _fill(made: Deployment, name: str) -> None:
    """Put the items that the function's event names, in a deployment that has made codes before."""
    made.let_in()
    made.service.spaces.stored(DEFAULT_CODE_LENGTH)
    made.service.keyring.add(FIRST_VERSION)
    owner = promotion(room=1_000, promotion_id=PROMOTION_ID)
    made.service.promotion_store.add(owner)
    if name != "add_codes":
        made.service.codes.add(owner, [NewCode(code, Terms(max_uses=10)) for code in ("WELCOME-10", "WELCOME-20")], WHO)
    _add_usage(made)
    job = generate_job(PROMOTION_ID, Plan(_CODES), job_id=JOB_ID)
    if name in {_WORKER, "cancel_job"}:
        made.service.job_store.add(job)
    else:
        _add_export(made, replace(job, job_type=JobType.CODE_EXPORT, parameters=ExportParameters(), plan=ONE_RUN))


def _add_usage(made: Deployment) -> None:
    """The one that the events name, of a code of their job."""
    (usage_id,) = json.loads(event("anonymize_usages")["body"])["data"]["usage_ids"]
    key = RedemptionKey.parse(usage_id)
    assert key is not None
    made.service.redemption_store.add(usage(key, PROMOTION_ID, now()), None)


def _add_export(made: Deployment, job: Job) -> None:
    """One that is completed."""
    jobs, runs = made.service.job_store, made.service.runs
    jobs.add(job)
    made.service.table.transact(jobs.claim(job, now()))
    claimed = replace(job, status=JobStatus.PROCESSING)
    runs.take(claimed, 0, "bench", now())
    runs.finish(claimed, 0, now())
    file = ExportFile(f"{PROMOTION_ID}/{JOB_ID}/1.csv", rows=2, size=120, sha256="0" * 64)
    jobs.complete(claimed, JobOutcome(files=[file]), now())


def run(bench: Bench) -> Outcome:
    with deployment() as made:
        contenders = {_CLIENT: _client(made)} | {name: _function(made, name) for name in _FUNCTIONS}
        samples = bench.interleaved(contenders, rounds=9, quick_rounds=1)
    ratios = {name: samples.cpu_each(name) / samples.cpu_each(_CLIENT) for name in _FUNCTIONS}
    api = sorted(ratios.keys() - {_WORKER, _SWEEP, _SCHEDULED}, key=ratios.__getitem__)
    best, worst = api[0], api[-1]
    return Outcome(
        [
            Goal(
                f"CPU of a cold start, against {_CLIENT}: the API's worst",
                ratios[worst],
                1.5,
                at_most=True,
                note=f"{worst}; the best is {best} with {ratios[best]:.2f}×",
            ),
            Goal(
                f"CPU of a cold start, against {_CLIENT}: redeeming",
                ratios[_REDEEM],
                1.6,
                at_most=True,
                note=f"validating takes {ratios[_VALIDATE]:.2f}×",
            ),
            Goal(
                f"CPU of a cold start, against {_CLIENT}: the worker",
                ratios[_WORKER],
                1.25,
                at_most=True,
                note=(
                    f"with a whole job of {_CODES} codes as its first, a dozen calls and an event; the sweep takes "
                    f"{ratios[_SWEEP]:.2f}×. Some 0.85 of it are botocore and its client, 0.2 Powertools' logger and "
                    "metrics, 0.2 our own modules, 0.05 the cipher. Tried: no BatchProcessor, no boto3, lazy clients "
                    "and imports, plainer data classes"
                ),
            ),
        ],
        samples,
    )
