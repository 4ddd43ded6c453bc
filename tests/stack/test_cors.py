from pathlib import Path

import pytest

from local.deploy import Template
from local.gateway import Cors, read_cors
from local.payload import Headers, Response

CORS = Cors(
    allow_origins=("https://shop.example", "http://*"),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization", "content-type"),
    expose_headers=("retry-after",),
    max_age=600,
    allow_credentials=True,
)
SHARED = [("access-control-allow-credentials", "true"), ("access-control-expose-headers", "retry-after")]
BODY = b"{}"


@pytest.mark.parametrize("origin", ["https://shop.example", "http://localhost:3000"])
def test_a_preflight_from_an_allowed_origin_is_told_everything(origin: str) -> None:
    assert CORS.preflight(origin) == Response(
        204,
        [
            ("access-control-allow-origin", origin),
            *SHARED,
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "authorization,content-type"),
            ("access-control-max-age", "600"),
        ],
        b"",
    )


def test_a_preflight_from_another_origin_is_told_nothing() -> None:
    assert CORS.preflight("https://elsewhere.example") == Response(204, [], b"")


@pytest.mark.parametrize(
    ("origin", "added"),
    [
        ("https://shop.example", [("access-control-allow-origin", "https://shop.example"), *SHARED]),
        ("https://elsewhere.example", []),
        (None, []),
    ],
)
def test_the_configuration_replaces_the_functions_own_headers(origin: str | None, added: Headers) -> None:
    response = Response(200, [("content-type", "text/csv"), ("access-control-allow-origin", "*")], BODY)
    assert CORS.applied_to(response, origin) == Response(200, [("content-type", "text/csv"), *added], BODY)


def test_any_origin_is_answered_with_a_star() -> None:
    assert Cors(allow_origins=("*",)).preflight("https://shop.example") == Response(
        204, [("access-control-allow-origin", "*")], b""
    )


TEMPLATE = """
Parameters:
  AllowedOrigins: {Type: CommaDelimitedList, Default: "*"}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: !Ref AllowedOrigins, AllowMethods: [GET], MaxAge: 600}
"""


@pytest.mark.parametrize(
    ("parameters", "origins"),
    [
        ({}, ("*",)),
        ({"AllowedOrigins": "https://a.example,https://b.example"}, ("https://a.example", "https://b.example")),
    ],
)
def test_the_configuration_is_read_with_the_values_of_its_parameters(
    tmp_path: Path, parameters: dict[str, str], origins: tuple[str, ...]
) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    assert read_cors(Template.read(file, parameters)) == Cors(
        allow_origins=origins, allow_methods=("GET",), max_age=600
    )


def test_an_api_without_a_configuration_has_no_cors(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources: {Api: {Type: AWS::Serverless::HttpApi}}")
    assert read_cors(Template.read(file, {})) is None
