"""POST /v2/promotions/redemptions: count the use of a code, once for each id (decision 22)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.redemptions import SentRedemption
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.REDEEM_CODE, authenticate)
def redeem_code() -> Answer:
    sent = validate(SentRedemption, requests.json_data(app.current_event))
    redemption, is_new = service().redeemer.redeem(sent.to_domain(), client_id(app))
    return answer(201 if is_new else 200, {"data": answers.usage(redemption)})


handler = lambda_handler(app)
