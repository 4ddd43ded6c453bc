"""Deploying the template to the emulator, as `sam deploy` would to AWS."""

import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.errors import StackError
from local.package import zip_of, zip_of_wheels

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

    from local.aws import Aws
    from local.template import Template

_STACK = "promotion-jobs"
_BUCKET = "deployment-artifacts"
_DEPLOYED_WITHIN_SECONDS = 60


def deploy(aws: "Aws", template: "Template", cache: Path) -> dict[str, str]:
    """The physical ids of the resources, by logical id.

    Raises StackError where the template cannot be deployed.
    """
    aws.s3.create_bucket(Bucket=_BUCKET)
    document = _upload_code(aws, template, cache)
    # By URL: the body of a call may not be longer than 51,200 bytes.
    aws.s3.put_object(Bucket=_BUCKET, Key="template.json", Body=json.dumps(document).encode())
    try:
        aws.cloudformation.create_stack(
            StackName=_STACK,
            TemplateURL=f"{aws.endpoint_url}/{_BUCKET}/template.json",
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in template.parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            OnFailure="DO_NOTHING",
        )
    except ClientError as error:
        raise StackError(f"{template.path.name} is refused: {error.response['Error']['Message']}") from error
    _wait(aws.cloudformation, template.path.name)
    described = aws.cloudformation.describe_stack_resources(StackName=_STACK)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def _upload_code(aws: "Aws", template: "Template", cache: Path) -> dict[str, Any]:
    """The template with the place of the uploaded code where the folder's stood."""
    packaged = copy.deepcopy(template)
    for kind, source in (("AWS::Serverless::Function", "CodeUri"), ("AWS::Serverless::LayerVersion", "ContentUri")):
        for name, properties in packaged.resources(kind).items():
            folder = _folder(template, name, properties.get(source))
            if source == "CodeUri":
                archive = zip_of(folder)
            elif (folder / "requirements.txt").exists():
                archive = zip_of_wheels(folder / "requirements.txt", cache)
            else:
                archive = zip_of(folder, below="python")
            key = f"{name}.zip"
            aws.s3.put_object(Bucket=_BUCKET, Key=key, Body=archive)
            properties[source] = {"Bucket": _BUCKET, "Key": key}
            _resolve_concurrency(template, properties)
    return packaged.document


def _folder(template: "Template", name: str, source: object) -> Path:
    if not isinstance(source, str) or not (template.path.parent / source).is_dir():
        raise StackError(f"{template.path.name}: the code of {name} is not a folder: {source}")
    return template.path.parent / source


def _resolve_concurrency(template: "Template", properties: dict[str, Any]) -> None:
    """ministack takes the value of a parameter for text, and then fails to compare it with a number."""
    for event in (properties.get("Events") or {}).values():
        if scaling := (event.get("Properties") or {}).get("ScalingConfig"):
            scaling["MaximumConcurrency"] = int(template.value(scaling["MaximumConcurrency"]))


def _wait(cloudformation: "CloudFormationClient", name: str) -> None:
    deadline = time.monotonic() + _DEPLOYED_WITHIN_SECONDS
    while True:
        status = cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]["StackStatus"]
        if status == "CREATE_COMPLETE":
            return
        if not status.endswith("_IN_PROGRESS"):
            raise StackError(f"{name} cannot be deployed: {_reason(cloudformation)}")
        if time.monotonic() > deadline:
            raise StackError(f"{name} was not deployed after {_DEPLOYED_WITHIN_SECONDS} s")
        time.sleep(0.05)


def _reason(cloudformation: "CloudFormationClient") -> str:
    """The first failure: the later ones are its consequences. Events come newest first."""
    events = cloudformation.describe_stack_events(StackName=_STACK)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    if not failed:
        return "no event says why"
    first = failed[-1]
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"
