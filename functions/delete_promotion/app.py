"""DELETE /v2/promotions/{promotion_id}: gone at once, with its codes and jobs in the background (decision 19)."""

from promotion_jobs.api.resolver import Answer, client_id, lambda_handler, no_content, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.DELETE_PROMOTION, authenticate)
def delete_promotion(promotion_id: str) -> Answer:
    service().promotion_remover.delete(promotion_id, client_id(app))
    return no_content()


handler = lambda_handler(app)
