"""GET /v2/promotions/{promotion_id}/codes/{code}: one code, with the id of the job that made it."""

from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.GET_CODE, authenticate)
def get_code(promotion_id: str, code: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    return answer(200, {"data": answers.code(service().codes.get(promotion, code))})


handler = lambda_handler(app)
