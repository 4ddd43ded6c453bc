"""GET /v2/promotions: the promotions, newest first (contract 3)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.promotions.promotions import FILTER_ATTRIBUTES
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.LIST_PROMOTIONS, authenticate)
def list_promotions() -> Answer:
    query = requests.query(app.current_event, requests.LIST_PARAMETERS)
    wanted = requests.wanted(query, FILTER_ATTRIBUTES)
    found = service().promotions.list(requests.page(query), wanted)
    return answer(200, answers.listing(found, answers.promotion, app.current_event, query.get("filter")))


handler = lambda_handler(app)
