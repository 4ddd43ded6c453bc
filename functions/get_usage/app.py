"""GET /v2/promotions/{promotion_id}/usages/{usage_id}: one usage, or a hold."""

from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.GET_USAGE, authenticate)
def get_usage(promotion_id: str, usage_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    return answer(200, {"data": answers.usage(service().usages.get(promotion, usage_id))})


handler = lambda_handler(app)
