"""The parts that the local deployment adds to the template."""

import re
from pathlib import Path

import pytest

from local import StackError
from local.api import Api, send
from local.stack import TEMPLATE, Client, LocalStack, local_stack


def test_an_unknown_path_is_answered_by_the_default_routes_function(api: Api) -> None:
    answer = api.call("GET", "/v2/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"


def test_a_browser_may_call_from_any_origin_by_default(stack: LocalStack) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = send("OPTIONS", f"{stack.base_url}/v2/promotions", headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_the_worker_takes_as_many_messages_at_once_as_the_parameter_says(stack: LocalStack) -> None:
    mappings = stack.aws.functions.list_event_source_mappings(FunctionName=stack.resources["RunJobFunction"])
    assert [mapping["ScalingConfig"] for mapping in mappings["EventSourceMappings"]] == [{"MaximumConcurrency": 10}]


def test_parameters_can_be_set(tmp_path: Path) -> None:
    parameters = {"WorkerTimeoutSeconds": "7", "WorkerConcurrency": "3"}
    with local_stack(Client("id", "5ec2e7" * 8), state=tmp_path, parameters=parameters) as stack:
        name = stack.resources["RunJobFunction"]
        assert stack.aws.functions.get_function_configuration(FunctionName=name)["Timeout"] == 7
        mappings = stack.aws.functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        assert mappings[0]["ScalingConfig"] == {"MaximumConcurrency": 3}


def test_a_parameter_that_the_template_does_not_have_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(StackError, match=r"^template\.yaml has no parameter WorkerTimeout$"),
        local_stack(Client("id", "5ec2e7" * 8), state=tmp_path, parameters={"WorkerTimeout": "7"}),
    ):
        pass


def test_a_resource_that_cannot_be_created_is_named_with_the_reason(tmp_path: Path) -> None:
    template = copy_of_template(tmp_path, "VisibilityTimeout: !Ref JobVisibilitySeconds", "VisibilityTimeout: 50000")
    expected = (
        "template.yaml cannot be deployed: JobQueue: Invalid value for the parameter VisibilityTimeout. "
        "Value must be between 0 and 43200."
    )
    with (
        pytest.raises(StackError, match=f"^{re.escape(expected)}$"),
        local_stack(Client("id", "5ec2e7" * 8), state=tmp_path / "state", template=template),
    ):
        pass


def copy_of_template(folder: Path, text: str, replacement: str) -> Path:
    """A template with another text in one place, beside the code to which it refers."""
    content = TEMPLATE.read_text()
    assert text in content
    for name in ("functions", "layers"):
        (folder / name).symlink_to(TEMPLATE.parent / name)
    template = folder / "template.yaml"
    template.write_text(content.replace(text, replacement))
    return template
