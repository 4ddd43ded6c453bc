"""The API against its own description: whatever schemathesis thinks of, no 5xx and no answer that is not documented."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.api import Api, send
from local.stack import LocalStack
from tests.stack.journeys import add_codes, finished, new_job, new_promotion
from tools.openapi.__main__ import DESCRIPTION

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok()  # type: ignore[union-attr]
    for operation in schemathesis.openapi.from_path(DESCRIPTION).get_all_operations()
}
SOME = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def known(api: Api) -> dict[str, str]:
    """Parameters of paths that lead somewhere."""
    promotion = new_promotion(api)
    job = new_job(api, promotion, "code_export")
    finished(api, promotion, job)
    # Unique in the store: the end of the id is random.
    code = f"described-{promotion[-12:]}"
    assert add_codes(api, promotion, code).status == 201
    return {"promotion_id": promotion, "job_id": job, "code": code}


def call(case: Any, stack: LocalStack, api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    case.call_and_validate(base_url=stack.base_url, headers=headers, checks=CHECKS)


@pytest.mark.parametrize("operation", OPERATIONS)
@SOME
@given(data=st.data())
def test_every_answer_is_as_described(operation: str, data: st.DataObject, stack: LocalStack, api: Api) -> None:
    call(data.draw(OPERATIONS[operation].as_strategy()), stack, api)


@pytest.mark.parametrize("operation", [name for name, it in OPERATIONS.items() if "{" in it.path])
@SOME
@given(data=st.data())
def test_every_answer_about_something_that_is_there_is_as_described(
    operation: str, data: st.DataObject, stack: LocalStack, api: Api, known: dict[str, str]
) -> None:
    case = data.draw(OPERATIONS[operation].as_strategy())
    case.path_parameters |= {name: value for name, value in known.items() if name in case.path_parameters}
    call(case, stack, api)


def test_the_description_is_served_as_it_is_committed(stack: LocalStack) -> None:
    assert send("GET", f"{stack.base_url}/openapi.json").body == DESCRIPTION.read_bytes()
