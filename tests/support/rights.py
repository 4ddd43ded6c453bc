"""The actions that a function's role allows and that a call needs: as much of IAM as the template uses.

Resources go by their names: what an ARN has in front of it is the same for all of a deployment.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.support import translated
from tests.support.template import as_list

LAMBDA = "AWS::Lambda::Function"
EVERYTHING = "*"
TRACES = frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
"""Actions that IAM knows of no resource for."""


@dataclass(frozen=True, slots=True)
class Request:
    """An action on a resource; on a table, with the partition keys of the items."""

    action: str
    resource: str
    leading_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Statement:
    """``leading_keys`` has the patterns of which one must match each partition key; None where any will do."""

    actions: frozenset[str]
    resources: frozenset[str]
    leading_keys: frozenset[str] | None

    def allows(self, request: Request) -> bool:
        return (
            request.action in self.actions
            and _matches(request.resource, self.resources)
            and (self.leading_keys is None or all(_matches(key, self.leading_keys) for key in request.leading_keys))
        )

    def unused(self, requests: Iterable[Request]) -> set[str]:
        """The actions and the patterns of partition keys for which none of the requests needs the statement."""
        allowed = [request for request in requests if self.allows(request)]
        touched = {key for request in allowed for key in request.leading_keys}
        patterns = {
            pattern for pattern in self.leading_keys or () if not any(fnmatchcase(key, pattern) for key in touched)
        }
        return patterns | (self.actions - {request.action for request in allowed})


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


# Roles


def role_of(function: str) -> str:
    """The logical id of the role of a function, by the function's logical id."""
    role: str = translated.properties(function)["Role"]["Fn::GetAtt"][0]
    return role


def stated(role: str) -> list[dict[str, Any]]:
    """The statements of a role, its own and those of the policies that it names, as a traced deployment has them."""
    role_properties = translated.properties(role)
    managed = [translated.properties(arn["Ref"]) for arn in role_properties.get("ManagedPolicyArns", ())]
    policies = [*managed, *role_properties.get("Policies", ())]
    return [_traced(it) for policy in policies for it in policy["PolicyDocument"]["Statement"]]


def _traced(statement: dict[str, Any]) -> dict[str, Any]:
    if "Fn::If" not in statement:
        return statement
    condition, if_so, otherwise = statement["Fn::If"]
    assert (condition, otherwise) == ("IsTraced", {"Ref": "AWS::NoValue"})
    chosen: dict[str, Any] = if_so
    return chosen


def statements(role: str, names: Mapping[str, str]) -> list[Statement]:
    """``names`` are those of the resources by logical id; a resource without one goes by its id."""
    return [_read(it, names) for it in stated(role)]


def _read(statement: Mapping[str, Any], names: Mapping[str, str]) -> Statement:
    assert statement["Effect"] == "Allow"
    assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    patterns = None
    if "Condition" in statement:
        # The unpacking fails for any other condition.
        [(operator, condition)] = statement["Condition"].items()
        [(name, node)] = condition.items()
        assert (operator, name) == ("ForAllValues:StringLike", "dynamodb:LeadingKeys")
        patterns = frozenset(as_list(node))
    resources = frozenset(_name(node, names) for node in as_list(statement["Resource"]))
    return Statement(frozenset(as_list(statement["Action"])), resources, patterns)


def _name(node: Any, names: Mapping[str, str]) -> str:
    if node == EVERYTHING:
        return EVERYTHING
    if "Fn::Sub" in node:
        return re.sub(r"\$\{(\w+)\.Arn}", lambda it: names.get(it[1], it[1]), node["Fn::Sub"])
    resource, attribute = node["Fn::GetAtt"]
    assert attribute == "Arn"
    return names.get(resource, resource)


# Calls

_WRITES = {"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Put": "PutItem", "Update": "UpdateItem"}
"""A transaction needs what its parts would need by themselves."""

_UPLOAD = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}


def requests_of(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """The requests to IAM that a call of botocore makes."""
    match service:
        case "dynamodb":
            yield from _of_table(operation, parameters)
        case "s3":
            yield from _of_bucket(operation, parameters)
        case "sqs":
            yield Request(f"sqs:{operation}", parameters["QueueUrl"])
        case "eventbridge":
            yield from (Request(f"events:{operation}", entry["EventBusName"]) for entry in parameters["Entries"])
        case _:
            raise NotImplementedError(service)


def _of_table(operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    match operation:
        case "TransactWriteItems":
            for kind, write in (pair for action in parameters["TransactItems"] for pair in action.items()):
                yield _on_items(_WRITES[kind], write["TableName"], [write.get("Key") or write["Item"]])
        case "TransactGetItems":
            for it in parameters["TransactItems"]:
                yield _on_items("GetItem", it["Get"]["TableName"], [it["Get"]["Key"]])
        case "BatchGetItem":
            for table, wanted in parameters["RequestItems"].items():
                yield _on_items(operation, table, wanted["Keys"])
        case "Query":
            assert parameters["KeyConditionExpression"].startswith("pk = :pk")
            yield _on_items(
                operation, parameters["TableName"], [{"pk": parameters["ExpressionAttributeValues"][":pk"]}]
            )
        case _:
            yield _on_items(operation, parameters["TableName"], [parameters["Key"]])


def _on_items(action: str, table: str, items: Iterable[Mapping[str, Any]]) -> Request:
    return Request(f"dynamodb:{action}", table, frozenset(item["pk"]["S"] for item in items))


def _of_bucket(operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    bucket = parameters["Bucket"]
    match operation:
        case "ListObjectsV2":
            yield Request("s3:ListBucket", bucket)
        case "HeadObject":
            yield Request("s3:GetObject", f"{bucket}/{parameters['Key']}")
            # Without this right a file that is not there is forbidden, not unknown.
            yield Request("s3:ListBucket", bucket)
        case "DeleteObjects":
            for file in parameters["Delete"]["Objects"]:
                yield Request("s3:DeleteObject", f"{bucket}/{file['Key']}")
        case _:
            action = "PutObject" if operation in _UPLOAD else operation
            yield Request(f"s3:{action}", f"{bucket}/{parameters['Key']}")


def requests_of_lambda(function: str, names: Mapping[str, str]) -> Iterator[Request]:
    """The requests that Lambda makes with the role of a function (its logical id): to log, trace, poll and give up."""
    yield from (Request(action, EVERYTHING) for action in TRACES)
    log = translated.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    yield from (Request(f"logs:{action}", names.get(log, log)) for action in ("CreateLogStream", "PutLogEvents"))
    for mapping in translated.resources("AWS::Lambda::EventSourceMapping").values():
        if mapping["FunctionName"] == {"Ref": function}:
            queue = _name(mapping["EventSourceArn"], names)
            for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                yield Request(f"sqs:{action}", queue)
    for config in translated.resources("AWS::Lambda::EventInvokeConfig").values():
        if config["FunctionName"] == {"Ref": function}:
            for destination in config["DestinationConfig"].values():
                yield Request("sqs:SendMessage", _name(destination["Destination"], names))
