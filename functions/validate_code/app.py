"""POST /v2/promotions/codes/validate: whether a code can be used now; advice, which counts nothing (decision 22)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.redemptions import SentValidation
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.VALIDATE_CODE, authenticate)
def validate_code() -> Answer:
    sent = validate(SentValidation, requests.json_data(app.current_event))
    return answer(200, {"data": answers.validity(sent.code, service().redeemer.validate(sent.to_domain()))})


handler = lambda_handler(app)
