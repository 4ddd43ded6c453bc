"""GET /v2/promotions: the promotions, newest first (contract 3)."""

from promotion_jobs import wiring
from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver

app = resolver()


@app.get("/v2/promotions")
def list_promotions() -> Answer:
    page = requests.page(requests.query(app.current_event))
    found = wiring.promotions().list(page)
    return answer(200, answers.listing(found, answers.promotion, app.current_event, filter_=None))


handler = lambda_handler(app)
