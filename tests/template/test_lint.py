"""That the linter sees what only the translated template has, which cfn-lint alone does not."""

import re
from collections import Counter
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


QUEUE = ("RunJobFunction Properties Events Job Properties Queue", NO_SUCH_ATTRIBUTE, "E1010")
SCHEDULE = ("StartScheduledJobFunction Properties Events NightlyExport Properties DeadLetterConfig Arn", *QUEUE[1:])
FAILED_INVOCATION = ("SweepJobsFunction Properties EventInvokeConfig MaximumRetryAttempts", 5, "E3034")
STAGE = ("Api Properties DefaultRouteSettings ThrottlingRate", 5, "E3002")
"""The place of a fault, the fault, and the rule that finds it."""


def test_faults_in_what_sam_makes_of_the_template_are_found(capfd: pytest.CaptureFixture[str]) -> None:
    faults = QUEUE, SCHEDULE, FAILED_INVOCATION, STAGE
    faulty: dict[str, Any] = deepcopy(TEMPLATE)
    for path, fault, _ in faults:
        node = faulty["Resources"]
        *way, name = path.split()
        for step in way:
            node = node[step]
        node[name] = fault
    assert lint(faulty) == 2
    found = Counter(re.findall(r"^E\d{4}", capfd.readouterr().out, re.MULTILINE))
    rules = Counter(rule for *_, rule in faults)
    # A fault may be told of more than one place.
    assert found.keys() == rules.keys()
    assert found >= rules
