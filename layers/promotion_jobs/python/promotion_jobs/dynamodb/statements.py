"""Statements go out as they are: made in DynamoDB's own form, they need no walk by botocore through all their values.

That is a quarter of the client's time for a batch of inserts. botocore sees an empty list, so that its signature, its
retries and its parser go on as ever.
"""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_OPERATION = "dynamodb.BatchExecuteStatement"


def send_statements_as_they_are(client: "DynamoDBClient") -> None:
    client.meta.events.register(f"before-parameter-build.{_OPERATION}", _set_aside)
    client.meta.events.register(f"before-call.{_OPERATION}", _put_back)


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    # Whatever else a call may say is botocore's business.
    if params.keys() == {"Statements"}:
        context["statements"], params["Statements"] = params["Statements"], []


def _put_back(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if "statements" in context:
        params["body"] = json.dumps({"Statements": context.pop("statements")}).encode()
