"""The SAM template as CloudFormation sees it, with what SAM makes of functions and their events."""

from copy import deepcopy
from functools import cache
from typing import Any

import boto3
from botocore.session import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tests.support.template import TEMPLATE

REGION = "eu-west-1"

_CODE = ("CodeUri", "ContentUri")


def _default(parameter: dict[str, Any]) -> str | list[str]:
    """As CloudFormation passes it to SAM."""
    text = str(parameter["Default"])
    return text.split(",") if parameter["Type"] == "CommaDelimitedList" else text


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """The template as CloudFormation, with its parameters' defaults and as if its code had been uploaded."""
    for resource in template["Resources"].values():
        stated = resource.get("Properties", {})
        stated |= {name: "s3://bucket/code.zip" for name in _CODE if name in stated}
    parameters = {name: _default(parameter) for name, parameter in template["Parameters"].items()}
    # A session of its own: a test may have put another in the place of the one that all share.
    session = boto3.Session(region_name=REGION, botocore_session=Session())
    # No managed policy is known by name: no role may have one.
    translator = Translator({}, Parser(), boto_session=session)
    translated: dict[str, Any] = translator.translate(template, parameters)
    return translated


@cache
def _resources() -> dict[str, Any]:
    found: dict[str, Any] = translate(deepcopy(TEMPLATE))["Resources"]
    return found


def resources(kind: str) -> dict[str, Any]:
    """The properties of our template's resources of a type, by logical id."""
    return {name: it.get("Properties", {}) for name, it in _resources().items() if it["Type"] == kind}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _resources()[name]["Properties"]
    return found
