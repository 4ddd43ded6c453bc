"""GET /v2/promotions/{promotion_id} (contract 3)."""

from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.GET_PROMOTION, authenticate)
def get_promotion(promotion_id: str) -> Answer:
    return answer(200, {"data": answers.promotion(service().promotions.get(promotion_id))})


handler = lambda_handler(app)
