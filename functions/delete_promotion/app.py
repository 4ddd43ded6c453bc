"""DELETE /v2/promotions/{promotion_id}: gone at once, with its codes and jobs in the background (decision 19)."""

from promotion_jobs import wiring
from promotion_jobs.api.resolver import Answer, lambda_handler, no_content, resolver

app = resolver()


@app.delete("/v2/promotions/<promotion_id>")
def delete_promotion(promotion_id: str) -> Answer:
    wiring.promotion_remover().delete(promotion_id)
    return no_content()


handler = lambda_handler(app)
