"""DELETE /v2/promotions/{promotion_id}/codes/{code}: one code; a body is ignored (contract 2)."""

from promotion_jobs.api.resolver import Answer, lambda_handler, no_content, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.DELETE_CODE, authenticate)
def delete_code(promotion_id: str, code: str) -> Answer:
    service().codes.remove(service().promotions.get(promotion_id), {code})
    return no_content()


handler = lambda_handler(app)
