"""GET /openapi.json: the API described by itself."""

from promotion_jobs.api.resolver import Answer, document, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route

app = resolver()


@serve(app, Route.GET_OPENAPI)
def get_openapi() -> Answer:
    return document("application/json", "openapi.json")


handler = lambda_handler(app)
