"""GET /openapi.json: the API described by itself, as `make openapi` has written it."""

from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import Response, content_types

from promotion_jobs import api
from promotion_jobs.api.resolver import Answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.site import security_headers

app = resolver()
DOCUMENT = Path(api.__file__).with_name("openapi.json").read_text()


@serve(app, Route.GET_OPENAPI)
def get_openapi() -> Answer:
    return Response(HTTPStatus.OK.value, content_types.APPLICATION_JSON, DOCUMENT, dict(security_headers()))


handler = lambda_handler(app)
