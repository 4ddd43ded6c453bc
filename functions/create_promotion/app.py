"""POST /v2/promotions: a new promotion (contract 3)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.promotions import SentPromotion
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.CREATE_PROMOTION, authenticate)
def create_promotion() -> Answer:
    sent = validate(SentPromotion, requests.json_data(app.current_event))
    promotion = service().promotions.create(sent.to_domain(), client_id(app))
    return answer(201, {"data": answers.promotion(promotion)})


handler = lambda_handler(app)
