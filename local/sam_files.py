"""The files by which `sam local` runs the functions from their sources, on the data plane of `make serve`."""

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from local.aws import CREDENTIALS, REGION
from local.deploy import FILES_ORIGIN, Template, layer_of_wheels
from local.engine import Host, architecture

if TYPE_CHECKING:
    from pathlib import Path

    from local.aws import Aws

SAM_TEMPLATE = "sam-template.yaml"
VARIABLES = "variables-of-make-serve.json"
"""SAM CLI lets a variable of its own shell win over the template's value, and a value in this file over both.

Where the file is missing, SAM CLI names it: so its name says what writes it.
"""
S3_NAME = "s3.localhost"
"""The emulator under a name that stays right with a bucket's in front, as functions put it where the host has a name.

Browsers and curl take every name below localhost for this machine, so that links can be opened.
"""


def sam_files(
    aws: "Aws", resources: Mapping[str, str], template: Template, host: Host, cache: "Path"
) -> dict[str, str]:
    """The text of each file by its name, for functions in containers to which this machine is ``host``.

    ``resources`` are the physical ids of the deployed template's resources by logical id; ``cache`` is the folder for
    the dependencies. Raises StackError where these cannot be installed.
    """
    variables = _variables(aws, resources, host)
    document = _document(template, variables, cache)
    return {
        SAM_TEMPLATE: yaml.safe_dump(document, sort_keys=False),
        VARIABLES: json.dumps(variables, indent=2) + "\n",
    }


def _variables(aws: "Aws", resources: Mapping[str, str], host: Host) -> dict[str, dict[str, str]]:
    """All variables of each function by its logical id: the deployed ones, and those that keep it off AWS."""
    logical_ids = {physical: logical for logical, physical in resources.items()}
    port = aws.endpoint_url.rpartition(":")[2]
    endpoint = f"http://{host.name}:{port}"
    way = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint if host.bridge else f"http://{S3_NAME}:{port}",
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_SESSION_TOKEN": "",
    }
    files_origin = endpoint if host.bridge else f"http://{resources['ExportBucket']}.{S3_NAME}:{port}"
    # As the emulator calls itself in the address of the queue.
    own, seen = f"//localhost:{port}/", f"//{host.name}:{port}/"
    return {
        logical_ids[function["FunctionName"]]: {
            **{name: value.replace(own, seen) for name, value in function["Environment"]["Variables"].items()},
            **way,
            **({FILES_ORIGIN: files_origin} if FILES_ORIGIN in function["Environment"]["Variables"] else {}),
        }
        for page in aws.functions.get_paginator("list_functions").paginate()
        for function in page["Functions"]
    }


def _document(template: Template, variables: Mapping[str, Any], cache: "Path") -> dict[str, Any]:
    """The template with literals for variables, sources for artifacts and this machine's processor for Lambda's."""
    local = copy.deepcopy(template)
    folder, processor = template.path.parent.resolve(), architecture()
    of_all = local.document["Globals"]["Function"]
    del of_all["Environment"]
    of_all["Architectures"] = [processor]
    for name, function in local.resources("AWS::Serverless::Function").items():
        function["CodeUri"] = str(folder / function["CodeUri"])
        function["Environment"] = {"Variables": variables[name]}
    version = of_all["Runtime"].removeprefix("python")
    for name, layer in local.resources("AWS::Serverless::LayerVersion").items():
        source = folder / layer["ContentUri"]
        requirements = source / "requirements.txt"
        if requirements.exists():
            source = layer_of_wheels(requirements, cache, version, processor.replace("arm64", "aarch64"))
        else:
            source = source.parent  # of the folder python, which a layer has at its top
        layer["ContentUri"] = str(source)
        layer["CompatibleArchitectures"] = [processor]
        # It tells how to build, and nothing is built.
        del local.document["Resources"][name]["Metadata"]
    return local.document
