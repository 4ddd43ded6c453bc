"""POST /v2/promotions/{promotion_id}/codes: codes made by hand, all or nothing (contract 2, decision 14)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import SentCodes
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.ADD_CODES, authenticate)
def add_codes(promotion_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    sent = validate(SentCodes, requests.json_data(app.current_event))
    changed = service().codes.add(promotion, sent.to_domain(), client_id(app))
    return answer(201, {"data": answers.promotion(changed)})


handler = lambda_handler(app)
