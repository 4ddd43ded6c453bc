"""GET /v2/promotions/{promotion_id}/codes: its codes in the order of their publication (contract 2)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.codes.codes import FILTER_ATTRIBUTES
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.LIST_CODES, authenticate)
def list_codes(promotion_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    query = requests.query(app.current_event, requests.LIST_PARAMETERS)
    page = requests.page(query, beyond="; to see every code, create a code_export job")
    found = service().codes.list(promotion, page, requests.wanted(query, FILTER_ATTRIBUTES))
    return answer(200, answers.listing(found, answers.code, app.current_event, query.get("filter")))


handler = lambda_handler(app)
