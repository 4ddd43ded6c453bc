"""POST /v2/promotions/redemptions/rollback: give uses back, all but those that remain (decision 22)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.redemptions import SentUsageRollback, rollback
from promotion_jobs.redemptions.redemption import Use
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.ROLL_BACK_REDEMPTION, authenticate)
def roll_back_redemption() -> Answer:
    sent = rollback(requests.json_data(app.current_event))
    if isinstance(sent, SentUsageRollback):
        redemption = service().redeemer.roll_back_usage(sent.usage_id, sent.quantity)
    else:
        redemption = service().redeemer.roll_back(Use(sent.code, id=sent.id), sent.quantity, client_id(app))
    return answer(200, {"data": answers.usage(redemption)})


handler = lambda_handler(app)
