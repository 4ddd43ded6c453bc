"""DELETE /v2/promotions/{promotion_id}/codes: those that the body names (contract 2, decision 14)."""

from promotion_jobs.api import requests
from promotion_jobs.api.resolver import Answer, lambda_handler, no_content, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import NamedCodes
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.DELETE_CODES, authenticate)
def delete_codes(promotion_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    sent = validate(NamedCodes, requests.json_data(app.current_event))
    service().codes.remove(promotion, {code.code for code in sent.codes})
    return no_content()


handler = lambda_handler(app)
