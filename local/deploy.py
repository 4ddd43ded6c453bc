"""Deploying the template to the emulator, with its functions and layers as archives, as `sam deploy` would to AWS."""

import compileall
import copy
import hashlib
import io
import json
import py_compile
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse
from yaml import YAMLError

from local import StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

    from local.aws import Aws

_STACK = "promotion-jobs"
_BUCKET = "deployment-artifacts"
FILES_ORIGIN = "FILES_ORIGIN"
"""The variable with the origin of links to files."""
_DEPLOYED_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Template:
    path: Path
    document: dict[str, Any]
    parameters: Mapping[str, str]
    """The values that are set; the others have the template's default."""

    @classmethod
    def read(cls, path: Path, parameters: Mapping[str, str]) -> "Template":
        """Raises StackError where the file is no template, or not one with these parameters."""
        try:
            document = yaml_parse(path.read_text())
        except (OSError, YAMLError) as error:
            raise StackError(f"{path.name} cannot be read: {error}") from error
        if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
            raise StackError(f"{path.name} is not a template: it has no Resources")
        if unknown := parameters.keys() - document.get("Parameters", {}).keys():
            raise StackError(f"{path.name} has no parameter {', '.join(sorted(unknown))}")
        return cls(path, document, parameters)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of the resources of one type, by logical id."""
        return {
            name: resource.setdefault("Properties", {})
            for name, resource in self.document["Resources"].items()
            if resource.get("Type") == kind
        }

    def value(self, node: Any) -> Any:
        """The node itself, or the value of the parameter to which it refers."""
        if not isinstance(node, dict) or "Ref" not in node:
            return node
        name = node["Ref"]
        parameter = self.document["Parameters"][name]
        value = self.parameters.get(name, parameter["Default"])
        return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value


def deploy(aws: "Aws", template: Template, cache: Path) -> dict[str, str]:
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
    return deployed_resources(aws)


def deployed_resources(aws: "Aws") -> dict[str, str]:
    """The physical ids of the deployed stack's resources, by logical id."""
    described = aws.cloudformation.describe_stack_resources(StackName=_STACK)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def _upload_code(aws: "Aws", template: Template, cache: Path) -> dict[str, Any]:
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
            _lead_to_emulator(properties, aws)
    _drop_computed_alarms(packaged)
    return packaged.document


def _folder(template: Template, name: str, source: object) -> Path:
    if not isinstance(source, str) or not (template.path.parent / source).is_dir():
        raise StackError(f"{template.path.name}: the code of {name} is not a folder: {source}")
    return template.path.parent / source


def _resolve_concurrency(template: Template, properties: dict[str, Any]) -> None:
    """ministack takes the value of a parameter for text, and then fails to compare it with a number."""
    for event in (properties.get("Events") or {}).values():
        if scaling := (event.get("Properties") or {}).get("ScalingConfig"):
            scaling["MaximumConcurrency"] = int(template.value(scaling["MaximumConcurrency"]))


def _lead_to_emulator(properties: dict[str, Any], aws: "Aws") -> None:
    """Links to files lead to the emulator instead of AWS."""
    variables = properties.get("Environment", {}).get("Variables", {})
    if FILES_ORIGIN in variables:
        variables[FILES_ORIGIN] = aws.endpoint_url


def _drop_computed_alarms(template: Template) -> None:
    """ministack has no alarms that compute with metrics, and sends none of its alarms to anybody."""
    for name, properties in template.resources("AWS::CloudWatch::Alarm").items():
        if "Metrics" in properties:
            del template.document["Resources"][name]


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


def zip_of(folder: Path, below: str = "") -> bytes:
    """The folder's files without compiled ones, under ``below`` in the archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content.write(file, Path(below) / file.relative_to(folder))
    return archive.getvalue()


def zip_of_wheels(requirements: Path, cache: Path) -> bytes:
    """This host's wheels of the requirements, compiled; they are installed once.

    Raises StackError where pip cannot install them.
    """
    archive = cache / f"dependencies-{_key(requirements, sys.version)}.zip"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder:
            _install(requirements, Path(folder, "python"))
            part = Path(folder, archive.name)
            _zip_with_compiled(Path(folder, "python"), part)
            part.replace(archive)
    return archive.read_bytes()


def layer_of_wheels(requirements: Path, cache: Path, version: str, processor: str) -> Path:
    """A layer's folder with the requirements' wheels for a Python version on Linux; they are installed once.

    Raises StackError where pip cannot install them.
    """
    layer = cache / f"layer-{_key(requirements, version)}-{processor}"
    if not layer.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder:
            part = Path(folder, layer.name)
            platform = f"manylinux2014_{processor}"
            _install(requirements, part / "python", "--platform", platform, "--python-version", version)
            part.replace(layer)
    return layer


def _key(requirements: Path, version: str) -> str:
    return hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:16]


def _install(requirements: Path, target: Path, *wheels: str) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--only-binary", ":all:"]
    files = ["--requirement", str(requirements), "--target", str(target)]
    command = [sys.executable, "-m", "pip", "install", *options, *wheels, *files]
    run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - nothing from outside
    if run.returncode:
        reason = (run.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise StackError(f"The packages of {requirements.name} cannot be installed: {reason}")


def _zip_with_compiled(folder: Path, archive: Path) -> None:
    """Unpacking changes the files' times, so the compiled ones must not depend on them."""
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    with zipfile.ZipFile(archive, "w") as content:
        for file in sorted(folder.rglob("*")):
            content.write(file, file.relative_to(folder.parent))
