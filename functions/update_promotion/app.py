"""PUT /v2/promotions/{promotion_id}: change what is sent of it (contract 3, decision 20)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.promotions import changed
from promotion_jobs.wiring import authenticate, find_promotion, service

app = resolver()


@serve(app, Route.UPDATE_PROMOTION, authenticate, find_promotion)
def update_promotion(promotion_id: str) -> Answer:
    data = requests.json_data(app.current_event)
    promotion = service().promotions.change(promotion_id, lambda seen: changed(seen, data), client_id(app))
    return answer(200, {"data": answers.promotion(promotion)})


handler = lambda_handler(app)
