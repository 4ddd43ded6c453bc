"""The variables for `sam local` by which a function in a container finds the data plane of the local stack."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.aws import CREDENTIALS, REGION

if TYPE_CHECKING:
    from local.stack import LocalStack

_HOST = "host.docker.internal"
"""This machine, as a container sees it."""


def sam_files(stack: "LocalStack") -> Mapping[str, Any]:
    """Name of a file → its variables."""
    return {"sam-env.json": _declared_variables(stack), "sam-container-env.json": _container_variables(stack)}


def _declared_variables(stack: "LocalStack") -> dict[str, dict[str, str]]:
    """The variables that the template declares for each function, in the format of ``--env-vars``."""
    logical_ids = {physical: logical for logical, physical in stack.resources.items()}
    # As the emulator calls itself in the address of the queue.
    own, seen = f"//localhost:{stack.emulator.port}/", f"//{_HOST}:{stack.emulator.port}/"
    pages = stack.aws.functions.get_paginator("list_functions").paginate()
    return {
        logical_ids[function["FunctionName"]]: {
            name: value.replace(own, seen) for name, value in function["Environment"]["Variables"].items()
        }
        for page in pages
        for function in page["Functions"]
    }


def _container_variables(stack: "LocalStack") -> dict[str, str]:
    """The variables that no function declares, for ``--container-env-vars``: SAM CLI drops them from ``--env-vars``."""
    return {
        "AWS_ENDPOINT_URL": f"http://{_HOST}:{stack.emulator.port}",
        # The functions put a bucket's name in front, and the emulator takes it for one in front of "s3." alone.
        "AWS_ENDPOINT_URL_S3": f"http://s3.{_HOST}:{stack.emulator.port}",
        **CREDENTIALS,
        "AWS_REGION": REGION,
        # Without the variables of the shell that calls SAM CLI.
        "AWS_SESSION_TOKEN": "",
    }
