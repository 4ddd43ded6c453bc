"""POST /v2/promotions/usages/anonymize: blank the addresses of usages (contract 6)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.redemptions import SentUsages
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.ANONYMIZE_USAGES, authenticate)
def anonymize_usages() -> Answer:
    sent = validate(SentUsages, requests.json_data(app.current_event))
    return answer(200, answers.anonymized(*service().usages.anonymize(sent.usage_ids, client_id(app))))


handler = lambda_handler(app)
