"""What goes out and comes in is what botocore would have made of it, without its walk through the values."""

import json
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from promotion_jobs.aws.statements import send_statements_as_they_are

ANSWER = {
    "Responses": [{"TableName": "t"}, {"Error": {"Code": "DuplicateItem", "Message": "é"}, "TableName": "t"}],
    "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 1.0}],
}
STATEMENT = {"Statement": "INSERT INTO \"t\" VALUE {'pk': ?}", "Parameters": [{"S": "CODE#é"}, {"N": "7"}]}


def _sent(*, hooked: bool, **parameters: Any) -> list[tuple[Any, str]]:
    """Body and target of what a client sends, twice."""
    sent = []

    def respond(request: Any, **_: Any) -> AWSResponse:
        sent.append((json.loads(request.body), request.headers["X-Amz-Target"].decode()))
        headers: Any = {"content-type": "application/x-amz-json-1.0"}
        raw: Any = SimpleNamespace(stream=lambda: [json.dumps(ANSWER).encode()])
        return AWSResponse(request.url, 200, headers, raw)

    session = botocore.session.get_session()
    session.set_credentials("testing", "testing")
    config = Config(parameter_validation=False)
    client: Any = session.create_client("dynamodb", region_name="eu-west-1", config=config)
    client.meta.events.register("before-send.dynamodb", respond)
    if hooked:
        send_statements_as_they_are(client)
    for _ in range(2):
        answer = client.batch_execute_statement(**parameters)
        assert {name: answer[name] for name in ANSWER} == ANSWER
    return sent


@pytest.mark.parametrize(
    "parameters",
    [{"Statements": [STATEMENT] * 2}, {"Statements": [STATEMENT], "ReturnConsumedCapacity": "TOTAL"}],
    ids=["statements alone", "and more"],
)
def test_the_request_and_what_is_made_of_its_answer_are_the_same(parameters: dict[str, Any]) -> None:
    assert _sent(hooked=True, **parameters) == _sent(hooked=False, **parameters)
    assert _sent(hooked=True, **parameters)[0][0] == parameters
