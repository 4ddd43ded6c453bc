"""GET /v2/promotions/{promotion_id}/jobs: its jobs, newest first (contract 1.4)."""

from promotion_jobs import wiring
from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver
from promotion_jobs.jobs.read import FILTER_ATTRIBUTES

app = resolver()


@app.get("/v2/promotions/<promotion_id>/jobs")
def list_jobs(promotion_id: str) -> Answer:
    promotion = wiring.promotions().get(promotion_id)
    query = requests.query(app.current_event)
    wanted = requests.wanted(query, FILTER_ATTRIBUTES)
    found = wiring.jobs().list(promotion.id, requests.page(query), wanted)
    return answer(200, answers.listing(found, lambda it: answers.job(*it), app.current_event, query.get("filter")))


handler = lambda_handler(app)
