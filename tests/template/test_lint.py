"""That the linter sees what only the translated template has, which cfn-lint alone does not."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support.template import TEMPLATE
from tests.support.translated import translate
from tests.template.lint_translated import lint


def test_code_is_translated_as_if_it_had_been_uploaded() -> None:
    functions = [
        it for it in translate(deepcopy(TEMPLATE))["Resources"].values() if it["Type"] == "AWS::Lambda::Function"
    ]
    assert len(functions) == 22
    assert all(it["Properties"]["Code"] == {"S3Bucket": "bucket", "S3Key": "code.zip"} for it in functions)


def test_a_fault_in_what_sam_makes_of_an_event_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    template: dict[str, Any] = deepcopy(TEMPLATE)
    event = template["Resources"]["RunJobFunction"]["Properties"]["Events"]["Job"]["Properties"]
    event["Queue"] = {"Fn::GetAtt": ["JobQueue", "ARN"]}
    assert lint(template) == 2
    assert "E1010" in capfd.readouterr().out
