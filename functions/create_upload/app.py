"""POST /v2/promotions/{promotion_id}/uploads: a link for a file that a job is to import (docs/use/imports.md)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.uploads import SentUpload
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.CREATE_UPLOAD, authenticate)
def create_upload(promotion_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    sent = validate(SentUpload, requests.json_data(app.current_event))
    announced = service().uploads.announce(promotion, sent.bytes, sent.sha256, client_id(app))
    return answer(201, {"data": answers.upload(announced)})


handler = lambda_handler(app)
