"""Events as AWS sends them: those of events/, with what a test changes in them, and the context that comes along."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs.jobs.job import Message

EVENTS = Path(__file__).parents[2] / "events"
HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
REQUEST_ID = "LxYzAbCdDoEEMqw="

_TEXT_TYPES = ("application/json", "text/")


class Context(LambdaContext):
    """The context of an invocation, with a minute left."""

    def __init__(self, function: str) -> None:
        self._function_name = function
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{function}"
        self._aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def read(function: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{function}.json").read_text())
    return event


def form(function: str) -> dict[str, str]:
    """The fields of the form that the function's event sends."""
    return dict(parse_qsl(b64decode(read(function)["body"]).decode()))


def http_event(
    function: str,
    *,
    ids: Mapping[str, str] | None = None,
    query: str = "",
    headers: Mapping[str, str | None] | None = None,
    body: str | bytes | None = None,
) -> dict[str, Any]:
    """The event of a function for other ids, another query and body, and headers (None takes one away)."""
    event = read(function)
    path: str = event["rawPath"]
    for name, id_ in (ids or {}).items():
        path = path.replace(event["pathParameters"][name], id_)
        event["pathParameters"][name] = id_
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["rawQueryString"] = query
    event.pop("queryStringParameters", None)
    changed = event["headers"] | (headers or {})
    event["headers"] = {name: value for name, value in changed.items() if value is not None}
    if body is not None:
        event |= _body(body, event["headers"].get("content-type", ""))
    return event


def _body(body: str | bytes, content_type: str) -> dict[str, Any]:
    """HTTP APIs hand on as text what the content type says is text, and anything else in base64."""
    if isinstance(body, str) and content_type.startswith(_TEXT_TYPES):
        return {"body": body, "isBase64Encoded": False}
    content = body.encode() if isinstance(body, str) else body
    return {"body": b64encode(content).decode(), "isBase64Encoded": True}


def request(function: str, **changes: Any) -> APIGatewayProxyEventV2:
    """The event as the API's own code sees it."""
    return APIGatewayProxyEventV2(http_event(function, **changes))


def sqs_event(*messages: Message | str) -> dict[str, Any]:
    """A batch of messages; a text stands for a body that is none of ours."""
    [record] = read("run_job")["Records"]
    bodies = [it if isinstance(it, str) else json.dumps(asdict(it)) for it in messages]
    return {"Records": [record | {"messageId": str(number), "body": it} for number, it in enumerate(bodies)]}
