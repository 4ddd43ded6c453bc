from pathlib import Path

import pytest

from local.deploy import Template
from local.gateway import Router, read_routes
from local.payload import Match, Route

ANY = Route("ANY /v2/promotions/{id}", "any")
GET = Route("GET /v2/promotions/{id}", "get")
GET_NAMED = Route("GET /v2/promotions/named", "named")
GET_JOB = Route("GET /v2/promotions/{id}/jobs/{job}", "job")
DEFAULT = Route("$default", "default")
ROUTER = Router([DEFAULT, ANY, GET, GET_JOB, GET_NAMED])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/promotions/named", Match(GET_NAMED, {})),
        ("GET", "/v2/promotions/p1", Match(GET, {"id": "p1"})),
        ("GET", "/v2/promotions/p1/jobs/j1", Match(GET_JOB, {"id": "p1", "job": "j1"})),
        ("PUT", "/v2/promotions/p1", Match(ANY, {"id": "p1"})),
        ("PUT", "/v2/promotions/named", Match(ANY, {"id": "named"})),
        ("PUT", "/v2/promotions/p1/jobs/j1", Match(DEFAULT, {})),
        ("GET", "/v2/promotions", Match(DEFAULT, {})),
        ("GET", "/v2/promotions/", Match(DEFAULT, {})),
        ("GET", "/v2/promotions/p1/", Match(DEFAULT, {})),
        ("GET", "//v2/promotions/p1", Match(DEFAULT, {})),
        ("GET", "/V2/promotions/p1", Match(DEFAULT, {})),
    ],
)
def test_the_most_specific_route_answers(method: str, path: str, expected: Match) -> None:
    assert ROUTER.match(method, path) == expected


def test_without_a_default_route_an_unknown_path_has_no_match() -> None:
    assert Router([GET]).match("GET", "/elsewhere") is None


def test_routes_are_read_from_the_functions_of_a_template(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("""
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: get, Path: "/a/{id}"}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
  Default:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Default: {Type: HttpApi}
  Worker:
    Type: AWS::Serverless::Function
""")
    functions = {"Get": "stack-get", "Default": "stack-default", "Worker": "stack-worker"}
    assert read_routes(Template.read(file, {}), functions) == [
        Route("GET /a/{id}", "stack-get"),
        Route("$default", "stack-default"),
    ]
