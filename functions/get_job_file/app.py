"""GET /v2/promotions/{promotion_id}/jobs/{job_id}/file: links to an export's files (contract 1.5)."""

from promotion_jobs.api.answers import links
from promotion_jobs.api.resolver import NOT_KEPT, Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.GET_JOB_FILE, authenticate)
def get_job_file(promotion_id: str, job_id: str) -> Answer:
    return answer(200, links(service().downloads.links(promotion_id, job_id)), NOT_KEPT)


handler = lambda_handler(app)
