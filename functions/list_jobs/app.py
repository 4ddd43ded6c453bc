"""GET /v2/promotions/{promotion_id}/jobs: its jobs, newest first (contract 1.4)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.jobs.read import FILTER_ATTRIBUTES
from promotion_jobs.wiring import authenticate, find_promotion, service

app = resolver()


@serve(app, Route.LIST_JOBS, authenticate, find_promotion)
def list_jobs(promotion_id: str) -> Answer:
    query = requests.query(app.current_event, requests.LIST_PARAMETERS)
    wanted = requests.wanted(query, FILTER_ATTRIBUTES)
    found = service().jobs.list(promotion_id, requests.page(query), wanted)
    return answer(200, answers.listing(found, lambda it: answers.job(*it), app.current_event, query.get("filter")))


handler = lambda_handler(app)
