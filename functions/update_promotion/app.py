"""PUT /v2/promotions/{promotion_id}: change what is sent of it (contract 3, decision 20)."""

from promotion_jobs import wiring
from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver
from promotion_jobs.api.schemas.promotions import changed

app = resolver()


@app.put("/v2/promotions/<promotion_id>")
def update_promotion(promotion_id: str) -> Answer:
    promotions = wiring.promotions()
    promotions.get(promotion_id)
    data = requests.json_data(app.current_event)
    promotion = promotions.change(promotion_id, lambda seen: changed(seen, data), client_id(app))
    return answer(200, {"data": answers.promotion(promotion)})


handler = lambda_handler(app)
