"""The events of events/, as AWS sends them, for what a benchmark has made."""

import json
from base64 import b64decode
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from bench.service import JOB_ID, PROMOTION_ID
from local import PROJECT
from promotion_jobs.jobs.job import Message


def event(function: str, promotion_id: str = PROMOTION_ID, job_id: str = JOB_ID, **changes: Any) -> dict[str, Any]:
    """The event of a function for other ids, and with other members."""
    text = (PROJECT / "events" / f"{function}.json").read_text()
    read: dict[str, Any] = json.loads(text.replace(PROMOTION_ID, promotion_id).replace(JOB_ID, job_id))
    return read | changes


def sqs_event(message: Message) -> dict[str, Any]:
    """The event with which the message comes to the worker."""
    (record,) = event("run_job")["Records"]
    return {"Records": [record | {"body": json.dumps(asdict(message))}]}


def client_secret() -> str:
    """That of the client which asks for a token."""
    return dict(parse_qsl(b64decode(event("issue_token")["body"]).decode()))["client_secret"]


def access_token() -> str:
    """The one that all events bear."""
    bearer: str = event("list_codes")["headers"]["authorization"]
    return bearer.removeprefix("Bearer ")
