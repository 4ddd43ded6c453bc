"""That the linter sees what only the translated template has, which cfn-lint alone does not."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support import rights, template, translated
from tests.support.template import TEMPLATE
from tests.template.lint_translated import lint


def test_code_is_translated_as_if_it_had_been_uploaded() -> None:
    functions = translated.resources(rights.LAMBDA)
    assert functions.keys() == template.folders().keys()
    assert all(it["Code"] == {"S3Bucket": "bucket", "S3Key": "code.zip"} for it in functions.values())


NO_SUCH_ATTRIBUTE = {"Fn::GetAtt": ["JobQueue", "ARN"]}


@pytest.mark.parametrize(
    ("path", "fault", "rule"),
    [
        ("RunJobFunction Properties Events Job Properties Queue", NO_SUCH_ATTRIBUTE, "E1010"),
        (
            "StartScheduledJobFunction Properties Events NightlyExport Properties DeadLetterConfig Arn",
            NO_SUCH_ATTRIBUTE,
            "E1010",
        ),
        ("SweepJobsFunction Properties EventInvokeConfig MaximumRetryAttempts", 5, "E3034"),
        ("Api Properties DefaultRouteSettings ThrottlingRate", 5, "E3002"),
    ],
    ids=["queue", "schedule", "failed invocation", "stage"],
)
def test_a_fault_in_what_sam_makes_of_the_template_is_found(
    path: str, fault: Any, rule: str, capfd: pytest.CaptureFixture[str]
) -> None:
    faulty: dict[str, Any] = deepcopy(TEMPLATE)
    node = faulty["Resources"]
    *way, name = path.split()
    for step in way:
        node = node[step]
    node[name] = fault
    assert lint(faulty) == 2
    assert rule in capfd.readouterr().out
