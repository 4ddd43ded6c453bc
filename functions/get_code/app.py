"""GET /v2/promotions/{promotion_id}/codes/{code}: one code, with the id of the job that made it."""

from promotion_jobs import wiring
from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver

app = resolver()


@app.get("/v2/promotions/<promotion_id>/codes/<code>")
def get_code(promotion_id: str, code: str) -> Answer:
    promotion = wiring.promotions().get(promotion_id)
    return answer(200, {"data": answers.code(wiring.promotion_codes().get(promotion, code))})


handler = lambda_handler(app)
